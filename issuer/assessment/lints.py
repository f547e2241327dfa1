"""Checks of a bank before it is published, as data: each has a code, its source and a function that names the faults.

`findings` runs them all. The product check knows names by the SHA-256 of their lower-case spelling only
(`denied_words.json`), so that no name stands in this code either [R26, R78]; single words and pairs of neighbouring
words are looked up.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise

from issuer.assessment.bank import Bank, Item, Status, day_of
from issuer.assessment.policy import ExamPolicy, Topic

MINIMUM_LIVE_PER_TOPIC = 12
MAX_SHARE_PERCENT = 35
Check = Callable[[Bank, Mapping[str, int], int], Iterator[str]]
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Lint:
    """One rule for banks."""

    code: str
    source: str
    check: Check


@dataclass(frozen=True)
class Finding:
    """One violation: the code of the lint, and a sentence that names the item or topic."""

    code: str
    sentence: str


def findings(bank: Bank, key: Mapping[str, int], day: int) -> tuple[Finding, ...]:
    """Everything that is wrong with the bank on this day; empty if it may be published."""
    return tuple(Finding(lint.code, sentence) for lint in LINTS for sentence in lint.check(bank, key, day))


def _blueprint(bank: Bank, _key: Mapping[str, int], day: int) -> Iterator[str]:
    counts = Counter(item.topic for item in bank.live(day))
    for topic in Topic:
        if counts[topic] < MINIMUM_LIVE_PER_TOPIC:
            yield f"topic {topic} has {counts[topic]} live items, fewer than {MINIMUM_LIVE_PER_TOPIC}"


def _approvals(bank: Bank, _key: Mapping[str, int], _day: int) -> Iterator[str]:
    for item in _marked_live(bank):
        if missing := item.approvals.missing():
            yield f"item {item.id} is marked live without the approval of: {', '.join(missing)}"


def _review_dates(bank: Bank, _key: Mapping[str, int], day: int) -> Iterator[str]:
    for item in _marked_live(bank):
        if day_of(item.review_by) < day:
            yield f"item {item.id} was to be reviewed by {item.review_by}"


def _products(bank: Bank, _key: Mapping[str, int], _day: int) -> Iterator[str]:
    for item in bank.items:
        words = [word.casefold() for text in (item.stem, *item.options, item.rationale) for word in _WORD.findall(text)]
        for name in (*words, *map(" ".join, pairwise(words))):
            if name_digest(name) in _denied_names():
                yield f"item {item.id} names a product or vendor: {name}"


def _options(bank: Bank, _key: Mapping[str, int], _day: int) -> Iterator[str]:
    for item in bank.items:
        if len({option.casefold() for option in item.options}) != len(item.options):
            yield f"item {item.id} has the same option twice"
        if any(
            re.search(r"\b(all|none|both) of (the )?(above|these)\b", option, re.IGNORECASE) for option in item.options
        ):
            yield f"item {item.id} has an option that speaks about the other options"


def _stems(bank: Bank, _key: Mapping[str, int], _day: int) -> Iterator[str]:
    for stem, count in Counter(item.stem.casefold() for item in bank.items).items():
        if count > 1:
            yield f"{count} items have the stem {stem[:60]!r}"


def _enemies(bank: Bank, _key: Mapping[str, int], day: int) -> Iterator[str]:
    live = bank.live(day)
    groups = Counter(item.enemy_group for item in bank.items if item.enemy_group)
    for group, count in groups.items():
        if count < 2:
            yield f"enemy group {group} has one member only"
    for topic in Topic:
        items = [item for item in live if item.topic is topic]
        usable = sum(item.enemy_group is None for item in items) + len({item.enemy_group for item in items} - {None})
        if usable < ExamPolicy().items_per_topic:
            yield f"topic {topic} cannot fill a form: its items exclude each other"


def _core(bank: Bank, _key: Mapping[str, int], day: int) -> Iterator[str]:
    present = {item.topic for item in bank.live(day) if item.must_answer}
    for topic in Topic:
        if topic not in present:
            yield f"topic {topic} has no live core item (must_answer)"


def _lengths(bank: Bank, key: Mapping[str, int], _day: int) -> Iterator[str]:
    for word, extreme in (("longest", max), ("shortest", min)):
        hits = sum(_stands_out(item, key[item.id], extreme(map(len, item.options))) for item in bank.items)
        if hits * 100 > MAX_SHARE_PERCENT * len(bank.items):
            yield f"the right option is the {word} one in {hits} of {len(bank.items)} items"


def _positions(bank: Bank, key: Mapping[str, int], _day: int) -> Iterator[str]:
    for place, hits in sorted(Counter(key[item.id] for item in bank.items).items()):
        if hits * 100 > MAX_SHARE_PERCENT * len(bank.items):
            yield f"the right option stands at place {place} in {hits} of {len(bank.items)} items"


def _stands_out(item: Item, key: int, length: int) -> bool:
    lengths = [len(option) for option in item.options]
    return lengths[key] == length and lengths.count(length) == 1


def _marked_live(bank: Bank) -> Iterator[Item]:
    return (item for item in bank.items if item.status is Status.LIVE)


def name_digest(name: str) -> str:
    """How a denied name is written in `denied_words.json`: SHA-256 of its lower-case words joined by single spaces."""
    return hashlib.sha256(name.casefold().encode()).hexdigest()


@cache
def _denied_names() -> frozenset[str]:
    return frozenset(json.loads((resources.files(__package__) / "denied_words.json").read_text("utf-8"))["sha256"])


LINTS = (
    Lint("blueprint", "requirements R20: six topics, each with a floor", _blueprint),
    Lint("approvals", "requirements R24: four disciplines approve", _approvals),
    Lint("review-by", "requirements R25: reviewed regularly", _review_dates),
    Lint("products", "requirements R26: principles, not products", _products),
    Lint("options", "Haladyna, Downing and Rodriguez 2002, item-writing guidelines", _options),
    Lint("stems", "Haladyna, Downing and Rodriguez 2002, independent items", _stems),
    Lint("enemies", "issuing, section 2: enemy groups", _enemies),
    Lint("core", "issuing, section 2: must_answer", _core),
    Lint("key-length", "Haladyna, Downing and Rodriguez 2002, equal length of options", _lengths),
    Lint("key-position", "Haladyna, Downing and Rodriguez 2002, balanced key", _positions),
)
