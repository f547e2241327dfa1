"""Weak Boneh-Boyen signatures on numbers, and the table of those on the 4096 digits.

Proving 0 <= d < 4096 is showing that d is a signed digit. The signatures S_i = (x+i)^-1 G are public. The key x is
destroyed when they are made: whoever has it can sign -1.

Relation of one signature: pair(S_i, X + i P2) = pair(G, P2). Legend: x key, X = x P2, G the base; for the digits X_d
and G_d, for a set (`membership_set`) X_s and G_s. Source: [CCS08], [PROTOCOL 3].
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from circuits.curve import G1, G2, Curve, FixedBase
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Malformed, Misuse, Rejected
from circuits.records.issuer import IssuerRecord
from circuits.scalar import ORDER, batch_inverse
from circuits.sigma.coins import draw_coins
from circuits.suite import Suite

DIGITS = 4096
TABLE_OCTETS = DIGITS * 48


def make_table(suite: Suite, base: G1, entropy: Entropy = SYSTEM) -> tuple[bytes, bytes]:
    """(X_d as 96 octets, the table as 196,608). The key lives in this call only."""
    public_key, entries = sign_numbers(suite.curve, base, range(DIGITS), entropy, "the digit key hits a digit")
    return public_key, b"".join(entries)


def sign_numbers(
    curve: Curve, base: G1, numbers: Iterable[int], entropy: Entropy, hit: str
) -> tuple[bytes, list[bytes]]:
    """(X as 96 octets, each S_i as 48) under a fresh key, which lives in this call only.

    Raises `Misuse`, which says `hit`, when the key is the negative of a number: by no chance.
    """
    key = entropy.scalar()
    divisors = [(key + number) % ORDER for number in numbers]
    if 0 in divisors:
        raise Misuse(f"{hit}; draw again")
    table = curve.fixed_base(base)
    signatures = [curve.encode_g1(table.multiple(value)) for value in batch_inverse(divisors)]
    return curve.encode_g2(curve.multiply_g2(curve.g2_generator(), key)), signatures


def check_signed(
    curve: Curve, base: G1, key: G2, numbers: Sequence[int], signatures: Sequence[G1], entropy: Entropy
) -> None:
    """Check signatures[i] on numbers[i], all by one pairing equation with 128-bit coins.

    The caller owes: points of the subgroup. Raises `Rejected` with code `unsigned`, which the caller makes its own.
    """
    coins = draw_coins(entropy, len(signatures))
    left = curve.combine(signatures, coins)
    right = curve.combine(
        [base, *signatures], [sum(coins), *(-coin * number for coin, number in zip(coins, numbers, strict=True))]
    )
    if not curve.pairing_product_is_one([(left, key), (curve.negate(right), curve.g2_generator())]):
        raise Rejected("unsigned", "a number is not signed")


@dataclass(frozen=True, eq=False)
class DigitTable:
    """A digit table that `check_digit_table` has checked against its issuer's record. `octets`: 196,608."""

    issuer: IssuerRecord
    octets: bytes

    def signature(self, digit: int) -> FixedBase:
        """S_digit, prepared for multiplication; the few digits in use stay prepared. `Misuse` outside [0, 4095]."""
        if not 0 <= digit < DIGITS:
            raise Misuse("a digit lies in [0, 4095]")
        return _prepared(self, digit)


@lru_cache(maxsize=32)
def _prepared(table: DigitTable, digit: int) -> FixedBase:
    curve = table.issuer.suite.curve
    return curve.fixed_base(curve.decode_g1(table.octets[48 * digit : 48 * digit + 48]), passing=True)


def check_digit_table(record: IssuerRecord, table: bytes, entropy: Entropy = SYSTEM) -> DigitTable:
    """The table, once its hash, the encoding and subgroup of every entry, and all 4096 signatures (by one pairing
    equation with 128-bit coins) are checked against the issuer's record. About half a second; do it once per wallet.

    Raises `Malformed`, or `Rejected` with code `digit-table`. Source: [PROTOCOL 3].
    """
    if len(table) != TABLE_OCTETS:
        raise Malformed("a digit table has 196,608 octets")
    if hashlib.sha256(table).digest() != record.table_hash:
        raise Rejected("digit-table", "the digit table is not the one that the issuer's record names")
    curve = record.suite.curve
    points = [curve.decode_g1(table[at : at + 48]) for at in range(0, TABLE_OCTETS, 48)]
    try:
        check_signed(curve, record.digit_base, record.digit_point, range(DIGITS), points, entropy)
    except Rejected:
        raise Rejected("digit-table", "an entry of the digit table is not a signature on its digit") from None
    return DigitTable(record, table)
