"""The issuer's keys and its table of signed digits: 196,608 octets, made again from the key instead of being listed."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from circuits.entropy import ReplayEntropy
from circuits.generators import DIGIT_BASE, named_base
from circuits.scalar import ORDER, inverse
from circuits.setup import create_issuer as make_issuer
from circuits.suite import LICENCE_API_ID, Suite
from circuits.weak_bb import check_digit_table, make_table
from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given

_LISTED = (0, 1, 2, 255, 4095)


def create_issuer(given: Given) -> dict[str, Leaf]:
    """The issuer's record and some entries of its table. Draws the BBS key, then the digit key."""
    made = make_issuer(given.text("issuer_id"), given.text("profile_id"), given.suite, given.entropy)
    table = made.digit_table
    return {
        "issuer": made.record.octets.hex(),
        "table_hash": hashlib.sha256(table).hexdigest(),
        "table_entries": [
            {"digit": str(digit), "signature": table[48 * digit : 48 * digit + 48].hex()} for digit in _LISTED
        ],
    }


def signature(given: Given) -> dict[str, Leaf]:
    """S_d of one digit, from the digit key and the issuer's id."""
    digit = given.number("digit")
    if not 0 <= digit < 4096:
        raise BadVector("no such digit")
    base = named_base(given.suite, LICENCE_API_ID, DIGIT_BASE, given.octets("issuer_id"))
    point = given.suite.curve.multiply(base, inverse((given.scalar("digit_secret_key") + digit) % ORDER))
    return {"digit_signature": given.suite.curve.encode_g1(point).hex()}


def check_table(given: Given) -> dict[str, Leaf]:
    """The table of `digit_secret_key`, with `table_changes` made in it, against the issuer's record."""
    _, whole = digit_table(given.suite, given.octets("issuer_id"), given.scalar("digit_secret_key"))
    table = bytearray(whole)
    for item in given.inner("table_changes"):
        at, octets = item.number("at"), item.octets("octets")
        table[at : at + len(octets)] = octets
    check_digit_table(given.issuer, bytes(table[: given.number("table_octets")]))
    return {}


@lru_cache(maxsize=2)
def digit_table(suite: Suite, issuer_id: bytes, key: int) -> tuple[bytes, bytes]:
    """(X_d, the table) of a digit key."""
    base = named_base(suite, LICENCE_API_ID, DIGIT_BASE, issuer_id)
    return make_table(suite, base, ReplayEntropy([key]))
