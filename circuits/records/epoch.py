"""The epoch record: the accumulator's value from one time to another, chained to the epoch before it.

Source: [PROTOCOL 3].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from circuits.cached import cached_property
from circuits.curve import G1, FixedBase
from circuits.encoding import decode_map, encode, take_octets, take_uint
from circuits.errors import Malformed
from circuits.suite import SHA256, Suite

_MAX_OCTETS = 512
GENESIS = bytes(32)


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of an accumulator.

    `accumulator_hash`, `previous` (hash of the epoch record before, zeros at number 0) and `entries_hash` (SHA-256 of
    this epoch's 80-octet entries) 32 octets; `value` V, 48; `not_before`, `next_update` unix seconds; `floor` the
    oldest epoch whose leases are still good; `entries_count` the number of this epoch's entries. Raises `Malformed`.
    """

    accumulator_hash: bytes
    number: int
    value: bytes
    not_before: int
    next_update: int
    floor: int
    previous: bytes
    entries_hash: bytes
    entries_count: int
    suite: Suite = field(default=SHA256, compare=False, repr=False)

    def __post_init__(self) -> None:
        _ = self.point
        if self.floor > self.number:
            raise Malformed("a floor above its own epoch")
        if self.next_update <= self.not_before:
            raise Malformed("an epoch that ends before it begins")
        if (self.number == 0) != (self.previous == GENESIS):
            raise Malformed("the first epoch alone has no predecessor")

    @cached_property
    def point(self) -> G1:
        """V."""
        return self.suite.curve.decode_g1(self.value)

    @cached_property
    def table(self) -> FixedBase:
        """V, prepared for multiplication during this epoch."""
        return self.suite.curve.fixed_base(self.point, passing=True)

    @cached_property
    def octets(self) -> bytes:
        """The record as deterministic CBOR."""
        return encode(
            {
                1: 1,
                2: self.accumulator_hash,
                3: self.number,
                4: self.value,
                5: self.not_before,
                6: self.next_update,
                7: self.floor,
                8: self.previous,
                9: self.entries_hash,
                10: self.entries_count,
            }
        )

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the octets."""
        return hashlib.sha256(self.octets).digest()

    @classmethod
    def decode(cls, octets: bytes, suite: Suite = SHA256) -> EpochRecord:
        """The record of deterministic CBOR octets. Raises `Malformed`."""
        fields = decode_map(octets, _MAX_OCTETS, range(1, 11))
        return cls(
            accumulator_hash=take_octets(fields[2], 32),
            number=take_uint(fields[3]),
            value=take_octets(fields[4], 48),
            not_before=take_uint(fields[5]),
            next_update=take_uint(fields[6]),
            floor=take_uint(fields[7]),
            previous=take_octets(fields[8], 32),
            entries_hash=take_octets(fields[9], 32),
            entries_count=take_uint(fields[10]),
            suite=suite,
        )
