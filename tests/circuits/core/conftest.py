"""The shared world, as fixtures."""

from __future__ import annotations

from tests.circuits.core.fixtures import binding, licence, proof, statement, world

__all__ = ["binding", "licence", "proof", "statement", "world"]
