"""The shared world, and a second credential of the same holder: a permit, from another issuer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from circuits import (
    Companion,
    Escrowed,
    Held,
    NotRevoked,
    Possession,
    Prepared,
    Pseudonym,
    Secret,
    Statement,
    all_of,
    prepare,
)
from circuits.language import Node, OwnNode
from circuits.records import AccumulatorRecord, EpochRecord, IssuerRecord
from tests.attacks.conftest import honest, verifier
from tests.circuits.core.fixtures import binding, licence, proof, statement, world
from tests.circuits.core.world import Licence, World, other_world

__all__ = ["binding", "honest", "licence", "proof", "statement", "verifier", "world"]

PERMIT = 5


@dataclass(frozen=True)
class Stage:
    """Where statements are made and proved: the licence's world and the permit's."""

    world: World
    permits: World
    licence: Licence
    permit: Licence

    def say(self, *nodes: Node, escrow: bool = True, context: bytes = b"here") -> Statement:
        """A statement about the licence."""
        more: list[Node] = [Escrowed(self.world.escrow)] if escrow else []
        own = Possession(self.world.issuer), NotRevoked(self.world.accumulator, self.world.epoch), Pseudonym(context)
        return all_of(*own, *more, *nodes)

    def beside(self, *nodes: OwnNode, epoch: EpochRecord | None = None) -> Companion:
        """The companion: a permit of the second issuer."""
        live = NotRevoked(self.permits.accumulator, self.permits.epoch if epoch is None else epoch)
        return Companion(Possession(self.permits.issuer), live, *nodes)

    @property
    def companion_records(self) -> tuple[IssuerRecord, AccumulatorRecord, EpochRecord]:
        return self.permits.issuer, self.permits.accumulator, self.permits.epoch

    def held(self, permit: Licence | None = None) -> Held:
        permit = self.permit if permit is None else permit
        return Held(permit.credential, permit.membership, self.permits.table)

    def prepare(self, statement: Statement, licence: Licence | None = None, permit: Licence | None = None) -> Prepared:
        """The honest holder's work."""
        own = self.licence if licence is None else licence
        companion = None if statement.companion is None else self.held(permit)
        return prepare(statement, own.credential, own.membership, self.world.table, companion=companion)


@pytest.fixture(scope="session")
def stage(world: World, licence: Licence) -> Stage:
    permits = other_world()
    secret: Secret[int] = licence.credential.link_secret
    return Stage(world, permits, licence, permits.licence(link_secret=secret))
