"""Wire forms of the assessment."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from issuer.assessment.policy import Topic


class SittingWanted(BaseModel):
    """Adjustments that the candidate asks for; no reason is needed."""

    model_config = ConfigDict(extra="forbid")

    extra_time_percent: int = 0
    rest_minutes: int = 0


class SittingOut(BaseModel):
    """A sitting that has begun; `ends_at` in unix seconds."""

    sitting: str
    questions: int
    attempt: int
    ends_at: int


class QuestionOut(BaseModel):
    """One question as shown."""

    number: int
    topic: Topic
    stem: str
    options: tuple[str, ...]


class AnswerIn(BaseModel):
    """The option chosen, counted from 0 in the order shown."""

    model_config = ConfigDict(extra="forbid", strict=True)

    option: int = Field(ge=0, le=4)


class ResultOut(BaseModel):
    """How the sitting ended: right answers by topic, never which ones."""

    passed: bool
    topics: dict[Topic, int] | None
    attempt: int
    next_at: int | None


class TrainingIn(BaseModel):
    """A trainer's certificate, compact JWS."""

    model_config = ConfigDict(extra="forbid")

    certificate: str = Field(max_length=8192)


class TrainingOut(BaseModel):
    """The state after the certificate."""

    assessment: str
