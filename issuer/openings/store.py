"""SQL of the openings log. There is no update and no delete, and triggers refuse both."""

from __future__ import annotations

from sqlalchemy.orm import Session

from issuer.openings.models import Opening


def log(session: Session, point: bytes, case_id: str, found: bool, now: int) -> int:
    """Writes one line, and returns its number."""
    row = Opening(point=point, case_id=case_id, found=found, asked_at=now)
    session.add(row)
    session.flush()
    return row.opening_id
