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
from circuits.errors import Malformed, Misuse
from circuits.scalar import ORDER

_O: Any = G1Point.identity()
_IDENTITY = bytes([0xC0]) + bytes(G1_OCTETS - 1)


def _scalar(value: int) -> Any:
    # Scalar(int) takes twenty times as long and reduces without a word.
    return Scalar.from_le_bytes((value % ORDER).to_bytes(32, "little"))


class _Table:
    """Windows of one point, from additions alone: row w holds the multiples 0 .. 2**bits - 1 of 2**(bits w) * point.

    An addition costs the library about a microsecond and a multiplication over two hundred, so that a lookup per window
    beats the library's own multiplication several times over. With 8-bit windows a table has 8,160 points (1.4 MB) and
    takes as long to make as forty multiplications; with 4-bit windows 960 points, made as fast as five. So a table
    is made only once its base has been used that often: a process that verifies once stays quick and small.
    """

    __slots__ = ("_bits", "_rows", "_uses", "point")

    def __init__(self, point: Any, bits: int) -> None:
        if bits not in _USES_BEFORE_TABLE:
            raise Misuse("windows have 4 or 8 bits")
        self.point = point
        self._bits = bits
        self._uses = 0
        self._rows: list[list[Any]] = []

    def is_due(self) -> bool:
        """Count one use; whether the table should be made now."""
        self._uses += 1
        return not self._rows and self._uses > _USES_BEFORE_TABLE[self._bits]

    def is_made(self) -> bool:
        """Whether `add_to` can be called."""
        return bool(self._rows)

    def make(self) -> None:
        """Fill the rows."""
        rows, base = [], self.point
        for _ in range(256 // self._bits):
            row = [_O, base]
            for _ in range((1 << self._bits) - 2):
                row.append(row[-1] + base)
            rows.append(row)
            base = row[-1] + base
        self._rows = rows

    def multiple(self, scalar: int) -> G1:
        if self.is_due():
            self.make()
        return G1(self.add_to(_O, scalar) if self._rows else self.point * _scalar(scalar))

    def add_to(self, total: Any, scalar: int) -> Any:
        """total + scalar * point, without starting from O: one addition less for each base of a sum."""
        octets = (scalar % ORDER).to_bytes(32, "little")
        if self._bits == 8:
            for row, digit in zip(self._rows, octets, strict=True):
                if digit:
                    total = total + row[digit]
            return total
        rows = iter(self._rows)
        for octet, low, high in zip(octets, rows, rows, strict=True):
            total = total + low[octet & 15]
            total = total + high[octet >> 4]
        return total


_USES_BEFORE_TABLE = {4: 2, 8: 24}


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
        if len(octets) != G1_AFFINE_OCTETS or octets == bytes(G1_AFFINE_OCTETS):
            raise Malformed("not an affine G1 point")
        if int.from_bytes(octets[:48], "big") >= FIELD or int.from_bytes(octets[48:], "big") >= FIELD:
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
        return G1(G1Point.multiexp_unchecked([_g1(point) for point in points], [_scalar(value) for value in scalars]))

    def sum(self, points: Sequence[G1]) -> G1:
        total = _O
        for point in points:
            total = total + point
        return G1(total)

    def fixed_base(self, point: G1, window_bits: int = 8) -> FixedBase:
        return _Table(point, window_bits)

    def combine_fixed(self, bases: Sequence[FixedBase], scalars: Sequence[int]) -> G1:
        if len(bases) != len(scalars):
            raise Misuse("as many scalars as bases are needed")
        tables: Sequence[Any] = bases
        total, points, rest, made = _O, [], [], False
        for table, scalar in zip(tables, scalars, strict=True):
            if table.is_due() and not made:
                table.make()  # one in a call at most, so that no single call pays for all
                made = True
            if table.is_made():
                total = table.add_to(total, scalar)
            else:
                points.append(table.point)
                rest.append(_scalar(scalar))
        if points:
            total = total + G1Point.multiexp_unchecked(points, rest)
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
