"""The accumulator's public record: the key under which live handles are accumulated.

Legend: alpha secret key, Q_a = alpha P2, V_0 the start value, hashed from the id. An id is never reused.
Source: [PROTOCOL 3].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from circuits import generators
from circuits.cached import cached_property
from circuits.curve import G1, G2
from circuits.encoding import decode_map, encode, take_octets, take_text
from circuits.suite import LICENCE_API_ID, SHA256, Suite

_MAX_OCTETS = 1024


@dataclass(frozen=True)
class AccumulatorRecord:
    """`id`, `issuer_id` text; `public_key` Q_a, 96 octets, checked when built. Raises `Malformed`."""

    id: str
    issuer_id: str
    public_key: bytes
    suite: Suite = field(default=SHA256, compare=False, repr=False)

    def __post_init__(self) -> None:
        _ = self.public_point

    @cached_property
    def public_point(self) -> G2:
        """Q_a."""
        return self.suite.curve.decode_g2(self.public_key)

    @cached_property
    def start_point(self) -> G1:
        """V_0."""
        return generators.named_base(self.suite, LICENCE_API_ID, generators.ACCUMULATOR_START, self.id.encode())

    @cached_property
    def start_value(self) -> bytes:
        """V_0 as 48 octets: the accumulator's value while nobody is revoked."""
        return self.suite.curve.encode_g1(self.start_point)

    @cached_property
    def octets(self) -> bytes:
        """The record as deterministic CBOR."""
        return encode({1: 1, 2: self.id, 3: self.issuer_id, 4: self.public_key})

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the octets."""
        return hashlib.sha256(self.octets).digest()

    @classmethod
    def decode(cls, octets: bytes, suite: Suite = SHA256) -> AccumulatorRecord:
        """The record of deterministic CBOR octets. Raises `Malformed`."""
        fields = decode_map(octets, _MAX_OCTETS, range(1, 5))
        return cls(take_text(fields[2]), take_text(fields[3]), take_octets(fields[4], 96), suite)
