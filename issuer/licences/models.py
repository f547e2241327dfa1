"""Tables of licences: challenges, licences, and the issues made under them (intent first, result after; the
archive)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class Challenge(Base):
    """The outstanding challenge of an application; a new one replaces it. It is deleted when used: it works once."""

    __tablename__ = "issue_challenges"

    application_id: Mapped[str] = mapped_column(ForeignKey("applications.application_id"), primary_key=True)
    nonce: Mapped[bytes] = mapped_column(unique=True)
    session: Mapped[bytes]
    expires_at: Mapped[int]


class Licence(Base):
    """One licence of one person: one handle, one holder point X, one archive point M, for ever. state: live |
    revoked."""

    __tablename__ = "licences"
    __table_args__ = (
        Index("one_live_licence_per_person", "person_id", unique=True, sqlite_where=text("state = 'live'")),
    )

    licence_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), index=True)
    state: Mapped[str]
    handle: Mapped[bytes] = mapped_column(unique=True)
    holder_point: Mapped[bytes] = mapped_column(unique=True)
    archive_point: Mapped[bytes] = mapped_column(unique=True)
    permit_id: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[int]
    revoked_at: Mapped[int | None]
    reason: Mapped[str | None]


class Issue(Base):
    """One signature under a licence: the intent (everything that decides it) and, after signing, the result.

    `registration` is X_h and `signer_share` ls_i. `attributes` is detCBOR of the values 1 to 9 (the handle stands with
    the licence), `limits` detCBOR of the last days of licence term, cover and permit; `request_hash` tells a retry of
    the same request from another request.
    """

    __tablename__ = "issues"

    application_id: Mapped[str] = mapped_column(ForeignKey("applications.application_id"), primary_key=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.licence_id"), index=True)
    request_hash: Mapped[bytes]
    registration: Mapped[bytes] = mapped_column(index=True)
    commitment: Mapped[bytes]
    proof: Mapped[bytes]
    nonce: Mapped[bytes]
    session: Mapped[bytes]
    refresh: Mapped[bool]
    signer_share: Mapped[bytes]
    attributes: Mapped[bytes]
    limits: Mapped[bytes]
    epoch_number: Mapped[int] = mapped_column(ForeignKey("epochs.number"))
    intended_at: Mapped[int]
    signature: Mapped[bytes | None]
    witness: Mapped[bytes | None]
    signed_at: Mapped[int | None]
