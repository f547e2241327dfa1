"""What an issue says, read back from the table by the names of the profile."""

from __future__ import annotations

from circuits import Malformed, decode_cbor
from issuer.errors import Unavailable
from issuer.keys import profile
from issuer.licences.models import Issue

_MAX_STORED_OCTETS = 4096


def contents(issue: Issue) -> dict[str, int | str]:
    """The attributes of an issue by name, without the handle. Raises Unavailable("damaged-row")."""
    names = profile.NAMES[1:]
    try:
        stored = decode_cbor(issue.attributes, _MAX_STORED_OCTETS)
    except Malformed:
        stored = None
    values = [value for value in stored if isinstance(value, int | str)] if isinstance(stored, list) else []
    if len(values) != len(names):
        raise Unavailable("damaged-row", "A stored licence cannot be read.")
    return dict(zip(names, values, strict=True))


def less(one: object, other: object) -> bool:
    """Whether `one` is not an integer of at least `other`."""
    return not (isinstance(one, int) and isinstance(other, int) and one >= other)
