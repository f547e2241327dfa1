"""Witnesses, revocations, and catching up with them."""

from __future__ import annotations

import hashlib

from circuits import accumulator as live
from circuits.accumulator import Membership
from circuits.scalar import encode_scalar
from circuits.setup import create_accumulator
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given


def create(given: Given) -> dict[str, Leaf]:
    """`accumulator_id` and `issuer_id` to the record and alpha, which is drawn."""
    made = create_accumulator(given.text("accumulator_id"), given.text("issuer_id"), given.suite, given.entropy)
    return {
        "accumulator": made.record.octets.hex(),
        "accumulator_secret_key": encode_scalar(made.secret_key.expose()).hex(),
        "value": made.record.start_value.hex(),
    }


def witness(given: Given) -> dict[str, Leaf]:
    """C of a `handle` at a `value`."""
    made = live.witness_for(
        given.accumulator, given.secret("accumulator_secret_key"), given.octets("value"), given.scalar("handle")
    )
    return {"witness": made.hex()}


def check(given: Given) -> dict[str, Leaf]:
    """Whether a witness belongs to a handle and value."""
    live.check_membership(
        Membership(given.accumulator, 0, given.octets("value"), given.octets("witness")), given.scalar("handle")
    )
    return {}


def revoke(given: Given) -> dict[str, Leaf]:
    """`handles` revoked one after the other from `value`: the entries, short and affine, and the last value."""
    entries, value = [], given.octets("value")
    for handle in given.octets_list("handles"):
        number = int.from_bytes(handle, "big")
        entries.append(live.revoke(given.accumulator, given.secret("accumulator_secret_key"), value, number))
        value = entries[-1].value
    octets = live.entries_octets(entries)
    return {
        "entries": octets.hex(),
        "entries_hash": hashlib.sha256(octets).hexdigest(),
        "affine_hash": hashlib.sha256(live.entries_octets(entries, affine=True)).hexdigest(),
        "last_value": value.hex(),
    }


def update(given: Given) -> dict[str, Leaf]:
    """A witness brought up to `epoch` over `entries`."""
    before = Membership(
        given.accumulator, given.number("witness_epoch"), given.octets("value"), given.octets("witness")
    )
    entries = live.decode_entries(given.octets("entries"), suite=given.suite)
    after = live.update_membership(before, given.scalar("handle"), entries, given.epoch)
    return {"updated_witness": after.witness.hex()}


def audit(given: Given) -> dict[str, Leaf]:
    """Whether every entry follows from the one before, from `value` on."""
    entries = live.decode_entries(given.octets("entries"), suite=given.suite)
    live.audit_entries(given.accumulator, given.octets("value"), entries)
    return {}


def decode(given: Given) -> dict[str, Leaf]:
    """`octets` of a list, `form` short or affine, to handles and values."""
    entries = live.decode_entries(given.octets("octets"), given.word("form") == "affine", given.suite)
    return {
        "handles": [encode_scalar(entry.handle).hex() for entry in entries],
        "values": [entry.value.hex() for entry in entries],
    }
