"""Batches of the presentations' vectors: each proof gets the verdict that it gets alone."""

from __future__ import annotations

from console.conformance.frozen.document import Leaf
from console.conformance.frozen.recipes.topic import Topic

_GOOD = [f"presentation/{name}/verify" for name in ("default", "no-escrow", "eight-predicates", "least", "next-epoch")]
_FALSE = [f"presentation/{name}" for name in ("spoilt/e/plus-1", "other/nonce", "spoilt/C'/negated", "other/tier")]
_BROKEN = ["presentation/spoilt/D/identity", "presentation/length/truncated"]
_BATCHES: tuple[tuple[str, str, list[str]], ...] = (
    ("one", "a batch of one", _GOOD[:1]),
    ("one-false", "a batch of one false proof", _FALSE[:1]),
    ("good", "five statements of different shapes", _GOOD),
    ("same", "the same proof twice", [_GOOD[0], _GOOD[0]]),
    ("one-among-good", "one false proof does its neighbours no harm", [_GOOD[0], _FALSE[0], *_GOOD[1:]]),
    ("malformed-among-good", "nor does one that cannot be read", [_GOOD[0], _BROKEN[0], _GOOD[1], _BROKEN[1]]),
    ("all-kinds", "good, false and malformed", [_FALSE[0], *_GOOD, *_FALSE[1:], *_BROKEN]),
    ("all-false", "no good one at all", _FALSE),
)


def recipe(topic: Topic) -> None:
    """Batches, and the empty one."""
    for name, comment, items in _BATCHES:
        listed: list[Leaf] = list(items)
        topic.accept(name, "batch", comment, {"items": listed})
    topic.refuse("empty", "batch", "a batch of nothing", "misuse", {"items": []})
