"""SQL of cover."""

from __future__ import annotations

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from issuer.insurance.models import CancellationRow, CoverRow


def cover(session: Session, insurer: str, cover_id: str) -> CoverRow | None:
    """The cover of this id."""
    return session.get(CoverRow, (insurer, cover_id))


def add_cover(session: Session, row: CoverRow) -> None:
    """Stores an attestation."""
    session.add(row)
    session.flush()


def in_force(session: Session, permit_id: str, day: int) -> list[CoverRow]:
    """The covers of a permit in force on the day, the highest band first, then the longest."""
    cancelled = and_(CancellationRow.insurer == CoverRow.insurer, CancellationRow.cover_id == CoverRow.cover_id)
    query = (
        select(CoverRow)
        .outerjoin(CancellationRow, cancelled)
        .where(
            CoverRow.permit_id == permit_id,
            CoverRow.from_day <= day,
            CoverRow.until_day >= day,
            or_(CancellationRow.from_day.is_(None), CancellationRow.from_day > day),
        )
        .order_by(CoverRow.band.desc(), CoverRow.until_day.desc(), CoverRow.insurer, CoverRow.cover_id)
    )
    return list(session.scalars(query))


def cancellation_day(session: Session, insurer: str, cover_id: str) -> int | None:
    """The first day without the cover, or None if it is not cancelled."""
    row = session.get(CancellationRow, (insurer, cover_id))
    return None if row is None else row.from_day


def cancel(session: Session, insurer: str, cover_id: str, from_day: int, now: int, text: str) -> int:
    """Stores a cancellation; of several the earliest day stands. Returns the day that stands."""
    statement = insert(CancellationRow).values(
        insurer=insurer, cover_id=cover_id, from_day=from_day, received_at=now, cancellation=text, acted=False
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[CancellationRow.insurer, CancellationRow.cover_id],
            set_={"from_day": from_day, "received_at": now, "cancellation": text, "acted": False},
            where=statement.excluded.from_day < CancellationRow.from_day,
        )
    )
    return session.get_one(CancellationRow, (insurer, cover_id)).from_day


def lapsed(session: Session, day: int) -> list[CoverRow]:
    """The covers whose cancellation has taken effect by this day and has not been acted on."""
    cancelled = and_(CancellationRow.insurer == CoverRow.insurer, CancellationRow.cover_id == CoverRow.cover_id)
    query = select(CoverRow).join(CancellationRow, cancelled)
    return list(session.scalars(query.where(CancellationRow.from_day <= day, CancellationRow.acted.is_(False))))


def mark_acted(session: Session, insurer: str, cover_id: str) -> None:
    """Records that a lapse has been acted on."""
    session.execute(
        update(CancellationRow)
        .where(CancellationRow.insurer == insurer, CancellationRow.cover_id == cover_id)
        .values(acted=True)
    )
