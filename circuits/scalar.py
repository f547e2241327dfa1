"""Scalars: Python integers modulo r, the order of the BLS12-381 groups, and their octets.

`inverse` is blinded, because Python's modular inverse takes a time that depends on its argument. The rest of the
arithmetic is Python's own and is not constant time either; SECURITY.md says so.
"""

from __future__ import annotations

from circuits.entropy import SYSTEM
from circuits.errors import Malformed, Misuse
from circuits.order import ORDER as ORDER

SCALAR_OCTETS = 32


def encode_scalar(value: int) -> bytes:
    """S(x): 32 octets, big-endian. Raises `Misuse` outside [0, r-1]. Source: [BBS 4.2.4.1]."""
    if not 0 <= value < ORDER:
        raise Misuse("scalar out of range")
    return value.to_bytes(SCALAR_OCTETS, "big")


def decode_scalar(octets: bytes) -> int:
    """The scalar in [0, r-1] of 32 big-endian octets; `Malformed` for another length or a value of r and above."""
    if len(octets) != SCALAR_OCTETS:
        raise Malformed("a scalar has 32 octets")
    value = int.from_bytes(octets, "big")
    if value >= ORDER:
        raise Malformed("scalar not below the group order")
    return value


def inverse(value: int) -> int:
    """1/value mod r, computed on a randomly blinded argument. Raises `Misuse` for zero."""
    value %= ORDER
    if value == 0:
        raise Misuse("zero has no inverse")
    blind = SYSTEM.scalar()
    return blind * pow(value * blind % ORDER, -1, ORDER) % ORDER


def batch_inverse(values: list[int]) -> list[int]:
    """The inverses of all `values` by one inversion (Montgomery's trick). Raises `Misuse` when one of them is zero."""
    running, prefix = 1, []
    for value in values:
        prefix.append(running)
        running = running * value % ORDER
    back = inverse(running)
    out = [0] * len(values)
    for index in range(len(values) - 1, -1, -1):
        out[index] = back * prefix[index] % ORDER
        back = back * values[index] % ORDER
    return out
