"""The escrow's public record: the openers' common key, and each opener's share of it, in G1 only.

No image of the secret in G2 may exist anywhere: with one, anybody could test a guessed identity against old proofs.
The record has no place for one, and a map with one more key does not load. It loads only when the shares and the
common key lie on one polynomial of degree t-1: off it a dealer could keep a key that opens alone, and with a lower
degree fewer than t openers would do.

Legend: kappa secret, G_e its base, K = kappa G_e, K_i = kappa_i G_e, t the threshold. Source: [PROTOCOL 3].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from circuits import generators
from circuits.cached import cached_property
from circuits.curve import G1, FixedBase
from circuits.encoding import decode_map, encode, take_list, take_octets, take_text, take_uint
from circuits.errors import Malformed
from circuits.polynomial import interpolate_points
from circuits.suite import LICENCE_API_ID, SHA256, Suite

MAX_OPENERS = 32
_MAX_OCTETS = 4096


@dataclass(frozen=True)
class EscrowRecord:
    """Who can open together.

    `id` text; `public_key` K and each of `share_keys` K_1..K_n 48 octets; `threshold` t with 2 <= t <= n <= 32;
    `not_before`, `not_after` unix seconds. Raises `Malformed`.
    """

    id: str
    public_key: bytes
    share_keys: tuple[bytes, ...]
    threshold: int
    not_before: int
    not_after: int
    suite: Suite = field(default=SHA256, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not 2 <= self.threshold <= len(self.share_keys) <= MAX_OPENERS:
            raise Malformed("an escrow needs 2 <= threshold <= openers <= 32")
        if self.not_after <= self.not_before:
            raise Malformed("an escrow that ends before it begins")
        if len(set(self.share_keys)) != len(self.share_keys) or self.public_key in self.share_keys:
            raise Malformed("two of the escrow's keys are the same")
        known = {index: self.share_points[index - 1] for index in range(1, self.threshold + 1)}
        others = {0: self.public_point} | {
            index: self.share_points[index - 1] for index in range(self.threshold + 1, len(self.share_keys) + 1)
        }
        curve = self.suite.curve
        for index, point in others.items():
            if not curve.equal(interpolate_points(curve, known, index), point):
                raise Malformed("the escrow's keys do not lie on one polynomial")
        last = known.pop(self.threshold)
        if curve.equal(interpolate_points(curve, known, self.threshold), last):
            raise Malformed("fewer openers than the threshold would do")

    @cached_property
    def public_point(self) -> G1:
        """K."""
        return self.suite.curve.decode_g1(self.public_key)

    @cached_property
    def share_points(self) -> tuple[G1, ...]:
        """K_1 .. K_n."""
        return tuple(self.suite.curve.decode_g1(key) for key in self.share_keys)

    @cached_property
    def base(self) -> G1:
        """G_e."""
        return escrow_base(self.suite, self.id)

    @cached_property
    def tables(self) -> tuple[FixedBase, FixedBase]:
        """G_e and K, prepared for many multiplications."""
        return self.suite.curve.fixed_base(self.base), self.suite.curve.fixed_base(self.public_point)

    @cached_property
    def octets(self) -> bytes:
        """The record as deterministic CBOR."""
        return encode(
            {
                1: 1,
                2: self.id,
                3: self.public_key,
                4: list(self.share_keys),
                5: self.threshold,
                6: self.not_before,
                7: self.not_after,
            }
        )

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the octets."""
        return hashlib.sha256(self.octets).digest()

    @classmethod
    def decode(cls, octets: bytes, suite: Suite = SHA256) -> EscrowRecord:
        """The record of deterministic CBOR octets. Raises `Malformed`."""
        fields = decode_map(octets, _MAX_OCTETS, range(1, 8))
        return cls(
            id=take_text(fields[2]),
            public_key=take_octets(fields[3], 48),
            share_keys=tuple(take_octets(key, 48) for key in take_list(fields[4], MAX_OPENERS)),
            threshold=take_uint(fields[5], 8),
            not_before=take_uint(fields[6]),
            not_after=take_uint(fields[7]),
            suite=suite,
        )


def escrow_base(suite: Suite, escrow_id: str) -> G1:
    """G_e of the escrow called `escrow_id`, hashed, never read from a record. Source: [PROTOCOL 2]."""
    return generators.named_base(suite, LICENCE_API_ID, generators.ESCROW_BASE, escrow_id.encode())
