from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from issuer.assessment.service import Result, StartedSitting, State
from issuer.errors import Conflict, Denied, Invalid, NotFound, Refused
from tests.issuer.assessment.exam_world import DAY, NOON, Setting, Signer, make_setting


def _refusal(call: object, *arguments: object, **keywords: object) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*arguments, **keywords)  # type: ignore[operator]
    return caught.value


def test_a_perfect_sitting_passes_and_there_is_no_second(setting: Setting) -> None:
    person = setting.person("p")
    assert setting.assessment.status(person).state is State.ELIGIBLE
    begun = setting.assessment.start(person)
    assert (begun.questions, begun.attempt, begun.ends_at) == (36, 1, NOON + 2700)
    assert setting.assessment.status(person).state is State.OPEN
    setting.answer_all(person, begun.sitting_id)
    result = setting.assessment.submit(person, begun.sitting_id)
    assert (result.passed, result.next_at, set((result.topics or {}).values())) == (True, None, {6})
    status = setting.assessment.status(person)
    assert (status.state, status.passed_at, status.bank_version) == (State.PASSED, NOON, 1)
    assert _refusal(setting.assessment.start, person).code == "already-passed"


@pytest.mark.requirement("R20")
def test_one_unknown_topic_fails_in_spite_of_thirty_right(setting: Setting) -> None:
    person = setting.person("p")
    begun = setting.assessment.start(person)
    setting.answer_all(person, begun.sitting_id, wrong={"harms": 3})
    result = setting.assessment.submit(person, begun.sitting_id)
    assert not result.passed
    assert (result.topics or {})["harms"] == 3


@pytest.mark.requirement("R21")
@pytest.mark.attack("34")
def test_two_failures_mean_exactly_24_hours(setting: Setting) -> None:
    person = setting.person("p")
    setting.fail(person)
    assert setting.assessment.status(person).state is State.ELIGIBLE
    setting.fail(person)
    status = setting.assessment.status(person)
    assert (status.state, status.next_at) == (State.COOLING_OFF, NOON + DAY)
    setting.clock.seconds = NOON + DAY - 1
    refused = _refusal(setting.assessment.start, person)
    assert (refused.code, refused.extra) == ("cooling-off", {"next_at": NOON + DAY})
    setting.clock.seconds = NOON + DAY
    assert setting.assessment.start(person).attempt == 3


@pytest.mark.requirement("R21")
def test_a_clock_that_goes_back_opens_nothing(setting: Setting) -> None:
    person = setting.person("p")
    setting.fail(person)
    setting.fail(person)
    setting.clock.seconds = NOON - 10 * DAY
    assert _refusal(setting.assessment.start, person).code == "cooling-off"


@pytest.mark.requirement("R22")
@pytest.mark.attack("34")
def test_the_seventh_start_is_refused_however_long_one_waits(setting: Setting) -> None:
    person = setting.person("p")
    for _ in range(6):
        setting.fail(person)
        setting.clock.seconds += DAY
    assert setting.assessment.status(person).state is State.LOCKED
    assert _refusal(setting.assessment.start, person).code == "locked"
    setting.clock.seconds += 500 * DAY
    assert _refusal(setting.assessment.start, person).code == "locked"


@pytest.mark.requirement("R22")
def test_passing_the_sixth_attempt_counts(setting: Setting) -> None:
    person = setting.person("p")
    for _ in range(5):
        setting.fail(person)
        setting.clock.seconds += DAY
    begun = setting.assessment.start(person)
    assert begun.attempt == 6
    setting.answer_all(person, begun.sitting_id)
    assert setting.assessment.submit(person, begun.sitting_id).passed


@pytest.mark.requirement("R22")
def test_a_valid_certificate_opens_a_new_series_once(setting: Setting) -> None:
    person = setting.person("p")
    early = setting.certificate(person, "early")
    assert _refusal(setting.assessment.accept_training, person, early).code == "not-locked"
    _lock(setting, person)
    certificate = setting.certificate(person)
    assert setting.assessment.accept_training(person, certificate).state is State.ELIGIBLE
    assert setting.assessment.start(person).attempt == 1
    assert _refusal(setting.assessment.accept_training, person, certificate).code in {
        "certificate-used",
        "certificate-expired",
    }
    setting.clock.seconds += DAY
    _lock(setting, person)
    assert _refusal(setting.assessment.accept_training, person, certificate).code in {
        "certificate-used",
        "certificate-expired",
    }
    assert setting.assessment.accept_training(person, setting.certificate(person, "c-2")).state is State.ELIGIBLE


@pytest.mark.requirement("R22")
@pytest.mark.attack("38")
def test_forged_withdrawn_foreign_and_stale_certificates_are_refused(setting: Setting) -> None:
    person, other = setting.person("p"), setting.person("q")
    _lock(setting, person)
    good = setting.certificate(person)
    forger = Signer(setting.trainer.name)
    claims = {
        "iss": setting.trainer.name,
        "sub": setting.assessment.training_reference(person),
        "jti": "f",
        "iat": setting.clock(),
    }
    whole = claims | {"course": "operator-training"}
    cases = {
        "bad-signature": forger.sign(whole, "training+jwt"),
        "unknown-signer": Signer("stranger.example").sign(whole | {"iss": "stranger.example"}, "training+jwt"),
        "other-candidate": setting.certificate(other),
        "certificate-revoked": setting.certificate(person, "withdrawn"),
        "certificate-expired": setting.certificate(person, iat=NOON - 1000 * DAY),
        "claims-malformed": setting.trainer.sign(claims, "training+jwt"),
        "wrong-type": setting.trainer.sign(whole, "JWT"),
        "statement-malformed": good[:-40].replace(".", ""),
        "statement-too-large": "x" * 5000,
    }
    for code, certificate in cases.items():
        assert _refusal(setting.assessment.accept_training, person, certificate).code == code
    assert setting.assessment.status(person).state is State.LOCKED
    flipped = good[:-6] + ("A" if good[-6] != "A" else "B") + good[-5:]
    assert _refusal(setting.assessment.accept_training, person, flipped).code == "bad-signature"
    future = setting.certificate(person, iat=setting.clock() + DAY)
    assert _refusal(setting.assessment.accept_training, person, future).code == "certificate-expired"


def test_an_overrun_sitting_counts_as_failed_when_its_time_is_over(setting: Setting) -> None:
    person = setting.person("p")
    setting.fail(person)
    begun = setting.assessment.start(person)
    setting.clock.seconds = begun.ends_at - 1
    assert setting.assessment.status(person).state is State.OPEN
    setting.clock.seconds = begun.ends_at
    status = setting.assessment.status(person)
    assert (status.state, status.next_at) == (State.COOLING_OFF, begun.ends_at + DAY)
    setting.clock.seconds = begun.ends_at + DAY
    assert setting.assessment.start(person).attempt == 3
    result = setting.assessment.result(person, begun.sitting_id)
    assert (result.passed, result.topics) == (False, None)


@pytest.mark.attack("36")
def test_answers_after_the_time_for_another_sitting_and_twice(setting: Setting) -> None:
    ada, bob = setting.person("ada"), setting.person("bob")
    mine, theirs = setting.assessment.start(ada), setting.assessment.start(bob)
    exam = setting.assessment
    assert _refusal(exam.answer, ada, theirs.sitting_id, 1, 0).code == "unknown-question"
    assert _refusal(exam.submit, ada, theirs.sitting_id).code == "unknown-question"
    setting.answer_all(ada, mine.sitting_id)
    first = exam.submit(ada, mine.sitting_id)
    assert first.passed
    assert _refusal(exam.submit, ada, mine.sitting_id).code == "already-submitted"
    assert _refusal(exam.answer, ada, mine.sitting_id, 1, 0).code == "already-submitted"
    assert exam.result(ada, mine.sitting_id) == first
    exam.answer(bob, theirs.sitting_id, 1, 0)
    setting.clock.seconds = theirs.ends_at
    assert _refusal(exam.answer, bob, theirs.sitting_id, 2, 0).code == "time-over"
    assert _refusal(exam.question, bob, theirs.sitting_id, 1).code == "time-over"
    assert _refusal(exam.submit, bob, theirs.sitting_id).code == "time-over"
    setting.clock.seconds += 10 * DAY
    exam.start(bob)
    assert _refusal(exam.submit, bob, theirs.sitting_id).code == "time-over"


@pytest.mark.attack("37")
def test_no_question_can_be_had_ahead_and_all_refusals_are_alike(setting: Setting) -> None:
    person, other = setting.person("p"), setting.person("q")
    begun, foreign = setting.assessment.start(person), setting.assessment.start(other)
    exam = setting.assessment
    exam.answer(person, begun.sitting_id, 1, 0)
    exam.question(person, begun.sitting_id, 2)
    refusals = [
        _refusal(exam.question, person, begun.sitting_id, 3),
        _refusal(exam.question, person, begun.sitting_id, 0),
        _refusal(exam.question, person, begun.sitting_id, -1),
        _refusal(exam.question, person, begun.sitting_id, 37),
        _refusal(exam.question, person, foreign.sitting_id, 1),
        _refusal(exam.question, person, "no-such-sitting", 1),
        _refusal(exam.answer, person, begun.sitting_id, 3, 0),
    ]
    assert {(type(refused), refused.code, refused.sentence) for refused in refusals} == {
        (NotFound, "unknown-question", "There is no such question.")
    }
    assert isinstance(_refusal(exam.answer, person, begun.sitting_id, 1, 4), Invalid)


def test_an_answer_may_be_changed_until_the_hand_in(setting: Setting) -> None:
    person = setting.person("p")
    begun = setting.assessment.start(person)
    setting.assessment.answer(person, begun.sitting_id, 1, 0)
    setting.assessment.answer(person, begun.sitting_id, 1, 2)
    assert setting.assessment.question(person, begun.sitting_id, 1).answer == 2


@pytest.mark.requirement("R27")
def test_extra_time_and_rest_are_given_on_request(setting: Setting) -> None:
    person = setting.person("p")
    assert _refusal(setting.assessment.start, person, 37, 0).code == "no-such-adjustment"
    assert setting.assessment.start(person, 100, 20).ends_at == NOON + 5400 + 1200


def test_a_sitting_is_remade_for_an_appeal(setting: Setting) -> None:
    person = setting.person("p")
    sittings = []
    for _ in range(3):
        sittings.append(setting.assessment.start(person).sitting_id)
        shown = [setting.assessment.question(person, sittings[-1], 1).stem]
        setting.assessment.submit(person, sittings[-1])
        remade = setting.assessment.remake(sittings[-1])
        assert [remade[0].item.stem] == shown
        setting.clock.seconds += DAY
    forms = [{asked.item.id for asked in setting.assessment.remake(sitting)} for sitting in sittings]
    assert len(forms[0] & forms[1]) <= 6
    assert _refusal(setting.assessment.remake, "none").code == "unknown-sitting"


def test_a_pass_grows_old_and_a_new_major_bank_asks_for_a_new_one(setting: Setting) -> None:
    import json

    from issuer.assessment import library
    from issuer.assessment.bank import starter_octets

    person = setting.person("p")
    _pass(setting, person)
    setting.clock.seconds = NOON + 730 * DAY - 1
    assert setting.assessment.status(person).state is State.PASSED
    setting.clock.seconds = NOON + 730 * DAY
    assert setting.assessment.status(person).state is State.ELIGIBLE
    _pass(setting, person)
    assert setting.assessment.status(person).passed_at == NOON + 730 * DAY
    items, answers = map(json.loads, starter_octets())
    items["version"] = answers["version"] = 2
    for item in items["items"]:
        item["review_by"] = "2030-01-01"
    library.publish(setting.world.settings, json.dumps(items).encode(), json.dumps(answers).encode(), setting.clock())
    assert setting.assessment.status(person).state is State.ELIGIBLE
    _pass(setting, person)
    assert setting.assessment.status(person).bank_version == 2


def test_a_series_that_is_not_locked_ends_after_twelve_months(setting: Setting) -> None:
    person = setting.person("p")
    for _ in range(5):
        setting.fail(person)
        setting.clock.seconds += DAY
    setting.clock.seconds = NOON + 365 * DAY
    assert setting.assessment.start(person).attempt == 1


def test_the_next_attempt_may_start_in_the_second_in_which_the_last_one_is_over(setting: Setting) -> None:
    person = setting.person("p")
    first = setting.assessment.start(person)
    setting.clock.seconds = first.ends_at
    assert setting.assessment.start(person).attempt == 2


def test_twelve_months_do_not_shorten_a_cooling_off(setting: Setting) -> None:
    person = setting.person("p")
    setting.fail(person)
    setting.clock.seconds = NOON + 365 * DAY - 1
    setting.fail(person)
    setting.clock.seconds = NOON + 365 * DAY
    assert _refusal(setting.assessment.start, person).code == "cooling-off"
    setting.clock.seconds = NOON + 366 * DAY - 1
    assert setting.assessment.start(person).attempt == 1


@pytest.mark.requirement("R22")
def test_training_of_an_earlier_series_does_not_open_a_later_one(setting: Setting) -> None:
    person = setting.person("p")
    _lock(setting, person)
    opened_at = setting.clock()
    setting.assessment.accept_training(person, setting.certificate(person, "c-1"))
    _lock(setting, person)
    earlier = setting.certificate(person, "c-2", iat=opened_at - 1)
    assert _refusal(setting.assessment.accept_training, person, earlier).code == "certificate-expired"


@pytest.mark.requirement("R28")
def test_attempts_are_counted_per_person_whatever_the_application(setting: Setting) -> None:
    ada, bob = setting.person("ada"), setting.person("bob")
    setting.fail(ada)
    setting.fail(ada)
    assert setting.assessment.status(ada).state is State.COOLING_OFF
    assert setting.assessment.status(bob).state is State.ELIGIBLE


@pytest.mark.requirement("R21")
@pytest.mark.attack("35")
def test_sixty_parallel_starts_make_one_sitting(setting: Setting) -> None:
    person = setting.person("p")
    barrier = threading.Barrier(60)

    def start() -> str:
        barrier.wait()
        try:
            return setting.assessment.start(person).sitting_id
        except Conflict as refused:
            return refused.code

    with ThreadPoolExecutor(60) as pool:
        outcomes = [future.result() for future in [pool.submit(start) for _ in range(60)]]
    assert outcomes.count("sitting-open") == 59
    assert setting.assessment.open_sitting(person) is not None


def test_parallel_submissions_score_once(setting: Setting) -> None:
    person = setting.person("p")
    begun = setting.assessment.start(person)
    barrier = threading.Barrier(12)

    def submit() -> str:
        barrier.wait()
        try:
            return str(setting.assessment.submit(person, begun.sitting_id).passed)
        except Conflict as refused:
            return refused.code

    with ThreadPoolExecutor(12) as pool:
        outcomes = [future.result() for future in [pool.submit(submit) for _ in range(12)]]
    assert sorted(outcomes) == ["False"] + ["already-submitted"] * 11
    setting.fail(person)
    assert setting.assessment.status(person).state is State.COOLING_OFF


def test_a_stranger_has_no_result(setting: Setting) -> None:
    person = setting.person("p")
    assert setting.assessment.last_result(person) is None
    assert setting.assessment.open_sitting(person) is None
    begun = setting.assessment.start(person)
    assert _refusal(setting.assessment.result, person, begun.sitting_id).code == "sitting-open"
    assert _refusal(setting.assessment.result, setting.person("q"), begun.sitting_id).code == "unknown-question"


def test_a_certificate_without_trainers_is_refused(setting: Setting) -> None:
    person = setting.person("p")
    assert isinstance(_refusal(setting.assessment.accept_training, person, Signer("x").sign({"iss": "x"})), Denied)


def _pass(setting: Setting, person: str) -> None:
    begun = setting.assessment.start(person)
    setting.answer_all(person, begun.sitting_id)
    assert setting.assessment.submit(person, begun.sitting_id).passed


def _lock(setting: Setting, person: str) -> None:
    while setting.assessment.status(person).state is not State.LOCKED:
        begun = setting.assessment.open_sitting(person) or setting.assessment.start(person)
        setting.assessment.submit(person, begun.sitting_id)
        setting.clock.seconds += DAY


def _outcome(call: Callable[..., object], *arguments: object) -> object:
    """What the call returns, or the code of its refusal."""
    try:
        return call(*arguments)
    except Conflict as refused:
        return refused.code


class AttemptMachine(RuleBasedStateMachine):
    """The service against a model written from the words of the rules: a list of what happened, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[int] = []
        self.failed_at: list[int] = []
        self.open_until: int | None = None
        self.passed = False
        self.sitting = ""
        self.certificates = 0

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.setting = make_setting(Path(self.folder.name))
        self.person = self.setting.person("p")
        self.series_from = NOON

    def teardown(self) -> None:
        self.setting.world.database.dispose()
        self.folder.cleanup()

    def expected(self) -> State:
        now = self.setting.clock()
        if self.open_until is not None and now >= self.open_until:
            self.failed_at.append(self.open_until)
            self.open_until = None
        if self.passed:
            return State.PASSED
        if self.open_until is not None:
            return State.OPEN
        if len(self.started) >= 6:
            return State.LOCKED
        if len(self.failed_at) >= 2 and now < self.failed_at[-1] + DAY:
            return State.COOLING_OFF
        return State.ELIGIBLE

    @rule(seconds=st.sampled_from([1, 600, 2699, 2700, DAY - 2700, DAY - 1, DAY]))
    def wait(self, seconds: int) -> None:
        self.setting.clock.seconds += seconds

    @rule()
    def start(self) -> None:
        state = self.expected()
        begun = _outcome(self.setting.assessment.start, self.person)
        if not isinstance(begun, StartedSitting):
            assert begun == {State.PASSED: "already-passed", State.OPEN: "sitting-open"}.get(state, state)
            assert state is not State.ELIGIBLE
            return
        assert state is State.ELIGIBLE
        self.started.append(self.setting.clock())
        self.sitting, self.open_until = begun.sitting_id, begun.ends_at
        assert begun.attempt == len(self.started)

    @rule(well=st.sampled_from([False, False, False, True]))
    def submit(self, well: bool) -> None:
        state = self.expected()
        if not self.sitting:
            return
        if well and state is State.OPEN:
            self.setting.answer_all(self.person, self.sitting)
        result = _outcome(self.setting.assessment.submit, self.person, self.sitting)
        if not isinstance(result, Result):
            assert state is not State.OPEN
            assert result in {"time-over", "already-submitted"}
            return
        assert state is State.OPEN
        assert result.passed == well
        self.open_until, self.passed = None, well
        if not well:
            self.failed_at.append(self.setting.clock())

    @rule()
    def train(self) -> None:
        state = self.expected()
        self.certificates += 1
        certificate = self.setting.certificate(self.person, f"c-{self.certificates}")
        outcome = _outcome(self.setting.assessment.accept_training, self.person, certificate)
        if outcome == "not-locked":
            assert state is not State.LOCKED
            return
        assert state is State.LOCKED
        self.started, self.failed_at = [], []

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "setting"):
            return
        status = self.setting.assessment.status(self.person)
        state = self.expected()
        assert status.state is state
        assert (status.next_at is not None) == (state is State.COOLING_OFF)
        if state is State.COOLING_OFF:
            assert status.next_at == self.failed_at[-1] + DAY


AttemptMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=30, deadline=None)
TestAttemptMachine = pytest.mark.requirement("R21")(AttemptMachine.TestCase)
