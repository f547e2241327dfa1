"""The laws that every curve backend obeys.

Points are opaque: only a backend looks inside. Scalars are Python integers; a backend reduces them modulo r. Decoding
is strict: exact length, canonical coordinates, on the curve, in the subgroup of order r.

Legend: FIELD the modulus p of the base field; G1 (48 octets compressed), G2 (96); BP1, BP2 their standard generators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NewType, Protocol

G1 = NewType("G1", object)
G2 = NewType("G2", object)

FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
G1_OCTETS = 48
G1_AFFINE_OCTETS = 96
G2_OCTETS = 96


class FixedBase(Protocol):
    """A G1 point with whatever table makes its multiples cheap."""

    def multiple(self, scalar: int) -> G1:
        """scalar * point."""


class Curve(Protocol):
    """BLS12-381: two groups and a pairing. Source: [PFC 4.2.1]."""

    @property
    def name(self) -> str:
        """`arkworks` or `reference`."""

    def g1_generator(self) -> G1:
        """BP1."""

    def g1_identity(self) -> G1:
        """O."""

    def decode_g1(self, octets: bytes) -> G1:
        """A point of the subgroup other than O from 48 octets; `Malformed` for anything else."""

    def decode_g1_or_identity(self, octets: bytes) -> G1:
        """As `decode_g1`, but the one canonical encoding of O is read too."""

    def decode_g1_affine(self, octets: bytes) -> G1:
        """A point on the curve other than O from 96 octets x || y. NO subgroup check: the caller owes it for what it
        computes from the point. `Malformed` for anything else."""

    def encode_g1(self, point: G1) -> bytes:
        """48 octets, compressed."""

    def encode_g1_affine(self, point: G1) -> bytes:
        """96 octets x || y; `Misuse` for O."""

    def add(self, left: G1, right: G1) -> G1:
        """left + right."""

    def negate(self, point: G1) -> G1:
        """-point."""

    def multiply(self, point: G1, scalar: int) -> G1:
        """scalar * point."""

    def combine(self, points: Sequence[G1], scalars: Sequence[int]) -> G1:
        """sum scalars[i] * points[i]. `Misuse` for unequal lengths; O for none."""

    def sum(self, points: Sequence[G1]) -> G1:
        """The sum of all points; O for none."""

    def fixed_base(self, point: G1, passing: bool = False) -> FixedBase:
        """`point` prepared for many multiplications; for fewer, where it is `passing`: one epoch's or one day's."""

    def combine_fixed(self, bases: Sequence[FixedBase], scalars: Sequence[int]) -> G1:
        """sum scalars[i] * bases[i]. `Misuse` for unequal lengths."""

    def equal(self, left: G1, right: G1) -> bool:
        """Whether two G1 points are the same."""

    def is_identity(self, point: G1) -> bool:
        """Whether the point is O."""

    def in_subgroup(self, point: G1) -> bool:
        """Whether r * point is O."""

    def hash_to_g1(self, message: bytes, dst: bytes) -> G1:
        """RFC 9380 BLS12381G1_XMD:SHA-256_SSWU_RO_. `Misuse` for an empty DST or one over 255 octets."""

    def map_to_g1(self, element: int) -> G1:
        """SSWU map of a base field element, cofactor cleared. `Misuse` outside [0, p-1]."""

    def g2_generator(self) -> G2:
        """BP2."""

    def decode_g2(self, octets: bytes) -> G2:
        """A G2 point of the subgroup other than O from 96 octets; `Malformed` for anything else."""

    def encode_g2(self, point: G2) -> bytes:
        """96 octets, compressed."""

    def add_g2(self, left: G2, right: G2) -> G2:
        """left + right in G2."""

    def multiply_g2(self, point: G2, scalar: int) -> G2:
        """scalar * point in G2."""

    def pairing_product_is_one(self, pairs: Sequence[tuple[G1, G2]]) -> bool:
        """Whether the product of the pairings is 1. `Misuse` for no pairs: an empty product would pass."""
