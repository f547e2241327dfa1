"""The issuer's public record: its BBS key, its digit key and table, and the licence profile it signs.

Legend: W issuer key in G2, X_d digit key in G2, Q_1 H_0..H_9 generators, Q_2 the blind's base (H_10), J_1 the link
secret's base (H_11), G_d the digits' base. Source: [PROTOCOL 2, 3].
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from circuits import generators
from circuits.attributes import (
    ATTRIBUTE_COUNT,
    LICENCE_ATTRIBUTES,
    MESSAGE_COUNT,
    AttributeValue,
    Kind,
    attribute_index,
    attribute_scalar,
)
from circuits.bbs import octets as bbs_octets
from circuits.cached import cached_property
from circuits.curve import G1, G2, FixedBase
from circuits.encoding import decode_map, encode, i2osp, take_list, take_octets, take_text, take_uint
from circuits.errors import Malformed
from circuits.suite import LICENCE_API_ID, SHA256, Suite

_MAX_OCTETS = 2048


@dataclass(frozen=True)
class IssuerRecord:
    """Who signs licences, and what a licence holds.

    `id`, `profile_id` text; `api_id`, `header` octets; `public_key` W and `digit_key` X_d 96 octets each; `table_hash`
    32 octets; `attributes` ten (name, kind). Building one checks every point, so a record that exists is sound.
    Raises `Malformed`.
    """

    id: str
    profile_id: str
    public_key: bytes
    digit_key: bytes
    table_hash: bytes
    attributes: tuple[tuple[str, Kind], ...] = LICENCE_ATTRIBUTES
    api_id: bytes = LICENCE_API_ID
    suite: Suite = field(default=SHA256, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.attributes) != ATTRIBUTE_COUNT or self.attributes[0] != LICENCE_ATTRIBUTES[0]:
            raise Malformed("a licence profile has ten attributes, the handle first")
        if len({name for name, _ in self.attributes}) != ATTRIBUTE_COUNT:
            raise Malformed("two attributes share a name")
        # Statements and stored credentials have room for 32 bits, and the handle is never shown.
        if any(kind not in (Kind.INT, Kind.TEXT, Kind.DAY) for _, kind in self.attributes[1:]):
            raise Malformed("an attribute beside the handle is a number, a text or a day")
        if self.api_id != LICENCE_API_ID:
            raise Malformed("unknown interface identifier")
        if len(self.table_hash) != 32:
            raise Malformed("a table hash has 32 octets")
        if self.public_key == self.digit_key:
            raise Malformed("one key in two roles")
        _ = self.public_point, self.digit_point

    @cached_property
    def public_point(self) -> G2:
        """W."""
        return self.suite.curve.decode_g2(self.public_key)

    @cached_property
    def digit_point(self) -> G2:
        """X_d."""
        return self.suite.curve.decode_g2(self.digit_key)

    @cached_property
    def header(self) -> bytes:
        """The BBS header, the same for every holder: detCBOR [issuer id, profile id, 1]."""
        return encode([self.id, self.profile_id, 1])

    @cached_property
    def octets(self) -> bytes:
        """The record as deterministic CBOR."""
        return encode(
            {
                1: 1,
                2: self.id,
                3: self.profile_id,
                4: self.api_id,
                5: self.header,
                6: self.public_key,
                7: self.digit_key,
                8: self.table_hash,
                9: [[name, int(kind)] for name, kind in self.attributes],
            }
        )

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the octets; statements carry it."""
        return hashlib.sha256(self.octets).digest()

    @cached_property
    def q1(self) -> G1:
        """Q_1."""
        return generators.create_generators(self.suite, ATTRIBUTE_COUNT + 1, self.api_id)[0]

    @cached_property
    def message_bases(self) -> tuple[G1, ...]:
        """H_0..H_9, Q_2, J_1: the bases of the twelve signed scalars."""
        own = generators.create_generators(self.suite, ATTRIBUTE_COUNT + 1, self.api_id)
        return own[1:] + generators.create_generators(self.suite, 2, b"BLIND_" + self.api_id)

    @cached_property
    def message_tables(self) -> tuple[FixedBase, ...]:
        """The message bases, prepared for many multiplications."""
        return tuple(self.suite.curve.fixed_base(base) for base in self.message_bases)

    @cached_property
    def digit_base(self) -> G1:
        """G_d."""
        return generators.named_base(self.suite, self.api_id, generators.DIGIT_BASE, self.id.encode())

    @cached_property
    def digit_base_table(self) -> FixedBase:
        """G_d, prepared for many multiplications."""
        return self.suite.curve.fixed_base(self.digit_base)

    @cached_property
    def domain(self) -> int:
        """The BBS domain, with the pseudonym draft's header || I8(1). Its length is the record's, never the wire's."""
        bases = (self.q1, *self.message_bases)
        return bbs_octets.domain(self.suite, self.public_key, bases, self.header + i2osp(1, 8), self.api_id)

    @cached_property
    def base_point(self) -> G1:
        """P1 + domain * Q_1, which every B of this issuer begins with."""
        curve = self.suite.curve
        return curve.add(self.suite.p1, curve.multiply(self.q1, self.domain))

    def index(self, name: str) -> int:
        """The index of the attribute called `name`; `Misuse` when there is none."""
        return attribute_index(self.attributes, name)

    def scalars(self, attributes: Sequence[AttributeValue]) -> list[int]:
        """The ten signed scalars of ten attribute values; `Malformed` for a wrong number or kind."""
        if len(attributes) != ATTRIBUTE_COUNT:
            raise Malformed("a licence has ten attributes")
        return [self.scalar(index, value) for index, value in enumerate(attributes)]

    def scalar(self, index: int, value: AttributeValue) -> int:
        """The signed scalar of one attribute value; `Malformed` for a wrong kind."""
        return attribute_scalar(self.suite, self.api_id, self.attributes[index][1], value)

    def signed_point(self, messages: Sequence[int]) -> G1:
        """B = P1 + domain Q_1 + sum m_i H_i over twelve scalars."""
        if len(messages) != MESSAGE_COUNT:
            raise Malformed("a licence has twelve signed scalars")
        curve = self.suite.curve
        return curve.add(self.base_point, curve.combine(self.message_bases, messages))

    @classmethod
    def decode(cls, octets: bytes, suite: Suite = SHA256) -> IssuerRecord:
        """The record of deterministic CBOR octets. Raises `Malformed`."""
        fields = decode_map(octets, _MAX_OCTETS, range(1, 10))
        attributes = []
        for item in take_list(fields[9], ATTRIBUTE_COUNT):
            pair = take_list(item, 2)
            if len(pair) != 2:
                raise Malformed("an attribute is a name and a kind")
            kind = take_uint(pair[1], 8)
            if kind not in {int(known) for known in Kind}:
                raise Malformed("unknown kind of attribute")
            attributes.append((take_text(pair[0]), Kind(kind)))
        record = cls(
            id=take_text(fields[2]),
            profile_id=take_text(fields[3]),
            public_key=take_octets(fields[6], 96),
            digit_key=take_octets(fields[7], 96),
            table_hash=take_octets(fields[8], 32),
            attributes=tuple(attributes),
            api_id=take_octets(fields[4]),
            suite=suite,
        )
        if fields[5] != record.header:
            raise Malformed("the header does not name the issuer and its profile")
        return record
