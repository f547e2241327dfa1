"""Octets that are no G1 point, each for one reason: what the adversarial records put where a commitment must stand.

Legend: p the modulus of the base field, in which the curve is y**2 = x**3 + 4. Source: [SIGMA Test vectors].
"""

from __future__ import annotations

from itertools import count

from circuits import curve as curves
from circuits.curve import G1_OCTETS
from circuits.curve.backend import FIELD
from circuits.errors import Malformed
from console.conformance.sigma_record import require

INFINITY = b"\xc0" + bytes(G1_OCTETS - 1)
_COMPRESSED = 0x80


def with_compression_cleared(octets: bytes) -> bytes:
    """A compressed point without the bit that says so."""
    return bytes([octets[0] & ~_COMPRESSED]) + octets[1:]


def lifted(x: int | None) -> bytes:
    """x + p where x must stand; unless told, for the least x from 1 on that is on the curve."""
    x = next(at for at in count(1) if _y(at) is not None) if x is None else x
    require(_y(x) is not None, f"x = {x} is not on the curve: it is refused for that")
    return _compressed(x + FIELD)


def outside_subgroup(x: int | None) -> bytes:
    """A point of the curve that is not in G1, with the lesser y."""
    x = 0 if x is None else x
    y = _y(x)
    require(y is not None and not _in_subgroup(x, y), f"x = {x} is no point outside the subgroup")
    return _compressed(x)


def off_curve(x: int | None) -> bytes:
    """An x that no point of the curve has; unless told, the least."""
    x = next(at for at in count(1) if _y(at) is None) if x is None else x
    require(_y(x) is None, f"x = {x} is on the curve")
    return _compressed(x)


def _compressed(x: int) -> bytes:
    octets = x.to_bytes(G1_OCTETS, "big")
    return bytes([octets[0] | _COMPRESSED]) + octets[1:]


def _y(x: int) -> int | None:
    square = (x**3 + 4) % FIELD
    root = pow(square, (FIELD + 1) // 4, FIELD)  # p = 3 modulo 4
    return root if root * root % FIELD == square else None


def _in_subgroup(x: int, y: int) -> bool:
    curve = curves.default()
    try:
        return curve.in_subgroup(curve.decode_g1_affine(x.to_bytes(48, "big") + y.to_bytes(48, "big")))
    except Malformed:
        return False
