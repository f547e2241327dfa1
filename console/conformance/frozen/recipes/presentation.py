"""Presentations, octet for octet with replayed randomness, and every way of spoiling the first of them."""

from __future__ import annotations

from console.conformance.frozen.document import Leaf
from console.conformance.frozen.recipes import forged, other_statements, spoilt
from console.conformance.frozen.recipes.topic import Topic
from console.conformance.frozen.recipes.world import TODAY, at_least, context, disclose, the_world

TIER, PLACE = disclose(1, 3), disclose(2, "GB")
GOOD, COVER = at_least(3, TODAY), at_least(4, 2)
_STATEMENTS: tuple[tuple[str, str, list[Leaf], bool], ...] = (
    ("no-escrow", "without an escrow: no Ge, K, E1, E2 and k", [TIER, PLACE, GOOD, COVER], False),
    ("no-predicates", "no predicate: no Gd", [TIER, PLACE], True),
    ("one-predicate", "one predicate", [TIER, PLACE, GOOD], True),
    (
        "eight-predicates",
        "eight predicates, four attributes with two bounds each",
        [TIER, PLACE]
        + [at_least(index, bound) for index, bound in ((3, TODAY), (3, TODAY + 300), (4, 0), (4, 5))]
        + [at_least(index, bound) for index, bound in ((6, 0), (7, 1), (8, TODAY), (8, TODAY + 1))],
        True,
    ),
    (
        "digits-0-and-4095",
        "the smallest and the largest digit",
        [TIER, at_least(3, TODAY + 300), at_least(8, TODAY + 400 - 4095)],
        True,
    ),
    ("bound-0", "bounds of zero, written as the coefficient 0", [TIER, at_least(4, 0), at_least(9, 0)], True),
    ("nothing-disclosed", "two predicates and nothing disclosed", [GOOD, COVER], True),
    (
        "all-disclosed",
        "everything that can be disclosed",
        [
            TIER,
            PLACE,
            disclose(3, TODAY + 300),
            disclose(4, 5),
            disclose(5, "permit-1"),
            disclose(6, 1),
            disclose(7, 7),
            disclose(8, TODAY + 400),
            disclose(9, 0),
        ],
        True,
    ),
    ("least", "nothing disclosed, no predicate, no escrow: the shortest proof", [], False),
    (
        "nodes-in-another-order",
        "a statement's order is its own, not that of its nodes",
        [COVER, PLACE, GOOD, TIER],
        True,
    ),
)


def recipe(topic: Topic) -> None:
    """Accepted statements, and the refused."""
    world = the_world()
    own: dict[str, Leaf] = {
        **world.records,
        **world.licence.members,
        **world.binding,
        "witness_epoch": "0",
        "witness_value": world.epoch.value.hex(),
        "context": context(),
        "nodes": [TIER, PLACE, GOOD, COVER],
        "digits": digits([3, 300]),
    }
    output = _accepted(topic, "default", "two disclosed, two predicates, an escrow: 1504 octets", own)
    topic.accept("default/envelope", "envelope", "the presentation that carries the proof", base="default")
    topic.accept("default/reverify", "reverify", "from the logged statement octets, for openers", base="default")
    for name, comment, nodes, escrowed in _STATEMENTS:
        changes: dict[str, Leaf] = {"nodes": nodes, "digits": digits(digits_of(nodes))}
        _accepted(topic, name, comment, changes if escrowed else {**changes, "escrow": ""}, "default")
    _accepted(topic, "other-period", "another period: another pseudonym", {"context": context("2026-47")}, "default")
    after, _ = world.revoked(5)
    updated = world.witness_at(after)
    _accepted(
        topic,
        "next-epoch",
        "after five others were revoked, with the witness brought up to the new epoch",
        {
            "epoch": after.octets.hex(),
            "witness": updated.hex(),
            "witness_epoch": "1",
            "witness_value": after.value.hex(),
        },
        "default",
    )
    _unsatisfied(topic)
    spoilt.recipe(topic, str(output["proof"]))
    other_statements.recipe(topic)
    forged.recipe(topic)


def digits(wanted: list[int]) -> list[Leaf]:
    """The entries of the digit table that a proof needs."""
    return [
        {"digit": str(digit), "signature": the_world().digit_signature(digit).hex()} for digit in sorted(set(wanted))
    ]


def digits_of(nodes: list[Leaf]) -> list[int]:
    """The digits of the licence's attributes above the bounds of `nodes`."""
    values = the_world().licence.attributes
    found = []
    for node in nodes:
        if isinstance(node, dict) and node["node"] == "at-least":
            found.append(int(values[int(str(node["index"]))]) - int(str(node["bound"])))
    return found


def _accepted(topic: Topic, name: str, comment: str, own: dict[str, Leaf], base: str = "") -> dict[str, Leaf]:
    output = topic.accept(name, "present", comment, own, base)
    topic.accept(f"{name}/verify", "verify", f"{comment}: verified", base=name)
    return output


def _unsatisfied(topic: Topic) -> None:
    """What an honest holder cannot say, and so does not send."""
    cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        ("bound-too-high", "the attribute lies below the bound", "predicate", {"nodes": [at_least(4, 6)]}),
        (
            "bound-too-low",
            "the attribute lies 4096 above the bound",
            "predicate",
            {"nodes": [at_least(3, TODAY + 300 - 4096)]},
        ),
        ("other-value", "another value than the licence's", "predicate", {"nodes": [disclose(1, 2)]}),
        ("stale-epoch", "a witness of another epoch", "stale-witness", {"witness_epoch": "1"}),
    )
    for name, comment, code, own in cases:
        topic.refuse(f"unsatisfied/{name}", "present", comment, code, own, base="default")
