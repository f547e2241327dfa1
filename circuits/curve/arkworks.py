"""The default backend: arkworks through py_arkworks_bls12381, with every trap of that library closed.

The library decodes `ff*48` and `e0 00..` as O even when asked to check, truncates multi-exponentiations of unequal
length, calls an empty pairing product one, reduces integers silently and takes an empty DST. None of that gets past
this module, which is the only one that imports it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from circuits.curve.backend import FIELD, G1, G1_AFFINE_OCTETS, G1_OCTETS, G2, G2_OCTETS, FixedBase
from circuits.curve.windows import Windows
from circuits.errors import Malformed, Misuse
from circuits.scalar import ORDER

_O: Any = G1Point.identity()
_FIELD_OCTETS = FIELD.to_bytes(48, "big")
_AFFINE_IDENTITY = bytes(G1_AFFINE_OCTETS)
_IDENTITY = bytes([0xC0]) + bytes(G1_OCTETS - 1)


def _scalar(value: int) -> Any:
    # Scalar(int) takes twenty times as long and reduces without a word.
    return Scalar.from_le_bytes((value % ORDER).to_bytes(32, "little"))


_MANY = 6
_WIDE = Windows(bits=11, stride=6)
_LASTING, _PASSING = Windows(bits=9, stride=1), Windows(bits=6, stride=1)
_USES_BEFORE_TABLE = {_WIDE: 24, _LASTING: 24, _PASSING: 12}


class _Table:
    """One point with its tables, each made only once it has been wanted often enough to pay for itself.

    An addition costs the library about a microsecond and a multiplication over two hundred, so that a lookup per window
    beats the library's own multiplication several times over. Two tables, because there are two ways of using a base:

    - in a combination of many bases (a verifier's): `_WIDE`, 4,096 points, 0.7 MB; the doublings are shared.
    - alone or with few others (a prover's): `own`, without doublings; 7,424 points, 1.3 MB, for a lasting base, 1,376
      points for a passing one, made as fast as seven multiplications.

    A process that verifies once stays quick and small, and one that only verifies never makes the second kind.
    """

    __slots__ = ("_uses", "made", "own", "point")

    def __init__(self, point: Any, passing: bool) -> None:
        self.point = point
        self.own = _PASSING if passing else _LASTING
        self.made: dict[Windows, list[list[Any]]] = {}
        self._uses: dict[Windows, int] = {}

    def is_due(self, windows: Windows) -> bool:
        """Count one use without a table of this kind; whether it should be made now."""
        uses = self._uses[windows] = self._uses.get(windows, 0) + 1
        return uses > _USES_BEFORE_TABLE[windows]

    def make(self, windows: Windows) -> list[list[Any]]:
        """Fill a table."""
        rows = self.made[windows] = windows.rows(self.point)
        return rows

    def multiple(self, scalar: int) -> G1:
        rows = self.made.get(self.own)
        if rows is None and self.is_due(self.own):
            rows = self.make(self.own)
        return G1(self.point * _scalar(scalar) if rows is None else self.own.combine(_O, [rows], [scalar]))


class ArkworksCurve:
    """BLS12-381 by arkworks. See `circuits.curve.backend.Curve` for what each operation promises."""

    name = "arkworks"

    def g1_generator(self) -> G1:
        return G1(G1Point())

    def g1_identity(self) -> G1:
        return G1(G1Point.identity())

    def decode_g1(self, octets: bytes) -> G1:
        if len(octets) != G1_OCTETS or octets[0] & 0xC0 != 0x80:
            raise Malformed("not a compressed G1 point")
        try:
            point = G1Point.from_compressed_bytes(octets)
        except ValueError:
            raise Malformed("not a G1 point of the subgroup") from None
        if point == _O:
            raise Malformed("the identity stands where a point must")
        return G1(point)

    def decode_g1_or_identity(self, octets: bytes) -> G1:
        if octets == _IDENTITY:
            return self.g1_identity()
        return self.decode_g1(octets)

    def decode_g1_affine(self, octets: bytes) -> G1:
        if len(octets) != G1_AFFINE_OCTETS or octets == _AFFINE_IDENTITY:
            raise Malformed("not an affine G1 point")
        if octets >= _FIELD_OCTETS or octets[48:] >= _FIELD_OCTETS:  # big-endian: octets compare as integers do
            raise Malformed("coordinate not below the field's modulus")
        try:
            return G1(G1Point.from_xy_bytes_unchecked_be(octets))
        except ValueError:
            raise Malformed("not a point on the curve") from None

    def encode_g1(self, point: G1) -> bytes:
        return bytes(_g1(point).to_compressed_bytes())

    def encode_g1_affine(self, point: G1) -> bytes:
        if self.is_identity(point):
            raise Misuse("the identity has no affine encoding")
        return bytes(_g1(point).to_xy_bytes_be())

    def add(self, left: G1, right: G1) -> G1:
        return G1(_g1(left) + right)

    def negate(self, point: G1) -> G1:
        return G1(-_g1(point))

    def multiply(self, point: G1, scalar: int) -> G1:
        return G1(_g1(point) * _scalar(scalar))

    def combine(self, points: Sequence[G1], scalars: Sequence[int]) -> G1:
        if len(points) != len(scalars):
            raise Misuse("as many scalars as points are needed")
        if not points:
            return self.g1_identity()
        bases: list[Any] = list(points)
        return G1(G1Point.multiexp_unchecked(bases, [_scalar(value) for value in scalars]))

    def sum(self, points: Sequence[G1]) -> G1:
        total = _O
        for point in points:
            total = total + point
        return G1(total)

    def fixed_base(self, point: G1, passing: bool = False) -> FixedBase:
        return _Table(point, passing)

    def combine_fixed(self, bases: Sequence[FixedBase], scalars: Sequence[int]) -> G1:
        if len(bases) != len(scalars):
            raise Misuse("as many scalars as bases are needed")
        tables: Sequence[Any] = bases
        many, may_make, total = len(bases) >= _MANY, True, _O
        ready: dict[Windows, tuple[list[Any], list[int]]] = {}
        rest: list[tuple[Any, int]] = []
        alone: list[Any] = []
        for table, scalar in zip(tables, scalars, strict=True):
            if scalar == 1:
                alone.append(table.point)
                continue
            windows = _WIDE if many else table.own
            rows = table.made.get(windows)
            if rows is None and table.is_due(windows) and may_make:
                rows = table.make(windows)
                may_make = False  # one in a call at most, so that no single call pays for all
            if rows is None:
                rest.append((table.point, scalar))
                continue
            group = ready.get(windows)
            if group is None:
                group = ready[windows] = ([], [])
            group[0].append(rows)
            group[1].append(scalar)
        # Of the kind that doubles the sum there is one, and alone: the sum is still O when it begins.
        for windows, (rows_of_all, factors) in ready.items():
            total = windows.combine(total, rows_of_all, factors)
        for point in alone:
            total = total + point
        if rest:
            total = total + self.combine([point for point, _ in rest], [scalar for _, scalar in rest])
        return G1(total)

    def equal(self, left: G1, right: G1) -> bool:
        return bool(_g1(left) == right)

    def is_identity(self, point: G1) -> bool:
        return bool(_g1(point) == _O)

    def in_subgroup(self, point: G1) -> bool:
        return bool(_g1(point).is_in_subgroup())

    def hash_to_g1(self, message: bytes, dst: bytes) -> G1:
        if not 0 < len(dst) <= 255:
            raise Misuse("a domain separation tag has 1 to 255 octets")
        return G1(G1Point.hash_to_curve(message, dst))

    def map_to_g1(self, element: int) -> G1:
        if not 0 <= element < FIELD:
            raise Misuse("not an element of the base field")
        return G1(G1Point.map_from_fp_be(element.to_bytes(48, "big")))

    def g2_generator(self) -> G2:
        return G2(G2Point())

    def decode_g2(self, octets: bytes) -> G2:
        if len(octets) != G2_OCTETS or octets[0] & 0xC0 != 0x80:
            raise Malformed("not a compressed G2 point")
        try:
            point = G2Point.from_compressed_bytes(octets)
        except ValueError:
            raise Malformed("not a G2 point of the subgroup") from None
        if point == G2Point.identity():
            raise Malformed("the identity stands where a point must")
        return G2(point)

    def encode_g2(self, point: G2) -> bytes:
        return bytes(_g2(point).to_compressed_bytes())

    def add_g2(self, left: G2, right: G2) -> G2:
        return G2(_g2(left) + right)

    def multiply_g2(self, point: G2, scalar: int) -> G2:
        return G2(_g2(point) * _scalar(scalar))

    def pairing_product_is_one(self, pairs: Sequence[tuple[G1, G2]]) -> bool:
        if not pairs:
            raise Misuse("an empty pairing product proves nothing")
        return bool(GT.pairing_check([_g1(left) for left, _ in pairs], [_g2(right) for _, right in pairs]))


def _g1(point: G1) -> Any:
    return point


def _g2(point: G2) -> Any:
    return point
