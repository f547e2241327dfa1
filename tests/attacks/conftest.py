"""What the attacks on the proof share: the world, a colluder, and the two doors of the verifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from circuits import Accepted, Binding, CircuitError, Malformed, Rejected, Statement, verify, verify_batch
from tests.attacks.forge import Holding
from tests.circuits.core.fixtures import binding, licence, proof, statement, world
from tests.circuits.core.world import Licence, World, other_world

__all__ = ["binding", "licence", "proof", "statement", "world"]

Judge = Callable[[Statement, Binding, bytes], Accepted]


@pytest.fixture(scope="session")
def second_world() -> World:
    return other_world()


@pytest.fixture(scope="session")
def honest(statement: Statement, binding: Binding, proof: bytes) -> tuple[Statement, Binding, bytes]:
    """A true proof, to stand beside a false one in a batch."""
    return statement, binding, proof


@pytest.fixture(scope="session")
def holding(world: World, licence: Licence) -> Holding:
    """What the attacker's own licence gives him."""
    return holding_of(world, licence)


@pytest.fixture(scope="session")
def colluder(world: World) -> Holding:
    """What another holder, who helps, gives him."""
    return holding_of(world, world.licence())


def holding_of(world: World, licence: Licence) -> Holding:
    return Holding.of(licence.credential, licence.membership.witness_point, world.table)


@dataclass(frozen=True)
class Verifier:
    """One of the two doors, with what must happen behind it."""

    judge: Judge

    def accepts(self, statement: Statement, binding: Binding, proof: bytes) -> Accepted:
        return self.judge(statement, binding, proof)

    def refuses(self, statement: Statement, binding: Binding, proof: bytes) -> None:
        """As well-formed and false, or as malformed."""
        with pytest.raises((Malformed, Rejected)):
            self.judge(statement, binding, proof)

    def rejects(self, statement: Statement, binding: Binding, proof: bytes) -> None:
        """As well-formed and false, with the one code that tells nothing more."""
        with pytest.raises(Rejected) as refusal:
            self.judge(statement, binding, proof)
        assert refusal.value.code == "proof"

    def finds_malformed(self, statement: Statement, binding: Binding, proof: bytes) -> None:
        with pytest.raises(Malformed):
            self.judge(statement, binding, proof)


@pytest.fixture(params=["verify", "verify_batch"])
def verifier(request: pytest.FixtureRequest, honest: tuple[Statement, Binding, bytes]) -> Verifier:
    """`verify`, or a batch in which a true proof stands before and must stay accepted."""
    if request.param == "verify":
        return Verifier(verify)

    def in_batch(statement: Statement, binding: Binding, proof: bytes) -> Accepted:
        first, outcome = verify_batch([honest, (statement, binding, proof)])
        assert isinstance(first, Accepted)
        if isinstance(outcome, CircuitError):
            raise outcome
        return outcome

    return Verifier(in_batch)
