"""A curve for an unbounded observer: every point is its own logarithm, so that nothing is hidden by hardness.

It obeys the laws of `circuits.curve.backend` with G1 = G2 = integers modulo r and pair(a, b) = a b. The real prover and
verifier run on it unchanged. What is still hidden here is hidden perfectly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from circuits.curve import G1, G1_OCTETS, G2, G2_OCTETS, Curve, FixedBase
from circuits.errors import Malformed
from circuits.scalar import ORDER, inverse
from circuits.suite import SHA256, Suite


@dataclass(frozen=True)
class _Base:
    point: int

    def multiple(self, scalar: int) -> G1:
        return G1(self.point * scalar % ORDER)


class ExponentCurve:
    """See `circuits.curve.backend.Curve`. A point is 0x80, zeros, and its logarithm in 32 octets."""

    name = "exponent"

    def g1_generator(self) -> G1:
        return G1(1)

    def g1_identity(self) -> G1:
        return G1(0)

    def decode_g1(self, octets: bytes) -> G1:
        return G1(_decode(octets, G1_OCTETS))

    def decode_g1_or_identity(self, octets: bytes) -> G1:
        return G1(0) if octets == b"\xc0" + bytes(47) else self.decode_g1(octets)

    def decode_g1_affine(self, octets: bytes) -> G1:
        return G1(_decode(octets, 2 * G1_OCTETS))

    def encode_g1(self, point: G1) -> bytes:
        return b"\x80" + bytes(15) + _log(point).to_bytes(32, "big")

    def encode_g1_affine(self, point: G1) -> bytes:
        return b"\x80" + bytes(63) + _log(point).to_bytes(32, "big")

    def add(self, left: G1, right: G1) -> G1:
        return G1((_log(left) + _log(right)) % ORDER)

    def negate(self, point: G1) -> G1:
        return G1(-_log(point) % ORDER)

    def multiply(self, point: G1, scalar: int) -> G1:
        return G1(_log(point) * scalar % ORDER)

    def combine(self, points: Sequence[G1], scalars: Sequence[int]) -> G1:
        return G1(sum(_log(point) * scalar for point, scalar in zip(points, scalars, strict=True)) % ORDER)

    def combine_in_subgroup(self, points: Sequence[G1], scalars: Sequence[int]) -> G1:
        return self.combine(points, scalars)

    def sum(self, points: Sequence[G1]) -> G1:
        return G1(sum(map(_log, points)) % ORDER)

    def fixed_base(self, point: G1, passing: bool = False) -> FixedBase:
        return _Base(_log(point))

    def combine_fixed(self, bases: Sequence[FixedBase], scalars: Sequence[int]) -> G1:
        return self.sum([base.multiple(scalar) for base, scalar in zip(bases, scalars, strict=True)])

    def equal(self, left: G1, right: G1) -> bool:
        return _log(left) == _log(right)

    def is_identity(self, point: G1) -> bool:
        return _log(point) == 0

    def in_subgroup(self, point: G1) -> bool:
        return True

    def hash_to_g1(self, message: bytes, dst: bytes) -> G1:
        digest = hashlib.shake_256(len(dst).to_bytes(8, "big") + dst + message).digest(48)
        return G1(int.from_bytes(digest, "big") % ORDER)

    def map_to_g1(self, element: int) -> G1:
        return G1(element % ORDER)

    def g2_generator(self) -> G2:
        return G2(1)

    def decode_g2(self, octets: bytes) -> G2:
        return G2(_decode(octets, G2_OCTETS))

    def encode_g2(self, point: G2) -> bytes:
        return b"\x80" + bytes(63) + cast(int, point).to_bytes(32, "big")

    def add_g2(self, left: G2, right: G2) -> G2:
        return G2((cast(int, left) + cast(int, right)) % ORDER)

    def multiply_g2(self, point: G2, scalar: int) -> G2:
        return G2(cast(int, point) * scalar % ORDER)

    def pairing_product_is_one(self, pairs: Sequence[tuple[G1, G2]]) -> bool:
        return sum(_log(left) * cast(int, right) for left, right in pairs) % ORDER == 0


def quotient(point: G1, base: G1) -> int:
    """The logarithm of one point to the base of another: what an unbounded observer computes."""
    return _log(point) * inverse(_log(base)) % ORDER


def _log(point: G1) -> int:
    return cast(int, point)


def _decode(octets: bytes, length: int) -> int:
    value = int.from_bytes(octets[1:], "big")
    if len(octets) != length or octets[0] != 0x80 or not 0 < value < ORDER:
        raise Malformed("not a point of the exponent")
    return value


_CURVE = ExponentCurve()


class _ExponentSuite(Suite):
    @property
    def curve(self) -> Curve:
        return _CURVE


_P1 = _CURVE.encode_g1(_CURVE.hash_to_g1(b"P1", b"P1"))
IN_THE_EXPONENT: Suite = _ExponentSuite(SHA256.ciphersuite_id, SHA256.expand, _P1)
