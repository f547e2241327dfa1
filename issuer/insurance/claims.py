"""What insurers sign: the exact claims of an attestation of cover and of its cancellation. Days count from
1970-01-01.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MAX_BAND = 4095
MAX_DAY = 65_535
ATTESTATION_TYPES = (None, "JWT", "cover-attestation+jwt")
CANCELLATION_TYPES = ("cover-cancellation+jwt",)


class Attestation(BaseModel):
    """That the insurer covers a permit. `limit_band` is the band of the insured sum (0 to 4095, amounts are policy
    [D15]).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    iss: str = Field(max_length=200)
    permit: str = Field(max_length=64)
    cover_class: str = Field(alias="class", pattern=r"^[a-z0-9-]{1,40}$")
    limit_band: int = Field(ge=0, le=MAX_BAND)
    from_day: int = Field(ge=0, le=MAX_DAY)
    until_day: int = Field(ge=0, le=MAX_DAY)
    iat: int = Field(ge=0)
    jti: str = Field(min_length=1, max_length=100)
    """The cover's id. A hash of the text is none: of a signature by ECDSA anybody makes a second one."""


class Cancellation(BaseModel):
    """That the insurer's cover `cover` (the attestation's id) is over: `from_day` is the first day without it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iss: str = Field(max_length=200)
    cover: str = Field(min_length=1, max_length=100)
    from_day: int = Field(ge=0, le=MAX_DAY)
    iat: int = Field(ge=0)
    jti: str | None = Field(default=None, min_length=1, max_length=100)
