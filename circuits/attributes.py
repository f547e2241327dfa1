"""The licence as a vector of scalars: which attributes there are, of what kind, and how a value becomes a scalar.

The twelve scalars under one BBS signature are the ten attributes of the profile (index 0 to 9), the commitment blind
(10) and the holder's link secret (11). The last two are never disclosed and no predicate names them.
Source: [PROTOCOL 2].
"""

from __future__ import annotations

import unicodedata
from enum import IntEnum

from circuits.errors import Malformed, Misuse
from circuits.scalar import ORDER
from circuits.suite import Suite

AttributeValue = int | str


class Kind(IntEnum):
    """How an attribute's value enters the signature."""

    SCALAR = 0
    INT = 1
    TEXT = 2
    DAY = 3


LICENCE_ATTRIBUTES: tuple[tuple[str, Kind], ...] = (
    ("handle", Kind.SCALAR),
    ("tier", Kind.INT),
    ("jurisdiction", Kind.TEXT),
    ("good_until", Kind.DAY),
    ("cover_band", Kind.INT),
    ("permit", Kind.TEXT),
    ("permit_kind", Kind.INT),
    ("competence", Kind.INT),
    ("insured_until", Kind.DAY),
    ("spare", Kind.INT),
)
ATTRIBUTE_COUNT = len(LICENCE_ATTRIBUTES)
BLIND_INDEX = ATTRIBUTE_COUNT
LINK_SECRET_INDEX = ATTRIBUTE_COUNT + 1
MESSAGE_COUNT = ATTRIBUTE_COUNT + 2

MAX_TEXT_OCTETS = 64
MAX_INT = 2**32 - 1

WINDOW = 4096
MAX_BOUND = MAX_INT - WINDOW + 1
MAX_PREDICATES = 8


def check_value(kind: Kind, value: AttributeValue) -> AttributeValue:
    """`value` when it is one of `kind`: scalar in [0, r-1], int or day in [0, 2^32-1], text NFC of 1 to 64 octets.

    Raises `Malformed` otherwise, also for a member of an enumeration or another subclass: values are compared and
    looked up, and a subclass may say of itself what it likes. Source: [PROTOCOL 2].
    """
    if kind is Kind.TEXT:
        if type(value) is not str or not 0 < len(_text_octets(value)) <= MAX_TEXT_OCTETS:
            raise Malformed("a text attribute has 1 to 64 octets")
        if unicodedata.normalize("NFC", value) != value:
            raise Malformed("a text attribute is in Unicode normal form C")
        return value
    limit = ORDER - 1 if kind is Kind.SCALAR else MAX_INT
    if type(value) is not int or not 0 <= value <= limit:
        raise Malformed("a number attribute is out of range")
    return value


def attribute_scalar(suite: Suite, api_id: bytes, kind: Kind, value: AttributeValue) -> int:
    """The scalar in [0, r-1] under which `value` is signed. Raises `Malformed` for a value not of `kind`."""
    checked = check_value(kind, value)
    if isinstance(checked, str):
        return suite.hash_to_scalar(checked.encode(), api_id + b"MAP_MSG_TO_SCALAR_AS_HASH_")
    return checked


def _text_octets(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can carry
        raise Malformed("a text attribute that is not Unicode") from None


def attribute_index(attributes: tuple[tuple[str, Kind], ...], name: str) -> int:
    """The index of the attribute called `name`. Raises `Misuse` when the profile has none."""
    for index, (candidate, _) in enumerate(attributes):
        if candidate == name:
            return index
    raise Misuse(f"the profile has no attribute {name!r}")
