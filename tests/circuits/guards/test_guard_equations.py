"""For each equation of each credential in a statement with two, a forgery of which every other equation holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from circuits import AtLeast, AtMost, Binding, Disclose, Kind, OneOf, Rejected, Statement, create_set, finish, verify
from circuits.curve import G1
from circuits.records import SetRecord
from tests.attacks.forge import Draft, Holding, draft_two, random_point, table_entry
from tests.circuits.core.world import TODAY, Licence, World
from tests.circuits.statements.conftest import PERMIT, Stage

TIER, JURISDICTION, GOOD_UNTIL, COVER_BAND = 1, 2, 3, 4
PLACES = {"AtLeast": 1, "AtMost": 2, "OneOf": 3}


@pytest.fixture(scope="module")
def union() -> SetRecord:
    return create_set("guards-union", Kind.TEXT, ["GB", "IE", "FR"])


@pytest.fixture(scope="module")
def joint(stage: Stage, union: SetRecord) -> Statement:
    """Everything that can be said of a credential, said of both."""
    said = Disclose(TIER, 3), AtLeast(GOOD_UNTIL, TODAY), AtMost(COVER_BAND, 9), OneOf(JURISDICTION, union)
    return stage.say(*said, stage.beside(*said))


class Forger:
    """Two drafts of the joint statement, one part of which is about to be spoilt."""

    def __init__(self, stage: Stage, statement: Statement, at: int) -> None:
        self.stage, self.statement, self.at = stage, statement, at
        self.world: World = (stage.world, stage.permits)[at]
        self.suffix = ("", "~")[at]
        self.own: Licence = (stage.licence, stage.permit)[at]

    def holding(self, licence: Licence) -> Holding:
        return Holding.of(licence.credential, licence.membership.witness_point, self.world.table)

    def draft(self, changed: Holding | None = None) -> Draft:
        honest = [Forger(self.stage, self.statement, at) for at in (0, 1)]
        holdings = [one.holding(one.own) for one in honest]
        if changed is not None:
            holdings[self.at] = changed
        return draft_two(self.statement, *holdings)

    def another(self, **values: int) -> Licence:
        """A second credential of the same holder."""
        return self.world.licence(link_secret=self.stage.licence.credential.link_secret, **values)  # type: ignore[arg-type]

    def take(self, into: Draft, other: Draft, points: tuple[str, ...], scalar: str) -> Draft:
        for name in points:
            into.points[name + self.suffix] = other.points[name + self.suffix]
        into.scalars[scalar + self.suffix] = other.scalars[scalar + self.suffix]
        return into

    def show(self, word: str, entry: G1, number: int) -> Draft:
        """The draft with another signature shown for one predicate."""
        made, place = self.draft(), f"{PLACES[word]}{self.suffix}"
        blind, claims = made.scalars[f"t{place}"], self.statement.claims[self.at]
        said = claims.predicates[PLACES[word] - 1]
        base = said.members.base if isinstance(said, OneOf) else claims.issuer.digit_base
        made.points[f"S'{place}"] = made.curve.multiply(entry, blind)
        made.points[f"Sbar{place}"] = made.curve.combine([base, entry], [blind, -blind * number])
        return made

    def true_number(self, word: str) -> int:
        index, message = {"AtLeast": (GOOD_UNTIL, 1), "AtMost": (COVER_BAND, -1), "OneOf": (JURISDICTION, 0)}[word]
        value = self.holding(self.own).messages[index]
        return {1: value - TODAY, -1: 9 - value, 0: value}[message]


def other_messages(forger: Forger) -> Draft:
    """R1: a genuine (Abar, Bbar), and in D messages that nobody signed."""
    invented = forger.draft(forger.holding(forger.own).with_message(PERMIT, 7))
    return forger.take(invented, forger.draft(), ("Abar", "Bbar"), "r1")


def other_tier(forger: Forger) -> Draft:
    """R2: the credential of another tier than is shown."""
    return forger.draft(forger.holding(forger.another(tier=2)))


def other_standing(forger: Forger) -> Draft:
    """R3: another credential's handle and witness."""
    return forger.take(forger.draft(), forger.draft(forger.holding(forger.another())), ("C'", "Cbar"), "rho")


def unsigned_message(forger: Forger) -> Draft:
    """pair licence: another permit than was signed, throughout."""
    return forger.draft(forger.holding(forger.own).with_message(PERMIT, 7))


def invented_witness(forger: Forger) -> Draft:
    """pair standing: any point as a witness."""
    made = forger.draft()
    witness, rho = random_point(made.curve), made.scalars["rho" + forger.suffix]
    value = forger.statement.claims[forger.at].epoch.point
    made.points["C'" + forger.suffix] = made.curve.multiply(witness, rho)
    made.points["Cbar" + forger.suffix] = made.curve.combine(
        [value, witness], [rho, -rho * forger.own.credential.handle]
    )
    return made


def signed_but_another(word: str) -> Callable[[Forger], Draft]:
    """R4: a genuine signature on a number that is not the attribute's."""

    def forge(forger: Forger) -> Draft:
        said = forger.statement.claims[forger.at].predicates[PLACES[word] - 1]
        if isinstance(said, OneOf):
            number = said.members.scalar("IE")
            return forger.show(word, said.members.signatures[number], number)
        return forger.show(word, table_entry(forger.world.table, 11), 11)

    return forge


def unsigned_number(word: str) -> Callable[[Forger], Draft]:
    """pair digit: the attribute's own number under a signature that nobody made."""

    def forge(forger: Forger) -> Draft:
        return forger.show(word, random_point(forger.world.curve), forger.true_number(word))

    return forge


FORGERIES: dict[str, Callable[[Forger], Draft]] = {
    "R1": other_messages,
    "R2": other_tier,
    "R3": other_standing,
    "pair licence": unsigned_message,
    "pair standing": invented_witness,
    **{f"R4 {word}": signed_but_another(word) for word in PLACES},
    **{f"pair {word}": unsigned_number(word) for word in PLACES},
}


@pytest.mark.attack("C1")
@pytest.mark.attack("C3")
@pytest.mark.attack("G1")
@pytest.mark.attack("G2")
@pytest.mark.requirement("R73")
@pytest.mark.parametrize("at", [0, 1], ids=["licence", "companion"])
@pytest.mark.parametrize("equation", FORGERIES)
def test_refused_with_everything_on(stage: Stage, joint: Statement, binding: Binding, equation: str, at: int) -> None:
    forged = FORGERIES[equation](Forger(stage, joint, at))
    with pytest.raises(Rejected) as refusal:
        verify(joint, binding, forged.proof(binding))
    assert refusal.value.code == "proof"


@pytest.mark.parametrize("word", PLACES)
@pytest.mark.parametrize("at", [0, 1])
def test_the_forger_is_honest_when_nothing_is_changed(
    stage: Stage, joint: Statement, binding: Binding, word: str, at: int
) -> None:
    """The same signature shown again, with the holder's own number: what is spoilt above is what is refused."""
    forger = Forger(stage, joint, at)
    said, number = joint.claims[at].predicates[PLACES[word] - 1], forger.true_number(word)
    entry = said.members.signatures[number] if isinstance(said, OneOf) else table_entry(forger.world.table, number)
    verify(joint, binding, forger.show(word, entry, number).proof(binding))
    verify(joint, binding, finish(stage.prepare(joint), binding))
