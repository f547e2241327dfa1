"""The numbers of the assessment and the trainers that may reopen it: data, with their source [decisions D5 to D9]."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from circuits import SECONDS_PER_DAY


class Topic(StrEnum):
    """The six topics of the blueprint [R20]."""

    AUTONOMY = "autonomy"
    LIABILITY = "liability"
    CHAINING = "chaining"
    HARMS = "harms"
    BOUNDARIES = "boundaries"
    CARE = "care"


TOPIC_TITLES = {
    Topic.AUTONOMY: "What autonomous operation means",
    Topic.LIABILITY: "The liability you accept",
    Topic.CHAINING: "Agent chaining and sub-agents",
    Topic.HARMS: "Categories of harm",
    Topic.BOUNDARIES: "Boundaries, permissions and kill switches",
    Topic.CARE: "The Standard of Care of a Principal Operator",
}


class TrustedTrainer(BaseModel):
    """An accredited trainer: `jwks` is its public key set (RFC 7517), `revoked` the ids (jti) of certificates
    withdrawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    jwks: dict[str, object]
    revoked: tuple[str, ...] = ()


class ExamPolicy(BaseModel):
    """What an issuer may choose about the assessment. The defaults are the decisions; seconds and days as the names
    say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    items_per_topic: int = Field(default=6, ge=1)
    pass_total: int = Field(default=29, ge=1)
    pass_per_topic: int = Field(default=4, ge=0)
    sitting_seconds: int = Field(default=45 * 60, ge=60)
    extra_time_percents: tuple[int, ...] = (0, 25, 50, 100)
    """Extra time, on the candidate's own request: no evidence is asked for [R27, D6]."""
    rest_minutes: tuple[int, ...] = (0, 10, 20)
    """Rest breaks: added to the time, to be taken at any question."""
    cooling_off_seconds: int = Field(default=SECONDS_PER_DAY, ge=0)
    cooling_off_from_failure: int = Field(default=2, ge=1)
    attempts_per_series: int = Field(default=6, ge=1)
    series_seconds: int = Field(default=365 * SECONDS_PER_DAY, ge=SECONDS_PER_DAY)
    certificate_max_age_seconds: int = Field(default=90 * SECONDS_PER_DAY, ge=60)
    trainers: tuple[TrustedTrainer, ...] = ()

    @property
    def questions(self) -> int:
        """Questions in a form."""
        return self.items_per_topic * len(Topic)

    def duration_seconds(self, extra_time_percent: int, rest_minutes: int) -> int:
        """Length of a sitting with these adjustments, which must be among those on offer."""
        return self.sitting_seconds * (100 + extra_time_percent) // 100 + rest_minutes * 60
