"""Pairing claims beside a linear relation: many of them, from many proofs, checked by one product of pairings.

A claim says pair(left, key) = pair(right, P2). Every claim, and every G1 point that must be O, is weighed with its own
coin and the lot is checked as

    prod over keys pair(sum coin * left, key)  =  pair(sum coin * right + sum coin * point, P2)

with one Miller loop per distinct key. Every defect is an exponent of pair(., P2), so a non-zero vector of defects
survives with probability at most 2**-128. Legend: P2 the generator of G2. Source: docs/protocol.md, section 6.

The caller owes: subgroup checks on all points, left != O (a claim about O says nothing), and coins that were drawn
after receipt, anew for each check and each bisection step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from circuits.curve import G1, G2, Curve, FixedBase
from circuits.errors import Misuse, Rejected

_ONE_BY_ONE = 2  # so few short multiplications cost less than a combination


@dataclass(slots=True)
class _Sum:
    points: list[G1] = field(default_factory=list)
    scalars: list[int] = field(default_factory=list)

    def add(self, point: G1, scalar: int) -> None:
        self.points.append(point)
        self.scalars.append(scalar)

    def value(self, curve: Curve) -> G1:
        if len(self.points) <= _ONE_BY_ONE:
            terms = zip(self.points, self.scalars, strict=True)
            return curve.sum([point if scalar == 1 else curve.multiply(point, scalar) for point, scalar in terms])
        return curve.combine(self.points, self.scalars)


class Fold:
    """Collects weighted claims and weighted points, then checks them all at once.

    All points of the P2 side enter one multi-exponentiation, so terms of equal base are best merged before `vanish`.
    """

    __slots__ = ("_curve", "_encodings", "_fixed", "_lefts", "_rights")

    def __init__(self, curve: Curve) -> None:
        self._curve = curve
        self._encodings: dict[int, tuple[G2, bytes]] = {}
        self._lefts: dict[bytes, tuple[G2, _Sum]] = {}
        self._rights = _Sum()
        self._fixed: dict[FixedBase, int] = {}

    def pair(self, left: G1, key: G2, coin: int) -> None:
        """Add the left side of pair(left, key) = pair(right, P2); the caller adds coin * right by `vanish`, merged with
        its other terms."""
        encoding = self._encoding(key)
        if encoding not in self._lefts:
            self._lefts[encoding] = (key, _Sum())
        self._lefts[encoding][1].add(left, coin)

    def vanish(self, points: Sequence[G1], scalars: Sequence[int]) -> None:
        """Add terms whose sum, with their coins already inside the scalars, must be O for true statements."""
        if len(points) != len(scalars):
            raise Misuse("as many scalars as points are needed")
        for point, scalar in zip(points, scalars, strict=True):
            self._rights.add(point, scalar)

    def vanish_fixed(self, bases: Sequence[FixedBase], scalars: Sequence[int]) -> None:
        """As `vanish`, over prepared bases. Scalars of the same base add up."""
        for base, scalar in zip(bases, scalars, strict=True):
            self._fixed[base] = self._fixed.get(base, 0) + scalar

    def check(self) -> None:
        """Check everything. Raises `Rejected` with code `pairing`, and `Misuse` when no claim was added."""
        if not self._lefts:
            raise Misuse("a pairing check without claims proves nothing")
        curve = self._curve
        pairs = [(total.value(curve), key) for key, total in self._lefts.values()]
        # The sum is negated, not the coins: negated coins would be full-size scalars and slow the combination down.
        right = self._rights.value(curve)
        if self._fixed:
            right = curve.add(right, curve.combine_fixed(list(self._fixed), list(self._fixed.values())))
        pairs.append((curve.negate(right), curve.g2_generator()))
        if not curve.pairing_product_is_one(pairs):
            raise Rejected("pairing", "a signature or membership does not verify")

    def _encoding(self, key: G2) -> bytes:
        known = self._encodings.get(id(key))
        if known is None:
            known = (key, self._curve.encode_g2(key))  # holding the key keeps its id from being given to another
            self._encodings[id(key)] = known
        return known[1]
