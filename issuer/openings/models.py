"""Table of openings: who asked for which point, written before anything is revealed. Rows are never changed or
removed."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class Opening(Base):
    """One request for archive evidence."""

    __tablename__ = "openings_log"

    opening_id: Mapped[int] = mapped_column(primary_key=True)
    point: Mapped[bytes]
    case_id: Mapped[str]
    found: Mapped[bool]
    asked_at: Mapped[int]
