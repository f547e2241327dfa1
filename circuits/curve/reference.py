"""The reference backend: BLS12-381 by py_ecc, in plain Python and written to be obviously right.

It shares no line with the default backend and is the oracle that the differential tests hold that one against; it also
runs the whole system where no wheel of the native library exists, some hundred times slower. This module is the only
one that imports py_ecc.

Legend: a point is the library's triple (x, y, z) of projective coordinates; O is whatever has z = 0.

Deviations from the library: doubling its O twice makes (0, 0, 0), which its `eq` then takes for equal to every point;
so O is recognised by z = 0 alone, and made canonical after each operation. Multiplication by a scalar is on integers
modulo r. Nothing here is constant time. Source: [PFC 4.2.1], [RFC9380 8.8.1].
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from py_ecc.bls.hash_to_curve import clear_cofactor_G1, hash_to_G1, map_to_curve_G1
from py_ecc.bls.point_compression import compress_G1, compress_G2, decompress_G1, decompress_G2
from py_ecc.fields import optimized_bls12_381_FQ as FQ
from py_ecc.fields import optimized_bls12_381_FQ12 as FQ12
from py_ecc.optimized_bls12_381.optimized_curve import G1 as BP1
from py_ecc.optimized_bls12_381.optimized_curve import G2 as BP2
from py_ecc.optimized_bls12_381.optimized_curve import (
    Z1,
    Z2,
    add,
    b,
    eq,
    is_inf,
    is_on_curve,
    multiply,
    neg,
    normalize,
)
from py_ecc.optimized_bls12_381.optimized_pairing import final_exponentiate, pairing

from circuits.curve.backend import FIELD, G1, G1_AFFINE_OCTETS, G1_OCTETS, G2, G2_OCTETS, FixedBase
from circuits.errors import Malformed, Misuse
from circuits.scalar import ORDER

_IDENTITY = bytes([0xC0]) + bytes(G1_OCTETS - 1)
_HALF = 48
_COMPRESSED, _INFINITY, _SIGN = 0x80, 0x40, 0x20


class _Plain:
    """A base without a table: a plain multiplication each time."""

    __slots__ = ("_point",)

    def __init__(self, point: Any) -> None:
        self._point = point

    def multiple(self, scalar: int) -> G1:
        return _g1_of(multiply(self._point, scalar % ORDER))


class ReferenceCurve:
    """BLS12-381 by py_ecc. See `circuits.curve.backend.Curve` for what each operation promises."""

    name = "reference"

    def g1_generator(self) -> G1:
        return G1(BP1)

    def g1_identity(self) -> G1:
        return G1(Z1)

    def decode_g1(self, octets: bytes) -> G1:
        _check_compressed(octets, G1_OCTETS, "G1")
        try:
            point: Any = decompress_G1(_integer(octets))  # type: ignore[arg-type]
        except ValueError:
            raise Malformed("not a G1 point of the subgroup") from None
        if is_inf(point) or not is_inf(multiply(point, ORDER)):
            raise Malformed("not a G1 point of the subgroup")
        return G1(point)

    def decode_g1_or_identity(self, octets: bytes) -> G1:
        if octets == _IDENTITY:
            return self.g1_identity()
        return self.decode_g1(octets)

    def decode_g1_affine(self, octets: bytes) -> G1:
        if len(octets) != G1_AFFINE_OCTETS:
            raise Malformed("not an affine G1 point")
        x, y = _integer(octets[:_HALF]), _integer(octets[_HALF:])
        if x >= FIELD or y >= FIELD:
            raise Malformed("coordinate not below the field's modulus")
        point = (FQ(x), FQ(y), FQ(1))
        if not is_on_curve(point, b):
            raise Malformed("not a point on the curve")
        return G1(point)

    def encode_g1(self, point: G1) -> bytes:
        return int(compress_G1(_raw(point))).to_bytes(G1_OCTETS, "big")

    def encode_g1_affine(self, point: G1) -> bytes:
        if self.is_identity(point):
            raise Misuse("the identity has no affine encoding")
        x, y = normalize(_raw(point))
        return int(x.n).to_bytes(_HALF, "big") + int(y.n).to_bytes(_HALF, "big")

    def add(self, left: G1, right: G1) -> G1:
        return _g1_of(add(_raw(left), _raw(right)))

    def negate(self, point: G1) -> G1:
        return _g1_of(neg(_raw(point)))

    def multiply(self, point: G1, scalar: int) -> G1:
        return _g1_of(multiply(_raw(point), scalar % ORDER))

    def combine(self, points: Sequence[G1], scalars: Sequence[int]) -> G1:
        if len(points) != len(scalars):
            raise Misuse("as many scalars as points are needed")
        return self.sum([self.multiply(point, scalar) for point, scalar in zip(points, scalars, strict=True)])

    def sum(self, points: Sequence[G1]) -> G1:
        total = self.g1_identity()
        for point in points:
            total = self.add(total, point)
        return total

    def fixed_base(self, point: G1, passing: bool = False) -> FixedBase:  # noqa: ARG002 — no tables here
        return _Plain(point)

    def combine_fixed(self, bases: Sequence[FixedBase], scalars: Sequence[int]) -> G1:
        if len(bases) != len(scalars):
            raise Misuse("as many scalars as bases are needed")
        return self.sum([base.multiple(scalar) for base, scalar in zip(bases, scalars, strict=True)])

    def equal(self, left: G1, right: G1) -> bool:
        if self.is_identity(left) or self.is_identity(right):
            return self.is_identity(left) and self.is_identity(right)
        return bool(eq(_raw(left), _raw(right)))

    def is_identity(self, point: G1) -> bool:
        return bool(is_inf(_raw(point)))

    def in_subgroup(self, point: G1) -> bool:
        return bool(is_inf(multiply(_raw(point), ORDER)))

    def hash_to_g1(self, message: bytes, dst: bytes) -> G1:
        if not 0 < len(dst) <= 255:
            raise Misuse("a domain separation tag has 1 to 255 octets")
        return _g1_of(hash_to_G1(message, dst, hashlib.sha256))  # type: ignore[arg-type]

    def map_to_g1(self, element: int) -> G1:
        if not 0 <= element < FIELD:
            raise Misuse("not an element of the base field")
        return _g1_of(clear_cofactor_G1(map_to_curve_G1(FQ(element))))

    def g2_generator(self) -> G2:
        return G2(BP2)

    def decode_g2(self, octets: bytes) -> G2:
        _check_compressed(octets, G2_OCTETS, "G2")
        halves: Any = (_integer(octets[:_HALF]), _integer(octets[_HALF:]))
        try:
            point: Any = decompress_G2(halves)
        except ValueError:
            raise Malformed("not a G2 point of the subgroup") from None
        if is_inf(point) or not is_inf(multiply(point, ORDER)):
            raise Malformed("not a G2 point of the subgroup")
        return G2(point)

    def encode_g2(self, point: G2) -> bytes:
        return b"".join(int(half).to_bytes(_HALF, "big") for half in compress_G2(_raw(point)))

    def add_g2(self, left: G2, right: G2) -> G2:
        return _g2_of(add(_raw(left), _raw(right)))

    def multiply_g2(self, point: G2, scalar: int) -> G2:
        return _g2_of(multiply(_raw(point), scalar % ORDER))

    def pairing_product_is_one(self, pairs: Sequence[tuple[G1, G2]]) -> bool:
        if not pairs:
            raise Misuse("an empty pairing product proves nothing")
        product: Any = FQ12.one()
        for left, right in pairs:
            product = product * pairing(_raw(right), _raw(left), final_exponentiate=False)
        return bool(final_exponentiate(product) == FQ12.one())


def _check_compressed(octets: bytes, count: int, group: str) -> None:
    """Length, flag bits and coordinates of a compressed point, before py_ecc looks at it. Raises `Malformed`."""
    if len(octets) != count or octets[0] & (_COMPRESSED | _INFINITY) != _COMPRESSED:
        raise Malformed(f"not a compressed {group} point")
    first = bytes([octets[0] & ~(_COMPRESSED | _SIGN)]) + octets[1:_HALF]
    if _integer(first) >= FIELD or _integer(octets[_HALF:]) >= FIELD:
        raise Malformed("coordinate not below the field's modulus")


def _integer(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _raw(point: G1 | G2) -> Any:
    return point


def _g1_of(point: Any) -> G1:
    return G1(Z1 if is_inf(point) else point)


def _g2_of(point: Any) -> G2:
    return G2(Z2 if is_inf(point) else point)
