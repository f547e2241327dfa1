"""The unit of everything: one pairing check of two pairs, with the curve library that this project uses."""

from __future__ import annotations

import time
from collections.abc import Callable

from circuits.curve import default

Yardstick = Callable[[], float]
"""Does the check once and gives its microseconds of processor time."""

_SCALAR = 0x1234567 << 200


def pairing_check() -> Yardstick:
    """e(k g, h) e(-g, k h) = 1, timed."""
    curve = default()
    generator, key = curve.g1_generator(), curve.multiply_g2(curve.g2_generator(), _SCALAR)
    pairs = [(curve.multiply(generator, _SCALAR), curve.g2_generator()), (curve.negate(generator), key)]

    def timed() -> float:
        start = time.process_time()
        if not curve.pairing_product_is_one(pairs):
            raise ArithmeticError("the yardstick's own equation does not hold")
        return (time.process_time() - start) * 1e6

    return timed
