"""Attribute values: what is signed for each, and what is no value of its kind."""

from __future__ import annotations

from circuits.scalar import ORDER
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.recipes.topic import Topic, text

_ACCEPTED: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
    ("int/0", "int", "zero", {"number": "0"}),
    ("int/3", "int", "a tier", {"number": "3"}),
    ("int/largest", "int", "2^32 - 1", {"number": str(2**32 - 1)}),
    ("day/0", "day", "the first of January 1970", {"number": "0"}),
    ("day/20763", "day", "a day enters like an int", {"number": "20763"}),
    ("day/largest", "day", "2^32 - 1", {"number": str(2**32 - 1)}),
    ("scalar/0", "scalar", "zero is a scalar", {"scalar": "00" * 32}),
    ("scalar/largest", "scalar", "r - 1", {"scalar": format(ORDER - 1, "064x")}),
    ("text/GB", "text", "text is hashed to a scalar", {"text": text("GB")}),
    ("text/one-octet", "text", "the shortest text", {"text": text("x")}),
    ("text/64-octets", "text", "the longest text", {"text": text("x" * 64)}),
    ("text/composed", "text", "e with an acute accent, one code point, form C", {"text": text("\u00e9")}),
    ("text/digits", "text", "the text 3 is not the number 3", {"text": text("3")}),
)
_REFUSED: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
    ("int/2^32", "int", "2^32", {"number": str(2**32)}),
    ("int/negative", "int", "below zero", {"number": "-1"}),
    ("int/text", "int", "text in the place of a number", {"text": text("3")}),
    ("day/2^32", "day", "2^32", {"number": str(2**32)}),
    ("day/negative", "day", "below zero", {"number": "-1"}),
    ("day/text", "day", "text in the place of a day", {"text": text("2026-11-21")}),
    ("scalar/r", "scalar", "r is not below r", {"scalar": format(ORDER, "064x")}),
    ("scalar/all-ones", "scalar", "2^256 - 1", {"scalar": "ff" * 32}),
    ("text/empty", "text", "no text", {"text": ""}),
    ("text/65-octets", "text", "too long", {"text": text("x" * 65)}),
    ("text/65-octets-of-two", "text", "33 code points of two octets each: octets count", {"text": text("\u00e9" * 33)}),
    ("text/decomposed", "text", "e and a combining accent, form D", {"text": text("e\u0301")}),
    ("text/compatibility-singleton", "text", "the Angstrom sign, which form C replaces", {"text": text("\u212b")}),
    ("text/number", "text", "a number in the place of text", {"number": "3"}),
)


def recipe(topic: Topic) -> None:
    """Values and scalars."""
    for name, kind, comment, member in _ACCEPTED:
        topic.accept(name, "attribute", comment, {"kind": kind, **member})
    for name, kind, comment, member in _REFUSED:
        topic.refuse(f"refused/{name}", "attribute", comment, "malformed", {"kind": kind, **member})
