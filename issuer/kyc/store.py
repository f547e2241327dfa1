"""SQL of identity checks."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, exists, func, select, tuple_, update
from sqlalchemy.orm import Session

from issuer.kyc.models import Application, Evidence, Person, Receipt, SignIn, StrongTag, WeakTag


def application(session: Session, application_id: str) -> Application | None:
    """The application of this id."""
    return session.get(Application, application_id)


def application_by_token(session: Session, token_hash: bytes) -> Application | None:
    """The application whose bearer token hashes to this."""
    return session.scalar(select(Application).where(Application.token_hash == token_hash))


def application_by_ticket(session: Session, ticket_hash: bytes) -> Application | None:
    """The application whose sign-in ticket hashes to this."""
    return session.scalar(select(Application).where(Application.ticket_hash == ticket_hash))


def add_application(session: Session, row: Application) -> None:
    """Stores a new application."""
    session.add(row)
    session.flush()


def drop_abandoned(session: Session, now: int) -> None:
    """Removes round trips that are over, and applications that nobody signed in for in time."""
    session.execute(delete(SignIn).where(SignIn.expires_at <= now))
    waiting = exists().where(SignIn.application_id == Application.application_id)
    session.execute(
        delete(Application).where(Application.identity == "unverified", Application.sign_in_until <= now, ~waiting)
    )


def count_open_applications(session: Session) -> int:
    """How many applications nobody has signed in for."""
    return (
        session.scalar(select(func.count()).select_from(Application).where(Application.identity == "unverified")) or 0
    )


def count_sign_ins(session: Session, application_id: str, now: int) -> int:
    """How many round trips of an application are under way."""
    query = select(func.count()).select_from(SignIn)
    return session.scalar(query.where(SignIn.application_id == application_id, SignIn.expires_at > now)) or 0


def add_sign_in(session: Session, row: SignIn) -> None:
    """Stores a round trip."""
    session.add(row)
    session.flush()


def take_sign_in(session: Session, state_hash: bytes) -> SignIn | None:
    """The round trip of this state, removed in the same statement: whoever gets it is the only one."""
    return session.scalar(delete(SignIn).where(SignIn.state_hash == state_hash).returning(SignIn))


def person(session: Session, person_id: str) -> Person | None:
    """The person of this id."""
    return session.get(Person, person_id)


def add_person(session: Session, person_id: str, status: str, now: int) -> Person:
    """Stores a new person."""
    row = Person(person_id=person_id, status=status, created_at=now)
    session.add(row)
    session.flush()
    return row


def owners(session: Session, tags: Iterable[bytes]) -> set[str]:
    """The persons to whom any of these strong tags belongs."""
    return set(session.scalars(select(StrongTag.person_id).where(StrongTag.tag.in_(list(tags)))))


def namesakes(session: Session, tag: bytes) -> set[str]:
    """The persons who have this weak tag."""
    return set(session.scalars(select(WeakTag.person_id).where(WeakTag.tag == tag)))


def add_strong_tag(session: Session, tag: bytes, kind: str, person_id: str, rules_version: int, now: int) -> None:
    """Gives a strong tag to a person who may have it already; the primary key refuses a second owner."""
    if session.get(StrongTag, tag) is None:
        session.add(StrongTag(tag=tag, kind=kind, person_id=person_id, rules_version=rules_version, created_at=now))
        session.flush()


def add_weak_tag(session: Session, tag: bytes, person_id: str, rules_version: int, now: int) -> None:
    """Gives a weak tag to a person who may have it already."""
    if session.get(WeakTag, (tag, person_id)) is None:
        session.add(WeakTag(tag=tag, person_id=person_id, rules_version=rules_version, created_at=now))
        session.flush()


def add_receipt(session: Session, row: Receipt) -> None:
    """Stores a receipt. One ID token makes one: the same again leaves what was stored, with its time."""
    if session.scalar(select(exists().where(Receipt.token_hash == row.token_hash))):
        return
    session.add(row)
    session.flush()


def newest_receipt_time(session: Session, person_id: str, levels: Iterable[tuple[str, str]]) -> int | None:
    """When a provider last verified the person at one of these levels (provider, level), or None."""
    listed = tuple_(Receipt.provider, Receipt.level).in_(list(levels))
    return session.scalar(select(func.max(Receipt.verified_at)).where(Receipt.person_id == person_id, listed))


def replace_evidence(session: Session, row: Evidence) -> None:
    """Stores an application's sealed evidence in place of an earlier sign-in's."""
    session.execute(delete(Evidence).where(Evidence.application_id == row.application_id))
    session.add(row)
    session.flush()


def evidence(session: Session, application_id: str) -> Evidence | None:
    """The sealed evidence of an application."""
    return session.scalar(select(Evidence).where(Evidence.application_id == application_id))


def applications_of(session: Session, person_id: str) -> list[Application]:
    """Every application of a person."""
    return list(session.scalars(select(Application).where(Application.person_id == person_id)))


def end_applications(session: Session, person_id: str, but: str, now: int) -> None:
    """Ends every application of a person but one (empty: all), with its token and its browser sessions."""
    others = update(Application).where(Application.person_id == person_id, Application.application_id != but)
    session.execute(others.where(Application.expires_at > now).values(expires_at=now))


def persons_in_review(session: Session) -> list[Person]:
    """Persons whose sign-in waits for a decision."""
    return list(session.scalars(select(Person).where(Person.status == "review").order_by(Person.created_at)))
