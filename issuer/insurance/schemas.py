"""Wire forms of cover."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CoverIn(BaseModel):
    """An insurer's attestation, compact JWS."""

    model_config = ConfigDict(extra="forbid")

    attestation: str = Field(max_length=8192)


class CoverOut(BaseModel):
    """The cover taken; days count from 1970-01-01."""

    cover: str
    band: int
    from_day: int
    until_day: int


class CancellationIn(BaseModel):
    """An insurer's cancellation, compact JWS."""

    model_config = ConfigDict(extra="forbid")

    cancellation: str = Field(max_length=8192)


class CancellationOut(BaseModel):
    """The first day without the cover."""

    cover: str
    from_day: int
