"""Wire forms of openings."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from issuer.web.octets import AnyOctets, Octets32, Octets48, Octets128, Octets144, Octets160


class EvidenceIn(BaseModel):
    """The point M that the openers have opened, and their case."""

    model_config = ConfigDict(extra="forbid")

    point: Octets48
    case_id: Annotated[str, StringConstraints(max_length=128)] = ""


class SealedOut(BaseModel):
    """Evidence sealed to the openers: KEM point, AEAD nonce, ciphertext; associated data = `id` in UTF-8."""

    id: str
    encapsulation: Octets128
    nonce: AnyOctets
    ciphertext: AnyOctets


class EvidenceOut(BaseModel):
    """The first issue of the licence: its handle y, X_h, ls_i, and the request with the challenge that its proof is
    bound to."""

    opening: int
    licence: str
    handle: Octets32
    registration: Octets48
    signer_share: Octets32 = Field(repr=False)
    commitment: Octets144
    proof: Octets160
    nonce: Octets32
    session: Octets32
    issued_at: int
    evidence: SealedOut | None
