"""Table of accepted terms."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class Acceptance(Base):
    """One person's acceptance of one text, made in one application (and so tied to its registration X_h)."""

    __tablename__ = "terms_acceptances"

    application_id: Mapped[str] = mapped_column(ForeignKey("applications.application_id"), primary_key=True)
    terms_hash: Mapped[bytes] = mapped_column(primary_key=True)
    version: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), index=True)
    accepted_at: Mapped[int]
