"""SQL of accepted terms."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from issuer.terms.models import Acceptance


def add(session: Session, application_id: str, person_id: str, version: str, terms_hash: bytes, now: int) -> None:
    """Stores an acceptance."""
    session.add(
        Acceptance(
            application_id=application_id, person_id=person_id, version=version, terms_hash=terms_hash, accepted_at=now
        )
    )


def accepted_at(session: Session, application_id: str, terms_hash: bytes) -> int | None:
    """When the text of this hash was accepted in this application, or None."""
    return session.scalar(
        select(Acceptance.accepted_at).where(
            Acceptance.application_id == application_id, Acceptance.terms_hash == terms_hash
        )
    )
