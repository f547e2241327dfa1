"""Wire forms of applications and reviews."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from issuer.web.octets import Octets32, Octets48


class ApplicationIn(BaseModel):
    """A wallet's registration: X_h, the salt r of its nonce, and whether it refreshes a licence."""

    model_config = ConfigDict(extra="forbid")

    registration: Octets48
    salt: Octets32
    refresh: bool = False


class ApplicationOut(BaseModel):
    """The new application. `token` is a bearer secret, `sign_in` a URL for the person's browser."""

    application: str
    token: str = Field(repr=False)
    sign_in: str = Field(repr=False)
    code: str
    expires_at: int


class ReviewDecision(BaseModel):
    """An officer's decision: accept means that the namesake is another human being."""

    model_config = ConfigDict(extra="forbid")

    accept: bool


class ReviewList(BaseModel):
    """Persons in review, by their internal ids."""

    persons: list[str]
