"""Tables of the web door: the browser's session, bound to one application."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class BrowserSession(Base):
    """One signed-in browser. Only the hash of its cookie is kept."""

    __tablename__ = "browser_sessions"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    application_id: Mapped[str] = mapped_column(ForeignKey("applications.application_id"), index=True)
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
