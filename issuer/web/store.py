"""SQL of the browser sessions."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from issuer.web.models import BrowserSession


def add_session(session: Session, token_hash: bytes, application_id: str, now: int, expires_at: int) -> None:
    """Stores a new browser session and drops those that are over."""
    session.execute(delete(BrowserSession).where(BrowserSession.expires_at <= now))
    session.add(
        BrowserSession(token_hash=token_hash, application_id=application_id, created_at=now, expires_at=expires_at)
    )


def remove_session(session: Session, token_hash: bytes) -> None:
    """Ends one browser session."""
    session.execute(delete(BrowserSession).where(BrowserSession.token_hash == token_hash))


def session_application(session: Session, token_hash: bytes, now: int) -> str | None:
    """The application of a live browser session, or None."""
    return session.scalar(
        select(BrowserSession.application_id).where(
            BrowserSession.token_hash == token_hash, BrowserSession.expires_at > now
        )
    )
