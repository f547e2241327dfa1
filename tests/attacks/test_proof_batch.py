"""Attacks on batches: one bad proof among good ones, defects that cancel, mixtures of issuers and epochs."""

from __future__ import annotations

import pytest

from circuits import Accepted, Binding, Malformed, Misuse, Rejected, Statement, verify, verify_batch
from circuits.entropy import SYSTEM
from circuits.sigma.coins import draw_coins
from tests.attacks.forge import ChosenCoins, Draft, Holding, all_ones, draft, random_point
from tests.circuits.core.world import Licence, World

Item = tuple[Statement, Binding, bytes]


@pytest.fixture(scope="module")
def eight(world: World, statement: Statement, licence: Licence) -> list[Item]:
    bindings = [world.binding(f"challenge {number}") for number in range(8)]
    return [(statement, binding, world.proof(statement, licence, binding)) for binding in bindings]


@pytest.mark.attack("B1")
@pytest.mark.parametrize("position", range(8))
def test_one_bad_among_eight(eight: list[Item], position: int) -> None:
    items = list(eight)
    statement, binding, proof = items[position]
    items[position] = statement, binding, proof[:1000] + bytes([proof[1000] ^ 1]) + proof[1001:]
    outcomes = verify_batch(items)
    assert [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, Accepted)] == [position]
    refusal = outcomes[position]
    assert isinstance(refusal, Rejected)
    assert refusal.code == "proof"


@pytest.mark.attack("B1")
def test_several_kinds_of_bad(eight: list[Item]) -> None:
    items = list(eight)
    items[0] = (*items[0][:2], b"")
    items[3] = (*items[3][:2], items[4][2])
    items[7] = (*items[7][:2], b"\xc0" + items[7][2][1:])
    kinds = [type(outcome) for outcome in verify_batch(items)]
    assert kinds == [Malformed, Accepted, Accepted, Rejected, Accepted, Accepted, Accepted, Malformed]
    assert [type(one) for one in verify_batch(items[:1])] == [Malformed]


@pytest.mark.attack("B1")
def test_the_batch_says_what_verify_says(eight: list[Item]) -> None:
    assert verify_batch(eight) == [verify(*item) for item in eight]


def paired(statement: Statement, holding: Holding, name: str, world: World) -> tuple[Draft, Draft]:
    """Two drafts with opposite defects in one kind of equation, and all other equations true."""
    one, other = draft(statement, holding), draft(statement, holding)
    curve, delta = world.curve, 5
    for forged, sign in ((one, delta), (other, -delta)):
        if name == "T":
            forged.shifts[4] = curve.multiply(curve.g1_generator(), sign)
        elif name == "Bbar":
            # r1 moves with Bbar, so that R1 stays true and the claim is off by sign * B
            step = sign * forged.scalars["r3"]
            forged.scalars["r1"] += step
            forged.points["Bbar"] = curve.add(forged.points["Bbar"], curve.multiply(forged.points["D"], step))
        elif name == "Cbar":
            forged.scalars["rho"] += sign
            forged.points["Cbar"] = curve.add(forged.points["Cbar"], curve.multiply(statement.epoch.point, sign))
        else:
            forged.scalars["t1"] += sign
            shift = curve.multiply(statement.issuer.digit_base, sign)
            forged.points["Sbar1"] = curve.add(forged.points["Sbar1"], shift)
    return one, other


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("T", marks=pytest.mark.attack("B2")),
        *(pytest.param(name, marks=pytest.mark.attack("B3")) for name in ("Bbar", "Cbar", "Sbar1")),
    ],
)
def test_defects_that_cancel_between_proofs(
    world: World, statement: Statement, holding: Holding, honest: Item, name: str
) -> None:
    bindings = world.binding("first"), world.binding("second")
    drafts = paired(statement, holding, name, world)
    items = [(statement, binding, one.proof(binding)) for binding, one in zip(bindings, drafts, strict=True)]
    assert all(isinstance(outcome, Accepted) for outcome in verify_batch(items, all_ones())), "they do not cancel"
    assert [type(one) for one in verify_batch([*items, honest])] == [Rejected, Rejected, Accepted]
    for item in items:
        with pytest.raises(Rejected):
            verify(*item)


@pytest.mark.attack("B4")
def test_defects_that_cancel_inside_a_proof(
    world: World, statement: Statement, binding: Binding, holding: Holding
) -> None:
    point = random_point(world.curve)
    rows = draft(statement, holding)
    rows.shifts = {1: point, 5: world.curve.negate(point)}
    claims = draft(statement, holding)
    for position, sign in ((1, 7), (2, -7)):
        claims.scalars[f"t{position}"] += sign
        shift = world.curve.multiply(statement.issuer.digit_base, sign)
        claims.points[f"Sbar{position}"] = world.curve.add(claims.points[f"Sbar{position}"], shift)
    across = draft(statement, holding)  # an equation against a claim: the claim's defect is 7 V
    across.scalars["rho"] += 7
    seven = world.curve.multiply(statement.epoch.point, 7)
    across.points["Cbar"] = world.curve.add(across.points["Cbar"], seven)
    across.shifts = {0: world.curve.negate(seven)}
    for forged in (rows, claims, across):
        proof = forged.proof(binding)
        verify(statement, binding, proof, all_ones())
        with pytest.raises(Rejected):
            verify(statement, binding, proof)
        assert isinstance(verify_batch([(statement, binding, proof)])[0], Rejected)


@pytest.mark.attack("B5")
def test_an_empty_batch() -> None:
    with pytest.raises(Misuse):
        verify_batch([])


@pytest.mark.attack("B6")
def test_coins_are_new_every_time(eight: list[Item]) -> None:
    assert draw_coins(SYSTEM, 12) != draw_coins(SYSTEM, 12)
    assert len(set(draw_coins(SYSTEM, 200))) == 200
    coins = ChosenCoins(lambda draw, index: None)
    verify_batch(eight, coins)
    assert len(coins.draws) == len(set(coins.draws)) == 8
    bad = [*eight[:3], (*eight[3][:2], eight[4][2])]
    coins = ChosenCoins(lambda draw, index: None)
    verify_batch(bad, coins)
    assert len(coins.draws) == len(set(coins.draws)) == 4 + 2 + 2 + 1 + 1


@pytest.mark.attack("B6")
def test_coins_are_drawn_after_receipt(eight: list[Item]) -> None:
    """Nothing is drawn for what cannot be decoded."""
    coins = ChosenCoins(lambda draw, index: None)
    statement, binding, _ = eight[0]
    with pytest.raises(Malformed):
        verify(statement, binding, b"", coins)
    assert not coins.draws


@pytest.mark.attack("B7")
@pytest.mark.parametrize("wrong", range(4))
def test_a_mixture_with_one_wrong(
    world: World, second_world: World, statement: Statement, licence: Licence, binding: Binding, wrong: int
) -> None:
    later, _ = world.revoke(world.epoch, 77)
    fresh = world.licence(epoch=later)
    theirs = second_world.licence()
    items = [
        (statement, binding, world.proof(statement, licence, binding)),
        (world.statement(epoch=later), binding, world.proof(world.statement(epoch=later), fresh, binding)),
        (second_world.statement(), binding, second_world.proof(second_world.statement(), theirs, binding)),
        (world.statement(time=1_794_086_400), binding, b""),
    ]
    items[3] = (*items[3][:2], world.proof(items[3][0], licence, binding))
    assert all(isinstance(outcome, Accepted) for outcome in verify_batch(items))
    items[wrong] = (*items[wrong][:2], items[(wrong + 1) % 4][2])
    kinds = [type(outcome) for outcome in verify_batch(items)]
    assert kinds == [Rejected if place == wrong else Accepted for place in range(4)]
