"""Weak Boneh-Boyen signatures on the 4096 digits: proving 0 <= d < 4096 is showing that d is a signed digit.

The table S_i = (x+i)^-1 G_d is public. Its key x is destroyed when the table is made: whoever has it can sign -1.

Relation of one entry: pair(S_i, X_d + i P2) = pair(G_d, P2). Legend: x digit key, X_d = x P2, G_d the digits' base.
Source: [CCS08], [PROTOCOL 3].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from circuits.curve import G1, FixedBase
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
    curve = suite.curve
    key = entropy.scalar()
    divisors = [(key + digit) % ORDER for digit in range(DIGITS)]
    if 0 in divisors:
        raise Misuse("the digit key hits a digit; draw again")
    table = curve.fixed_base(base)
    entries = [curve.encode_g1(table.multiple(value)) for value in batch_inverse(divisors)]
    return curve.encode_g2(curve.multiply_g2(curve.g2_generator(), key)), b"".join(entries)


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
    coins = draw_coins(entropy, DIGITS)
    left = curve.combine(points, coins)
    right = curve.combine(
        [record.digit_base, *points],
        [sum(coins), *(-coin * digit for digit, coin in enumerate(coins))],
    )
    pairs = [(left, record.digit_point), (curve.negate(right), curve.g2_generator())]
    if not curve.pairing_product_is_one(pairs):
        raise Rejected("digit-table", "an entry of the digit table is not a signature on its digit")
    return DigitTable(record, table)
