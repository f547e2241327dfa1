"""The further statements: upper bounds, ranges, signed sets, a companion. Octets, proofs, and what must be refused."""

from __future__ import annotations

from console.conformance.frozen.document import Leaf
from console.conformance.frozen.recipes import (
    further_forged,
    further_others,
    further_spoilt,
    further_statements,
)
from console.conformance.frozen.recipes.further_statements import (
    EQUAL,
    RANGE,
    SAID,
    SAID_BESIDE,
    SHORT,
    SHORT_BESIDE,
    TIER,
)
from console.conformance.frozen.recipes.holders import (
    abroad,
    at_most,
    bands,
    beside,
    between,
    equals,
    licensing,
    one_of,
    permit,
    permits,
    second_licence,
    strangers_permit,
    union,
)
from console.conformance.frozen.recipes.topic import Topic
from console.conformance.frozen.recipes.world import TODAY, at_least, context, disclose, the_world


def recipe(topic: Topic) -> None:
    """Accepted statements, and the refused."""
    further_statements.recipe(topic)
    world = the_world()
    own: dict[str, Leaf] = {
        **world.records,
        **world.licence.members,
        **world.binding,
        **licensing().witness_members(),
        "context": context(),
        "nodes": [TIER, at_most(4, 9)],
        "digits": licensing().digits([0, 1, 3, 4, 5, 300, 4095]),
    }
    _accepted(topic, "at-most", "an upper bound", own)
    asked: dict[str, Leaf] = {"sets": [union().octets.hex(), bands().octets.hex()], "nodes": [TIER, one_of(2, union())]}
    _accepted(topic, "one-of", "a member of a set of texts; no predicate over digits, so no Gd", asked, "at-most")
    for name, comment, nodes in _alone():
        _accepted(topic, name, comment, {"nodes": nodes, "escrow": ""}, "one-of")
    _companions(topic)
    _unsatisfied(topic)
    further_others.recipe(topic)
    further_spoilt.recipe(topic)
    further_forged.recipe(topic)
    names = ("equals/verify", "spoilt/between/S'3/negated", "one-of/verify", "forged/pair-X_s", "at-most/verify")
    listed: list[Leaf] = [f"further/{name}" for name in names]
    topic.accept("batch", "batch", "false ones among statements of every kind", {"items": listed})


def _alone() -> tuple[tuple[str, str, list[Leaf]], ...]:
    eight = [at_least(4, 1), at_least(3, TODAY), at_most(4, 5), at_most(7, 7 + 4095), one_of(4, bands())]
    return (
        ("between", "a range, and a set; all else that can be shown", RANGE),
        ("eight", "eight predicates of all kinds, given out of order", [one_of(2, union()), *eight, between(7, 7, 8)]),
    )


def _companions(topic: Topic) -> None:
    companion = {**permits().records, **permits().witness_members(), **permit().members, "nodes": SAID_BESIDE}
    companion["digits"] = permits().digits([0, 200])
    both: dict[str, Leaf] = {**beside(companion), "nodes": [*SAID, *EQUAL]}
    comment = "a licence and a permit of one holder: all kinds of predicate on both, two pairs of equal attributes"
    _accepted(topic, "companion", comment, both, "one-of")
    topic.accept("companion/reverify", "reverify", "from the logged statement octets", base="companion")
    _accepted(topic, "two-of-one-issuer", "two licences of one issuer: Gd and V stand twice", _second(), "companion")
    pair: dict[str, Leaf] = {"escrow": "", "nodes": SHORT, "companion_nodes": SHORT_BESIDE}
    _accepted(topic, "equals", "a permit of which is shown whatever is not asked for; no escrow", pair, "companion")
    topic.refuse("companion/envelope", "envelope", "no presentation has a place for it", "misuse", base="companion")


def _second() -> dict[str, Leaf]:
    second: dict[str, Leaf] = {**licensing().records, **licensing().witness_members(), **second_licence().members}
    own: dict[str, Leaf] = {"escrow": "", "nodes": [TIER, at_most(4, 9)]}
    return own | beside({**second, "nodes": [disclose(1, 2), at_least(3, TODAY)], "digits": licensing().digits([300])})


def _accepted(topic: Topic, name: str, comment: str, own: dict[str, Leaf], base: str = "") -> None:
    topic.accept(name, "present", comment, own, base)
    topic.accept(f"{name}/verify", "verify", f"{comment}: verified", base=name)


def _unsatisfied(topic: Topic) -> None:
    """What an honest holder cannot say, and so does not send."""
    elsewhere: dict[str, Leaf] = {"nodes": [one_of(2, abroad())], "sets": [abroad().octets.hex()]}
    cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        ("at-most/below", "the attribute lies above the bound", "predicate", {"nodes": [at_most(4, 4)]}),
        ("at-most/far", "it lies 4096 below the bound", "predicate", {"nodes": [at_most(4, 5 + 4096)]}),
        ("between/below", "it lies below the range", "predicate", {"nodes": [between(4, 6, 9)]}),
        ("between/above", "it lies above the range", "predicate", {"nodes": [between(4, 0, 4)]}),
        ("one-of/text", "it is no member", "predicate", elsewhere),
        ("one-of/number", "7 is no member", "predicate", {"nodes": [one_of(7, bands())]}),
    )
    for name, comment, code, own in cases:
        topic.refuse(f"unsatisfied/{name}", "present", comment, code, own, base="one-of")
    other = beside(strangers_permit().members)
    beside_cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        ("companion/stranger", "somebody else's permit", "binding", other),
        ("companion/stale", "a witness of another epoch", "stale-witness", {"companion_witness_epoch": "1"}),
        ("companion/value", "another value than the permit's", "predicate", {"companion_nodes": [disclose(1, 3)]}),
        ("companion/bound", "a bound above the permit's", "predicate", {"companion_nodes": [at_least(4, 6)]}),
        ("equals", "two values that differ", "predicate", {"nodes": [equals(7, 7)]}),
    )
    for name, comment, code, own in beside_cases:
        topic.refuse(f"unsatisfied/{name}", "present", comment, code, own, base="companion")
