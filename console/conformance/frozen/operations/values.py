"""Attribute values as scalars, and times as days and periods."""

from __future__ import annotations

from circuits.attributes import Kind, attribute_scalar
from circuits.calendar import day_number, period_label
from circuits.scalar import encode_scalar
from circuits.suite import LICENCE_API_ID
from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given

_KINDS = {"scalar": Kind.SCALAR, "int": Kind.INT, "text": Kind.TEXT, "day": Kind.DAY}


def attribute(given: Given) -> dict[str, Leaf]:
    """Member `kind`, and one of `number`, `scalar`, `text`, to the signed scalar."""
    kind = given.word("kind")
    if kind not in _KINDS:
        raise BadVector(f"no kind is called {kind}")
    value = attribute_scalar(given.suite, LICENCE_API_ID, _KINDS[kind], given.attribute())
    return {"message": encode_scalar(value).hex()}


def day(given: Given) -> dict[str, Leaf]:
    """Member `time` to the day's number."""
    return {"day": str(day_number(given.number("time")))}


def period(given: Given) -> dict[str, Leaf]:
    """Members `time` and `period` to the label."""
    return {"label": period_label(given.number("time"), given.text("period")).encode().hex()}
