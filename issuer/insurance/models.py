"""Tables of cover: attestations as the insurers signed them, and cancellations."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class CoverRow(Base):
    """One attestation of cover; days count from 1970. The signed text is kept: it answers who covered a permit at a
    time.
    """

    __tablename__ = "covers"

    insurer: Mapped[str] = mapped_column(primary_key=True)
    cover_id: Mapped[str] = mapped_column(primary_key=True)
    permit_id: Mapped[str] = mapped_column(ForeignKey("permits.permit_id"), index=True)
    cover_class: Mapped[str]
    band: Mapped[int]
    from_day: Mapped[int]
    until_day: Mapped[int]
    received_at: Mapped[int]
    attestation: Mapped[str]


class CancellationRow(Base):
    """From this day an insurer's cover is over. It may arrive before the attestation, and then waits for it."""

    __tablename__ = "cover_cancellations"

    insurer: Mapped[str] = mapped_column(primary_key=True)
    cover_id: Mapped[str] = mapped_column(primary_key=True)
    from_day: Mapped[int]
    received_at: Mapped[int]
    cancellation: Mapped[str]
    acted: Mapped[bool]
    """Whether the licences that rested on the cover have been dealt with."""
