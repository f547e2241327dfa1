"""Signed sets: made from a key, read, and checked by the wallet that relies on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cbor2

from circuits.attributes import AttributeValue, Kind
from circuits.records import SetRecord
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.recipes.holders import abroad, bands, signed_set, union
from console.conformance.frozen.recipes.points import G2_IDENTITY, G2_OFF_SUBGROUP, bad_points
from console.conformance.frozen.recipes.topic import RecipeError, Topic, cut, difference, lengths, text
from console.conformance.frozen.recipes.world import TODAY, the_world

_WORDS = {Kind.TEXT: "text", Kind.INT: "int", Kind.DAY: "day"}


def recipe(topic: Topic) -> None:
    """Sets of every kind, and what is none."""
    base: dict[str, Leaf] = {"role": "set", "identifier": text("union")}
    topic.accept("base", "named-base", "G_s, hashed from the set's id", base)
    days = signed_set("days", Kind.DAY, (TODAY, TODAY + 300))
    for record, comment in (
        (union(), "four texts; they are signed and listed by their octets, however they are given"),
        (abroad(), "three texts"),
        (bands(), "numbers, the smallest and the largest among them"),
        (days, "two days: the smallest set"),
    ):
        _accepted(topic, record, comment)
    _made_refused(topic)
    _read_refused(topic)
    _check_refused(topic)


def _accepted(topic: Topic, record: SetRecord, comment: str) -> None:
    values: list[Leaf] = [_value(value) for value, _ in record.members]
    own: dict[str, Leaf] = {"set_id": text(record.id), "kind": _WORDS[record.kind], "values": values[::-1]}
    output = topic.accept(record.id, "create-set", comment, own)
    if output["set"] != record.octets.hex():
        raise RecipeError(f"another set {record.id} than the one that statements name")
    topic.accept(f"{record.id}/read", "set-record", f"{comment}: read", base=record.id)
    topic.accept(f"{record.id}/check", "check-set", f"{comment}: every signature", base=record.id)


def _made_refused(topic: Topic) -> None:
    cases: tuple[tuple[str, str, str, list[Leaf]], ...] = (
        ("one", "a set of one would disclose", "text", [_value("GB")]),
        ("none", "no member", "text", []),
        ("repeated", "a member twice", "text", [_value("GB"), _value("IE"), _value("GB")]),
        ("empty-text", "a member without a letter", "text", [_value("GB"), _value("")]),
        ("decomposed", "a text that is not in form C", "text", [_value("GB"), _value("e\u0301")]),
        ("number", "a number among texts", "text", [_value("GB"), _value(1)]),
        ("text", "a text among numbers", "int", [_value(1), _value("GB")]),
        ("large", "2^32 is no number", "int", [_value(1), _value(2**32)]),
        ("scalars", "handles are in no set", "scalar", [_value(1), _value(2)]),
    )
    for name, comment, kind, values in cases:
        own: dict[str, Leaf] = {"set_id": text("wrong"), "kind": kind, "values": values}
        topic.refuse(f"create/{name}", "create-set", comment, "malformed", own)


def _read_refused(topic: Topic) -> None:
    octets = union().octets
    values: dict[int, Any] = cbor2.loads(octets)
    for name, comment, members in _spoilt_records(values):
        spoilt = cbor2.dumps({**values, **members}, canonical=True)
        change = difference("set", name, octets, spoilt)
        topic.refuse(f"read/{name}", "set-record", comment, "malformed", base="union", change=change)
    for name, comment, change in lengths("set", octets.hex()):
        topic.refuse(f"read/{name}", "set-record", comment, "malformed", base="union", change=change)
    long_key = cut("set", "a key", 1, 2, b"\x18\x01")
    topic.refuse("read/long-key", "set-record", "a key in two octets", "malformed", base="union", change=long_key)
    indefinite = cut("set", "map", 0, 1, b"\xbf")
    topic.refuse("read/indefinite", "set-record", "an open map", "malformed", base="union", change=indefinite)


def _spoilt_records(values: dict[int, Any]) -> Iterator[tuple[str, str, dict[int, Any]]]:
    first, second, *rest = values[5]
    yield "version", "another version", {1: 2}
    yield "id", "an id of octets", {2: b"union"}
    yield "kind-scalar", "a set of handles", {3: 0}
    yield "kind-unknown", "no kind", {3: 9}
    yield "kind-other", "texts in a set of numbers", {3: int(Kind.INT)}
    yield "key-identity", "X_s is the identity", {4: G2_IDENTITY}
    yield "key-off-subgroup", "X_s lies outside the subgroup", {4: G2_OFF_SUBGROUP}
    yield "key-short", "X_s an octet short", {4: values[4][:-1]}
    yield "one", "one member", {5: [first]}
    yield "descending", "members in descending order", {5: values[5][::-1]}
    yield "repeated", "a member twice", {5: [first, first, second]}
    yield "number", "a number among texts", {5: [[1, first[1]], second]}
    yield "bare", "members without signatures", {5: [first[0], second[0]]}
    yield "triple", "a member of three parts", {5: [[*first, 0], second, *rest]}
    yield "signature-short", "a signature of 47 octets", {5: [[first[0], first[1][:-1]], second]}
    yield "member-more", "a member of the record more", {6: b""}
    for name, comment, bad in bad_points(first[1]):
        yield f"S/{name}", f"a signature: {comment}", {5: [[first[0], bad], second]}


def _check_refused(topic: Topic) -> None:
    values: dict[int, Any] = cbor2.loads(union().octets)
    (one, first), (other, second), *rest = values[5]
    negated = bytes([first[0] ^ 0x20]) + first[1:]
    digit = the_world().digit_signature(5)
    cases: tuple[tuple[str, str, dict[int, Any]], ...] = (
        ("swapped", "two signatures in each other's place", {5: [[one, second], [other, first], *rest]}),
        ("negated", "a signature negated", {5: [[one, negated], [other, second], *rest]}),
        ("added", "a member that the key never signed", {5: [[one, first], ["DK", second], *rest]}),
        ("digit", "a signature of the digit table", {5: [[one, digit], [other, second], *rest]}),
        ("key", "the key of another set", {4: abroad().public_key}),
        ("id", "another id, and so another base", {2: "reunion"}),
    )
    for name, comment, members in cases:
        members = {**values, **members}
        members[5] = sorted(members[5])
        spoilt = cbor2.dumps(members, canonical=True)
        change = difference("set", name, union().octets, spoilt)
        topic.refuse(f"check/{name}", "check-set", comment, "set", base="union", change=change)


def _value(value: AttributeValue) -> Leaf:
    return {"text": text(value)} if isinstance(value, str) else {"number": str(value)}
