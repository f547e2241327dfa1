"""What a gateway believes about epochs, and what it refuses to believe, across restarts too."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits import CircuitError, Malformed, Misuse, Rejected
from tests.verifier.sim_issuer import START, Clock, SimulatedIssuer
from verifier.trust import Freshness, TrustedState
from verifier.unavailable import Unavailable


@pytest.fixture
def issuer() -> SimulatedIssuer:
    issuer = SimulatedIssuer(Clock())
    issuer.publish()
    return issuer


def open_trust(issuer: SimulatedIssuer, folder: Path) -> TrustedState:
    bundle = issuer.bundle()
    return TrustedState(bundle.octets, bundle.hash, folder)


def test_only_the_pinned_bundle(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    bundle = issuer.bundle()
    with pytest.raises(Rejected, match="unpinned-trust"):
        TrustedState(bundle.octets, bytes(32), tmp_path)
    with pytest.raises(Malformed):
        TrustedState(bundle.octets + b"\0", bundle.hash, tmp_path)


@pytest.mark.attack("14")
@pytest.mark.attack("V11")
def test_no_step_back_even_after_a_restart(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    trust = open_trust(issuer, tmp_path)
    first, second = issuer.signed[0], issuer.publish()
    trust.offer_epoch(second, START)
    for state in (trust, open_trust(issuer, tmp_path)):
        with pytest.raises(Rejected, match="rollback"):
            state.offer_epoch(first, START)
        assert state.offer_epoch(second, START).number == 1
        current = state.view.current
        assert current is not None
        assert current.record.number == 1


def test_the_two_newest_survive_a_restart(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    trust = open_trust(issuer, tmp_path)
    trust.offer_epoch(issuer.signed[0], START)
    trust.offer_epoch(issuer.publish(), START)
    policy = issuer.bundle().policies[0]
    again = open_trust(issuer, tmp_path)
    assert [again.epoch(number, policy, START).record.number for number in (0, 1)] == [0, 1]
    issuer.publish()
    again.offer_epoch(issuer.publish(), START)
    with pytest.raises(Rejected, match="stale-epoch"):
        again.epoch(1, policy, START)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"version":1,"epochs":[]}', b'{"version":1,"epochs":["AA"]}', b"[]"])
def test_marks_that_cannot_be_read_stop_the_start(issuer: SimulatedIssuer, tmp_path: Path, content: bytes) -> None:
    open_trust(issuer, tmp_path).offer_epoch(issuer.signed[0], START)
    next(tmp_path.glob("epochs-*.json")).write_bytes(content)
    with pytest.raises(Misuse):
        open_trust(issuer, tmp_path)


def test_a_crash_while_marks_are_written_leaves_the_old_ones(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    open_trust(issuer, tmp_path).offer_epoch(issuer.signed[0], START)
    marks = next(tmp_path.glob("epochs-*.json"))
    marks.with_name(marks.name + ".new").write_bytes(b'{"version":1,"ep')
    again = open_trust(issuer, tmp_path)
    assert again.view.current is not None
    again.offer_epoch(issuer.publish(), START)


@pytest.mark.attack("40")
def test_other_content_under_one_number(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    trust = open_trust(issuer, tmp_path)
    trust.offer_epoch(issuer.signed[0], START)
    twin = dataclasses.replace(issuer.epochs[0], next_update=START + 901)
    with pytest.raises(Rejected, match="split-view"):
        trust.offer_epoch(issuer.sign(twin), START)
    policy = issuer.bundle().policies[0]
    assert trust.freshness(policy, START) is Freshness.NO_TRUST
    with pytest.raises(Unavailable, match="split-view"):
        open_trust(issuer, tmp_path).check_fresh(policy, START, renewal=True)


@pytest.mark.attack("40")
def test_a_successor_of_something_else(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    trust = open_trust(issuer, tmp_path)
    trust.offer_epoch(issuer.signed[0], START)
    with pytest.raises(Rejected, match="split-view"):
        trust.offer_epoch(issuer.sign(issuer.next_epoch(previous=b"\7" * 32)), START)


def test_records_that_are_not_sound(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    trust = open_trust(issuer, tmp_path)
    trust.offer_epoch(issuer.publish(urgent=True), START)
    refusals = [
        (issuer.sign(issuer.next_epoch(), Ed25519PrivateKey.generate()), "bad-signature"),
        (issuer.sign(issuer.next_epoch(accumulator_hash=bytes(32))), "unknown-accumulator"),
        (issuer.sign(issuer.next_epoch(not_before=START + 61, next_update=START + 900)), "epoch-from-future"),
        (issuer.sign(issuer.next_epoch(floor=0)), "rollback"),
        (issuer.sign(issuer.next_epoch(not_before=START - 1)), "rollback"),
    ]
    for octets, code in refusals:
        with pytest.raises(Rejected, match=code):
            trust.offer_epoch(octets, START)
    assert trust.view.current is not None
    assert (trust.view.current.record.number, trust.view.split) == (1, False)


def test_freshness(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    trust = open_trust(issuer, tmp_path)
    policy = issuer.bundle().policies[0]
    assert trust.freshness(policy, START) is Freshness.NO_TRUST
    with pytest.raises(Unavailable, match="no-trust"):
        trust.check_fresh(policy, START, renewal=True)
    trust.offer_epoch(issuer.signed[0], START)
    ages = {
        0: Freshness.FRESH, 900: Freshness.FRESH, 901: Freshness.GRACE, 1800: Freshness.GRACE,
        1801: Freshness.STALE, 3600: Freshness.STALE, 3601: Freshness.EXPIRED,
        -60: Freshness.FRESH, -61: Freshness.CLOCK_WENT_BACK,
    }  # fmt: skip
    assert {age: trust.freshness(policy, START + age) for age in ages} == ages
    for age, renewal in ((0, False), (900, False), (901, True), (1800, True)):
        trust.check_fresh(policy, START + age, renewal)
    for age, renewal in ((901, False), (1801, True), (3601, True)):
        with pytest.raises(Rejected, match="stale-epoch"):
            trust.check_fresh(policy, START + age, renewal)
    with pytest.raises(Unavailable, match="clock-went-back"):
        trust.check_fresh(policy, START - 61, renewal=True)


def test_the_epoch_before_is_of_use_while_it_is_young(issuer: SimulatedIssuer, tmp_path: Path) -> None:
    trust = open_trust(issuer, tmp_path)
    trust.offer_epoch(issuer.signed[0], START)
    issuer.clock.time = START + 1700
    trust.offer_epoch(issuer.publish(), issuer.clock.time)
    policy = issuer.bundle().policies[0]
    assert trust.epoch(0, policy, START + 1800).record.number == 0
    with pytest.raises(Rejected, match="stale-epoch"):
        trust.epoch(0, policy, START + 1801)
    with pytest.raises(Rejected, match="unknown-epoch"):
        trust.epoch(2, policy, START + 1800)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_octets_are_refused_and_change_nothing(
    issuer: SimulatedIssuer, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    trust = open_trust(issuer, tmp_path_factory.mktemp("trust"))
    good = issuer.signed[0]
    position = data.draw(st.integers(0, len(good) - 1))
    flipped = good[:position] + bytes([good[position] ^ data.draw(st.integers(1, 255))]) + good[position + 1 :]
    for octets in (data.draw(st.binary(max_size=1200)), flipped, good[:position]):
        with pytest.raises(CircuitError):
            trust.offer_epoch(octets, START)
    assert trust.view.current is None
