"""SQL of licences, challenges and issues."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from issuer.epochs.models import Revocation
from issuer.licences.models import Challenge, Issue, Licence

LIVE = "live"
REVOKED = "revoked"
LOST_WALLET = "lost wallet"
LEFT_PERMIT = "left the permit"
COVER_ENDED = "cover ended"
REFUSED_IN_REVIEW = "refused in review"


def replace_challenge(session: Session, row: Challenge) -> None:
    """Stores an application's challenge in place of an earlier one."""
    session.execute(delete(Challenge).where(Challenge.application_id == row.application_id))
    session.add(row)
    session.flush()


def take_challenge(session: Session, application_id: str) -> tuple[bytes, bytes, int] | None:
    """Nonce, session and expiry of the outstanding challenge, removed in the same statement; or None."""
    row = session.execute(
        delete(Challenge)
        .where(Challenge.application_id == application_id)
        .returning(Challenge.nonce, Challenge.session, Challenge.expires_at)
    ).one_or_none()
    return None if row is None else (row.nonce, row.session, row.expires_at)


def issue(session: Session, application_id: str) -> Issue | None:
    """The issue of an application."""
    return session.get(Issue, application_id)


def licence(session: Session, licence_id: str) -> Licence | None:
    """The licence of this id."""
    return session.get(Licence, licence_id)


def add_licence(session: Session, row: Licence) -> None:
    """Stores a new licence; unique columns refuse a handle or point twice, and a second live licence of a person."""
    session.add(row)
    session.flush()


def add_issue(session: Session, row: Issue) -> None:
    """Stores an intent; the primary key refuses a second one for the application."""
    session.add(row)
    session.flush()


def live_licence(session: Session, person_id: str) -> Licence | None:
    """The person's live licence."""
    return session.scalar(select(Licence).where(Licence.person_id == person_id, Licence.state == LIVE))


def live_licences(session: Session, *, person_id: str | None = None, permit_id: str | None = None) -> Sequence[Licence]:
    """The live licences of a person or under a permit."""
    query = select(Licence).where(Licence.state == LIVE).order_by(Licence.created_at, Licence.licence_id)
    if person_id is not None:
        query = query.where(Licence.person_id == person_id)
    if permit_id is not None:
        query = query.where(Licence.permit_id == permit_id)
    return session.scalars(query).all()


def make_urgent(session: Session, which: ColumnElement[bool]) -> bool:
    """Makes the routine revocations of these licences urgent, published or not; whether there were any."""
    ended = select(Licence.licence_id).where(which)
    routine = update(Revocation).where(Revocation.licence_id.in_(ended), Revocation.urgent.is_(False))
    return bool(session.execute(routine.values(urgent=True).returning(Revocation.licence_id)).all())


def licences(session: Session, after: str, limit: int) -> Sequence[Licence]:
    """Licences in order of their ids, beginning after `after`."""
    return session.scalars(
        select(Licence).where(Licence.licence_id > after).order_by(Licence.licence_id).limit(limit)
    ).all()


def last_revoked_at(session: Session, person_id: str) -> int | None:
    """When a licence of the person was last revoked, for whatever reason, or None."""
    return session.scalar(select(func.max(Licence.revoked_at)).where(Licence.person_id == person_id))


def lost_urgently_at(session: Session, person_id: str) -> int | None:
    """When a wallet of the person was last reported lost and its licence revoked urgently, or None."""
    return session.scalar(
        select(func.max(Licence.revoked_at))
        .join(Revocation, Revocation.licence_id == Licence.licence_id)
        .where(Licence.person_id == person_id, Licence.reason == LOST_WALLET, Revocation.urgent.is_(True))
    )


def newest_issue(session: Session, licence_id: str) -> Issue | None:
    """The last issue under a licence."""
    return session.scalar(
        select(Issue).where(Issue.licence_id == licence_id).order_by(Issue.intended_at.desc()).limit(1)
    )


def issues_of(session: Session, licence_id: str) -> Sequence[Issue]:
    """Every issue under a licence, oldest first."""
    return session.scalars(
        select(Issue).where(Issue.licence_id == licence_id).order_by(Issue.intended_at, Issue.application_id)
    ).all()


def first_issue(session: Session, licence_id: str) -> Issue:
    """The issue that made the licence: the one that is no refresh, and not the oldest by the clock, as two may share a
    second."""
    return session.scalars(select(Issue).where(Issue.licence_id == licence_id, Issue.refresh.is_(False))).one()


def owners_of_point(session: Session, point: bytes) -> set[str]:
    """The persons who have this point as registration X_h or as holder point X."""
    return set(
        session.scalars(
            select(Licence.person_id)
            .join(Issue, Issue.licence_id == Licence.licence_id, isouter=True)
            .where(or_(Issue.registration == point, Licence.holder_point == point))
        )
    )


def licence_by_archive_point(session: Session, point: bytes) -> Licence | None:
    """The licence whose M this is."""
    return session.scalar(select(Licence).where(Licence.archive_point == point))
