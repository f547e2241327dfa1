"""Tables of the revocation list and the epochs that publish it."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class Epoch(Base):
    """One published epoch: the signed octets are kept, so that files can be made again byte for byte."""

    __tablename__ = "epochs"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record: Mapped[bytes]
    signed: Mapped[bytes]
    not_before: Mapped[int]
    next_update: Mapped[int]
    floor: Mapped[int]
    total_entries: Mapped[int]
    """Length of the whole revocation list as of this epoch."""


class Revocation(Base):
    """A revoked handle: first only asked for (no value), then published as an entry of the list at `position`."""

    __tablename__ = "revocations"

    revocation_id: Mapped[int] = mapped_column(primary_key=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.licence_id"), unique=True)
    handle: Mapped[bytes] = mapped_column(unique=True)
    reason: Mapped[str]
    urgent: Mapped[bool]
    asked_at: Mapped[int]
    position: Mapped[int | None] = mapped_column(unique=True)
    value: Mapped[bytes | None]
    epoch_number: Mapped[int | None] = mapped_column(ForeignKey("epochs.number"), index=True)
