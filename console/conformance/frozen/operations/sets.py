"""Signed sets: made from a key, read, and their signatures checked."""

from __future__ import annotations

from circuits.attributes import AttributeValue, Kind
from circuits.membership_set import check_set, create_set
from circuits.records import SetRecord
from circuits.scalar import encode_scalar
from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given

_KINDS = {"int": Kind.INT, "text": Kind.TEXT, "day": Kind.DAY, "scalar": Kind.SCALAR}


def create(given: Given) -> dict[str, Leaf]:
    """`set_id`, `kind` and `values` to the record. Draws x."""
    kind = given.word("kind")
    if kind not in _KINDS:
        raise BadVector(f"no kind is called {kind}")
    made = create_set(given.text("set_id"), _KINDS[kind], given.attributes("values"), given.suite, given.entropy)
    return {"set": made.octets.hex()}


def record(given: Given) -> dict[str, Leaf]:
    """Member `set` to the fields, the hash, G_s and the members' scalars."""
    found = SetRecord.decode(given.octets("set"), given.suite)
    return {
        "hash": found.hash.hex(),
        "set_id": found.id.encode().hex(),
        "kind": str(int(found.kind)),
        "public_key": found.public_key.hex(),
        "members": [_member(found, value, signature) for value, signature in found.members],
        "base": given.suite.curve.encode_g1(found.base).hex(),
        "encoded": found.octets.hex(),
    }


def check(given: Given) -> dict[str, Leaf]:
    """Whether every member of `set` is signed, as a wallet makes sure once."""
    check_set(SetRecord.decode(given.octets("set"), given.suite))
    return {}


def _member(found: SetRecord, value: AttributeValue, signature: bytes) -> Leaf:
    shown = {"text": value.encode().hex()} if isinstance(value, str) else {"number": str(value)}
    return {**shown, "message": encode_scalar(found.scalar(value)).hex(), "signature": signature.hex()}
