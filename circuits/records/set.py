"""The set record: values of one attribute, each signed, so that a holder can show one of them without saying which.

S_v = (x+v)^-1 G_s for every member v. The key x is destroyed when the set is made: whoever has it can add a member that
nobody sees. A set never changes; another list of members is another set, with another id.

Legend: x set key, X_s = x P2, G_s the set's base, hashed from its id. Source: [CCS08], docs/protocol.md, section 10.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import pairwise

from circuits import generators
from circuits.attributes import AttributeValue, Kind, attribute_scalar, check_value
from circuits.cached import cached_property
from circuits.curve import G1, G2, FixedBase
from circuits.encoding import Value, decode_map, encode, take_list, take_octets, take_text, take_uint
from circuits.errors import Malformed
from circuits.suite import LICENCE_API_ID, SHA256, Suite

MAX_MEMBERS = 512
MAX_SET_OCTETS = 65536


@dataclass(frozen=True)
class SetRecord:
    """Which values suffice.

    `id` text; `kind` of the attribute, `TEXT`, `INT` or `DAY`; `public_key` X_s 96 octets; `members` (value, S_v of 48
    octets), 2 to 512, ascending. Building one checks every point; the signatures are `check_set`'s. Raises `Malformed`.
    """

    id: str
    kind: Kind
    public_key: bytes
    members: tuple[tuple[AttributeValue, bytes], ...]
    suite: Suite = field(default=SHA256, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in (Kind.TEXT, Kind.INT, Kind.DAY):
            raise Malformed("a set holds texts, numbers or days")
        if not 2 <= len(self.members) <= MAX_MEMBERS:
            raise Malformed("a set has 2 to 512 members")  # a set of one would disclose
        for value, _ in self.members:
            check_value(self.kind, value)
        order = [member_order(value) for value, _ in self.members]
        if any(one >= other for one, other in pairwise(order)):
            raise Malformed("the members of a set stand in ascending order")
        _ = self.public_point, self.signatures

    @cached_property
    def public_point(self) -> G2:
        """X_s."""
        return self.suite.curve.decode_g2(self.public_key)

    @cached_property
    def base(self) -> G1:
        """G_s."""
        return set_base(self.suite, self.id)

    @cached_property
    def base_table(self) -> FixedBase:
        """G_s, prepared for many multiplications."""
        return self.suite.curve.fixed_base(self.base)

    @cached_property
    def signatures(self) -> dict[int, G1]:
        """S_v by the scalar of v."""
        decode = self.suite.curve.decode_g1
        return {self.scalar(value): decode(signature) for value, signature in self.members}

    @cached_property
    def octets(self) -> bytes:
        """The record as deterministic CBOR."""
        members: list[Value] = [[value, signature] for value, signature in self.members]
        return encode({1: 1, 2: self.id, 3: int(self.kind), 4: self.public_key, 5: members})

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the octets; statements carry it."""
        return hashlib.sha256(self.octets).digest()

    def scalar(self, value: AttributeValue) -> int:
        """The scalar of a value, as it is signed in a credential."""
        return attribute_scalar(self.suite, LICENCE_API_ID, self.kind, value)

    @classmethod
    def decode(cls, octets: bytes, suite: Suite = SHA256) -> SetRecord:
        """The record of deterministic CBOR octets. Raises `Malformed`."""
        fields = decode_map(octets, MAX_SET_OCTETS, range(1, 6))
        kind = take_uint(fields[3], 8)
        if kind not in {int(known) for known in Kind}:
            raise Malformed("unknown kind of attribute")
        return cls(
            id=take_text(fields[2]),
            kind=Kind(kind),
            public_key=take_octets(fields[4], 96),
            members=tuple(_take_member(item) for item in take_list(fields[5], MAX_MEMBERS)),
            suite=suite,
        )


def set_base(suite: Suite, set_id: str) -> G1:
    """G_s of the set called `set_id`, hashed, never read from a record."""
    return generators.named_base(suite, LICENCE_API_ID, generators.SET_BASE, set_id.encode())


def member_order(value: AttributeValue) -> bytes:
    """By what the members of one kind, which are checked before, stand in ascending order."""
    return value.encode() if isinstance(value, str) else value.to_bytes(32)


def _take_member(item: Value) -> tuple[AttributeValue, bytes]:
    pair = take_list(item, 2)
    if len(pair) != 2:
        raise Malformed("a member of a set is a value and its signature")
    value = take_text(pair[0]) if isinstance(pair[0], str) else take_uint(pair[0], 32)
    return value, take_octets(pair[1], 48)
