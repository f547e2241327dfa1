"""Tables of permits, who operates under them, and what happened to them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class PermitRow(Base):
    """One permit. kind: sole | corporate; state: current | suspended | ended. A company is public, a person is not."""

    __tablename__ = "permits"
    __table_args__ = (
        Index(
            "one_permit_per_company",
            "company",
            unique=True,
            sqlite_where=text("company IS NOT NULL AND state != 'ended'"),
        ),
    )

    permit_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    company: Mapped[str | None]
    name: Mapped[str | None]
    from_day: Mapped[int]
    until_day: Mapped[int]


class PermitOperator(Base):
    """A person who operates under a permit. One permit at a time per person; leaving closes the row."""

    __tablename__ = "permit_operators"
    __table_args__ = (Index("one_permit_per_person", "person_id", unique=True, sqlite_where=text("left_at IS NULL")),)

    membership_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[str] = mapped_column(ForeignKey("permits.permit_id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), index=True)
    joined_at: Mapped[int]
    left_at: Mapped[int | None]


class PermitInvitation(Base):
    """A one-time code with which an operator of a company lets a colleague join its permit. Only its hash is kept."""

    __tablename__ = "permit_invitations"

    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    permit_id: Mapped[str] = mapped_column(ForeignKey("permits.permit_id"), index=True)
    expires_at: Mapped[int]


class PermitEvent(Base):
    """What was done to a permit, when and why. Rows are only ever added."""

    __tablename__ = "permit_events"

    event_id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[str] = mapped_column(ForeignKey("permits.permit_id"), index=True)
    event: Mapped[str]
    reason: Mapped[str]
    at: Mapped[int]
