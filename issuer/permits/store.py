"""SQL of permits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from issuer.licences.models import Licence
from issuer.licences.store import LIVE
from issuer.permits.models import PermitEvent, PermitInvitation, PermitOperator, PermitRow


def permit(session: Session, permit_id: str) -> PermitRow | None:
    """The permit of this id."""
    return session.get(PermitRow, permit_id)


def permit_of_person(session: Session, person_id: str) -> PermitRow | None:
    """The permit under which the person operates, whatever its state."""
    query = select(PermitRow).join(PermitOperator, PermitOperator.permit_id == PermitRow.permit_id)
    return session.scalar(query.where(PermitOperator.person_id == person_id, PermitOperator.left_at.is_(None)))


def permit_of_company(session: Session, company: str) -> PermitRow | None:
    """The company's permit that has not ended."""
    return session.scalar(select(PermitRow).where(PermitRow.company == company, PermitRow.state != "ended"))


def add_permit(session: Session, row: PermitRow, now: int) -> None:
    """Stores a new permit."""
    session.add(row)
    session.flush()
    add_event(session, row.permit_id, "granted", "application", now)


def extend(session: Session, permit_id: str, until_day: int) -> None:
    """Moves the last day of a permit."""
    session.execute(update(PermitRow).where(PermitRow.permit_id == permit_id).values(until_day=until_day))


def set_state(session: Session, permit_id: str, before: str, after: str) -> None:
    """Changes the state from `before` to `after`."""
    session.execute(
        update(PermitRow).where(PermitRow.permit_id == permit_id, PermitRow.state == before).values(state=after)
    )


def add_operator(session: Session, permit_id: str, person_id: str, now: int) -> None:
    """Puts a person under a permit."""
    session.add(PermitOperator(permit_id=permit_id, person_id=person_id, joined_at=now, left_at=None))
    session.flush()


def close_operators(session: Session, permit_id: str, now: int, person_id: str | None = None) -> None:
    """Ends the membership of one person, or of everybody under the permit."""
    statement = update(PermitOperator).where(PermitOperator.permit_id == permit_id, PermitOperator.left_at.is_(None))
    if person_id is not None:
        statement = statement.where(PermitOperator.person_id == person_id)
    session.execute(statement.values(left_at=now))


def operators(session: Session, permit_id: str) -> tuple[str, ...]:
    """The persons under the permit, in order of joining."""
    query = select(PermitOperator.person_id).where(
        PermitOperator.permit_id == permit_id, PermitOperator.left_at.is_(None)
    )
    return tuple(session.scalars(query.order_by(PermitOperator.membership_id)))


def count_operators(session: Session, permit_id: str) -> int:
    """How many different persons are under the permit."""
    query = select(func.count(PermitOperator.person_id.distinct()))
    found = query.where(PermitOperator.permit_id == permit_id, PermitOperator.left_at.is_(None))
    return session.scalars(found).one()


def add_invitation(session: Session, code_hash: bytes, permit_id: str, expires_at: int) -> None:
    """Stores an invitation."""
    session.add(PermitInvitation(code_hash=code_hash, permit_id=permit_id, expires_at=expires_at))
    session.flush()


def take_invitation(session: Session, code_hash: bytes, permit_id: str, now: int) -> bool:
    """Uses up an invitation to this permit; whether it was there and in time."""
    taken = session.execute(
        delete(PermitInvitation)
        .where(
            PermitInvitation.code_hash == code_hash,
            PermitInvitation.permit_id == permit_id,
            PermitInvitation.expires_at > now,
        )
        .returning(PermitInvitation.permit_id)
    )
    return taken.one_or_none() is not None


def drop_invitations(session: Session, person_id: str) -> None:
    """Ends the invitations to the permit under which the person operates; colleagues make new ones."""
    own = select(PermitOperator.permit_id).where(PermitOperator.person_id == person_id)
    session.execute(delete(PermitInvitation).where(PermitInvitation.permit_id.in_(own)))


def add_event(session: Session, permit_id: str, event: str, reason: str, now: int) -> None:
    """Adds to the permit's history."""
    session.add(PermitEvent(permit_id=permit_id, event=event, reason=reason, at=now))
    session.flush()


def stopped_with_licences(session: Session) -> list[tuple[str, str]]:
    """The permits that are not current and have live licences: (permit, why it was stopped last)."""
    query = select(PermitRow.permit_id).where(PermitRow.state != "current")
    stopped = session.scalars(
        query.where(exists().where(Licence.permit_id == PermitRow.permit_id, Licence.state == LIVE))
    )
    return [(permit_id, events(session, permit_id)[-1][1]) for permit_id in stopped]


def left_with_licences(session: Session) -> Sequence[str]:
    """The persons with a live licence under a permit that they do not operate under any more."""
    back = aliased(PermitOperator)
    own = PermitOperator.permit_id == Licence.permit_id, PermitOperator.person_id == Licence.person_id
    again = back.permit_id == Licence.permit_id, back.person_id == Licence.person_id, back.left_at.is_(None)
    query = select(Licence.person_id).distinct().join(PermitOperator, and_(*own))
    # From those who left: they are few, and all who live are many.
    left = query.where(PermitOperator.left_at.is_not(None), Licence.state == LIVE, ~exists().where(*again))
    return session.scalars(left).all()


def events(session: Session, permit_id: str) -> list[tuple[str, str, int]]:
    """The permit's history: (event, reason, unix seconds)."""
    query = select(PermitEvent).where(PermitEvent.permit_id == permit_id).order_by(PermitEvent.event_id)
    return [(row.event, row.reason, row.at) for row in session.scalars(query)]
