"""Random coefficients for checking many equations at once.

A non-zero vector of defects survives a combination with uniform 128-bit coins with probability at most 2**-128, as
long as the coins are drawn after the other side has fixed its octets. Source: [SIGMA Batch verification].
"""

from __future__ import annotations

from circuits.entropy import Entropy
from circuits.errors import Misuse

COIN_OCTETS = 16


def draw_coins(entropy: Entropy, count: int) -> list[int]:
    """`count` integers, uniform in [0, 2**128). Draw them after receipt, anew for every check. `Misuse` for none."""
    if count < 1:
        raise Misuse("a combination of nothing proves nothing")
    octets = entropy.octets(COIN_OCTETS * count)
    return [int.from_bytes(octets[at : at + COIN_OCTETS], "little") for at in range(0, len(octets), COIN_OCTETS)]
