"""What a review tried against the tables of multiples and the update of a membership: every result is compared with
plain multiplication, or with what the accumulator's key gives."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from circuits import (
    Membership,
    Rejected,
    RevocationEntry,
    Unsatisfiable,
    audit_entries,
    update_membership,
    witness_for,
)
from circuits import curve as curves
from circuits.curve import G1, Curve
from circuits.curve.windows import Windows
from circuits.scalar import ORDER
from tests.circuits.core.world import Licence, World
from tests.circuits.curve.torsion import affine, point_of_order

LAYOUTS = [Windows(11, 6), Windows(9, 1), Windows(6, 1)]


@pytest.fixture(scope="module")
def curve() -> Curve:
    return curves.load("arkworks")


def points(curve: Curve, label: bytes, count: int) -> list[G1]:
    return [curve.hash_to_g1(bytes([at]), b"REVIEW-TABLES-" + label) for at in range(count)]


def awkward(bits: int) -> list[int]:
    """Scalars whose digits are all at, just under or just over half a window, that carry through every place, or that
    lie about the order, its half and the powers of two."""
    half, found = 1 << (bits - 1), set(range(-2, 3))
    for places in (1, 2, 255 // bits, 256 // bits + 1):
        halves = sum(half << (bits * place) for place in range(places))
        for near in (-1, 0, 1):
            found |= {halves + near, -halves - near, (halves << 1) + near, (1 << bits * places) + near}
    for middle in (ORDER, 2 * ORDER, -ORDER, ORDER // 2, 2**127, 2**128, 2**254, 2**255, 2**256):
        found |= {middle - 1, middle, middle + 1}
    return sorted(found)


@pytest.mark.parametrize("windows", LAYOUTS, ids=str)
def test_digits_are_the_scalar_and_products_are_plain_ones(curve: Curve, windows: Windows) -> None:
    draw = random.Random(windows.bits)  # noqa: S311
    (point,) = points(curve, b"single", 1)
    rows, half = windows.rows(point), 1 << (windows.bits - 1)
    for place, row in enumerate(rows):
        for multiple in (1, 2, half - 1, half):
            expected = curve.multiply(point, multiple << (windows.bits * windows.stride * place))
            assert curve.equal(row[multiple], expected)
    for scalar in [*awkward(windows.bits), *(draw.randrange(-2 * ORDER, 2 * ORDER) for _ in range(150))]:
        digits = [digit - half for digit in windows._digits(scalar)]
        assert sum(digit << (windows.bits * place) for place, digit in enumerate(digits)) == scalar % ORDER
        assert all(-half <= digit < half for digit in digits)
        assert curve.equal(windows.combine(curve.g1_identity(), [rows], [scalar]), curve.multiply(point, scalar))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 7, 13])
def test_combinations_in_every_state_of_their_tables(curve: Curve, count: int) -> None:
    """Bases that are equal, opposite or O; factors 0, 1, r and about; each table made at another call."""
    draw, given = random.Random(count), points(curve, b"many", count)  # noqa: S311
    if count > 4:
        given[2], given[3], given[4] = given[1], curve.negate(given[0]), curve.g1_identity()
    bases = [curve.fixed_base(point, passing=at % 2 == 0) for at, point in enumerate(given)]
    edges = [0, 1, 2, -1, ORDER - 1, ORDER, ORDER + 1, 2**128 - 1]
    for _ in range(40):
        factors = [draw.choice([*edges, draw.randrange(ORDER), draw.randrange(2**128)]) for _ in given]
        assert curve.equal(curve.combine_fixed(bases, factors), curve.combine(given, factors))
        for base, point, factor in list(zip(bases, given, factors, strict=True))[:2]:
            assert curve.equal(base.multiple(factor), curve.multiply(point, factor))


def test_tables_made_by_several_threads_at_once(curve: Curve) -> None:
    given = points(curve, b"threads", 7)
    bases = [curve.fixed_base(point, passing=at % 2 == 0) for at, point in enumerate(given)]

    def work(seed: int) -> bool:
        draw, right = random.Random(seed), True  # noqa: S311
        for _ in range(14):
            count = draw.choice([2, 7])
            factors = [draw.randrange(ORDER) for _ in range(count)]
            found = curve.combine_fixed(bases[:count], factors)
            right &= curve.equal(found, curve.combine(given[:count], factors))
        return right

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as threads:
            assert all(threads.map(work, range(6)))
    finally:
        sys.setswitchinterval(before)


@pytest.mark.attack("V8")
@pytest.mark.attack("V9")
def test_an_update_gives_what_the_key_gives_or_nothing(world: World, licence: Licence) -> None:
    """Also at handles next to each other and to the order; and to a revoked holder in no order and with no omission."""
    draw, key, curve = random.Random(8), world.accumulated.secret_key, world.curve  # noqa: S311
    for handle, others in (
        (1, [2, ORDER - 1]),
        (ORDER - 1, [1, 2, 3]),
        (7, [draw.randrange(1, ORDER) for _ in range(9)]),
    ):
        start = witness_for(world.accumulator, key, world.epoch.value, handle)
        before = Membership(world.accumulator, 0, world.epoch.value, start)
        after, entries = world.revoke(world.epoch, *others)
        updated = update_membership(before, handle, entries, after)
        assert updated.witness == witness_for(world.accumulator, key, after.value, handle)
        half, first = world.revoke(world.epoch, others[0])
        rest = entries[1:]
        assert update_membership(update_membership(before, handle, first, half), handle, rest, after) == updated
    own, membership = licence.credential.handle, licence.membership
    after, entries = world.revoke(world.epoch, *(draw.randrange(1, ORDER) for _ in range(2)), own, 5)
    with pytest.raises(Unsatisfiable, match="revoked"):
        update_membership(membership, own, entries, after)
    disguised = RevocationEntry(own + 1, entries[2].point, entries[2].suite)
    opposite = RevocationEntry(entries[3].handle, curve.negate(entries[3].point), entries[3].suite)
    for forged in (
        (),
        entries[:2],
        entries[3:],
        (*entries[:2], *entries[3:]),
        (*entries[:2], disguised, *entries[3:]),
        (*entries[:2], opposite),
    ):
        with pytest.raises(Rejected):
            update_membership(membership, own, forged, after)


@pytest.mark.attack("V10")
def test_a_list_that_fits_some_handles_only_is_what_the_audit_refuses(world: World) -> None:
    """Whether an altered list leads to the epoch can depend on the handle: so a wallet that used one would say which
    handle it has. The update never gives a wrong witness for it; who takes a list from a stranger checks it first."""
    draw, key, curve = random.Random(9), world.accumulated.secret_key, world.curve  # noqa: S311
    handles = [draw.randrange(1, ORDER) for _ in range(12)]
    after, entries = world.revoke(world.epoch, *(draw.randrange(1, ORDER) for _ in range(3)))

    def moved(entry: RevocationEntry, by: G1) -> RevocationEntry:
        return RevocationEntry(entry.handle, curve.add(entry.point, by), entry.suite)

    def those_who_get_through(given: tuple[RevocationEntry, ...]) -> set[int]:
        found = set()
        for handle in handles:
            start = witness_for(world.accumulator, key, world.epoch.value, handle)
            before = Membership(world.accumulator, 0, world.epoch.value, start)
            try:
                updated = update_membership(before, handle, given, after)
            except Rejected:
                continue
            assert updated.witness == witness_for(world.accumulator, key, after.value, handle)
            found.add(handle)
        return found

    assert those_who_get_through(entries) == set(handles)
    (shift,) = points(curve, b"shift", 1)
    weight = handles[4] - entries[0].handle
    for_one = (moved(entries[0], curve.multiply(shift, weight)), moved(entries[1], shift), entries[2])
    assert those_who_get_through(for_one) == {handles[4]}
    small = curve.decode_g1_affine(affine(point_of_order(3)))
    for_some = (moved(entries[0], small), *entries[1:])
    assert those_who_get_through(for_some) < set(handles)
    audit_entries(world.accumulator, world.epoch.value, entries)
    for altered in (for_one, for_some):
        with pytest.raises(Rejected):
            audit_entries(world.accumulator, world.epoch.value, altered)
