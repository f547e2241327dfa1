"""The curve's decoders and the map writer, with the reason of each refusal."""

from __future__ import annotations

from typing import Any

import pytest

from circuits import curve as curves
from circuits.curve import Curve
from circuits.curve.backend import FIELD
from circuits.encoding import PartialMap, decode, encode
from circuits.errors import Malformed, Misuse

FLAGS = (0x00, 0x20, 0x40, 0x60, 0xC0, 0xE0)


@pytest.fixture(params=["arkworks", "reference"])
def curve(request: pytest.FixtureRequest) -> Curve:
    return curves.load(request.param)


def with_first(octets: bytes, first: int) -> bytes:
    return bytes([first]) + octets[1:]


@pytest.mark.attack("E1")
@pytest.mark.attack("E2")
def test_length_and_flags_of_a_compressed_point(curve: Curve) -> None:
    first, second = curve.encode_g1(curve.g1_generator()), curve.encode_g2(curve.g2_generator())
    for octets in (b"", first[:-1], first + b"\x00", *(with_first(first, flags | first[0] & 0x1F) for flags in FLAGS)):
        with pytest.raises(Malformed, match="not a compressed G1 point"):
            curve.decode_g1(octets)
    for octets in (
        b"",
        second[:-1],
        second + b"\x00",
        *(with_first(second, flags | second[0] & 0x1F) for flags in FLAGS),
    ):
        with pytest.raises(Malformed, match="not a compressed G2 point"):
            curve.decode_g2(octets)


@pytest.mark.attack("E1")
def test_affine_octets(curve: Curve) -> None:
    octets, field = curve.encode_g1_affine(curve.g1_generator()), FIELD.to_bytes(48, "big")
    for wrong in (b"", octets[:-1], octets + b"\x00"):
        with pytest.raises(Malformed, match="not an affine G1 point"):
            curve.decode_g1_affine(wrong)
    for wrong in (field + octets[48:], octets[:48] + field, b"\xff" * 96):
        with pytest.raises(Malformed, match="coordinate not below the field's modulus"):
            curve.decode_g1_affine(wrong)


@pytest.mark.attack("E3")
def test_the_reference_reads_no_coordinate_beyond_the_field() -> None:
    """Its library would reduce one."""
    curve = curves.load("reference")
    high = (FIELD | 1 << 383).to_bytes(48, "big")
    second = curve.encode_g2(curve.g2_generator())
    with pytest.raises(Malformed, match="coordinate not below the field's modulus"):
        curve.decode_g1(high)
    for octets in (high + second[48:], second[:48] + FIELD.to_bytes(48, "big")):
        with pytest.raises(Malformed, match="coordinate not below the field's modulus"):
            curve.decode_g2(octets)


@pytest.mark.attack("22")
@pytest.mark.parametrize(
    "octets", ["c24105", "d9d9f700", "8101c24105", "9f00ff", "5f4100ff", "1c", "a1011f"], ids=lambda octets: str(octets)
)
def test_the_parser_sees_no_tag_and_no_open_end(octets: str) -> None:
    """It would make sense of each, and of a tag in what it takes for an argument's octets."""
    with pytest.raises(Malformed, match="a value of a kind that is not used here"):
        decode(bytes.fromhex(octets), 64)


@pytest.mark.parametrize("key", [-1, 23, True, "1", 1.0, None])
def test_keys_of_a_map(key: Any) -> None:
    with pytest.raises(Misuse, match="small unsigned integer"):
        PartialMap({key: 1})
    with pytest.raises(Misuse, match="small unsigned integer"):
        PartialMap({1: 1}).complete({key: 1})
    assert PartialMap({1: 1}).complete({22: 2}) == encode({1: 1, 22: 2})
