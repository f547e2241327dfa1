"""Every operation of the default backend gives what the reference gives, on values that Hypothesis picks."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from circuits import curve as curves
from circuits.curve.backend import FIELD
from circuits.errors import Malformed
from circuits.generators import create_generators
from circuits.scalar import ORDER
from circuits.suite import SHA256, SHAKE256, Suite
from tests.circuits.curve.torsion import OFF_SUBGROUP, affine

FAST = curves.load("arkworks")
ORACLE = curves.load("reference")
BOTH = (FAST, ORACLE)

edges = [0, 1, 2, 255, 256, 2**32, 2**128, 2**254, ORDER - 1, ORDER, ORDER + 1, -1, 2**256]
scalars = st.one_of(st.sampled_from(edges), st.integers(-ORDER, 2 * ORDER))
labels = st.binary(min_size=0, max_size=40)
tags = st.one_of(
    st.binary(min_size=1, max_size=20), st.sampled_from([b"x" * 255, b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_"])
)
slow = settings(max_examples=5)
medium = settings(max_examples=12)


def same_g1(run) -> None:  # type: ignore[no-untyped-def]
    """`run` computes one G1 point from a backend; both give the same octets."""
    assert FAST.encode_g1(run(FAST)) == ORACLE.encode_g1(run(ORACLE))


def outcome(decode, encode, octets: bytes) -> bytes | None:  # type: ignore[no-untyped-def]
    """What a decoder makes of `octets`: the canonical octets of the point, or None where it is refused."""
    try:
        return bytes(encode(decode(octets)))
    except Malformed:
        return None


def test_both_use_the_same_field_and_order() -> None:
    from py_ecc.optimized_bls12_381.optimized_curve import curve_order, field_modulus

    assert curve_order == ORDER
    assert field_modulus == FIELD


@medium
@given(labels, tags)
@example(b"", b"d")
def test_hash_to_g1(message: bytes, tag: bytes) -> None:
    same_g1(lambda curve: curve.hash_to_g1(message, tag))


@medium
@given(st.one_of(st.integers(0, FIELD - 1), st.sampled_from([0, 1, FIELD - 1, FIELD - 2, FIELD // 2])))
@example(0)
@example(FIELD - 1)
def test_map_to_g1(element: int) -> None:
    same_g1(lambda curve: curve.map_to_g1(element))


@medium
@given(labels, labels, scalars)
def test_add_negate_multiply(left: bytes, right: bytes, scalar: int) -> None:
    same_g1(lambda curve: curve.add(curve.hash_to_g1(left, b"L"), curve.hash_to_g1(right, b"L")))
    same_g1(lambda curve: curve.negate(curve.hash_to_g1(left, b"L")))
    same_g1(lambda curve: curve.multiply(curve.hash_to_g1(left, b"L"), scalar))


@medium
@given(st.lists(scalars, max_size=4))
def test_combine_sum_and_tables(factors: list[int]) -> None:
    names = [bytes([index]) for index in range(len(factors))]
    same_g1(lambda curve: curve.combine([curve.hash_to_g1(name, b"C") for name in names], factors))
    same_g1(lambda curve: curve.sum([curve.hash_to_g1(name, b"C") for name in names]))
    same_g1(
        lambda curve: curve.combine_fixed([curve.fixed_base(curve.hash_to_g1(name, b"C")) for name in names], factors)
    )


@medium
@given(labels, labels)
def test_comparisons(left: bytes, right: bytes) -> None:
    for a, b in ((left, right), (left, left)):
        answers = [curve.equal(curve.hash_to_g1(a, b"E"), curve.hash_to_g1(b, b"E")) for curve in BOTH]
        assert answers == [a == b] * 2
    for curve in BOTH:
        point = curve.hash_to_g1(left, b"E")
        assert curve.in_subgroup(point)
        assert curve.is_identity(curve.add(point, curve.negate(point)))


@settings(max_examples=60)
@given(st.data())
def test_decode_g1_agrees_on_damaged_octets(data: st.DataObject) -> None:
    good = FAST.encode_g1(FAST.multiply(FAST.g1_generator(), data.draw(st.integers(1, ORDER - 1))))
    octets = data.draw(damaged(good))
    for name in ("decode_g1", "decode_g1_or_identity"):
        answers = {outcome(getattr(curve, name), curve.encode_g1, octets) for curve in BOTH}
        assert len(answers) == 1
        assert answers <= {None, octets}, "an encoding that is accepted is the canonical one"


@settings(max_examples=60)
@given(st.data())
def test_decode_g1_affine_agrees_on_damaged_octets(data: st.DataObject) -> None:
    good = FAST.encode_g1_affine(FAST.multiply(FAST.g1_generator(), data.draw(st.integers(1, ORDER - 1))))
    octets = data.draw(damaged(good))
    answers = {outcome(curve.decode_g1_affine, curve.encode_g1_affine, octets) for curve in BOTH}
    assert len(answers) == 1
    assert answers <= {None, octets}


@medium
@given(st.data())
def test_decode_g2_agrees_on_damaged_octets(data: st.DataObject) -> None:
    good = FAST.encode_g2(FAST.multiply_g2(FAST.g2_generator(), data.draw(st.integers(1, ORDER - 1))))
    octets = data.draw(damaged(good))
    answers = {outcome(curve.decode_g2, curve.encode_g2, octets) for curve in BOTH}
    assert len(answers) == 1
    assert answers <= {None, octets}


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """`good`, untouched or with one bit, one octet, its flags, its length or a whole half changed."""
    match draw(st.sampled_from(["none", "bit", "octet", "flags", "small x", "length", "random", "half"])):
        case "none":
            return good
        case "bit":
            at = draw(st.integers(0, len(good) * 8 - 1))
            return bytes(octet ^ ((1 << at % 8) if index == at // 8 else 0) for index, octet in enumerate(good))
        case "octet":
            at = draw(st.integers(0, len(good) - 1))
            return good[:at] + draw(st.binary(min_size=1, max_size=1)) + good[at + 1 :]
        case "flags":
            return bytes([good[0] & 0x1F | draw(st.integers(0, 7)) << 5]) + good[1:]
        case "small x":
            return bytes([0x80]) + bytes(len(good) - 2) + draw(st.binary(min_size=1, max_size=1))
        case "length":
            return good[: draw(st.integers(0, len(good) - 1))]
        case "half":
            return good[: len(good) // 2] + draw(st.binary(min_size=len(good) // 2, max_size=len(good) // 2))
        case _:
            return draw(st.binary(min_size=len(good), max_size=len(good)))


@pytest.mark.parametrize("name", OFF_SUBGROUP)
def test_addition_agrees_outside_the_subgroup(name: str) -> None:
    octets = affine(OFF_SUBGROUP[name])
    same_g1(lambda curve: curve.add(curve.g1_generator(), curve.decode_g1_affine(octets)))
    same_g1(lambda curve: curve.sum([curve.decode_g1_affine(octets)] * 3))
    assert [curve.in_subgroup(curve.decode_g1_affine(octets)) for curve in BOTH] == [False, False]
    assert {curve.encode_g1_affine(curve.decode_g1_affine(octets)) for curve in BOTH} == {octets}


@slow
@given(scalars, scalars)
def test_g2(m: int, n: int) -> None:
    octets = set()
    for curve in BOTH:
        q = curve.g2_generator()
        total = curve.add_g2(curve.multiply_g2(q, m), curve.multiply_g2(q, n))
        octets.add(curve.encode_g2(total))
    assert len(octets) == 1


@settings(max_examples=3)
@given(st.integers(1, ORDER - 1), st.integers(1, ORDER - 1), st.integers(0, 1))
def test_pairing_products(m: int, n: int, off: int) -> None:
    for curve in BOTH:
        p, q = curve.g1_generator(), curve.g2_generator()
        pairs = [(curve.multiply(p, m), curve.multiply_g2(q, n)), (curve.multiply(p, off - m * n), q)]
        assert curve.pairing_product_is_one(pairs) is (off == 0)


@pytest.mark.parametrize("suite", [SHA256, SHAKE256], ids=["sha256", "shake256"])
@medium
@given(message=labels, tag=tags)
def test_the_suites_hash_to_the_same_points(suite: Suite, message: bytes, tag: bytes) -> None:
    fast, oracle = suite.on("arkworks"), suite.on("reference")
    assert FAST.encode_g1(fast.hash_to_g1(message, tag)) == ORACLE.encode_g1(oracle.hash_to_g1(message, tag))


@pytest.mark.parametrize("suite", [SHA256, SHAKE256], ids=["sha256", "shake256"])
def test_the_suites_have_the_same_base_points_and_generators(suite: Suite) -> None:
    fast, oracle = suite.on("arkworks"), suite.on("reference")
    assert FAST.encode_g1(fast.p1) == ORACLE.encode_g1(oracle.p1) == suite.p1_octets
    pairs = zip(create_generators(fast, 4, suite.api_id), create_generators(oracle, 4, suite.api_id), strict=True)
    for left, right in pairs:
        assert FAST.encode_g1(left) == ORACLE.encode_g1(right)
