"""The issuer's keys, and the table of digits."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from circuits.records import IssuerRecord
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.operations.digits import digit_table
from console.conformance.frozen.recipes.points import IDENTITY, ORDER_3
from console.conformance.frozen.recipes.topic import Topic, text
from console.conformance.frozen.recipes.world import ISSUER_ID, PROFILE_ID, scalar, the_world

_WHOLE = 4096 * 48


def recipe(topic: Topic) -> None:
    """An issuer from two scalars, single digits, and damaged tables whose hash the record names."""
    world = the_world()
    ids = {"issuer_id": text(ISSUER_ID), "profile_id": text(PROFILE_ID)}
    topic.accept(
        "create-issuer", "create-issuer", "record and table from a BBS key and a digit key drawn in this order", ids
    )
    key: dict[str, Leaf] = {"issuer_id": text(ISSUER_ID), "digit_secret_key": scalar(world.digit_secret_key)}
    for digit in (0, 1, 2, 3, 300, 4094, 4095):
        topic.accept(f"digit-{digit}", "digit-signature", "S_d = (x+d)^-1 G_d", {**key, "digit": str(digit)})
    topic.accept(
        "table",
        "check-digit-table",
        "the table of the key, all 196,608 octets",
        {**key, "issuer": world.issuer.octets.hex(), "table_octets": str(_WHOLE), "table_changes": []},
    )
    _refused(topic, world.issuer, _table())


def _table() -> bytes:
    world = the_world()
    return digit_table(world.issuer.suite, ISSUER_ID.encode(), world.digit_secret_key)[1]


def _refused(topic: Topic, issuer: IssuerRecord, table: bytes) -> None:
    first, second = table[:48], table[48:96]
    swapped: list[Leaf] = [_at(0, second), _at(48, first)]
    cases: list[tuple[str, str, str, list[Leaf], bool]] = [
        ("another-entry", "an entry that the record's hash does not cover", "digit-table", [_at(0, second)], False),
        ("swapped", "two entries in each other's place, with their hash in the record", "digit-table", swapped, True),
        ("identity", "an entry is the identity, with its hash", "malformed", [_at(0, IDENTITY)], True),
        ("order-3", "an entry is a point of order 3, with its hash", "malformed", [_at(0, ORDER_3)], True),
    ]
    for name, comment, code, changes, hashed in cases:
        record = replace(issuer, table_hash=hashlib.sha256(_changed(table, changes)).digest()) if hashed else issuer
        own: dict[str, Leaf] = {"table_changes": changes, "issuer": record.octets.hex()}
        topic.refuse(f"table/{name}", "check-digit-table", comment, code, own, base="table")
    short: dict[str, Leaf] = {"table_octets": str(_WHOLE - 48)}
    topic.refuse("table/short", "check-digit-table", "the last entry is missing", "malformed", short, base="table")


def _at(at: int, octets: bytes) -> Leaf:
    return {"at": str(at), "octets": octets.hex()}


def _changed(table: bytes, changes: list[Leaf]) -> bytes:
    changed = bytearray(table)
    for item in changes:
        if isinstance(item, dict):
            at, octets = int(str(item["at"])), bytes.fromhex(str(item["octets"]))
            changed[at : at + len(octets)] = octets
    return bytes(changed)
