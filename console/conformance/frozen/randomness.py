"""Where the randomness of a vector comes from: derived from its id when it is made, replayed when it is checked.

The derived values are written into the vector, in the order in which they were drawn, so that another implementation
replays a list and needs no generator: scalars in `randomness`, and octets, where any are drawn, in `random_octets`.
"""

from __future__ import annotations

import hashlib

from circuits.entropy import ReplayEntropy
from circuits.errors import Misuse
from circuits.scalar import ORDER, encode_scalar
from console.conformance.frozen.document import Leaf

SEED = b"AIOL-V01 frozen vectors"
_WIDE_OCTETS = 48


def derived_octets(label: str, counter: int, count: int) -> bytes:
    """SHAKE-256(seed || 0 || label || 0 || I4(counter))."""
    return hashlib.shake_256(SEED + b"\0" + label.encode() + b"\0" + counter.to_bytes(4, "big")).digest(count)


def derived_scalar(label: str, counter: int = 0) -> int:
    """A scalar in [1, r-1] from 48 derived octets."""
    return int.from_bytes(derived_octets(label, counter, _WIDE_OCTETS), "big") % (ORDER - 1) + 1


class Derived:
    """Randomness of a label. Keeps what it gave."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._drawn = 0
        self.scalars: list[int] = []
        self.given_octets = b""

    def scalar(self) -> int:
        self._drawn += 1
        self.scalars.append(derived_scalar(self._label, self._drawn))
        return self.scalars[-1]

    def octets(self, count: int) -> bytes:
        self._drawn += 1
        octets = derived_octets(self._label, self._drawn, count)
        self.given_octets += octets
        return octets

    @property
    def members(self) -> dict[str, Leaf]:
        """What was drawn, as members of an input; empty if nothing was."""
        members: dict[str, Leaf] = {}
        if self.scalars:
            members["randomness"] = [encode_scalar(value).hex() for value in self.scalars]
        if self.given_octets:
            members["random_octets"] = self.given_octets.hex()
        return members


class Replayed(ReplayEntropy):
    """The randomness that a vector lists, and whether all of it was drawn."""

    def left(self) -> bool:
        """Whether something was not drawn."""
        try:
            self.scalar()
        except Misuse:
            return self._octets != b""
        return True
