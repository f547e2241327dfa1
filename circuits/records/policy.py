"""The policy record: which licences suffice, what they must show, and for how long an answer counts.

A policy is data that both sides hold: the gateway decides by it, the wallet answers nothing else. Its loader refuses a
policy that asks for what no holder should give: the handle, the blind or the link secret in any form, a predicate over
text, a predicate on what is disclosed anyway, and more than eight predicates. Source: [PROTOCOL 3, 5].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from circuits.attributes import (
    ATTRIBUTE_COUNT,
    LICENCE_ATTRIBUTES,
    MAX_BOUND,
    MAX_PREDICATES,
    AttributeValue,
    Kind,
    attribute_index,
    check_value,
)
from circuits.cached import cached_property
from circuits.calendar import PERIODS
from circuits.encoding import Value, decode_map, encode, take_list, take_octets, take_text, take_uint
from circuits.errors import Malformed
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord

BOUND_CONSTANT = 0
BOUND_DAY = 1
LONGEST_LEASE_SECONDS = 900
_MAX_OCTETS = 8192
_MAX_VALUES = 300


@dataclass(frozen=True)
class PolicyRecord:
    """What a gateway asks for.

    `id`, `scope` text; `issuers` hashes of the issuer records accepted; `disclosed` (index, allowed values);
    `predicates` (index, BOUND_CONSTANT or BOUND_DAY, value): at least `value`, or at least the day of the challenge
    plus `value`; `escrow_hash` 32 octets, or none for no escrow; `challenge_seconds` life of a challenge;
    `epoch_seconds` the greatest age of an epoch for a first lease, `renewal_seconds` for a renewal; `lease_seconds` at
    most 900; `period` of the pseudonym. Raises `Malformed`.
    """

    id: str
    scope: str
    issuers: tuple[bytes, ...]
    disclosed: tuple[tuple[int, tuple[AttributeValue, ...]], ...]
    predicates: tuple[tuple[int, int, int], ...]
    escrow_hash: bytes
    challenge_seconds: int = 120
    epoch_seconds: int = 900
    renewal_seconds: int = 1800
    lease_seconds: int = LONGEST_LEASE_SECONDS
    period: str = "week"

    def __post_init__(self) -> None:
        if not self.issuers or any(len(issuer) != 32 for issuer in self.issuers):
            raise Malformed("a policy names the issuers it accepts")
        if len(self.escrow_hash) not in (0, 32):
            raise Malformed("an escrow hash has 32 octets")
        if self.period not in PERIODS:
            raise Malformed("unknown period")
        if not 0 < self.lease_seconds <= LONGEST_LEASE_SECONDS:
            raise Malformed("a lease lasts at most 900 seconds")
        if not 0 < self.challenge_seconds <= 300 or not 0 < self.epoch_seconds <= self.renewal_seconds:
            raise Malformed("a time of the policy is out of range")
        _check_disclosed(self.disclosed)
        _check_predicates(self.predicates, {index for index, _ in self.disclosed})

    @cached_property
    def octets(self) -> bytes:
        """The record as deterministic CBOR."""
        disclosed: list[Value] = [[index, list(values)] for index, values in self.disclosed]
        return encode(
            {
                1: 1,
                2: self.id,
                3: self.scope,
                4: list(self.issuers),
                5: disclosed,
                6: [list(predicate) for predicate in self.predicates],
                7: self.escrow_hash,
                8: self.challenge_seconds,
                9: self.epoch_seconds,
                10: self.renewal_seconds,
                11: self.lease_seconds,
                12: self.period,
            }
        )

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the octets; statements carry it."""
        return hashlib.sha256(self.octets).digest()

    @classmethod
    def decode(cls, octets: bytes) -> PolicyRecord:
        """The record of deterministic CBOR octets. Raises `Malformed`."""
        fields = decode_map(octets, _MAX_OCTETS, range(1, 13))
        return cls(
            id=take_text(fields[2]),
            scope=take_text(fields[3]),
            issuers=tuple(take_octets(item, 32) for item in take_list(fields[4], 64)),
            disclosed=tuple(_take_disclosed(item) for item in take_list(fields[5], ATTRIBUTE_COUNT)),
            predicates=tuple(_take_predicate(item) for item in take_list(fields[6], MAX_PREDICATES)),
            escrow_hash=take_octets(fields[7]),
            challenge_seconds=take_uint(fields[8], 32),
            epoch_seconds=take_uint(fields[9], 32),
            renewal_seconds=take_uint(fields[10], 32),
            lease_seconds=take_uint(fields[11], 32),
            period=take_text(fields[12]),
        )


def default_policy(
    issuer: IssuerRecord, escrow: EscrowRecord, jurisdictions: tuple[str, ...] = ("GB",), least_band: int = 2
) -> PolicyRecord:
    """`tier3-insured`: tier 3 in one of `jurisdictions`, good today, covered by at least `least_band`, escrowed."""

    def index(name: str) -> int:
        return attribute_index(LICENCE_ATTRIBUTES, name)

    return PolicyRecord(
        id="tier3-insured",
        scope="autonomous",
        issuers=(issuer.hash,),
        disclosed=((index("tier"), (3,)), (index("jurisdiction"), jurisdictions)),
        predicates=((index("good_until"), BOUND_DAY, 0), (index("cover_band"), BOUND_CONSTANT, least_band)),
        escrow_hash=escrow.hash,
    )


def _check_disclosed(disclosed: tuple[tuple[int, tuple[AttributeValue, ...]], ...]) -> None:
    indexes = [index for index, _ in disclosed]
    if indexes != sorted(set(indexes)) or any(not 0 < index < ATTRIBUTE_COUNT for index in indexes):
        raise Malformed("a policy may not have this attribute disclosed, or not in this order")
    for index, values in disclosed:
        if not values or len(values) > _MAX_VALUES:
            raise Malformed("a disclosed attribute needs the values that suffice")
        for value in values:
            check_value(LICENCE_ATTRIBUTES[index][1], value)


def _check_predicates(predicates: tuple[tuple[int, int, int], ...], disclosed: set[int]) -> None:
    if list(predicates) != sorted(set(predicates)) or len(predicates) > MAX_PREDICATES:
        raise Malformed("a policy has at most eight predicates, in ascending order")
    for index, kind, value in predicates:
        if not 0 < index < ATTRIBUTE_COUNT or index in disclosed:
            raise Malformed("a policy may have no predicate on this attribute")
        if LICENCE_ATTRIBUTES[index][1] not in (Kind.INT, Kind.DAY) or not 0 <= value <= MAX_BOUND:
            raise Malformed("a predicate compares a number with a bound in range")
        if kind not in (BOUND_CONSTANT, BOUND_DAY) or (
            kind == BOUND_DAY and LICENCE_ATTRIBUTES[index][1] is not Kind.DAY
        ):
            raise Malformed("unknown kind of bound")


def _take_disclosed(item: Value) -> tuple[int, tuple[AttributeValue, ...]]:
    pair = take_list(item, 2)
    if len(pair) != 2:
        raise Malformed("a disclosed attribute is an index and its values")
    values: list[AttributeValue] = []
    for value in take_list(pair[1], _MAX_VALUES):
        values.append(take_text(value) if isinstance(value, str) else take_uint(value, 32))
    return take_uint(pair[0], 8), tuple(values)


def _take_predicate(item: Value) -> tuple[int, int, int]:
    triple = take_list(item, 3)
    if len(triple) != 3:
        raise Malformed("a predicate is an index, a kind and a value")
    return take_uint(triple[0], 8), take_uint(triple[1], 8), take_uint(triple[2], 32)
