"""Randomness for these experiments: seeded, so that a run can be repeated, and spoilt on purpose, for the controls."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from circuits.entropy import Entropy
from circuits.order import ORDER


class Seeded:
    """The stream of SHAKE-256 over a seed, cut into scalars in [1, r-1] and octets. Keeps the scalars it gave."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._block = 0
        self._left = b""
        self.given: list[int] = []

    def scalar(self) -> int:
        self.given.append(int.from_bytes(self.octets(48), "big") % (ORDER - 1) + 1)
        return self.given[-1]

    def octets(self, count: int) -> bytes:
        while len(self._left) < count:
            self._left += hashlib.shake_256(self._seed + self._block.to_bytes(8, "big")).digest(1024)
            self._block += 1
        taken, self._left = self._left[:count], self._left[count:]
        return taken


class Spoilt:
    """Another source, in which the scalars at some places of the draw order are `fixed`, or `short` of 16 bits."""

    def __init__(self, source: Entropy, fixed: dict[int, int] | None = None, short: Iterable[int] = ()) -> None:
        self._source = source
        self._fixed = fixed or {}
        self._short = frozenset(short)
        self._drawn = 0

    def scalar(self) -> int:
        place, self._drawn = self._drawn, self._drawn + 1
        value = self._fixed.get(place, self._source.scalar())
        return (value >> 16) + 1 if place in self._short else value

    def octets(self, count: int) -> bytes:
        return self._source.octets(count)
