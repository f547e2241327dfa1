"""Makes a candidate's form from one seed: which 36 items, in which order, with which order of options.

Everything is decided by sorting on SHA-256(seed || label || id), so that anybody with the seed, the bank and the list
of items seen before remakes exactly the same form for an appeal, in any language and in fifty years. Within a topic
the order of choice is: one core item first, then the rest; items seen in fewer earlier sittings before others; no two
items of one enemy group in a form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from issuer.assessment.bank import Item
from issuer.assessment.policy import Topic
from issuer.errors import Unavailable

SEED_OCTETS = 32


@dataclass(frozen=True)
class Question:
    """One question of a form: `order[k]` is the place in the bank of the option shown at place k."""

    item: Item
    order: tuple[int, ...]

    @property
    def options(self) -> tuple[str, ...]:
        """The options as the candidate sees them."""
        return tuple(self.item.options[place] for place in self.order)


def make_form(live: Iterable[Item], seed: bytes, seen: Mapping[str, int], items_per_topic: int) -> tuple[Question, ...]:
    """The form of `seed` (32 octets); `seen` counts the earlier sittings that showed an item.

    Raises Unavailable("bank-too-small") if a topic cannot fill its places.
    """
    items = tuple(live)
    chosen: list[Item] = []
    for topic in Topic:
        chosen += _choose([item for item in items if item.topic is topic], chosen, seed, seen, items_per_topic)
    in_order = sorted(chosen, key=lambda item: _mark(seed, "place", item.id))
    return tuple(question(item, seed) for item in in_order)


def question(item: Item, seed: bytes) -> Question:
    """The item as a form of this seed shows it."""
    places = range(len(item.options))
    return Question(item, tuple(sorted(places, key=lambda place: _mark(seed, "option", f"{item.id}/{place}"))))


def _choose(
    topic_items: list[Item], before: list[Item], seed: bytes, seen: Mapping[str, int], count: int
) -> list[Item]:
    enemies = {item.enemy_group for item in before} - {None}
    waiting = sorted(
        (item for item in topic_items if item.enemy_group not in enemies),
        key=lambda item: (seen.get(item.id, 0), _mark(seed, "choice", item.id)),
    )
    core = next((item for item in waiting if item.must_answer), None)
    chosen: list[Item] = []
    for item in sorted(waiting, key=lambda item: item is not core):
        if len(chosen) < count and item.enemy_group not in enemies:
            chosen.append(item)
            enemies |= {item.enemy_group} - {None}
    if len(chosen) < count:
        raise Unavailable("bank-too-small", "The question bank is being renewed; no sitting can start at present.")
    return chosen


def _mark(seed: bytes, label: str, name: str) -> bytes:
    return hashlib.sha256(b"\x00".join((seed, label.encode(), name.encode()))).digest()
