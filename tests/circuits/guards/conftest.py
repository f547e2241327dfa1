"""The shared world with a licence and a permit of one holder, for the guards that no other test makes fire."""

from __future__ import annotations

from tests.circuits.core.fixtures import binding, licence, proof, statement, world
from tests.circuits.statements.conftest import stage

__all__ = ["binding", "licence", "proof", "stage", "statement", "world"]
