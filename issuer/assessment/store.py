"""SQL of the assessment. `start` is the one statement that decides whether a sitting begins."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, case, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from issuer.assessment.attempts import Ledger, Validity
from issuer.assessment.models import AttemptLedger, Sitting, SittingAnswer, TrainingCertificate
from issuer.assessment.policy import ExamPolicy

_COLUMNS = AttemptLedger.__table__.c


def ledger(session: Session, person_id: str) -> Ledger | None:
    """The person's row, as it is written (an overrun sitting not yet counted)."""
    row = session.execute(select(*_COLUMNS).where(_COLUMNS.person_id == person_id)).mappings().one_or_none()
    return None if row is None else Ledger(**{name: value for name, value in row.items() if name != "person_id"})


def settle(session: Session, person_id: str, now: int, policy: ExamPolicy) -> None:
    """Writes what `attempts.settled` says: a sitting whose time is over has failed at that moment."""
    session.execute(
        update(Sitting)
        .where(Sitting.person_id == person_id, Sitting.state == "open", Sitting.ends_at <= now)
        .values(state="overrun", ended_at=Sitting.ends_at)
    )
    _fail(session, person_id, _COLUMNS.open_until, policy, AttemptLedger.open_until <= now)


def renew(session: Session, person_id: str, now: int, policy: ExamPolicy, validity: Validity) -> None:
    """Ends a series whose pass no longer counts, or that is twelve months old and not locked, and begins the next
    one.
    """
    stale_pass = and_(
        AttemptLedger.passed_at.is_not(None),
        or_(
            AttemptLedger.passed_at + validity.pass_max_age_seconds <= now,
            AttemptLedger.passed_version < validity.bank_version,
        ),
    )
    old_series = and_(
        AttemptLedger.passed_at.is_(None),
        AttemptLedger.started < policy.attempts_per_series,
        AttemptLedger.series_from + policy.series_seconds <= now,
        AttemptLedger.next_at <= now,
    )
    condition = and_(
        AttemptLedger.person_id == person_id, AttemptLedger.open_sitting.is_(None), or_(stale_pass, old_series)
    )
    session.execute(update(AttemptLedger).where(condition).values(_new_series(now)))


def start(
    session: Session, person_id: str, sitting_id: str, now: int, ends_at: int, policy: ExamPolicy
) -> tuple[int, int] | None:
    """Begins a sitting if the rules allow it: (series, attempt), or None. One statement, so that no two callers both
    win.
    """
    statement = insert(AttemptLedger).values(
        person_id=person_id, series=1, series_from=now, started=1, failed=0, next_at=0,
        open_sitting=sitting_id, open_until=ends_at, passed_at=None, passed_version=None,
    )  # fmt: skip
    decided = statement.on_conflict_do_update(
        index_elements=[AttemptLedger.person_id],
        set_={"started": AttemptLedger.started + 1, "open_sitting": sitting_id, "open_until": ends_at},
        where=and_(
            AttemptLedger.open_sitting.is_(None),
            AttemptLedger.passed_at.is_(None),
            AttemptLedger.started < policy.attempts_per_series,
            AttemptLedger.next_at <= now,
        ),
    ).returning(_COLUMNS.series, _COLUMNS.started)
    row = session.execute(decided).one_or_none()
    return None if row is None else (row.series, row.started)


def add_sitting(session: Session, sitting: Sitting) -> None:
    """Stores the sitting that `start` has allowed."""
    session.add(sitting)
    session.flush()


def sitting(session: Session, sitting_id: str) -> Sitting | None:
    """The sitting of this id."""
    return session.get(Sitting, sitting_id)


def sittings_before(session: Session, person_id: str, before: Sitting | None = None) -> Sequence[Sitting]:
    """The person's sittings in order; with `before`, only those earlier than that one."""
    query = select(Sitting).where(Sitting.person_id == person_id).order_by(Sitting.series, Sitting.attempt)
    if before is not None:
        earlier_attempt = and_(Sitting.series == before.series, Sitting.attempt < before.attempt)
        query = query.where(or_(Sitting.series < before.series, earlier_attempt))
    return session.scalars(query).all()


def count_answers(session: Session, sitting_id: str) -> int:
    """How many questions of the sitting have an answer."""
    query = select(func.count()).select_from(SittingAnswer).where(SittingAnswer.sitting_id == sitting_id)
    return session.scalars(query).one()


def answers(session: Session, sitting_id: str) -> dict[int, int]:
    """Question number -> place of the option given."""
    rows = session.execute(
        select(SittingAnswer.number, SittingAnswer.option).where(SittingAnswer.sitting_id == sitting_id)
    )
    return {row.number: row.option for row in rows}


def put_answer(session: Session, sitting_id: str, number: int, option: int, now: int) -> None:
    """Stores or changes the answer to one question."""
    statement = insert(SittingAnswer).values(sitting_id=sitting_id, number=number, option=option, given_at=now)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[SittingAnswer.sitting_id, SittingAnswer.number], set_={"option": option, "given_at": now}
        )
    )


def close_passed(session: Session, closing: Sitting, now: int, topics: str) -> None:
    """Records a pass on the sitting and on the person's row."""
    _close(session, closing, "passed", now, topics)
    session.execute(
        update(AttemptLedger)
        .where(AttemptLedger.person_id == closing.person_id, AttemptLedger.open_sitting == closing.sitting_id)
        .values(open_sitting=None, open_until=None, passed_at=now, passed_version=closing.bank_version)
    )


def close_failed(session: Session, closing: Sitting, now: int, topics: str, policy: ExamPolicy) -> None:
    """Records a failure on the sitting and on the person's row, with the cooling-off that follows from it."""
    _close(session, closing, "failed", now, topics)
    _fail(session, closing.person_id, now, policy, AttemptLedger.open_sitting == closing.sitting_id)


def certificate_owner(session: Session, trainer: str, certificate_id: str) -> str | None:
    """The person for whom this certificate was accepted, or None."""
    row = session.get(TrainingCertificate, (trainer, certificate_id))
    return None if row is None else row.person_id


def open_series_by_training(
    session: Session, person_id: str, trainer: str, certificate_id: str, now: int, policy: ExamPolicy
) -> bool:
    """Begins a new series for a locked person and records the certificate. False if the person is not locked."""
    locked = and_(
        AttemptLedger.person_id == person_id,
        AttemptLedger.open_sitting.is_(None),
        AttemptLedger.passed_at.is_(None),
        AttemptLedger.started >= policy.attempts_per_series,
    )
    opened = session.execute(
        update(AttemptLedger).where(locked).values(_new_series(now)).returning(_COLUMNS.series)
    ).one_or_none()
    if opened is None:
        return False
    session.add(
        TrainingCertificate(
            trainer=trainer,
            certificate_id=certificate_id,
            person_id=person_id,
            opened_series=opened.series,
            accepted_at=now,
        )
    )
    session.flush()
    return True


def _close(session: Session, closing: Sitting, state: str, now: int, topics: str) -> None:
    session.execute(
        update(Sitting)
        .where(Sitting.sitting_id == closing.sitting_id, Sitting.state == "open")
        .values(state=state, ended_at=now, topics=topics)
    )


def _fail(session: Session, person_id: str, failed_at: object, policy: ExamPolicy, condition: object) -> None:
    waits = AttemptLedger.failed + 1 >= policy.cooling_off_from_failure
    session.execute(
        update(AttemptLedger)
        .where(AttemptLedger.person_id == person_id, condition)  # type: ignore[arg-type]
        .values(
            failed=AttemptLedger.failed + 1,
            next_at=case((waits, failed_at + policy.cooling_off_seconds), else_=0),  # type: ignore[operator]
            open_sitting=None,
            open_until=None,
        )
    )


def _new_series(now: int) -> dict[str, object]:
    return {
        "series": AttemptLedger.series + 1,
        "series_from": now,
        "started": 0,
        "failed": 0,
        "next_at": 0,
        "passed_at": None,
        "passed_version": None,
    }
