"""Octets that are no point of the right group, and a few that are.

Off-subgroup points: x = 0 gives (0, 2), of order 3; the others were computed once, and the tests say what they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from circuits.curve import Curve
from circuits.curve.backend import FIELD

COMPRESSED = 1 << 383
IDENTITY = b"\xc0" + bytes(47)
ORDER_3 = b"\x80" + bytes(47)
ORDER_11 = bytes.fromhex(
    "99b3e2c8c6bbf59d3c326b531fc1e639d29200c28624ac604f251a12908c9b7f735318617f625954cc71cdf03229b1ef"
)
ON_CURVE = bytes.fromhex(
    "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000004"
)
OFF_CURVE = bytes.fromhex(
    "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000007"
)
BEYOND_FIELD = (COMPRESSED + FIELD).to_bytes(48, "big")
G2_IDENTITY = b"\xc0" + bytes(95)
G2_OFF_SUBGROUP = bytes.fromhex(
    "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002"
)


def bad_points(octets: bytes) -> Iterator[tuple[str, str, bytes]]:
    """(name, comment, octets) of everything that must not be read where the point `octets` stands."""
    yield "identity", "the identity", IDENTITY
    yield "not-compressed", "the compression flag is clear", bytes([octets[0] & 0x7F]) + octets[1:]
    yield "infinity-flag", "the infinity flag beside a coordinate", bytes([octets[0] | 0x40]) + octets[1:]
    yield "all-ones", "all bits set", b"\xff" * 48
    yield "beyond-field", "x is the field's modulus", BEYOND_FIELD
    yield "off-curve", "no point of the curve has this x", OFF_CURVE
    yield "order-3", "a point of order 3", ORDER_3
    yield "order-11", "a point of order 11", ORDER_11
    yield "off-subgroup", "a point of the curve outside the group of order r", ON_CURVE


def shifted(curve: Curve, octets: bytes, by: bytes) -> bytes:
    """The sum of a point and a point of small order: pairings take it for the point itself."""
    return curve.encode_g1(curve.add(curve.decode_g1(octets), curve.decode_g1_affine(_affine(by))))


def _affine(octets: bytes) -> bytes:
    """x || y of a compressed point, which need not be in the subgroup."""
    x = int.from_bytes(octets, "big") & (COMPRESSED // 4 - 1)
    y = pow(x**3 + 4, (FIELD + 1) // 4, FIELD)
    if (y > FIELD - y) != bool(octets[0] & 0x20):
        y = FIELD - y
    return x.to_bytes(48, "big") + y.to_bytes(48, "big")
