"""True proofs of further statements, untouched, under something else than what they were made for."""

from __future__ import annotations

from dataclasses import replace

from circuits.records import SetRecord
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.recipes.further_statements import DIGEST, EQUAL, PLACE, SAID, SAID_BESIDE, TIER
from console.conformance.frozen.recipes.holders import (
    at_most,
    beside,
    between,
    equals,
    licensing,
    one_of,
    permits,
    signed,
    signed_set,
    union,
)
from console.conformance.frozen.recipes.topic import Topic
from console.conformance.frozen.recipes.world import TODAY, at_least, disclose

Case = tuple[str, str, str, dict[str, Leaf]]


def recipe(topic: Topic) -> None:
    """Other bounds, other sets, other companions."""
    for base, cases in (("at-most", _bounds()), ("one-of", _sets()), ("companion", _companions())):
        for name, comment, code, own in cases:
            topic.refuse(f"other/{base}/{name}", "verify", comment, code, own, base=base)
    elsewhere: tuple[Case, ...] = (
        ("reverify/no-sets", "the sets are not at hand", "malformed", {"sets": []}),
        ("reverify/no-companion", "the companion's records are not at hand", "malformed", {"companion_issuer": ""}),
        ("reverify/epoch", "another epoch of the companion", "malformed", {"companion_epoch": _later_epoch()}),
    )
    for name, comment, code, own in elsewhere:
        topic.refuse(name, "reverify", comment, code, own, base="companion")


def _bounds() -> tuple[Case, ...]:
    return (
        ("above", "a bound one higher", "proof", {"nodes": [TIER, at_most(4, 10)]}),
        ("below", "a bound one lower", "proof", {"nodes": [TIER, at_most(4, 8)]}),
        ("direction", "the same number as a lower bound", "proof", {"nodes": [TIER, at_least(4, 9)]}),
        ("attribute", "the same bound on another attribute", "proof", {"nodes": [TIER, at_most(7, 9)]}),
        ("range", "a range in its place", "malformed", {"nodes": [TIER, between(4, 2, 9)]}),
        ("set", "a set in its place", "proof", _asked(union())),
        ("signed", "as a signature", "proof", {"nodes": [TIER, at_most(4, 9), signed(DIGEST)]}),
    )


def _sets() -> tuple[Case, ...]:
    isles = signed_set("isles", union().kind, ("GB", "IE"))
    namesake = replace(isles, id=union().id)
    return (
        ("set", "another set with this member", "proof", _asked(isles)),
        ("namesake", "a set of the same name with another key", "proof", _asked(namesake)),
        ("member-less", "the set with a member fewer", "proof", _asked(replace(union(), members=union().members[1:]))),
        ("attribute", "the same set for another attribute", "proof", {"nodes": [TIER, one_of(5, union())]}),
        ("shown", "the member itself shown", "malformed", {"nodes": [TIER, PLACE]}),
        ("bound", "a bound in its place", "proof", {"nodes": [TIER, at_most(4, 9)]}),
    )


def _companions() -> tuple[Case, ...]:
    said: list[Leaf] = [*SAID, *EQUAL]
    first, second = EQUAL
    return (
        ("equal-fewer", "a pair fewer: a secret more", "malformed", {"nodes": [*SAID, first]}),
        ("equal-other", "another pair", "proof", {"nodes": [*SAID, second, equals(8, 8)]}),
        ("equal-crossed", "the days of the pair exchanged", "proof", {"nodes": [*SAID, second, equals(8, 3)]}),
        ("signed", "as a signature", "proof", {"nodes": [*said, signed(DIGEST)]}),
        ("value", "another value shown", "proof", {"companion_nodes": [disclose(6, 2), *SAID_BESIDE[1:]]}),
        ("bound", "a bound a day later", "proof", {"companion_nodes": _later_bound()}),
        ("epoch", "the permit at a later epoch", "proof", {"companion_epoch": _later_epoch()}),
        ("issuer-key", "another W in the record of the permit's issuer", "proof", {"companion_issuer": _other_key()}),
        ("exchanged", "licence and permit exchanged", "proof", _exchanged()),
        ("alone", "the licence alone", "malformed", {"companion_issuer": "", "nodes": SAID}),
    )


def _asked(record: SetRecord) -> dict[str, Leaf]:
    return {"nodes": [TIER, one_of(2, record)], "sets": [record.octets.hex()]}


def _later_bound() -> list[Leaf]:
    shown, _, *others = SAID_BESIDE
    return [shown, at_least(3, TODAY + 1), *others]


def _later_epoch() -> str:
    return permits().next_epoch().octets.hex()


def _other_key() -> str:
    return replace(permits().issuer, public_key=licensing().issuer.public_key).octets.hex()


def _exchanged() -> dict[str, Leaf]:
    return {**permits().records, **beside(licensing().records)}
