"""The accumulator under any interleaving of joining, revoking and catching up; and what an audit of its lists sees."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from circuits import (
    Malformed,
    Membership,
    Misuse,
    Rejected,
    RevocationEntry,
    Unsatisfiable,
    audit_entries,
    check_membership,
    decode_entries,
    entries_octets,
    new_handle,
    update_membership,
    witness_for,
)
from circuits.records import EpochRecord
from circuits.scalar import ORDER
from tests.circuits.core.world import World, the_world
from tests.circuits.curve.torsion import OFF_SUBGROUP, affine


def fresh(world: World, epoch: EpochRecord, handle: int) -> Membership:
    """The membership as the issuer computes it."""
    witness = witness_for(world.accumulator, world.accumulated.secret_key, epoch.value, handle)
    return Membership(world.accumulator, epoch.number, epoch.value, witness)


class Accumulator(RuleBasedStateMachine):
    """Holders join at any epoch, some are revoked, and each catches up when it likes, in pieces or all at once."""

    def __init__(self) -> None:
        super().__init__()
        self.world = the_world()
        self.epochs = [self.world.epoch]
        self.lists: list[tuple[RevocationEntry, ...]] = [()]
        self.holders: dict[int, Membership] = {}
        self.revoked: set[int] = set()

    @rule()
    def join(self) -> None:
        """Adding does not change the value."""
        handle = new_handle()
        self.holders[handle] = fresh(self.world, self.epochs[-1], handle)

    @precondition(lambda self: self.holders)
    @rule(data=st.data(), strangers=st.integers(0, 3))
    def revoke(self, data: st.DataObject, strangers: int) -> None:
        live = sorted(set(self.holders) - self.revoked)
        chosen = data.draw(st.lists(st.sampled_from(live), unique=True, max_size=2)) if live else []
        handles = [*chosen, *(new_handle() for _ in range(strangers))]
        if not handles:
            return
        epoch, entries = self.world.revoke(self.epochs[-1], *handles)
        self.epochs.append(epoch)
        self.lists.append(entries)
        self.revoked |= set(chosen)

    @precondition(lambda self: self.holders)
    @rule(data=st.data())
    def catch_up(self, data: st.DataObject) -> None:
        handle = data.draw(st.sampled_from(sorted(self.holders)))
        membership = self.holders[handle]
        target = data.draw(st.integers(membership.epoch_number, len(self.epochs) - 1))
        entries = [entry for number in range(membership.epoch_number, target) for entry in self.lists[number + 1]]
        if handle in {entry.handle for entry in entries}:
            with pytest.raises(Unsatisfiable) as refusal:
                update_membership(membership, handle, entries, self.epochs[target])
            assert refusal.value.code == "revoked"
            return
        updated = update_membership(membership, handle, self.sent(data, entries), self.epochs[target])
        assert updated.witness == fresh(self.world, self.epochs[target], handle).witness
        assert updated.epoch_number == target
        self.holders[handle] = updated

    def sent(self, data: st.DataObject, entries: list[RevocationEntry]) -> Sequence[RevocationEntry]:
        affine_form = data.draw(st.booleans())
        return decode_entries(entries_octets(entries, affine_form), affine_form)

    @invariant()
    def every_list_passes_the_audit(self) -> None:
        everything = [entry for entries in self.lists for entry in entries]
        if everything:
            audit_entries(self.world.accumulator, self.world.accumulator.start_value, everything)
            assert everything[-1].value == self.epochs[-1].value


TestAccumulator = Accumulator.TestCase
TestAccumulator.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestAccumulator.pytestmark = [pytest.mark.requirement("R63")]


@pytest.fixture(scope="module")
def entries(world: World) -> tuple[RevocationEntry, ...]:
    return world.revoke(world.epoch, *(new_handle() for _ in range(6)))[1]


def refused(world: World, entries: Sequence[RevocationEntry]) -> None:
    with pytest.raises(Rejected) as refusal:
        audit_entries(world.accumulator, world.accumulator.start_value, entries)
    assert refusal.value.code == "entries"


@pytest.mark.attack("V9")
def test_the_audit_sees_every_change(world: World, entries: tuple[RevocationEntry, ...]) -> None:
    audit_entries(world.accumulator, world.accumulator.start_value, entries)
    phantom_value = world.curve.multiply(entries[2].point, 7)
    phantom = RevocationEntry(new_handle(), phantom_value)
    silent = RevocationEntry(new_handle(), entries[2].point)  # an entry that does not move the value
    for place in range(len(entries)):
        without = entries[:place] + entries[place + 1 :]
        if place < len(entries) - 1:
            refused(world, without)
            refused(world, (*without[:place], entries[place + 1], entries[place], *entries[place + 2 :]))
        refused(
            world,
            (*entries[:place], RevocationEntry(entries[place].handle + 1, entries[place].point), *entries[place + 1 :]),
        )
        refused(world, (*entries[:place], RevocationEntry(entries[place].handle, phantom_value), *entries[place + 1 :]))
        refused(world, (*entries[:place], phantom, *entries[place:]))
        refused(world, (*entries[:place], silent, *entries[place:]))
    with pytest.raises(Misuse):
        audit_entries(world.accumulator, world.accumulator.start_value, [])
    with pytest.raises(Rejected):
        audit_entries(world.accumulator, entries[0].value, entries)


@pytest.mark.attack("V9")
def test_a_holder_notices_an_altered_list(world: World, entries: tuple[RevocationEntry, ...]) -> None:
    epoch = EpochRecord.decode(_after(world, entries).octets)
    own = new_handle()
    membership = fresh(world, world.epoch, own)
    update_membership(membership, own, entries, epoch)
    other = RevocationEntry(new_handle(), world.curve.multiply(entries[2].point, 3))
    altered = [
        entries[1:],
        entries[:-1],
        (entries[1], entries[0], *entries[2:]),
        (other, *entries),
        (*entries, other),
        (),
    ]
    for wrong in altered:
        with pytest.raises(Rejected) as refusal:
            update_membership(membership, own, wrong, epoch)
        assert refusal.value.code == "membership"


@pytest.mark.attack("V10")
@pytest.mark.parametrize("order", ["order 3", "order 11", "order of the whole cofactor"])
def test_torsion_in_an_entry(world: World, entries: tuple[RevocationEntry, ...], order: str) -> None:
    """The affine form is read without subgroup checks: the results that are kept are checked instead."""
    curve = world.curve
    tau = curve.decode_g1_affine(affine(OFF_SUBGROUP[order]))
    bad = RevocationEntry(entries[1].handle, curve.add(entries[1].point, tau))
    wrong = (entries[0], bad, *entries[2:])
    octets = entries_octets(wrong, affine=True)
    assert decode_entries(octets, affine=True)[1].point == bad.point
    with pytest.raises(Malformed):
        decode_entries(entries_octets(wrong))
    refused(world, decode_entries(octets, affine=True))
    epoch = _after(world, entries)
    for own in (new_handle() for _ in range(10)):
        membership = fresh(world, world.epoch, own)
        try:
            updated = update_membership(membership, own, decode_entries(octets, affine=True), epoch)
        except Rejected:
            continue
        # The small point's weight was a multiple of its order: what is kept is the true witness.
        assert updated.witness == fresh(world, epoch, own).witness


def test_entries_are_read_strictly(entries: tuple[RevocationEntry, ...]) -> None:
    for form, size in ((False, 80), (True, 128)):
        octets = entries_octets(entries, form)
        assert len(octets) == size * len(entries)
        assert decode_entries(octets, form) == entries
        assert decode_entries(b"", form) == ()
        too_large = ORDER.to_bytes(32, "big") + octets[32:]
        for wrong in (
            octets[:-1],
            octets + b"\x00",
            too_large,
            octets[: size - 1],
            octets[:40] + b"\xff" * 8 + octets[48:],
        ):
            with pytest.raises(Malformed):
                decode_entries(wrong, form)


@given(st.binary(max_size=400), st.booleans())
def test_any_octets_as_entries(octets: bytes, form: bool) -> None:
    try:
        assert entries_octets(decode_entries(octets, form), form) == octets
    except Malformed:
        return


def test_a_membership_of_another_handle(world: World) -> None:
    mine, other = new_handle(), new_handle()
    membership = fresh(world, world.epoch, mine)
    check_membership(membership, mine)
    with pytest.raises(Rejected):
        check_membership(membership, other)
    assert Membership.decode(world.accumulator, membership.encode()) == membership


def test_pieces_and_all_at_once_agree(world: World) -> None:
    """A long absence, in pieces of any size."""
    chance = random.Random(7)  # noqa: S311 - which pieces, not a secret
    own = new_handle()
    epoch, entries = world.revoke(world.epoch, *(new_handle() for _ in range(40)))
    at_once = update_membership(fresh(world, world.epoch, own), own, entries, epoch)
    membership, done = fresh(world, world.epoch, own), 0
    while done < len(entries):
        step = chance.randint(1, 12)
        piece = entries[done : done + step]
        done += len(piece)
        number = epoch.number if done == len(entries) else epoch.number + 100
        membership = update_membership(membership, own, piece, _at(epoch, number, piece[-1].value))
    assert membership.witness == at_once.witness


def _after(world: World, entries: Sequence[RevocationEntry]) -> EpochRecord:
    return _at(world.revoke(world.epoch, 1)[0], 1, entries[-1].value)


def _at(epoch: EpochRecord, number: int, value: bytes) -> EpochRecord:
    return replace(epoch, number=number, value=value)
