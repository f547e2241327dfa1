"""Tables of identity checks: applications, sign-ins under way, persons, receipts, dedupe tags, sealed evidence.

No column holds a name, a birth date, a document number or a subject identifier in the clear: tags are keyed hashes, and
the ID token is sealed to the openers.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class Person(Base):
    """One human being, known here by a random number only. status: verified | review | refused | barred."""

    __tablename__ = "persons"

    person_id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    created_at: Mapped[int]
    wait_waived_at: Mapped[int | None]
    """When an officer last let this person have a new licence without the wait after a revoked one."""


class Application(Base):
    """One wallet's request for a licence: made before the sign-in, carrying the holder's registration X_h and salt
    r."""

    __tablename__ = "applications"

    application_id: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    ticket_hash: Mapped[bytes] = mapped_column(unique=True)
    registration: Mapped[bytes]
    salt: Mapped[bytes]
    code: Mapped[str]
    refresh: Mapped[bool]
    identity: Mapped[str] = mapped_column(index=True)
    """unverified | verified | review | duplicate | barred."""
    person_id: Mapped[str | None] = mapped_column(ForeignKey("persons.person_id"), index=True)
    created_at: Mapped[int]
    sign_in_until: Mapped[int]
    expires_at: Mapped[int]


class SignIn(Base):
    """One round trip to an identity provider. The row is taken (deleted) before the code is exchanged: a state works
    once."""

    __tablename__ = "sign_ins"

    state_hash: Mapped[bytes] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.application_id"), index=True)
    browser_hash: Mapped[bytes]
    provider: Mapped[str]
    code_verifier: Mapped[str]
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class Receipt(Base):
    """That a provider vouched for this person, at which level and when. The hash names the ID token without telling
    it."""

    __tablename__ = "kyc_receipts"

    receipt_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), index=True)
    provider: Mapped[str]
    level: Mapped[str]
    verified_at: Mapped[int]
    token_hash: Mapped[bytes] = mapped_column(unique=True)


class StrongTag(Base):
    """A document or an account at a provider, as a keyed hash. One tag belongs to one person for ever."""

    __tablename__ = "strong_tags"

    tag: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), index=True)
    rules_version: Mapped[int]
    created_at: Mapped[int]


class WeakTag(Base):
    """Name and birth date, as a keyed hash. Several persons may share one: that is a case for review, not a refusal."""

    __tablename__ = "weak_tags"

    tag: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), primary_key=True)
    rules_version: Mapped[int]
    created_at: Mapped[int]


class Evidence(Base):
    """The ID token and the salt, sealed to the openers. The row's id is the associated data of the seal."""

    __tablename__ = "sealed_evidence"
    __table_args__ = (UniqueConstraint("application_id"),)

    evidence_id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.application_id"))
    encapsulation: Mapped[bytes]
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes]
    created_at: Mapped[int]
