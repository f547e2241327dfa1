"""Changes in true proofs of further statements, of each part that the default proof does not have."""

from __future__ import annotations

from collections.abc import Iterator

from circuits.layout import Layout, layout_of
from circuits.scalar import ORDER
from circuits.suite import SHA256
from console.conformance.frozen.operations.statement import statement_of
from console.conformance.frozen.recipes.points import ORDER_3, shifted
from console.conformance.frozen.recipes.topic import Topic, cut

# Of the licence: an upper bound and a set, its second and third predicate, and what they are about.
_OF_THE_RANGE = frozenset({"S'2", "Sbar2", "S'3", "Sbar3", "T_5", "T_6", "m2", "m4", "t2", "t3"})
# Of two credentials: all that is the companion's own, and the two values that are said to be equal.
_OF_THE_PAIR = frozenset({"m3", "m5", *(f"T_{row}" for row in range(5, 10))})


def recipe(topic: Topic) -> None:
    """All of them, refused by `verify`."""
    _spoil(topic, "between", _OF_THE_RANGE)
    _spoil(topic, "equals", _OF_THE_PAIR)


def _spoil(topic: Topic, base: str, wanted: frozenset[str]) -> None:
    given = topic.given(f"{base}/verify")
    proof, layout = given.octets("proof"), layout_of(statement_of(given))
    for part, at in _points(layout):
        if part in wanted or part.endswith("~"):
            octets = proof[at : at + 48]
            negated, added = bytes([octets[0] ^ 0x20]) + octets[1:], shifted(SHA256.curve, octets, ORDER_3)
            _refuse(topic, base, f"{part}/negated", "the other sign", "proof", at, negated)
            _refuse(topic, base, f"{part}/plus-order-3", "a point of order 3 added", "malformed", at, added)
    for part, at in _responses(layout):
        if part in wanted or part.endswith("~"):
            more = (int.from_bytes(proof[at : at + 32], "big") + 1) % ORDER
            _refuse(topic, base, f"{part}/plus-1", "the response one more", "proof", at, more.to_bytes(32, "big"))


def _points(layout: Layout) -> Iterator[tuple[str, int]]:
    """(name, place) of points and commitments."""
    names = [*layout.wire, *(f"T_{row + 1}" for row in range(len(layout.shape.equations)))]
    yield from ((name, 48 * place) for place, name in enumerate(names))


def _responses(layout: Layout) -> Iterator[tuple[str, int]]:
    first = layout.points_octets + layout.commitments_octets
    yield from ((name, first + 32 * place) for place, name in enumerate(layout.scalars))


def _refuse(topic: Topic, base: str, name: str, comment: str, code: str, at: int, octets: bytes) -> None:
    part = name.partition("/")[0]
    change = cut("proof", part, at, at + len(octets), octets)
    topic.refuse(f"spoilt/{base}/{name}", "verify", f"{part}: {comment}", code, base=base, change=change)
