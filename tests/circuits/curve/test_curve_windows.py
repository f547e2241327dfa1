"""The tables: every layout gives what plain multiplication gives, alone and together, before and after it is made."""

from __future__ import annotations

import pytest

from circuits import curve as curves
from circuits.curve import G1, Curve
from circuits.curve.windows import Windows
from circuits.scalar import ORDER

DST = b"CURVE-WINDOWS-"
LAYOUTS = [(11, 6), (8, 1), (8, 3), (6, 1), (4, 1), (5, 13), (9, 29)]
EDGES = [
    0,
    1,
    2,
    127,
    128,
    129,
    1023,
    1024,
    1025,
    2**128,
    2**254,
    ORDER - 1,
    ORDER,
    ORDER + 1,
    -1,
    -(2**70),
    2**256 + 5,
]
OFTEN = 30
MANY = 8


def points(curve: Curve, count: int) -> list[G1]:
    return [curve.hash_to_g1(bytes([at]), DST) for at in range(count)]


@pytest.fixture(scope="module")
def arkworks() -> Curve:
    return curves.load("arkworks")


@pytest.mark.parametrize(("bits", "stride"), LAYOUTS)
def test_every_layout_multiplies(arkworks: Curve, bits: int, stride: int) -> None:
    windows = Windows(bits, stride)
    (point,) = points(arkworks, 1)
    rows = windows.rows(point)
    assert windows.places % stride == 0
    assert bits * windows.places > ORDER.bit_length() + 1
    assert sum(len(row) - 1 for row in rows) == windows.points
    for scalar in EDGES:
        found = windows.combine(arkworks.g1_identity(), [rows], [scalar])
        assert arkworks.equal(found, arkworks.multiply(point, scalar)), scalar


@pytest.mark.parametrize(("bits", "stride"), [(11, 6), (8, 3), (6, 1)])
def test_a_layout_combines(arkworks: Curve, bits: int, stride: int) -> None:
    windows = Windows(bits, stride)
    given = points(arkworks, len(EDGES))
    tables = [windows.rows(point) for point in given]
    found = windows.combine(arkworks.g1_identity(), tables, EDGES)
    assert arkworks.equal(found, arkworks.combine(given, EDGES))


def test_without_doublings_a_sum_goes_on(arkworks: Curve) -> None:
    windows = Windows(6, 1)
    start, point = points(arkworks, 2)
    found = windows.combine(start, [windows.rows(point)], [77])
    assert arkworks.equal(found, arkworks.add(start, arkworks.multiply(point, 77)))


@pytest.mark.parametrize("count", [1, 3, MANY])
def test_few_and_many_bases_in_every_state(curve: Curve, count: int) -> None:
    """Lasting and passing bases mixed; tables come one at a time, and the factor 1 needs none."""
    given = points(curve, count)
    bases = [curve.fixed_base(point, passing=at % 2 == 0) for at, point in enumerate(given)]
    factors = [1, ORDER - 3, 2**200 + 1, 0, 1, 2**128 - 1, -9, ORDER][:count]
    expected = curve.combine(given, factors)
    for _ in range((OFTEN + count) if curve.name == "arkworks" else 1):
        assert curve.equal(curve.combine_fixed(bases, factors), expected)


def test_the_same_base_twice_among_many(curve: Curve) -> None:
    (point,) = points(curve, 1)
    base = curve.fixed_base(point)
    for _ in range(OFTEN if curve.name == "arkworks" else 1):
        assert curve.equal(curve.combine_fixed([base] * MANY, range(1, MANY + 1)), curve.multiply(point, 36))
