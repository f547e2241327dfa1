"""Every equation of the verifier is the only guard against one forgery: switched off, exactly that one gets through.

A forgery here is a proof of which all equations but one hold. The verifier's code is left as it is; an equation is
switched off by giving it the coin 0.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from circuits import AtLeast, Binding, Statement, decode_statement
from circuits.curve import G1
from tests.attacks.conftest import Verifier
from tests.attacks.forge import (
    Draft,
    Holding,
    ciphertext_point,
    draft,
    equation_names,
    nonzero,
    pseudonym_point,
    random_point,
    refused_without,
)
from tests.circuits.core.world import TODAY, World, bounds

Forgery = Callable[[World, Statement, Holding, Holding], Draft]
EQUATIONS = (
    "R1", "R2", "R3", "R4.1", "R4.2", "R5", "R6", "R7", "pair licence", "pair standing", "pair digit 1", "pair digit 2",
)  # fmt: skip
GOOD_UNTIL, COVER_BAND, PERMIT = 3, 4, 5


def invented_messages(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
    """C3: a genuine (Abar, Bbar), and in D messages that nobody signed."""
    genuine, invented = draft(statement, own), draft(statement, own.with_message(PERMIT, 7))
    for name in ("Abar", "Bbar"):
        invented.points[name] = genuine.points[name]
    invented.scalars["r1"] = genuine.scalars["r1"]
    return invented


def other_tier(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
    """F2: a licence of tier 2 says that it is of tier 3."""
    lower = world.licence(tier=2)
    return draft(statement, Holding.of(lower.credential, lower.membership.witness_point, world.table))


def colluders_standing(world: World, statement: Statement, own: Holding, colluder: Holding) -> Draft:
    """V5: the colluder's (C, y) in the membership only."""
    forged, lent = draft(statement, own), draft(statement, colluder)
    for name in ("C'", "Cbar"):
        forged.points[name] = lent.points[name]
    forged.scalars["rho"] = lent.scalars["rho"]
    return forged


def random_standing(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
    """V6: any point as a witness."""
    forged = draft(statement, own)
    witness, rho = random_point(world.curve), forged.scalars["rho"]
    forged.points["C'"] = world.curve.multiply(witness, rho)
    forged.points["Cbar"] = world.curve.combine([statement.epoch.point, witness], [rho, -rho * own.messages[0]])
    return forged


def unsigned_message(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
    """C1: another permit than the one that was signed, throughout."""
    return draft(statement, own.with_message(PERMIT, 7))


def claimed_digit(position: int) -> Forgery:
    """G1: the digit 0 is shown, and it is not m - b."""

    def forge(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
        digits = [own.messages[index] - bound for index, bound in bounds(statement)]
        digits[position - 1] = 0
        return draft(statement, own, digits)

    return forge


def random_digit(position: int) -> Forgery:
    """G2: any point as a digit's signature."""

    def forge(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
        forged = draft(statement, own)
        index, bound = bounds(statement)[position - 1]
        blind, entry = forged.scalars[f"t{position}"], random_point(world.curve)
        set_digit(forged, position, entry, blind, own.messages[index] - bound)
        return forged

    return forge


def set_digit(forged: Draft, position: int, entry: G1, blind: int, digit: int) -> None:
    curve, base = forged.curve, forged.statement.issuer.digit_base
    forged.points[f"S'{position}"] = curve.multiply(entry, blind)
    forged.points[f"Sbar{position}"] = curve.combine([base, entry], [blind, -blind * digit])


def other_pseudonym(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
    """N1: the pseudonym of another secret."""
    forged = draft(statement, own)
    forged.points["Nym"] = world.curve.multiply(pseudonym_point(statement, statement.context), nonzero())
    return forged


def other_identity(world: World, statement: Statement, own: Holding, colluder: Holding) -> Draft:
    """X1: somebody else's archive point in the ciphertext."""
    forged = draft(statement, own)
    forged.points["E2"] = ciphertext_point(statement, forged.scalars["k"], colluder.messages[11], colluder.messages[0])
    return forged


def own_escrow_key(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
    """X2: encrypted to a key of the holder's."""
    forged, key = draft(statement, own), random_point(world.curve)
    forged.points["E2"] = ciphertext_point(statement, forged.scalars["k"], own.messages[11], own.messages[0], key)
    return forged


def other_randomness(world: World, statement: Statement, own: Holding, _: Holding) -> Draft:
    """X3: E1 of another k than E2."""
    forged = draft(statement, own)
    assert statement.escrow is not None
    forged.points["E1"] = world.curve.multiply(statement.escrow.base, nonzero())
    return forged


FORGERIES: list[tuple[str, str, Forgery]] = [
    ("C3", "R1", invented_messages),
    ("F2", "R2", other_tier),
    ("V5", "R3", colluders_standing),
    ("G1", "R4.1", claimed_digit(1)),
    ("G1", "R4.2", claimed_digit(2)),
    ("N1", "R5", other_pseudonym),
    ("X3", "R6", other_randomness),
    ("X1", "R7", other_identity),
    ("X2", "R7", own_escrow_key),
    ("C1", "pair licence", unsigned_message),
    ("V6", "pair standing", random_standing),
    ("G2", "pair digit 1", random_digit(1)),
    ("G2", "pair digit 2", random_digit(2)),
]


@pytest.mark.parametrize(
    ("guard", "forgery"),
    [
        pytest.param(
            guard, forgery, id=f"{line} {guard}", marks=[pytest.mark.attack(line), pytest.mark.requirement("R73")]
        )
        for line, guard, forgery in FORGERIES
    ],
)
class TestEachForgeryHasOneGuard:
    def test_refused_with_everything_on(
        self,
        verifier: Verifier,
        world: World,
        statement: Statement,
        binding: Binding,
        holding: Holding,
        colluder: Holding,
        guard: str,
        forgery: Forgery,
    ) -> None:
        forged = forgery(world, statement, holding, colluder)
        verifier.rejects(statement, binding, forged.proof(binding))

    def test_accepted_only_without_its_guard(
        self,
        world: World,
        statement: Statement,
        binding: Binding,
        honest: tuple[Statement, Binding, bytes],
        holding: Holding,
        colluder: Holding,
        guard: str,
        forgery: Forgery,
    ) -> None:
        item = statement, binding, forgery(world, statement, holding, colluder).proof(binding)
        passes = [name for name in EQUATIONS if not refused_without([name], honest, item)]
        assert passes == [guard]
        assert refused_without(set(EQUATIONS) - {guard}, honest, item)


def test_every_equation_has_its_forgery(statement: Statement) -> None:
    assert set(equation_names(statement)) == set(EQUATIONS) == {guard for _, guard, _ in FORGERIES}


def test_the_forging_prover_is_honest_when_nothing_is_changed(
    verifier: Verifier, statement: Statement, binding: Binding, holding: Holding
) -> None:
    accepted = verifier.accepts(statement, binding, draft(statement, holding).proof(binding))
    assert accepted.statement_octets == statement.octets(binding)


@pytest.mark.attack("G1")
@pytest.mark.attack("17")
@pytest.mark.attack("18")
@pytest.mark.parametrize("digit", [0, 1, 4095])
@pytest.mark.parametrize("away", [-1, -4096, 4096])
@pytest.mark.parametrize("position", [1, 2])
def test_values_outside_the_window(
    verifier: Verifier, world: World, binding: Binding, digit: int, away: int, position: int
) -> None:
    """m = b - 1, b - 4096, b + 4096 under any digit of the table."""
    statement = world.statement()
    index, bound = bounds(statement)[position - 1]
    name = {GOOD_UNTIL: "good_until", COVER_BAND: "cover_band"}[index]
    value = bound + away
    if value < 0:  # no such licence can be; the forger claims it
        own = world.licence()
        start = Holding.of(own.credential, own.membership.witness_point, world.table).with_message(index, value)
    else:
        own = world.licence(**{name: value})
        start = Holding.of(own.credential, own.membership.witness_point, world.table)
    digits = [start.messages[i] - b for i, b in bounds(statement)]
    digits[position - 1] = digit
    verifier.rejects(statement, binding, draft(statement, start, digits).proof(binding))


def test_the_window_is_what_the_statement_says(statement: Statement, binding: Binding, world: World) -> None:
    again, _ = decode_statement(statement.octets(binding), world.issuer, world.accumulator, world.epoch, world.escrow)
    assert again.predicates == (AtLeast(GOOD_UNTIL, TODAY), AtLeast(COVER_BAND, 2))
