"""Puts one topic's vectors together: what is accepted is computed here, what is refused must be, and with its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import takewhile

from circuits.errors import CircuitError
from circuits.suite import SHA256
from console.conformance.frozen.document import Change, Leaf, Vector, changed, effective_input
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations import operate
from console.conformance.frozen.randomness import Derived

Own = Mapping[str, Leaf]


class RecipeError(Exception):
    """A recipe whose vectors do not turn out as it says."""


class Topic:
    """The vectors of one file, in order. `known` holds those of all files made so far."""

    def __init__(self, name: str, known: dict[str, Vector]) -> None:
        self.name = name
        self.vectors: list[Vector] = []
        self._known = known

    def accept(
        self, name: str, operation: str, comment: str, own: Own | None = None, base: str = ""
    ) -> dict[str, Leaf]:
        """Add a vector that succeeds, and give its output. `name` and `base` without the topic."""
        vector = self._vector(name, operation, comment, own, base)
        entropy = Derived(vector.id)
        try:
            output = self._run(vector, entropy)
        except CircuitError as error:
            raise RecipeError(f"{vector.id} is refused: {error}") from error
        self._add(replace(vector, own={**vector.own, **entropy.members}, output=output))
        return output

    def refuse(
        self,
        name: str,
        operation: str,
        comment: str,
        code: str,
        own: Own | None = None,
        base: str = "",
        change: Change | None = None,
    ) -> None:
        """Add a vector that is refused with `code`."""
        vector = replace(self._vector(name, operation, comment, own, base), code=code, change=change)
        if change is not None:
            unchanged = effective_input(replace(vector, change=None), self._known).get(change.member)
            if changed(unchanged or "", change) == unchanged:
                raise RecipeError(f"{vector.id} changes nothing")
        entropy = Derived(vector.id)
        try:
            self._run(vector, entropy)
        except CircuitError as error:
            if error.code != code:
                raise RecipeError(f"{vector.id} is refused with {error}, and not with {code}") from error
            self._add(replace(vector, own={**vector.own, **entropy.members}))
            return
        raise RecipeError(f"{vector.id} is accepted")

    def _vector(self, name: str, operation: str, comment: str, own: Own | None, base: str) -> Vector:
        based = f"{self.name}/{base}" if base else ""
        return Vector(f"{self.name}/{name}", operation, comment, dict(own or {}), based)

    def _run(self, vector: Vector, entropy: Derived) -> dict[str, Leaf]:
        return operate(vector.operation, Given(effective_input(vector, self._known), SHA256, entropy), self._known)

    def given(self, name: str) -> Given:
        """What the vector called `name` (without the topic) starts from, for a recipe that builds upon it."""
        return Given(effective_input(self._known[f"{self.name}/{name}"], self._known), SHA256, Derived(name))

    def _add(self, vector: Vector) -> None:
        if vector.id in self._known:
            raise RecipeError(f"{vector.id} stands twice")
        self._known[vector.id] = vector
        self.vectors.append(vector)


Recipe = Callable[[Topic], None]


def cut(member: str, part: str, start: int, end: int, octets: bytes = b"") -> Change:
    """Octets `start` to `end` of `member` replaced by `octets`."""
    return Change(member, part, start, end, octets)


def difference(member: str, part: str, before: bytes, after: bytes) -> Change:
    """The shortest change that makes `after` of the octets `before` of `member`."""
    start = _agreeing(before, after)
    end = _agreeing(before[start:][::-1], after[start:][::-1])
    return cut(member, part, start, len(before) - end, after[start : len(after) - end])


def _agreeing(one: bytes, other: bytes) -> int:
    """How many octets both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def lengths(member: str, octets: str) -> Iterator[tuple[str, str, Change]]:
    """(name, comment, change) of the four wrong lengths of a member, whose hex is given."""
    end = len(octets) // 2
    yield "empty", "no octets at all", cut(member, "all", 0, end)
    yield "truncated", "one octet less", cut(member, "last octet", end - 1, end)
    yield "extended", "one octet more", cut(member, "end", end, end, b"\x00")
    yield "doubled", "twice over", cut(member, "end", end, end, bytes.fromhex(octets))


def text(value: str) -> str:
    """Text as it stands in a file: the hex of its UTF-8."""
    return value.encode().hex()
