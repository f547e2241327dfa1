"""Randomness, as a parameter with the operating system as its default.

Tests run the same code as production and replay a list of values where a vector fixes the randomness.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Protocol

from circuits.errors import Misuse
from circuits.order import ORDER


class Entropy(Protocol):
    """A source of randomness."""

    def scalar(self) -> int:
        """A scalar, uniform in [1, r-1]."""

    def octets(self, count: int) -> bytes:
        """`count` uniform octets."""


class SystemEntropy:
    """The operating system's generator."""

    __slots__ = ()

    def scalar(self) -> int:
        return secrets.randbelow(ORDER - 1) + 1

    def octets(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class ReplayEntropy:
    """Gives out fixed scalars and octets in order; used with published vectors. Raises `Misuse` when spent."""

    def __init__(self, scalars: Iterable[int], octets: bytes = b"") -> None:
        self._scalars = list(reversed(list(scalars)))
        self._octets = octets

    def scalar(self) -> int:
        if not self._scalars:
            raise Misuse("the replayed scalars are spent")
        return self._scalars.pop() % ORDER

    def octets(self, count: int) -> bytes:
        if len(self._octets) < count:
            raise Misuse("the replayed octets are spent")
        taken, self._octets = self._octets[:count], self._octets[count:]
        return taken


SYSTEM: Entropy = SystemEntropy()
