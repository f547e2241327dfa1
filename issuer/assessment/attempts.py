"""The attempt rules as a pure function of one row and the time [R21, R22, D7, D8].

    eligible -> open -> passed | failed(n);  after the 2nd and each later failure: cooling-off for 24 hours;
    six started in a series and none passed: locked until certified training.

A sitting whose time is over counts as failed at that moment, whether or not anybody has looked since: `settled` says
what the row then means, and `store.settle` writes the same. Series are counted per person, across all providers. A
series ends with certified training, or after twelve months unless it is locked: time alone never lifts the lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from issuer.assessment.policy import ExamPolicy


class State(StrEnum):
    """Where a person stands with the assessment."""

    ELIGIBLE = "eligible"
    OPEN = "open"
    COOLING_OFF = "cooling-off"
    LOCKED = "locked"
    PASSED = "passed"


@dataclass(frozen=True)
class Ledger:
    """One person's row: counts are of the current series; times are unix seconds, 0 for `next_at` means at once."""

    series: int
    series_from: int
    started: int
    failed: int
    next_at: int
    open_sitting: str | None
    open_until: int | None
    passed_at: int | None
    passed_version: int | None


@dataclass(frozen=True)
class AssessmentStatus:
    """What others may know. `next_at` is set while cooling off; `passed_at` and `bank_version` when passed."""

    state: State
    next_at: int | None = None
    passed_at: int | None = None
    bank_version: int | None = None


@dataclass(frozen=True)
class Validity:
    """For how long a pass counts: not older than `pass_max_age_seconds`, nor of an earlier major version of the bank
    [D5].
    """

    pass_max_age_seconds: int
    bank_version: int


def settled(ledger: Ledger, now: int, policy: ExamPolicy) -> Ledger:
    """The row with an overrun sitting counted as failed at the moment its time was over."""
    if ledger.open_until is None or now < ledger.open_until:
        return ledger
    failed = ledger.failed + 1
    next_at = next_at_after(failed, ledger.open_until, policy)
    return replace(ledger, failed=failed, next_at=next_at, open_sitting=None, open_until=None)


def next_at_after(failed: int, failed_at: int, policy: ExamPolicy) -> int:
    """When the next attempt may start, after the `failed`-th failure of the series at `failed_at`."""
    return failed_at + policy.cooling_off_seconds if failed >= policy.cooling_off_from_failure else 0


def standing(ledger: Ledger | None, now: int, policy: ExamPolicy, validity: Validity) -> AssessmentStatus:
    """Where the person of this row stands at `now`."""
    if ledger is None:
        return AssessmentStatus(State.ELIGIBLE)
    ledger = settled(ledger, now, policy)
    if ledger.passed_at is not None:
        if pass_counts(ledger, now, validity):
            return AssessmentStatus(State.PASSED, None, ledger.passed_at, ledger.passed_version)
        return AssessmentStatus(State.ELIGIBLE)
    if ledger.open_sitting is not None:
        return AssessmentStatus(State.OPEN)
    if ledger.started >= policy.attempts_per_series:
        return AssessmentStatus(State.LOCKED)
    if ledger.next_at > now:
        return AssessmentStatus(State.COOLING_OFF, ledger.next_at)
    return AssessmentStatus(State.ELIGIBLE)


def pass_counts(ledger: Ledger, now: int, validity: Validity) -> bool:
    """Whether the pass of this row still counts."""
    if ledger.passed_at is None or ledger.passed_version is None:
        return False
    return now < ledger.passed_at + validity.pass_max_age_seconds and ledger.passed_version >= validity.bank_version
