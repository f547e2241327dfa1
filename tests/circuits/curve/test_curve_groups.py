"""The group laws, the multi-exponentiations, the tables and the pairing, on both backends."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits import curve as curves
from circuits.curve import G1, Curve
from circuits.curve.backend import FIELD
from circuits.errors import Misuse
from circuits.scalar import ORDER

EDGE_SCALARS = [0, 1, 2, 255, 256, 257, 2**128 - 1, 2**248, ORDER - 2, ORDER - 1]
DST = b"CURVE-LAWS-"

scalars = st.one_of(st.sampled_from(EDGE_SCALARS), st.integers(0, ORDER - 1))
few = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])


def point(curve: Curve, label: bytes) -> G1:
    return curve.hash_to_g1(label, DST)


def test_the_generators_are_the_standard_ones(curve: Curve) -> None:
    assert curve.encode_g1(curve.g1_generator()).hex() == (
        "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    )
    assert curve.encode_g2(curve.g2_generator()).hex() == (
        "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    )


def test_addition_is_a_commutative_group(curve: Curve) -> None:
    a, b, c = (point(curve, label) for label in (b"a", b"b", b"c"))
    identity = curve.g1_identity()
    assert curve.equal(curve.add(a, b), curve.add(b, a))
    assert curve.equal(curve.add(curve.add(a, b), c), curve.add(a, curve.add(b, c)))
    assert curve.equal(curve.add(a, identity), a)
    assert curve.equal(curve.add(identity, a), a)
    assert curve.is_identity(curve.add(a, curve.negate(a)))
    assert curve.equal(curve.add(a, a), curve.multiply(a, 2))
    assert curve.equal(curve.sum([a, b, c]), curve.add(curve.add(a, b), c))
    assert not curve.equal(a, b)
    assert not curve.equal(a, curve.negate(a))


def test_the_identity_equals_itself_alone_however_it_was_computed(curve: Curve) -> None:
    a = point(curve, b"a")
    identity = curve.g1_identity()
    doubled = identity
    for _ in range(3):
        doubled = curve.add(doubled, doubled)
    computed = [
        doubled,
        curve.negate(identity),
        curve.multiply(identity, 12),
        curve.multiply(a, 0),
        curve.multiply(a, ORDER),
    ]
    for zero in computed:
        assert curve.is_identity(zero)
        assert curve.equal(zero, identity)
        assert curve.equal(identity, zero)
        assert not curve.equal(zero, a)
        assert not curve.equal(a, zero)
        assert curve.encode_g1(zero) == bytes([0xC0]) + bytes(47)
        assert curve.in_subgroup(zero)
    assert not curve.is_identity(a)


@few
@given(scalars, scalars)
def test_multiplication_is_linear_in_the_scalar(curve: Curve, m: int, n: int) -> None:
    a = point(curve, b"a")
    assert curve.equal(curve.multiply(a, m + n), curve.add(curve.multiply(a, m), curve.multiply(a, n)))
    assert curve.equal(curve.multiply(curve.multiply(a, m), n), curve.multiply(a, m * n % ORDER))


def test_scalars_are_reduced_modulo_the_order(curve: Curve) -> None:
    a, b = point(curve, b"a"), curve.g2_generator()
    assert curve.equal(curve.multiply(a, -1), curve.negate(a))
    assert curve.equal(curve.multiply(a, ORDER - 1), curve.negate(a))
    assert curve.equal(curve.multiply(a, ORDER + 5), curve.multiply(a, 5))
    assert curve.equal(curve.multiply(a, 7 - 3 * ORDER), curve.multiply(a, 7))
    assert curve.equal(curve.combine([a], [ORDER + 5]), curve.multiply(a, 5))
    assert curve.equal(curve.fixed_base(a).multiple(ORDER + 5), curve.multiply(a, 5))
    assert curve.encode_g2(curve.multiply_g2(b, ORDER + 5)) == curve.encode_g2(curve.multiply_g2(b, 5))


@few
@given(st.lists(scalars, min_size=1, max_size=4))
def test_a_combination_is_the_sum_of_the_multiples(curve: Curve, factors: list[int]) -> None:
    points = [point(curve, bytes([index])) for index in range(len(factors))]
    one_by_one = curve.sum([curve.multiply(p, n) for p, n in zip(points, factors, strict=True)])
    assert curve.equal(curve.combine(points, factors), one_by_one)
    tables = [curve.fixed_base(p) for p in points]
    assert curve.equal(curve.combine_fixed(tables, factors), one_by_one)


def test_combinations_take_the_identity_and_repeated_points(curve: Curve) -> None:
    a, identity = point(curve, b"a"), curve.g1_identity()
    assert curve.equal(curve.combine([a, identity, a, curve.negate(a)], [3, 9, 4, 2]), curve.multiply(a, 5))
    assert curve.is_identity(curve.combine([a, a], [1, -1]))


def test_empty_sums_are_the_identity(curve: Curve) -> None:
    assert curve.is_identity(curve.sum([]))
    assert curve.is_identity(curve.combine([], []))
    assert curve.is_identity(curve.combine_fixed([], []))


@pytest.mark.attack("E6")
def test_unequal_lengths_are_a_misuse(curve: Curve) -> None:
    a = point(curve, b"a")
    table = curve.fixed_base(a)
    for points, factors in (([a, a], [1]), ([a], [1, 2]), ([], [1]), ([a], [])):
        with pytest.raises(Misuse):
            curve.combine(points, factors)
        with pytest.raises(Misuse):
            curve.combine_fixed([table] * len(points), factors)


TABLE_SCALARS = [*EDGE_SCALARS, -1, ORDER, 2**256 + 3, 0x0100FF00 << 200, 0xF00F << 100, int("5a" * 31, 16)]
OFTEN = 30  # a backend may make its table only once a base has been used some two dozen times


@pytest.mark.parametrize("passing", [True, False])
def test_a_table_gives_the_same_multiples_before_and_after_it_is_made(curve: Curve, passing: bool) -> None:
    a = point(curve, b"a")
    table = curve.fixed_base(a, passing)
    expected = [curve.multiply(a, scalar) for scalar in TABLE_SCALARS]
    for _ in range(1 + OFTEN // len(TABLE_SCALARS)):
        for scalar, multiple in zip(TABLE_SCALARS, expected, strict=True):
            assert curve.equal(table.multiple(scalar), multiple)


@pytest.mark.parametrize("passing", [True, False])
def test_sums_over_tables_in_every_state_are_the_same(curve: Curve, passing: bool) -> None:
    points = [point(curve, label) for label in (b"a", b"b", b"c")]
    tables = [curve.fixed_base(p, passing) for p in points]
    for _ in range(OFTEN):
        tables[0].multiple(2)
    factors = [7, ORDER - 2, 2**200 + 1]
    expected = curve.combine(points, factors)
    for _ in range(OFTEN):
        assert curve.equal(curve.combine_fixed(tables, factors), expected)
    assert curve.equal(curve.combine_fixed([tables[0]] * 2, [5, 6]), curve.multiply(points[0], 11))


@pytest.mark.parametrize("passing", [True, False])
def test_a_table_of_the_identity_gives_the_identity(curve: Curve, passing: bool) -> None:
    table = curve.fixed_base(curve.g1_identity(), passing)
    assert all(curve.is_identity(table.multiple(12345)) for _ in range(OFTEN))


def test_the_pairing_is_bilinear_and_not_degenerate(curve: Curve) -> None:
    a, q = point(curve, b"a"), curve.g2_generator()
    left = (curve.multiply(a, 6), curve.multiply_g2(q, 7))
    assert curve.pairing_product_is_one([left, (curve.multiply(a, -42), q)])
    assert not curve.pairing_product_is_one([left, (curve.multiply(a, -43), q)])
    assert not curve.pairing_product_is_one([(a, q)])
    assert curve.pairing_product_is_one([(curve.g1_identity(), q)])


def test_three_pairings_multiply(curve: Curve) -> None:
    a, q = curve.g1_generator(), curve.g2_generator()
    q5 = curve.add_g2(q, curve.multiply_g2(q, 4))
    pairs = [(curve.multiply(a, 2), q5), (curve.multiply(a, -9), q), (curve.negate(a), q)]
    assert curve.pairing_product_is_one(pairs)


@pytest.mark.attack("B5")
def test_an_empty_pairing_product_is_a_misuse(curve: Curve) -> None:
    with pytest.raises(Misuse):
        curve.pairing_product_is_one([])


@pytest.mark.parametrize("dst", [b"", bytes(256), b"x" * 300])
def test_a_tag_that_is_empty_or_too_long_is_a_misuse(curve: Curve, dst: bytes) -> None:
    with pytest.raises(Misuse):
        curve.hash_to_g1(b"message", dst)


def test_hashed_points_are_in_the_subgroup_and_depend_on_both_inputs(curve: Curve) -> None:
    seen = {
        curve.encode_g1(curve.hash_to_g1(*pair))
        for pair in ((b"", b"d"), (b"m", b"d"), (b"m", b"e"), (b"m", b"d" * 255))
    }
    assert len(seen) == 4
    assert curve.in_subgroup(curve.hash_to_g1(b"m", b"d" * 255))


@pytest.mark.parametrize("element", [0, 1, 2, FIELD - 1])
def test_mapped_points_have_their_cofactor_cleared(curve: Curve, element: int) -> None:
    assert curve.in_subgroup(curve.map_to_g1(element))


@pytest.mark.parametrize("element", [-1, FIELD, FIELD + 1, 2**384])
def test_only_field_elements_are_mapped(curve: Curve, element: int) -> None:
    with pytest.raises(Misuse):
        curve.map_to_g1(element)


def test_no_scalar_shows_in_a_repr_or_an_error(curve: Curve) -> None:
    secret = 0x5EC2E7_5EC2E7_5EC2E7
    a = point(curve, b"a")
    table = curve.fixed_base(a)
    shown = [repr(curve), repr(table), str(table)]
    for call in (lambda: curve.combine([a, a], [secret]), lambda: curve.combine_fixed([table], [secret, secret])):
        with pytest.raises(Misuse) as caught:
            call()
        shown += [str(caught.value), repr(caught.value)]
    for text in shown:
        assert str(secret) not in text
        assert f"{secret:x}" not in text


def test_a_backend_goes_by_its_name(curve: Curve) -> None:
    assert curves.load(curve.name) is curve
    before = curves.default().name
    try:
        assert curves.use(curve.name) is curves.default() is curve
    finally:
        curves.use(before)


def test_an_unknown_backend_is_a_misuse() -> None:
    with pytest.raises(Misuse):
        curves.load("abacus")
    with pytest.raises(Misuse):
        curves.use("")
