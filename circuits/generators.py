"""create_generators and the named bases of the licence system, all of unknown discrete logarithm to each other.

Everybody recomputes them; none is read from a record. One base in two roles would make one object valid in both, so
each role has its own domain separation tag. Source: [BBS create_generators], [PROTOCOL 2].
"""

from __future__ import annotations

from functools import lru_cache

from circuits.curve import G1
from circuits.encoding import i2osp
from circuits.errors import Misuse
from circuits.suite import Suite


@lru_cache(maxsize=64)
def create_generators(suite: Suite, count: int, api_id: bytes) -> tuple[G1, ...]:
    """`count` points (Q_1, H_1, ..) for an interface; `Misuse` for a count below 1. Source: [BBS create_generators]."""
    if count < 1:
        raise Misuse("at least one generator is needed")
    dst = api_id + b"SIG_GENERATOR_DST_"
    value = suite.expand(api_id + b"MESSAGE_GENERATOR_SEED", api_id + b"SIG_GENERATOR_SEED_", 48)
    points = []
    for index in range(1, count + 1):
        value = suite.expand(value + i2osp(index, 8), api_id + b"SIG_GENERATOR_SEED_", 48)
        points.append(suite.hash_to_g1(value, dst))
    return tuple(points)


@lru_cache(maxsize=256)
def named_base(suite: Suite, api_id: bytes, role: bytes, identifier: bytes) -> G1:
    """hash_to_curve(identifier, api_id || role); `role` is empty for a pseudonym base. Source: [PROTOCOL 2]."""
    if not identifier:
        raise Misuse("a base needs an identifier")
    return suite.hash_to_g1(identifier, api_id + role)


DIGIT_BASE = b"DIGIT_BASE_DST_"
ACCUMULATOR_START = b"ACCUMULATOR_START_DST_"
ESCROW_BASE = b"ESCROW_BASE_DST_"
SET_BASE = b"SET_BASE_DST_"
PSEUDONYM_BASE = b""
