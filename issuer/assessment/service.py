"""The assessment as a service: where a person stands, and one sitting from start to result.

Everything that decides happens in one write block with the injected clock; the client's time is never asked. A
question can be read when all before it are answered; whatever may not be read (ahead, another's, not there) is the
same NotFound.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from circuits import SECONDS_PER_DAY
from issuer.assessment import library, store
from issuer.assessment.attempts import AssessmentStatus, Ledger, State, Validity, settled, standing
from issuer.assessment.bank import Bank
from issuer.assessment.form import SEED_OCTETS, Question, make_form, question
from issuer.assessment.models import Sitting
from issuer.assessment.policy import ExamPolicy, Topic
from issuer.assessment.scoring import score
from issuer.assessment.training import read_certificate, training_reference
from issuer.errors import Conflict, Invalid, NotFound
from issuer.world import World

__all__ = ["Assessment", "AssessmentStatus", "QuestionView", "Result", "StartedSitting", "State"]


@dataclass(frozen=True)
class StartedSitting:
    """A sitting that is open; `ends_at` in unix seconds."""

    sitting_id: str
    questions: int
    attempt: int
    ends_at: int


@dataclass(frozen=True)
class QuestionView:
    """One question as the candidate may see it. `answer` is the option given so far (from 0), None if there is none."""

    number: int
    questions: int
    topic: Topic
    stem: str
    options: tuple[str, ...]
    answer: int | None
    ends_at: int


@dataclass(frozen=True)
class Result:
    """How a sitting ended: right answers by topic, never which. `topics` is None when time ran out."""

    passed: bool
    topics: dict[Topic, int] | None
    attempt: int
    next_at: int | None


class Assessment:
    """The assessment of all persons. Raises issuer.errors only; codes are stable."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings = world.settings
        self.policy: ExamPolicy = world.settings.exam

    def status(self, person_id: str) -> AssessmentStatus:
        """Where the person stands now. Raises Unavailable("no-bank")."""
        with self._world.database.read() as session:
            ledger = store.ledger(session, person_id)
        return standing(ledger, self._world.now(), self.policy, self._validity())

    def start(self, person_id: str, extra_time_percent: int = 0, rest_minutes: int = 0) -> StartedSitting:
        """Begins a sitting. Raises Conflict("sitting-open" | "already-passed" | "cooling-off" with next_at | "locked"),
        Invalid("no-such-adjustment"), Unavailable("no-bank" | "bank-too-small")."""
        self._check_adjustments(extra_time_percent, rest_minutes)
        bank, now = library.current_bank(self._settings), self._world.now()
        ends_at = now + self.policy.duration_seconds(extra_time_percent, rest_minutes)
        sitting_id = secrets.token_urlsafe(16)
        with self._world.database.write() as session:
            store.settle(session, person_id, now, self.policy)
            store.renew(session, person_id, now, self.policy, self._validity())
            allowed = store.start(session, person_id, sitting_id, now, ends_at, self.policy)
            if allowed is None:
                raise self._why_not(session, person_id, now)
            series, attempt = allowed
            seed = secrets.token_bytes(SEED_OCTETS)
            form = make_form(
                bank.live(now // SECONDS_PER_DAY), seed, _seen(session, person_id), self.policy.items_per_topic
            )
            store.add_sitting(session, Sitting(
                sitting_id=sitting_id, person_id=person_id, series=series, attempt=attempt, bank_digest=bank.digest,
                bank_version=bank.version, seed=seed, items=" ".join(asked.item.id for asked in form),
                started_at=now, ends_at=ends_at, state="open", ended_at=None, topics=None,
            ))  # fmt: skip
        return StartedSitting(sitting_id, len(form), attempt, ends_at)

    def open_sitting(self, person_id: str) -> StartedSitting | None:
        """The person's sitting under way, or None."""
        now = self._world.now()
        with self._world.database.read() as session:
            ledger = store.ledger(session, person_id)
            current = None if ledger is None else settled(ledger, now, self.policy)
            if current is None or current.open_sitting is None:
                return None
            sitting = self._own(session, person_id, current.open_sitting)
        return StartedSitting(sitting.sitting_id, len(_item_ids(sitting)), sitting.attempt, sitting.ends_at)

    def answered(self, person_id: str, sitting_id: str) -> int:
        """How many questions of the person's sitting have an answer."""
        with self._world.database.read() as session:
            return store.count_answers(session, self._own(session, person_id, sitting_id).sitting_id)

    def question(self, person_id: str, sitting_id: str, number: int) -> QuestionView:
        """Question `number` (from 1). Raises NotFound("unknown-question"), Conflict("time-over" | "already-
        submitted").
        """
        with self._world.database.read() as session:
            sitting = self._running(session, person_id, sitting_id, self._world.now())
            self._check_reached(session, sitting, number)
            given = store.answers(session, sitting_id).get(number)
        asked = self._asked(sitting, number)
        questions = len(_item_ids(sitting))
        return QuestionView(number, questions, asked.item.topic, asked.item.stem, asked.options, given, sitting.ends_at)

    def answer(self, person_id: str, sitting_id: str, number: int, option: int) -> None:
        """Stores the answer to a question that was reached; until submission it may be changed (WCAG 3.3.4).

        Raises NotFound("unknown-question"), Invalid("no-such-option"), Conflict("time-over" | "already-submitted").
        """
        with self._world.database.write() as session:
            now = self._world.now()
            sitting = self._running(session, person_id, sitting_id, now)
            self._check_reached(session, sitting, number)
            if not 0 <= option < len(self._asked(sitting, number).options):
                raise Invalid("no-such-option", "The question has no such option.")
            store.put_answer(session, sitting_id, number, option, now)

    def submit(self, person_id: str, sitting_id: str) -> Result:
        """Scores the sitting; the first submission stands. Raises NotFound, Conflict("time-over" | "already-
        submitted").
        """
        with self._world.database.write() as session:
            now = self._world.now()
            sitting = self._running(session, person_id, sitting_id, now)
            bank = library.bank_of(self._settings, sitting.bank_digest)
            scored = score(
                _form_of(bank, sitting),
                library.key_of(self._settings, bank),
                store.answers(session, sitting_id),
                self.policy,
            )
            topics = json.dumps(scored.topics)
            if scored.passed:
                store.close_passed(session, sitting, now, topics)
            else:
                store.close_failed(session, sitting, now, topics, self.policy)
        return self.result(person_id, sitting_id)

    def result(self, person_id: str, sitting_id: str) -> Result:
        """The result of a sitting that is over. Raises NotFound("unknown-question"), Conflict("sitting-open")."""
        now = self._world.now()
        with self._world.database.read() as session:
            sitting = self._own(session, person_id, sitting_id)
            ledger = store.ledger(session, person_id)
        if sitting.state == "open" and now < sitting.ends_at:
            raise Conflict("sitting-open", "This sitting is not over yet.")
        topics = (
            None if sitting.topics is None else {Topic(name): hits for name, hits in json.loads(sitting.topics).items()}
        )
        return Result(sitting.state == "passed", topics, sitting.attempt, self._next_at(ledger, now))

    def last_result(self, person_id: str) -> tuple[str, Result] | None:
        """The id and result of the person's latest sitting that is over, or None."""
        with self._world.database.read() as session:
            over = [
                sitting
                for sitting in store.sittings_before(session, person_id)
                if sitting.state != "open" or sitting.ends_at <= self._world.now()
            ]
        return (over[-1].sitting_id, self.result(person_id, over[-1].sitting_id)) if over else None

    def training_reference(self, person_id: str) -> str:
        """What the person gives to a trainer."""
        return training_reference(person_id)

    def accept_training(self, person_id: str, certificate: str) -> AssessmentStatus:
        """Opens a new series on a trainer's certificate; each certificate works once.

        Raises what `read_certificate` raises, Conflict("not-locked" | "certificate-used").
        """
        now = self._world.now()
        with self._world.database.read() as session:
            ledger = store.ledger(session, person_id)
        read = read_certificate(certificate, person_id, 0 if ledger is None else ledger.series_from, now, self.policy)
        with self._world.database.write() as session:
            if store.certificate_owner(session, read.iss, read.jti) is not None:
                raise Conflict("certificate-used", "This training certificate has been used already.")
            store.settle(session, person_id, now, self.policy)
            if not store.open_series_by_training(session, person_id, read.iss, read.jti, now, self.policy):
                raise Conflict("not-locked", "A training certificate is needed only after six attempts.")
        return self.status(person_id)

    def remake(self, sitting_id: str) -> tuple[Question, ...]:
        """For an appeal: the form of a sitting, made again from its seed, its bank and the person's earlier sittings.

        Raises NotFound("unknown-sitting"), Conflict("form-differs") if it is not what the candidate was shown.
        """
        with self._world.database.read() as session:
            sitting = store.sitting(session, sitting_id)
            if sitting is None:
                raise NotFound("unknown-sitting", "There is no such sitting.")
            seen = _seen(session, sitting.person_id, sitting)
        live = library.bank_of(self._settings, sitting.bank_digest).live(sitting.started_at // SECONDS_PER_DAY)
        form = make_form(live, sitting.seed, seen, self.policy.items_per_topic)
        if [asked.item.id for asked in form] != _item_ids(sitting):
            raise Conflict("form-differs", "The form made from the seed is not the one that was shown.")
        return form

    def _validity(self) -> Validity:
        days = self._settings.assessment_max_age_days
        return Validity(days * SECONDS_PER_DAY, library.current_bank(self._settings).version)

    def _check_adjustments(self, extra_time_percent: int, rest_minutes: int) -> None:
        if extra_time_percent not in self.policy.extra_time_percents or rest_minutes not in self.policy.rest_minutes:
            raise Invalid("no-such-adjustment", "This extra time or rest is not among those on offer.")

    def _why_not(self, session: Session, person_id: str, now: int) -> Conflict:
        stands = standing(store.ledger(session, person_id), now, self.policy, self._validity())
        if stands.state is State.PASSED:
            return Conflict("already-passed", "You have passed the assessment; no further attempt is needed.")
        if stands.state is State.OPEN:
            return Conflict("sitting-open", "A sitting is open already; finish it first.")
        if stands.state is State.COOLING_OFF:
            return Conflict("cooling-off", "The next attempt opens after the cooling-off time.", next_at=stands.next_at)
        return Conflict("locked", "Six attempts were used; an accredited trainer's certificate opens a new series.")

    def _own(self, session: Session, person_id: str, sitting_id: str) -> Sitting:
        sitting = store.sitting(session, sitting_id)
        if sitting is None or sitting.person_id != person_id:
            raise NotFound("unknown-question", "There is no such question.")
        return sitting

    def _running(self, session: Session, person_id: str, sitting_id: str, now: int) -> Sitting:
        sitting = self._own(session, person_id, sitting_id)
        if sitting.state in ("passed", "failed"):
            raise Conflict("already-submitted", "This sitting was submitted; the first submission stands.")
        if sitting.state == "overrun" or now >= sitting.ends_at:
            raise Conflict("time-over", "The time of this sitting is over.")
        return sitting

    def _check_reached(self, session: Session, sitting: Sitting, number: int) -> None:
        if not 1 <= number <= min(store.count_answers(session, sitting.sitting_id) + 1, len(_item_ids(sitting))):
            raise NotFound("unknown-question", "There is no such question.")

    def _asked(self, sitting: Sitting, number: int) -> Question:
        bank = library.bank_of(self._settings, sitting.bank_digest)
        return question(bank.item(_item_ids(sitting)[number - 1]), sitting.seed)

    def _next_at(self, ledger: Ledger | None, now: int) -> int | None:
        return standing(ledger, now, self.policy, self._validity()).next_at


def _item_ids(sitting: Sitting) -> list[str]:
    return sitting.items.split(" ")


def _form_of(bank: Bank, sitting: Sitting) -> tuple[Question, ...]:
    return tuple(question(bank.item(item_id), sitting.seed) for item_id in _item_ids(sitting))


def _seen(session: Session, person_id: str, before: Sitting | None = None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for earlier in store.sittings_before(session, person_id, before):
        for item_id in _item_ids(earlier):
            counts[item_id] = counts.get(item_id, 0) + 1
    return counts
