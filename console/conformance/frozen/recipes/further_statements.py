"""Statement octets of further nodes: made, read back, and what cannot be said or read."""

from __future__ import annotations

from typing import Any

import cbor2

from console.conformance.frozen.document import Leaf
from console.conformance.frozen.recipes.holders import (
    abroad,
    at_most,
    bands,
    beside,
    between,
    equals,
    licensing,
    one_of,
    permits,
    signed,
    union,
)
from console.conformance.frozen.recipes.topic import Topic, difference
from console.conformance.frozen.recipes.world import TODAY, at_least, context, disclose, the_world

TIER, PLACE = disclose(1, 3), disclose(2, "GB")
DIGEST = bytes(range(32))
_UNION = one_of(2, union())
SAID: list[Leaf] = [TIER, at_least(3, TODAY), between(4, 2, 9), _UNION]
SAID_BESIDE: list[Leaf] = [disclose(6, 1), at_least(3, TODAY), at_most(7, 9), one_of(4, bands())]
EQUAL: list[Leaf] = [equals(3, 8), equals(5, 5)]
# The same in short: what is not asked for is shown, so that the proofs are short.
RANGE: list[Leaf] = [TIER, between(4, 2, 9), _UNION, disclose(3, TODAY + 300), disclose(5, "permit-1")]
RANGE += [disclose(6, 1), disclose(7, 7), disclose(8, TODAY + 400), disclose(9, 0)]
SHORT: list[Leaf] = [TIER, PLACE, disclose(4, 5), disclose(6, 1), disclose(7, 7), disclose(8, TODAY + 400)]
SHORT += [disclose(9, 0), *EQUAL]
SHORT_BESIDE: list[Leaf] = [disclose(1, 2), disclose(2, "IE"), disclose(3, TODAY + 200), disclose(6, 1)]
SHORT_BESIDE += [disclose(9, 0), at_most(7, 9), one_of(4, bands())]


def recipe(topic: Topic) -> None:
    """Everything at once, its reading, and the refusals."""
    own: dict[str, Leaf] = {
        **the_world().records,
        **the_world().binding,
        **beside(permits().records),
        "sets": [union().octets.hex(), bands().octets.hex(), abroad().octets.hex()],
        "context": context(),
        "nodes": [*SAID, *EQUAL, signed(DIGEST)],
        "companion_nodes": SAID_BESIDE,
    }
    made = topic.accept("all", "statement", "keys 17 to 20: all that can be said of two credentials", own)
    topic.accept("all/read", "decode-statement", "read back with the records and sets that it names", base="all")
    shuffled: dict[str, Leaf] = {"nodes": [signed(DIGEST), *EQUAL[::-1], *SAID[::-1]]}
    topic.accept("all/order", "statement", "the order of nodes does not matter", shuffled, base="all")
    spelt: dict[str, Leaf] = {"nodes": [TIER, at_least(3, TODAY), at_least(4, 2), at_most(4, 9), *SAID[3:], *EQUAL]}
    topic.accept("all/unsigned", "statement", "a range is its two bounds; no document, no key 20", spelt, base="all")
    bare: dict[str, Leaf] = {"nodes": [], "companion_nodes": [], "escrow": ""}
    topic.accept("bare", "statement", "a companion of which nothing is said: eight empty lists", bare, base="all")
    topic.accept("bare/read", "decode-statement", "the same read", base="bare")
    _nodes_refused(topic)
    _companions_refused(topic)
    _octets_refused(topic, str(made["statement"]))


def _nodes_refused(topic: Topic) -> None:
    cases: tuple[tuple[str, str, list[Leaf]], ...] = (
        ("at-most/handle", "an upper bound on the handle", [at_most(0, 1)]),
        ("at-most/link-secret", "an upper bound on the link secret", [at_most(11, 1)]),
        ("at-most/text", "an upper bound on text", [at_most(5, 1)]),
        ("at-most/shown", "an upper bound on what is shown", [TIER, at_most(1, 3)]),
        ("at-most/twice", "an upper bound twice", [at_most(4, 9), at_most(4, 9)]),
        ("at-most/negative", "an upper bound below zero", [at_most(4, -1)]),
        ("at-most/large", "an upper bound of 2^32 - 4095", [at_most(4, 2**32 - 4095)]),
        ("between/reversed", "a range from behind", [between(4, 6, 5)]),
        ("between/wide", "a range whose ends are 4096 apart", [between(4, 0, 4096)]),
        ("between/repeated", "a range and its own lower bound", [between(4, 2, 9), at_least(4, 2)]),
        ("one-of/handle", "a set of handles", [one_of(0, bands())]),
        ("one-of/blind", "a set for the blind", [one_of(10, bands())]),
        ("one-of/kind", "texts for a number", [one_of(4, union())]),
        ("one-of/kind-day", "numbers for a day", [one_of(3, bands())]),
        ("one-of/shown", "a set for what is shown", [PLACE, _UNION]),
        ("one-of/twice", "a set twice", [_UNION, _UNION]),
        (
            "nine",
            "nine predicates of three kinds",
            [*(at_least(4, bound) for bound in range(5)), *(at_most(4, bound) for bound in range(5, 8)), _UNION],
        ),
        ("ranges", "five ranges are ten predicates", [between(4, bound, 9) for bound in range(5)]),
        ("signed/short", "a digest of 31 octets", [signed(DIGEST[:-1])]),
        ("signed/long", "a digest of 33 octets", [signed(DIGEST + b"\0")]),
        ("signed/twice", "two documents", [signed(DIGEST), signed(DIGEST[::-1])]),
    )
    for name, comment, nodes in cases:
        topic.refuse(f"nodes/{name}", "statement", comment, "misuse", {"nodes": nodes}, base="all")


def _companions_refused(topic: Topic) -> None:
    equal: tuple[tuple[str, str, list[Leaf]], ...] = (
        ("handle", "the handles are equal", [equals(0, 0)]),
        ("link-secret", "what is equal without being said", [equals(11, 11)]),
        ("shown", "an attribute that is shown", [TIER, equals(1, 1)]),
        ("shown-beside", "an attribute that the companion shows", [equals(6, 6)]),
        ("kinds", "a number and a day", [equals(4, 3)]),
        ("twice", "the same pair twice", [equals(5, 5), equals(5, 5)]),
        ("two-to-one", "two of the licence's to one of the companion's", [equals(3, 8), equals(8, 8)]),
    )
    for name, comment, nodes in equal:
        topic.refuse(f"equals/{name}", "statement", comment, "misuse", {"nodes": nodes}, base="all")
    alone: dict[str, Leaf] = {"companion_issuer": "", "nodes": EQUAL}
    topic.refuse("equals/alone", "statement", "nothing to be equal to", "misuse", alone, base="all")
    cases: tuple[tuple[str, str, dict[str, Leaf]], ...] = (
        ("shown-twice", "one attribute shown twice", {"companion_nodes": [disclose(6, 1), disclose(6, 1)]}),
        ("handle", "the companion's handle shown", {"companion_nodes": [disclose(0, 1)]}),
        ("nine", "nine predicates", {"companion_nodes": [at_least(4, bound) for bound in range(9)]}),
        ("accumulator", "an accumulator of another issuer", {"companion_issuer": licensing().records["issuer"]}),
        ("epoch", "an epoch of another accumulator", {"companion_epoch": licensing().records["epoch"]}),
    )
    for name, comment, own in cases:
        topic.refuse(f"companion/{name}", "statement", comment, "misuse", own, base="all")


def _octets_refused(topic: Topic, statement: str) -> None:
    values: dict[int, Any] = cbor2.loads(bytes.fromhex(statement))
    beside_value = values[19]
    set_hash, zero = union().hash, bytes(32)
    cases: list[tuple[str, str, dict[int, Any]]] = [
        ("17/empty", "a key for nothing", {17: []}),
        ("17/moved", "an upper bound as a lower one", {10: [*values[10], *values[17]], 17: []}),
        ("17/window", "another window", {17: [[4, 9, 65536]]}),
        ("17/no-window", "no window", {17: [[4, 9]]}),
        ("17/text", "an upper bound on text", {17: [[5, 9, 4096]]}),
        ("17/descending", "upper bounds in descending order", {17: [[4, 9, 4096], [3, TODAY + 400, 4096]]}),
        ("18/empty", "a key for nothing", {18: []}),
        ("18/unknown", "a set that nobody has", {18: [[2, zero]]}),
        ("18/short", "a hash of 31 octets", {18: [[2, set_hash[:-1]]]}),
        ("18/single", "an index without a set", {18: [[2]]}),
        ("18/triple", "a set and something more", {18: [[2, set_hash, 0]]}),
        ("18/kind", "a set of another kind", {18: [[4, set_hash]]}),
        ("18/descending", "sets in descending order", {18: [[5, abroad().hash], [2, set_hash]]}),
        ("19/empty", "a key for nothing", {19: []}),
        ("19/eight", "eight parts", {19: beside_value[:-1]}),
        ("19/ten", "ten parts", {19: [*beside_value, 0]}),
        ("19/pairs-descending", "pairs in descending order", {19: [*beside_value[:8], beside_value[8][::-1]]}),
        ("19/pair-single", "half a pair", {19: [*beside_value[:8], [[5]]]}),
        ("19/pair-shown", "an attribute that is shown", {19: [*beside_value[:8], [[1, 1]]]}),
        ("20/empty", "a key for nothing", {20: b""}),
        ("20/short", "a digest of 31 octets", {20: DIGEST[:-1]}),
        ("20/text", "a digest as text", {20: "digest"}),
    ]
    names = ("issuer", "accumulator", "number", "value")
    others = (zero, zero, 1, the_world().other_accumulator.start_value)
    for place, (name, other) in enumerate(zip(names, others, strict=True)):
        changed = [*beside_value[:place], other, *beside_value[place + 1 :]]
        cases.append((f"19/{name}", f"a companion of another {name}", {19: changed}))
    for name, comment, members in cases:
        spoilt = cbor2.dumps({**values, **members}, canonical=True)
        change = difference("statement", name, bytes.fromhex(statement), spoilt)
        topic.refuse(f"read/{name}", "decode-statement", comment, "malformed", base="all", change=change)
    absent: tuple[tuple[str, str, dict[str, Leaf]], ...] = (
        ("no-sets", "no set at hand", {"sets": []}),
        ("one-set", "a set of the two at hand", {"sets": [union().octets.hex()]}),
        ("no-companion", "no record of the companion's", {"companion_issuer": ""}),
    )
    for name, comment, own in absent:
        topic.refuse(f"read/{name}", "decode-statement", comment, "malformed", own, base="all")
