"""SQL of epochs and revocations."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from issuer.epochs.models import Epoch, Revocation


def latest(session: Session) -> Epoch | None:
    """The epoch with the highest number."""
    return session.scalar(select(Epoch).order_by(Epoch.number.desc()).limit(1))


def latest_number(session: Session) -> int | None:
    """The highest epoch number."""
    return session.scalar(select(func.max(Epoch.number)))


def epoch(session: Session, number: int) -> Epoch | None:
    """The epoch called `number`."""
    return session.get(Epoch, number)


def signed_epoch(session: Session, number: int) -> bytes:
    """The COSE_Sign1 of the epoch called `number`, which there is."""
    return session.scalars(select(Epoch.signed).where(Epoch.number == number)).one()


def epochs_after(session: Session, number: int, limit: int) -> Sequence[Epoch]:
    """At most `limit` epochs with a higher number, oldest first."""
    return session.scalars(select(Epoch).where(Epoch.number > number).order_by(Epoch.number).limit(limit)).all()


def add_epoch(session: Session, epoch: Epoch) -> None:
    """Stores a new epoch; the primary key refuses a number twice."""
    session.add(epoch)
    session.flush()


def ask(session: Session, licence_id: str, handle: bytes, reason: str, urgent: bool, now: int) -> None:
    """Asks for a handle to be revoked; the unique columns refuse a handle twice."""
    session.add(Revocation(licence_id=licence_id, handle=handle, reason=reason, urgent=urgent, asked_at=now))
    session.flush()


def unpublished(session: Session) -> Sequence[Revocation]:
    """Revocations asked for and not yet on the list, oldest first."""
    return session.scalars(
        select(Revocation).where(Revocation.position.is_(None)).order_by(Revocation.revocation_id)
    ).all()


def urgent_waiting(session: Session, floor: int) -> bool:
    """Whether an urgent revocation waits to be published, or for the floor: one that was published as a routine one."""
    waits = or_(Revocation.position.is_(None), Revocation.epoch_number > floor)
    return bool(session.scalar(select(exists().where(waits, Revocation.urgent.is_(True)))))


def entry_counts(session: Session, last: int) -> dict[int, int]:
    """How many revocations each epoch up to `last` published, where it published any."""
    number = Revocation.epoch_number
    counts = session.execute(select(number, func.count()).where(number <= last).group_by(number)).all()
    return {epoch: count for epoch, count in counts if epoch is not None}


def entries_of(session: Session, number: int) -> Sequence[Revocation]:
    """The revocations that an epoch published, in the order of the list."""
    return session.scalars(
        select(Revocation).where(Revocation.epoch_number == number).order_by(Revocation.position)
    ).all()
