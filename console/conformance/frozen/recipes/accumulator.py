"""The accumulator: witnesses, chains of revocations, updates over 1, 5 and 50 of them, audits."""

from __future__ import annotations

from dataclasses import replace

from circuits.accumulator import RevocationEntry, entries_octets, revoke
from circuits.scalar import ORDER
from circuits.suite import SHA256
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.randomness import derived_scalar
from console.conformance.frozen.recipes.points import ORDER_3, bad_points, shifted
from console.conformance.frozen.recipes.topic import Topic, cut, text
from console.conformance.frozen.recipes.world import ACCUMULATOR_ID, ISSUER_ID, scalar, the_world


def recipe(topic: Topic) -> None:
    """All of them."""
    world = the_world()
    ids: dict[str, Leaf] = {"accumulator_id": text(ACCUMULATOR_ID), "issuer_id": text(ISSUER_ID)}
    topic.accept("create", "create-accumulator", "the record of a drawn alpha, and V_0", ids)
    handle: dict[str, Leaf] = {"handle": scalar(world.licence.handle)}
    topic.accept("witness", "witness", "C = (y+alpha)^-1 V", handle, base="create")
    topic.accept("membership", "check-membership", "pair(C, Q_a) = pair(V - y C, P2)", base="witness")
    hit: dict[str, Leaf] = {"handle": scalar(-world.accumulator_secret_key.expose() % ORDER)}
    topic.refuse("witness/hits-the-key", "witness", "y + alpha = 0", "misuse", hit, base="create")
    _memberships(topic)
    for count in (1, 5, 50):
        _chain(topic, count)
    _updates_refused(topic)
    _audits_refused(topic)
    _lists(topic)


def _memberships(topic: Topic) -> None:
    world = the_world()
    curve, witness = SHA256.curve, world.licence.witness
    other = scalar(derived_scalar("another"))
    negated = bytes([witness[0] ^ 0x20]) + witness[1:]
    cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        ("handle", "another handle", "membership", {"handle": other}),
        ("value", "another value", "membership", {"value": world.other_accumulator.start_value.hex()}),
        ("key", "another accumulator", "membership", {"accumulator": world.other_accumulator.octets.hex()}),
        ("negated", "the witness negated", "membership", {"witness": negated.hex()}),
        ("small-order", "a point of order 3 added", "malformed", {"witness": shifted(curve, witness, ORDER_3).hex()}),
    )
    for name, comment, code, own in cases:
        topic.refuse(f"membership/{name}", "check-membership", comment, code, own, base="witness")
    for name, comment, octets in bad_points(witness):
        change = cut("witness", "C", 0, 48, octets)
        topic.refuse(f"membership/C/{name}", "check-membership", comment, "malformed", base="witness", change=change)


def _chain(topic: Topic, count: int) -> None:
    world = the_world()
    epoch, _ = world.revoked(count)
    handles: list[Leaf] = [scalar(derived_scalar("revoked handle", place)) for place in range(count)]
    name = f"revoke-{count}"
    topic.accept(name, "revoke", f"{count} revoked one after the other from V_0", {"handles": handles}, base="create")
    own: dict[str, Leaf] = {
        "handle": scalar(world.licence.handle),
        "witness": world.licence.witness.hex(),
        "witness_epoch": "0",
        "epoch": epoch.octets.hex(),
    }
    topic.accept(f"update-{count}", "update", f"a witness brought over {count} revocations", own, base=name)
    topic.accept(f"audit-{count}", "audit", "every entry follows from the one before", base=name)


def _updates_refused(topic: Topic) -> None:
    world = the_world()
    epoch, entries = world.revoked(5)
    own_entry = revoke(world.accumulator, world.accumulator_secret_key, entries[-1].value, world.licence.handle)
    phantom = RevocationEntry(derived_scalar("phantom"), entries[2].point)
    cases: tuple[tuple[str, str, str, list[RevocationEntry]], ...] = (
        ("reordered", "two entries in each other's place", "membership", [*entries[1::-1], *entries[2:]]),
        ("reversed", "the list from behind", "membership", list(entries[::-1])),
        ("missing", "the last entry is missing", "membership", list(entries[:-1])),
        ("first-missing", "the first entry is missing", "membership", list(entries[1:])),
        (
            "phantom",
            "a handle that was not revoked in an entry's place",
            "membership",
            [*entries[:2], phantom, *entries[3:]],
        ),
        ("repeated", "an entry twice", "membership", [*entries, entries[-1]]),
        ("empty", "no entry, and another value", "membership", []),
    )
    for name, comment, code, listed in cases:
        own: dict[str, Leaf] = {"entries": entries_octets(listed).hex()}
        topic.refuse(f"update/{name}", "update", comment, code, own, base="update-5")
    revoked = [*entries, own_entry]
    own = {"entries": entries_octets(revoked).hex(), "epoch": world.epoch_after(revoked).octets.hex()}
    topic.refuse("update/revoked", "update", "the holder's own handle is among them", "revoked", own, base="update-5")
    first = [revoke(world.accumulator, world.accumulator_secret_key, world.epoch.value, world.licence.handle)]
    own = {"entries": entries_octets(first).hex(), "epoch": world.epoch_after(first).octets.hex()}
    topic.refuse("update/revoked-alone", "update", "the holder's own handle alone", "revoked", own, base="update-5")
    forged: dict[str, Leaf] = {"epoch": replace(epoch, value=world.epoch.value).octets.hex()}
    topic.refuse("update/value", "update", "an epoch of another value", "membership", forged, base="update-5")
    foreign: dict[str, Leaf] = {"epoch": replace(epoch, accumulator_hash=world.other_accumulator.hash).octets.hex()}
    topic.refuse("update/accumulator", "update", "an epoch of another accumulator", "misuse", foreign, base="update-5")


def _audits_refused(topic: Topic) -> None:
    world = the_world()
    _, entries = world.revoked(5)
    phantom = RevocationEntry(derived_scalar("phantom"), entries[2].point)
    cases: tuple[tuple[str, str, list[RevocationEntry]], ...] = (
        ("reordered", "two entries in each other's place", [*entries[1::-1], *entries[2:]]),
        ("first-missing", "the first entry is missing", list(entries[1:])),
        ("phantom", "a handle that was not revoked in an entry's place", [*entries[:2], phantom, *entries[3:]]),
        ("repeated", "an entry twice", [*entries, entries[-1]]),
    )
    for name, comment, listed in cases:
        own: dict[str, Leaf] = {"entries": entries_octets(listed).hex()}
        topic.refuse(f"audit/{name}", "audit", comment, "entries", own, base="revoke-5")
    own = {"value": world.other_accumulator.start_value.hex()}
    topic.refuse("audit/value", "audit", "another value to begin with", "entries", own, base="revoke-5")
    topic.refuse("audit/empty", "audit", "nothing to audit", "misuse", {"entries": ""}, base="revoke-5")


def _lists(topic: Topic) -> None:
    _, entries = the_world().revoked(1)
    for form, affine in (("short", False), ("affine", True)):
        octets = entries_octets(entries, affine)
        own: dict[str, Leaf] = {"octets": octets.hex(), "form": form}
        topic.accept(f"list/{form}", "decode-entries", f"an entry of {len(octets)} octets", own)
        for name, start, end, new in (
            ("truncated", len(octets) - 1, len(octets), b""),
            ("handle-r", 0, 32, ORDER.to_bytes(32, "big")),
        ):
            change = cut("octets", name, start, end, new)
            topic.refuse(f"list/{form}/{name}", "decode-entries", name, "malformed", base=f"list/{form}", change=change)
    for name, comment, bad in bad_points(entries[0].value):
        change = cut("octets", "V'", 32, 80, bad)
        topic.refuse(f"list/short/{name}", "decode-entries", comment, "malformed", base="list/short", change=change)
    affine_bad = (("zeros", bytes(96)), ("off-curve", bytes(95) + b"\x01"), ("beyond-field", b"\xff" * 96))
    for name, bad in affine_bad:
        change = cut("octets", "V'", 32, 128, bad)
        topic.refuse(f"list/affine/{name}", "decode-entries", name, "malformed", base="list/affine", change=change)
