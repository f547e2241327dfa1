"""Points that lie on the curve and outside the group of order r, made with py_ecc.

E(Fp) has exponent (1 - z) * r with 1 - z = 3 * 11 * 10177 * 859267 * 52437899, so a point of order l is
((1 - z) / l) * r * P for almost any P on the curve, and r * P has the full cofactor's order.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from py_ecc.bls.point_compression import compress_G1, decompress_G1, decompress_G2
from py_ecc.optimized_bls12_381.optimized_curve import curve_order, is_inf, multiply, normalize

COFACTOR_EXPONENT = 0xD201000000010001
SMALL_PRIMES = (3, 11, 10177, 859267, 52437899)
_COMPRESSED = 1 << 383


def on_curve_points() -> Any:
    """Points of G1's curve with x = 1, 2, ..: outside the subgroup but for one chance in the cofactor."""
    for x in count(1):
        try:
            yield decompress_G1(_COMPRESSED + x)  # type: ignore[arg-type]
        except ValueError:
            continue


def point_of_order(order: int) -> Any:
    """A py_ecc point whose order is exactly the prime `order`, or the whole exponent of the cofactor."""
    for point in on_curve_points():
        small = multiply(point, curve_order * (COFACTOR_EXPONENT // order))
        proper = [order // prime for prime in SMALL_PRIMES if order % prime == 0]
        if not any(is_inf(multiply(small, divisor)) for divisor in proper):
            return small
    raise AssertionError("the curve has points of every such order")


def compressed(point: Any) -> bytes:
    """48 octets of a py_ecc point."""
    return int(compress_G1(point)).to_bytes(48, "big")


def affine(point: Any) -> bytes:
    """96 octets x || y of a py_ecc point."""
    x, y = normalize(point)
    return int(x.n).to_bytes(48, "big") + int(y.n).to_bytes(48, "big")


def g2_off_subgroup() -> bytes:
    """96 octets of a point on the twist, outside the subgroup."""
    for x in count(1):
        try:
            point = decompress_G2((_COMPRESSED, x))  # type: ignore[arg-type]
        except ValueError:
            continue
        if not is_inf(multiply(point, curve_order)):
            return _COMPRESSED.to_bytes(48, "big") + x.to_bytes(48, "big")
    raise AssertionError("the twist has points outside the subgroup")


OFF_SUBGROUP = {
    "order 3": point_of_order(3),
    "order 11": point_of_order(11),
    "order of the whole cofactor": point_of_order(COFACTOR_EXPONENT),
    "unrestricted": next(on_curve_points()),
}
