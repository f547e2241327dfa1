"""Polynomials over the scalars, for sharing a secret among openers and putting it together again.

Legend: shares live at x = 1..n, the secret at x = 0, lambda_i the Lagrange coefficient of share i. Source: [SHAMIR79].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from circuits.curve import G1, Curve
from circuits.entropy import Entropy
from circuits.errors import Misuse
from circuits.scalar import ORDER, batch_inverse


def share_secret(threshold: int, count: int, entropy: Entropy) -> tuple[int, list[int]]:
    """A random nonzero secret and its `count` shares, at x = 1..count, any `threshold` of which give it back."""
    coefficients = [entropy.scalar() for _ in range(threshold)]
    return coefficients[0], [_evaluate(coefficients, x) for x in range(1, count + 1)]


def lagrange(indexes: Iterable[int], at: int = 0) -> dict[int, int]:
    """lambda_i for each of the distinct `indexes`, to interpolate at `at`. `Misuse` for a repeated index or none."""
    points = list(indexes)
    if not points or len(set(points)) != len(points):
        raise Misuse("interpolation needs distinct indexes")
    denominators = []
    numerators = []
    for mine in points:
        numerator = denominator = 1
        for other in points:
            if other != mine:
                numerator = numerator * (at - other) % ORDER
                denominator = denominator * (mine - other) % ORDER
        numerators.append(numerator)
        denominators.append(denominator)
    inverses = batch_inverse(denominators)
    return {index: n * d % ORDER for index, n, d in zip(points, numerators, inverses, strict=True)}


def interpolate_points(curve: Curve, points: Mapping[int, G1], at: int = 0) -> G1:
    """The value at `at` of the polynomial in the exponent through `points`, by index. `Misuse` for none."""
    weights = lagrange(points, at)
    return curve.combine([points[index] for index in weights], list(weights.values()))


def _evaluate(coefficients: list[int], x: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x + coefficient) % ORDER
    return value
