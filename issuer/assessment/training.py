"""Certificates of accredited trainers: the one thing that reopens a locked assessment [R22, D9].

A certificate is a compact JWS (ES256, EdDSA or Ed25519) with header `typ` = "training+jwt" and the claims below.
`sub` is the candidate's training reference, which the person takes from the page and gives to the trainer: a hash that
nobody but the issuer can join to an application. A certificate for another candidate is refused.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from issuer.assessment.policy import ExamPolicy
from issuer.errors import Denied
from issuer.signed import read_signed

TYPE = "training+jwt"
CLOCK_SKEW_SECONDS = 60


class Certificate(BaseModel):
    """The claims of a training certificate; `iat` in unix seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iss: str = Field(max_length=200)
    sub: str = Field(max_length=200)
    jti: str = Field(min_length=1, max_length=100)
    iat: int = Field(ge=0)
    course: Literal["operator-training"]


def training_reference(person_id: str) -> str:
    """What a candidate shows to a trainer: 32 hexadecimal digits. Person ids are random, so the hash tells nothing."""
    return hashlib.sha256(b"operator-licence/training-reference/v1/" + person_id.encode()).hexdigest()[:32]


def read_certificate(text: str, person_id: str, series_from: int, now: int, policy: ExamPolicy) -> Certificate:
    """A certificate by an accredited trainer for this person, made in this series and not withdrawn.

    Raises what `read_signed` raises, Denied("other-candidate" | "certificate-revoked" | "certificate-expired").
    """
    certificate = read_signed(text, policy.trainers, Certificate, (TYPE,))
    if certificate.sub != training_reference(person_id):
        raise Denied("other-candidate", "This training certificate is for another candidate.")
    trainer = next(trainer for trainer in policy.trainers if trainer.issuer == certificate.iss)
    if certificate.jti in trainer.revoked:
        raise Denied("certificate-revoked", "This training certificate has been withdrawn.")
    earliest = max(series_from, now - policy.certificate_max_age_seconds)
    if not earliest <= certificate.iat <= now + CLOCK_SKEW_SECONDS:
        raise Denied(
            "certificate-expired", "The training must have taken place in the present series of attempts, and lately."
        )
    return certificate
