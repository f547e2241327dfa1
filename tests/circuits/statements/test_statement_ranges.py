"""Upper bounds and ranges: `AtMost` and `Between`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits import AtLeast, AtMost, Between, Binding, Disclose, Misuse, Unsatisfiable, decode_statement, finish
from circuits.attributes import MAX_BOUND
from circuits.language import Predicate
from tests.attacks.conftest import Verifier
from tests.attacks.forge import Holding, draft_of
from tests.circuits.core.world import said
from tests.circuits.statements.conftest import Stage

COVER_BAND, COMPETENCE = 4, 7


@pytest.mark.parametrize("bound", [5, 6, 5 + 4095])
def test_at_most_within_the_window(verifier: Verifier, stage: Stage, binding: Binding, bound: int) -> None:
    statement = stage.say(AtMost(COVER_BAND, bound))
    verifier.accepts(statement, binding, finish(stage.prepare(statement), binding))


@pytest.mark.attack("P2")
@pytest.mark.parametrize("bound", [0, 4, 5 + 4096])
def test_at_most_outside_the_window(stage: Stage, bound: int) -> None:
    with pytest.raises(Unsatisfiable, match="range"):
        stage.prepare(stage.say(AtMost(COVER_BAND, bound)))


@pytest.mark.parametrize(("low", "high"), [(5, 5), (0, 5), (5, 4100), (0, 4095), (5, 9)])
def test_between(verifier: Verifier, stage: Stage, binding: Binding, low: int, high: int) -> None:
    statement = stage.say(Disclose(1, 3), Between(COVER_BAND, low, high))
    assert statement.predicates == (AtLeast(COVER_BAND, low), AtMost(COVER_BAND, high))
    verifier.accepts(statement, binding, finish(stage.prepare(statement), binding))


@pytest.mark.attack("P2")
@pytest.mark.parametrize(("low", "high"), [(0, 4), (6, 9), (6, 4101)])
def test_not_between(stage: Stage, low: int, high: int) -> None:
    with pytest.raises(Unsatisfiable):
        stage.prepare(stage.say(Between(COVER_BAND, low, high)))


@pytest.mark.parametrize(("low", "high"), [(5, 4), (0, 4096), (True, 5), (0, 5.0)])
def test_ranges_that_are_none(low: int, high: int) -> None:
    with pytest.raises(Misuse, match="range"):
        Between(COVER_BAND, low, high)


def test_bounds_out_of_range(stage: Stage) -> None:
    stage.say(AtMost(COVER_BAND, MAX_BOUND))
    for wrong in (AtMost(COVER_BAND, MAX_BOUND + 1), AtMost(COVER_BAND, -1), AtMost(2, 5), AtMost(0, 5), AtMost(10, 5)):
        with pytest.raises(Misuse):
            stage.say(wrong)
    with pytest.raises(Misuse, match="twice"):
        stage.say(AtMost(COVER_BAND, 5), Between(COVER_BAND, 0, 5))


@pytest.mark.attack("F3")
@pytest.mark.attack("24")
@pytest.mark.parametrize(
    "other", [(AtMost(4, 8),), (AtMost(4, 10),), (AtLeast(4, 9),), (AtLeast(4, 0),), (AtMost(7, 9),)]
)
def test_a_proof_of_another_bound_or_direction(
    verifier: Verifier, stage: Stage, binding: Binding, other: tuple[Predicate, ...]
) -> None:
    statement = stage.say(AtMost(COVER_BAND, 9))
    proof = finish(stage.prepare(statement), binding)
    verifier.rejects(said(statement, predicates=other), binding, proof)


@pytest.mark.attack("G1")
@pytest.mark.parametrize("digit", [0, 1, 4095])
@pytest.mark.parametrize("away", [1, -4096, 4096])
def test_a_forged_digit(verifier: Verifier, stage: Stage, binding: Binding, digit: int, away: int) -> None:
    """m = b + 1, b - 4096, b + 4096 under any digit of the table."""
    statement = stage.say(AtMost(COVER_BAND, 4000))
    own = Holding.of(stage.licence.credential, stage.licence.membership.witness_point, stage.world.table)
    forged = draft_of(statement, own.with_message(COVER_BAND, 4000 + away), {1: digit})
    verifier.rejects(statement, binding, forged.proof(binding))
    true = draft_of(statement, own, {1: 4000 - 5})
    verifier.accepts(statement, binding, true.proof(binding))


def test_the_octets_of_statements_without_it_are_as_before(stage: Stage, binding: Binding) -> None:
    assert stage.say(AtLeast(COVER_BAND, 0)).octets(binding)[0] == 0xB0  # a map of sixteen
    assert stage.say(AtMost(COVER_BAND, 9)).octets(binding)[0] == 0xB1


def test_decoded_again(stage: Stage, binding: Binding) -> None:
    statement = stage.say(Between(COVER_BAND, 2, 9), AtMost(COMPETENCE, 3))
    records = stage.world.issuer, stage.world.accumulator, stage.world.epoch, stage.world.escrow
    assert decode_statement(statement.octets(binding), *records) == (statement, binding)
    assert replace(statement, document=b"") == statement
