"""The known answers of RFC 9380: appendix K for expand_message, appendix J.9.1 for hash_to_curve on both backends."""

from __future__ import annotations

import pytest

from circuits import curve as curves
from circuits.curve import Curve
from circuits.hashing import expand_message_xmd_sha256, expand_message_xof_shake256

XMD_DST = b"QUUX-V01-CS02-with-expander-SHA256-128"
LONG_DST = (b"QUUX-V01-CS02-with-expander-SHA256-128-long-DST-").ljust(256, b"1")
XOF_DST = b"QUUX-V01-CS02-with-expander-SHAKE256"
G1_DST = b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_"
Q128 = b"q128_" + b"q" * 128
A512 = b"a512_" + b"a" * 512

XMD = [
    (b"", "68a985b87eb6b46952128911f2a4412bbc302a9d759667f87f7a21d803f07235"),
    (b"abc", "d8ccab23b5985ccea865c6c97b6e5b8350e794e603b4b97902f53a8a0d605615"),
    (b"abcdef0123456789", "eff31487c770a893cfb36f912fbfcbff40d5661771ca4b2cb4eafe524333f5c1"),
    (Q128, "b23a1d2b4d97b2ef7785562a7e8bac7eed54ed6e97e29aa51bfe3f12ddad1ff9"),
    (A512, "4623227bcc01293b8c130bf771da8c298dede7383243dc0993d2d94823958c4c"),
    (
        b"",
        "af84c27ccfd45d41914fdff5df25293e221afc53d8ad2ac06d5e3e29485dadbee0d121587713a3e0dd4d5e69e93eb7cd4f5df4cd103e188c"
        "f60cb02edc3edf18eda8576c412b18ffb658e3dd6ec849469b979d444cf7b26911a08e63cf31f9dcc541708d3491184472c2c29bb749d428"
        "6b004ceb5ee6b9a7fa5b646c993f0ced",
    ),
    (
        b"abc",
        "abba86a6129e366fc877aab32fc4ffc70120d8996c88aee2fe4b32d6c7b6437a647e6c3163d40b76a73cf6a5674ef1d890f95b664ee0afa5"
        "359a5c4e07985635bbecbac65d747d3d2da7ec2b8221b17b0ca9dc8a1ac1c07ea6a1e60583e2cb00058e77b7b72a298425cd1b941ad4ec65"
        "e8afc50303a22c0f99b0509b4c895f40",
    ),
]
XMD_LONG = [
    (b"", "e8dc0c8b686b7ef2074086fbdd2f30e3f8bfbd3bdf177f73f04b97ce618a3ed3"),
    (b"abc", "52dbf4f36cf560fca57dedec2ad924ee9c266341d8f3d6afe5171733b16bbb12"),
    (b"abcdef0123456789", "35387dcf22618f3728e6c686490f8b431f76550b0b2c61cbc1ce7001536f4521"),
    (Q128, "01b637612bb18e840028be900a833a74414140dde0c4754c198532c3a0ba42bc"),
    (A512, "20cce7033cabc5460743180be6fa8aac5a103f56d481cf369a8accc0c374431b"),
]
XOF = [
    (b"", "2ffc05c48ed32b95d72e807f6eab9f7530dd1c2f013914c8fed38c5ccc15ad76"),
    (b"abc", "b39e493867e2767216792abce1f2676c197c0692aed061560ead251821808e07"),
    (b"abcdef0123456789", "245389cf44a13f0e70af8665fe5337ec2dcd138890bb7901c4ad9cfceb054b65"),
]
G1 = [
    (
        b"",
        "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1"
        "08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265",
    ),
    (
        b"abc",
        "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903"
        "0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d",
    ),
    (
        b"abcdef0123456789",
        "11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98"
        "03a87ae2caf14e8ee52e51fa2ed8eefe80f02457004ba4d486d6aa1f517c0889501dc7413753f9599b099ebcbbd2d709",
    ),
]
U0 = 0x0BA14BD907AD64A016293EE7C2D276B8EAE71F25A4B941EECE7B0D89F17F75CB3AE5438A614FB61D6835AD59F29C564F
U1 = 0x019B9BD7979F12657976DE2884C7CCE192B82C177C80E0EC604436A7F538D231552F0D96D9F7BABE5FA3B19B3FF25AC9


@pytest.fixture(params=["arkworks", "reference"])
def curve(request: pytest.FixtureRequest) -> Curve:
    return curves.load(request.param)


@pytest.mark.parametrize(("message", "expected"), XMD)
def test_expand_message_xmd_k1(message: bytes, expected: str) -> None:
    assert expand_message_xmd_sha256(message, XMD_DST, len(expected) // 2).hex() == expected


@pytest.mark.parametrize(("message", "expected"), XMD_LONG)
def test_expand_message_xmd_with_a_long_tag_k2(message: bytes, expected: str) -> None:
    assert expand_message_xmd_sha256(message, LONG_DST, len(expected) // 2).hex() == expected


@pytest.mark.parametrize(("message", "expected"), XOF)
def test_expand_message_xof_k6(message: bytes, expected: str) -> None:
    assert expand_message_xof_shake256(message, XOF_DST, len(expected) // 2).hex() == expected


@pytest.mark.parametrize(("message", "expected"), G1)
def test_hash_to_curve_j91(curve: Curve, message: bytes, expected: str) -> None:
    point = curve.hash_to_g1(message, G1_DST)
    assert curve.encode_g1_affine(point).hex() == expected


def test_map_to_curve_j91_adds_up(curve: Curve) -> None:
    total = curve.add(curve.map_to_g1(U0), curve.map_to_g1(U1))
    assert curve.encode_g1_affine(total).hex() == G1[0][1]
