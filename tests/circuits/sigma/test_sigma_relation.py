"""Relations: their encoding, the notation that builds them, and one refusal for each of the draft's ten checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import curve as curves
from circuits.curve import G1
from circuits.errors import Malformed, Misuse, Rejected
from circuits.scalar import ORDER
from circuits.sigma.protocol import BATCHABLE, prove, verify
from circuits.sigma.relation import (
    MAX_INSTANCE_OCTETS,
    Builder,
    Equation,
    ImageTerm,
    MapTerm,
    Shape,
    check_elements,
    check_shape,
    decode_instance,
    encode_elements,
)

CURVE = curves.default()
G = CURVE.g1_generator()


def point(multiple: int) -> G1:
    return CURVE.multiply(G, multiple)


def dlog() -> Shape:
    """X = x * G, as the first vector has it."""
    return Shape((Equation((ImageTerm(1, 1),), (MapTerm(1, 0, 0),)),), 1, 2)


def check_all(shape: Shape, elements: Sequence[G1]) -> None:
    """The ten checks in their order."""
    check_shape(shape)
    check_elements(CURVE, shape, elements)


def refused(number: int, shape: Shape, elements: Sequence[G1]) -> None:
    """Both entrances refuse by this very check, and no proof saves the instance."""
    attempts: list[Callable[[], object]] = [
        lambda: check_all(shape, elements),
        lambda: verify(CURVE, b"tag", shape, elements, bytes(80)),
        lambda: prove(CURVE, b"tag", shape, elements, [0]),
    ]
    for attempt in attempts:
        with pytest.raises(Rejected) as refusal:
            attempt()
        assert refusal.value.code == f"instance-check-{number}"


def test_check_1_a_relation_has_equations() -> None:
    refused(1, Shape((), 0, 1), [G])


@pytest.mark.parametrize(
    "equation", [Equation((), (MapTerm(1, 0, 0),)), Equation((ImageTerm(1, 1),), ()), Equation((), ())]
)
def test_check_2_no_side_is_empty(equation: Equation) -> None:
    refused(2, Shape((*dlog().equations, equation), 1, 2), [G, point(2)])


@pytest.mark.parametrize(
    "equation",
    [
        Equation((ImageTerm(1, 1 << 32),), (MapTerm(1, 0, 0),)),
        Equation((ImageTerm(1, 1),), (MapTerm(1, 1 << 32, 0),)),
        Equation((ImageTerm(1, 1),), (MapTerm(1, 0, -1),)),
    ],
)
def test_check_3_indices_fit_in_32_bits(equation: Equation) -> None:
    shape = Shape((equation,), 1, 2)
    refused(3, shape, [G, point(2)])
    with pytest.raises(Misuse):
        _ = shape.prefix


@pytest.mark.parametrize(
    "equation",
    [Equation((ImageTerm(1, 2),), (MapTerm(1, 0, 1),)), Equation((ImageTerm(1, 1),), (MapTerm(1, 0, 2),))],
)
def test_check_4_named_elements_exist(equation: Equation) -> None:
    refused(4, Shape((equation,), 1, 2), [G, point(2)])


def test_check_5_every_element_is_named() -> None:
    refused(5, Shape(dlog().equations, 1, 3), [G, point(2), point(3)])


@pytest.mark.parametrize("count", [0, 2, 1 << 40])
def test_check_6_scalars_are_the_declared_ones(count: int) -> None:
    refused(6, Shape(dlog().equations, count, 2), [G, point(2)])


def test_check_6_no_gap_between_scalars() -> None:
    refused(6, Shape((Equation((ImageTerm(1, 1),), (MapTerm(1, 0, 0), MapTerm(1, 2, 0))),), 3, 2), [G, point(2)])


def test_check_7_element_0_is_the_generator() -> None:
    refused(7, dlog(), [point(2), point(2)])


def test_check_8_no_element_is_the_identity() -> None:
    refused(8, dlog(), [G, CURVE.g1_identity()])


def test_check_9_no_image_is_the_identity() -> None:
    shape = Shape((Equation((ImageTerm(1, 1), ImageTerm(1, 2)), (MapTerm(1, 0, 0),)),), 1, 3)
    refused(9, shape, [G, point(2), point(-2)])
    zero = Shape((Equation((ImageTerm(0, 1),), (MapTerm(1, 0, 0),)),), 1, 2)
    refused(9, zero, [G, point(2)])


def test_check_10_some_equation_constrains_each_scalar() -> None:
    image = (ImageTerm(1, 1),)
    cancelling = Shape((Equation(image, (MapTerm(1, 0, 0), MapTerm(1, 1, 1), MapTerm(1, 1, 2))),), 2, 3)
    refused(10, cancelling, [G, point(2), point(-2)])
    zero = Shape((Equation(image, (MapTerm(1, 0, 0), MapTerm(0, 1, 0))),), 2, 2)
    refused(10, zero, [G, point(2)])


def test_cancelling_in_one_equation_is_allowed_when_another_constrains() -> None:
    first = Equation((ImageTerm(1, 1),), (MapTerm(1, 0, 0), MapTerm(1, 1, 1), MapTerm(1, 1, 2)))
    second = Equation((ImageTerm(1, 2),), (MapTerm(1, 1, 0),))
    shape = Shape((first, second), 2, 3)
    elements = [G, point(2), point(-2)]
    verify(CURVE, b"tag", shape, elements, prove(CURVE, b"tag", shape, elements, [2, -2 % ORDER]))


def test_elements_of_another_number_are_our_own_mistake() -> None:
    with pytest.raises(Misuse):
        check_elements(CURVE, dlog(), [G])


def test_builder_compiles_by_order_of_declaration() -> None:
    """Two equations over H, X, Y with the generator unwritten; 0 is written, -1 is r - 1."""
    builder = Builder()
    x = builder.scalar("x")
    h, big_x, y = (builder.element(name) for name in ("H", "X", "Y"))
    builder.equation([(1, big_x)], [(1, x, builder.generator)])
    builder.equation([(-1, y), (0, h)], [(-1, x, h)])
    one, minus, zero = ((value % ORDER).to_bytes(32, "big") for value in (1, -1, 0))
    u32 = [index.to_bytes(4, "little") for index in range(4)]
    first = [u32[1], u32[2], one, u32[1], u32[0], u32[0], one]
    second = [u32[2], u32[3], minus, u32[1], zero, u32[1], u32[0], u32[1], minus]
    assert builder.shape().prefix == b"".join([u32[2], *first, *second])


def test_builder_refuses_what_it_did_not_declare() -> None:
    builder, other = Builder(), Builder()
    x, stranger = builder.scalar("x"), other.scalar("x")
    with pytest.raises(Misuse):
        builder.scalar("x")
    with pytest.raises(Misuse):
        builder.element("")
    with pytest.raises(Misuse):
        builder.equation([(1, builder.generator)], [(1, stranger, builder.generator)])
    with pytest.raises(Misuse):
        builder.equation([(1, other.generator)], [(1, x, builder.generator)])
    with pytest.raises(Misuse, match="no equations"):
        builder.shape()


def test_decoder_refuses_other_lengths_and_forms() -> None:
    octets = dlog().prefix + encode_elements(CURVE, [G, point(2)])
    shape, elements = decode_instance(CURVE, octets)
    assert shape == dlog()
    assert CURVE.equal(elements[1], point(2))
    for length in range(len(octets)):
        with pytest.raises(Malformed):
            decode_instance(CURVE, octets[:length])
    identity = bytes([0xC0]) + bytes(47)
    for bad in (
        octets + b"\0",
        octets + octets[-48:],
        octets[:12] + b"\xff" * 32 + octets[44:],  # a coefficient of r and above
        octets[:-48] + identity,
        octets[:-48] + bytes([0x80]) + bytes(47),  # on the curve, outside the subgroup
        b"\xff" * 4 + octets[4:],
        bytes(MAX_INSTANCE_OCTETS + 1),
    ):
        with pytest.raises(Malformed):
            decode_instance(CURVE, bad)


@given(st.binary(max_size=300))
def test_decoder_leaks_nothing_but_malformed(octets: bytes) -> None:
    try:
        shape, elements = decode_instance(CURVE, octets)
    except Malformed:
        return
    assert shape.prefix + encode_elements(CURVE, elements) == octets


def test_flavour_default_is_batchable() -> None:
    shape, elements = dlog(), [G, point(7)]
    verify(CURVE, b"tag", shape, elements, prove(CURVE, b"tag", shape, elements, [7]), BATCHABLE)
