"""Strict decoding on both backends: every trap of the libraries, and every encoding that must not pass for a point."""

from __future__ import annotations

from itertools import count

import pytest

from circuits.curve import Curve
from circuits.curve.backend import FIELD
from circuits.errors import Malformed, Misuse
from circuits.scalar import ORDER
from tests.circuits.curve.torsion import OFF_SUBGROUP, affine, compressed, g2_off_subgroup

IDENTITY = bytes([0xC0]) + bytes(47)
SIGN = 0x20
SPARE = 2**381 - FIELD

TRAPS_G1 = {
    "all ones": b"\xff" * 48,
    "infinity with the sign": b"\xe0" + bytes(47),
    "infinity with a tail": b"\xc0" + bytes(46) + b"\x01",
    "infinity with a head": b"\xc1" + bytes(47),
    "all zeros": bytes(48),
    "x = 0": b"\x80" + bytes(47),
    "x = 0 with the sign": b"\xa0" + bytes(47),
    "uncompressed infinity": b"\x40" + bytes(47),
    "x = p": ((1 << 383) + FIELD).to_bytes(48, "big"),
    "x = p + 1": ((1 << 383) + FIELD + 1).to_bytes(48, "big"),
    "x of 381 ones": b"\x9f" + b"\xff" * 47,
}


def with_first(octets: bytes, first: int) -> bytes:
    return bytes([first]) + octets[1:]


def small_x(curve: Curve) -> bytes:
    """A subgroup point whose x leaves room for x + p in 381 bits."""
    point = curve.g1_generator()
    for _ in count():
        octets = curve.encode_g1(point)
        if int.from_bytes(with_first(octets, octets[0] & 0x1F), "big") < SPARE:
            return octets
        point = curve.add(point, curve.g1_generator())
    raise AssertionError("one x in five is small")


@pytest.mark.attack("20")
@pytest.mark.attack("E1")
@pytest.mark.parametrize("trap", TRAPS_G1.values(), ids=TRAPS_G1.keys())
def test_traps_are_refused_in_g1(curve: Curve, trap: bytes) -> None:
    for decode in (curve.decode_g1, curve.decode_g1_or_identity):
        with pytest.raises(Malformed):
            decode(trap)


@pytest.mark.attack("S2")
def test_the_identity_is_read_only_where_it_is_allowed(curve: Curve) -> None:
    with pytest.raises(Malformed):
        curve.decode_g1(IDENTITY)
    assert curve.is_identity(curve.decode_g1_or_identity(IDENTITY))
    assert curve.encode_g1(curve.g1_identity()) == IDENTITY


@pytest.mark.parametrize("scalar", [1, 2, 3, 12345, ORDER - 1, ORDER // 2])
def test_what_is_encoded_decodes_to_itself(curve: Curve, scalar: int) -> None:
    point = curve.multiply(curve.g1_generator(), scalar)
    octets = curve.encode_g1(point)
    assert len(octets) == 48
    assert curve.equal(curve.decode_g1(octets), point)
    assert curve.equal(curve.decode_g1_or_identity(octets), point)
    assert curve.encode_g1(curve.decode_g1(octets)) == octets
    flat = curve.encode_g1_affine(point)
    assert len(flat) == 96
    assert curve.equal(curve.decode_g1_affine(flat), point)


@pytest.mark.attack("E2")
def test_every_change_of_the_flag_bits_is_refused_or_negates(curve: Curve) -> None:
    point = curve.hash_to_g1(b"flags", b"D")
    octets = curve.encode_g1(point)
    low = octets[0] & 0x1F
    assert curve.equal(curve.decode_g1(with_first(octets, octets[0] ^ SIGN)), curve.negate(point))
    for flags in (0x00, 0x20, 0x40, 0x60, 0xC0, 0xE0):
        with pytest.raises(Malformed):
            curve.decode_g1(with_first(octets, flags | low))
        with pytest.raises(Malformed):
            curve.decode_g1_or_identity(with_first(octets, flags | low))


@pytest.mark.attack("E2")
def test_a_coordinate_has_one_encoding(curve: Curve) -> None:
    octets = small_x(curve)
    curve.decode_g1(octets)
    alias = (int.from_bytes(octets, "big") + FIELD).to_bytes(48, "big")
    with pytest.raises(Malformed):
        curve.decode_g1(alias)


@pytest.mark.attack("E2")
def test_an_x_without_a_y_is_refused(curve: Curve) -> None:
    for x in range(1, 40):
        if pow(x**3 + 4, (FIELD - 1) // 2, FIELD) == FIELD - 1:
            with pytest.raises(Malformed):
                curve.decode_g1(((1 << 383) + x).to_bytes(48, "big"))


@pytest.mark.attack("E4")
@pytest.mark.parametrize("length", [0, 1, 32, 47, 49, 96])
def test_another_length_is_refused(curve: Curve, length: int) -> None:
    octets = (curve.encode_g1(curve.g1_generator()) * 2)[:length]
    for decode in (curve.decode_g1, curve.decode_g1_or_identity):
        with pytest.raises(Malformed):
            decode(octets)
    with pytest.raises(Malformed):
        curve.decode_g2(octets)


@pytest.mark.attack("S1")
@pytest.mark.attack("S5")
@pytest.mark.parametrize("name", OFF_SUBGROUP)
def test_points_outside_the_subgroup_are_refused(curve: Curve, name: str) -> None:
    torsion = curve.decode_g1_affine(affine(OFF_SUBGROUP[name]))
    assert not curve.in_subgroup(torsion)
    shifted = curve.add(curve.g1_generator(), torsion)
    assert not curve.in_subgroup(shifted)
    for octets in (compressed(OFF_SUBGROUP[name]), curve.encode_g1(shifted), curve.encode_g1(curve.negate(shifted))):
        with pytest.raises(Malformed):
            curve.decode_g1(octets)
        with pytest.raises(Malformed):
            curve.decode_g1_or_identity(octets)


@pytest.mark.attack("S1")
@pytest.mark.parametrize("name", ["order 3", "order 11"])
def test_small_orders_pass_every_pairing_which_is_why_decoding_refuses_them(curve: Curve, name: str) -> None:
    torsion = curve.decode_g1_affine(affine(OFF_SUBGROUP[name]))
    assert curve.pairing_product_is_one([(torsion, curve.g2_generator())])


@pytest.mark.attack("20")
def test_ninety_six_zero_octets_are_no_point(curve: Curve) -> None:
    with pytest.raises(Malformed):
        curve.decode_g1_affine(bytes(96))


def test_the_identity_has_no_affine_encoding(curve: Curve) -> None:
    with pytest.raises(Misuse):
        curve.encode_g1_affine(curve.g1_identity())


@pytest.mark.attack("V10")
def test_affine_octets_are_strict_but_for_the_subgroup(curve: Curve) -> None:
    point = curve.multiply(curve.g1_generator(), 99)
    flat = curve.encode_g1_affine(point)
    x, y = int.from_bytes(flat[:48], "big"), int.from_bytes(flat[48:], "big")

    def octets(left: int, right: int) -> bytes:
        return left.to_bytes(48, "big") + right.to_bytes(48, "big")

    assert curve.equal(curve.decode_g1_affine(octets(x, FIELD - y)), curve.negate(point))
    wrong = [
        flat[:-1],
        flat + b"\x00",
        b"",
        curve.encode_g1(point),
        octets(x, y + 1),
        octets(x + 1, y),
        octets(y, x),
        octets(x + FIELD, y),
        octets(x, y + FIELD),
        octets(FIELD, 2),
        octets(0, 0),
        octets(0, 1),
        octets(x + (1 << 383), y),
        octets(x + (1 << 382), y),
        octets(x + (1 << 381), y),
        b"\xff" * 96,
        b"\x40" + bytes(95),
    ]
    for case in wrong:
        with pytest.raises(Malformed):
            curve.decode_g1_affine(case)


def test_g2_decodes_what_it_encodes(curve: Curve) -> None:
    for scalar in (1, 5, ORDER - 1):
        point = curve.multiply_g2(curve.g2_generator(), scalar)
        octets = curve.encode_g2(point)
        assert len(octets) == 96
        assert curve.encode_g2(curve.decode_g2(octets)) == octets


def g2_wrong(name: str, good: bytes) -> bytes:
    real = int.from_bytes(good[48:], "big")
    return {
        "identity": b"\xc0" + bytes(95),
        "identity with the sign": b"\xe0" + bytes(95),
        "identity with a tail": b"\xc0" + bytes(94) + b"\x01",
        "identity with a head": b"\xc1" + bytes(95),
        "zeros": bytes(96),
        "ones": b"\xff" * 96,
        "x = 0": b"\x80" + bytes(95),
        "uncompressed": with_first(good, good[0] & 0x7F),
        "infinity bit": with_first(good, good[0] | 0x40),
        "imaginary part p": ((1 << 383) + FIELD).to_bytes(48, "big") + good[48:],
        "real part p": good[:48] + FIELD.to_bytes(48, "big"),
        "real part with x + p": good[:48] + (real + FIELD).to_bytes(48, "big"),
        "flag bits on the real part": good[:48] + (real + (1 << 383)).to_bytes(48, "big"),
        "sign bit on the real part": good[:48] + (real + (1 << 381)).to_bytes(48, "big"),
        "off the subgroup": g2_off_subgroup(),
        "short": good[:-1],
        "long": good + b"\x00",
        "a G1 point": good[:48],
    }[name]


WRONG_G2 = [
    "identity", "identity with the sign", "identity with a tail", "identity with a head", "zeros", "ones", "x = 0",
    "uncompressed", "infinity bit", "imaginary part p", "real part p", "real part with x + p",
    "flag bits on the real part", "sign bit on the real part", "off the subgroup", "short", "long", "a G1 point",
]  # fmt: skip


@pytest.mark.attack("S7")
@pytest.mark.parametrize("name", WRONG_G2)
def test_g2_refuses_what_is_no_key(curve: Curve, name: str) -> None:
    octets = g2_wrong(name, curve.encode_g2(curve.g2_generator()))
    with pytest.raises(Malformed):
        curve.decode_g2(octets)


def test_the_sign_of_g2_negates(curve: Curve) -> None:
    good = curve.encode_g2(curve.g2_generator())
    other = curve.decode_g2(with_first(good, good[0] ^ SIGN))
    assert curve.encode_g2(other) == curve.encode_g2(curve.multiply_g2(curve.g2_generator(), -1))


def test_decoding_says_no_more_than_which_thing_was_malformed(curve: Curve) -> None:
    for decode, octets in (
        (curve.decode_g1, b"\x9f" * 48),
        (curve.decode_g2, b"\x9f" * 96),
        (curve.decode_g1_affine, b"\x01" * 96),
    ):
        with pytest.raises(Malformed) as caught:
            decode(octets)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        assert caught.value.code == "malformed"
