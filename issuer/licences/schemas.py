"""Wire forms of licences."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from issuer.web.octets import Octets32, Octets48, Octets80, Octets144, Octets160

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class CoverOut(BaseModel):
    """Cover in force: limit band and last day (day number)."""

    band: int
    until_day: int


class Steps(BaseModel):
    """The steps of an application."""

    terms: bool
    assessment: str
    permit: str | None
    cover: CoverOut | None


class ApplicationStatus(BaseModel):
    """Where an application stands. state: new | signed-in | issued."""

    state: str
    identity: str
    steps: Steps
    missing: list[str]
    next_at: int | None


class ChallengeOut(BaseModel):
    """What a request must be bound to."""

    nonce: Octets32
    session: Octets32


class LicenceIn(BaseModel):
    """A request for a licence."""

    model_config = ConfigDict(extra="forbid")

    tier: Literal[2, 3]
    commitment: Octets144
    proof: Octets160


class LicenceOut(BaseModel):
    """The licence. The first attribute is the handle (32 octets, base64url), the others int or text."""

    licence: str
    signature: Octets80
    attributes: list[int | str] = Field(repr=False)
    signer_share: Octets32 = Field(repr=False)
    witness: Octets48 = Field(repr=False)
    epoch: int


class LostWalletIn(BaseModel):
    """A report that the wallet is lost; the body may be left out. `urgent` asks for an epoch at once."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    urgent: bool = False


class LostWalletOut(BaseModel):
    """How many licences were revoked, and the epoch that says so (for a report that is not urgent: the next one)."""

    revoked: int
    epoch: int


class LicenceRow(BaseModel):
    """One licence as the administrator sees it: no name, no handle."""

    licence: str
    person: str
    permit: str
    state: str
    created_at: int
    revoked_at: int | None
    reason: str | None


class LicenceList(BaseModel):
    """Licences in order of id; ask again with `after` = the last one for more."""

    licences: list[LicenceRow]


class RevocationIn(BaseModel):
    """What to revoke: exactly one of a licence, a person, or everything under a permit."""

    model_config = ConfigDict(extra="forbid")

    licence: Identifier | None = None
    person: Identifier | None = None
    permit: Identifier | None = None
    reason: Reason
    urgent: bool = False
    bar: bool = False
    """Whether the person is kept from a new licence (of a licence or a person, not of a permit)."""

    @model_validator(mode="after")
    def _exactly_one(self) -> RevocationIn:
        if sum(target is not None for target in (self.licence, self.person, self.permit)) != 1:
            raise ValueError("exactly one of licence, person, permit")
        if self.bar and self.permit is not None:
            raise ValueError("a permit is not a person")
        return self


class RevocationOut(BaseModel):
    """The epoch that publishes the revocation, and how many licences it covers."""

    epoch: int
    licences: int
