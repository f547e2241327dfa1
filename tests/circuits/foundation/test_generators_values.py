"""The bases of the licence system have the values that the protocol page prints, and none has two roles."""

from __future__ import annotations

import pytest

from circuits.curve import G1
from circuits.encoding import encode
from circuits.errors import Misuse
from circuits.generators import (
    ACCUMULATOR_START,
    DIGIT_BASE,
    ESCROW_BASE,
    PSEUDONYM_BASE,
    create_generators,
    named_base,
)
from circuits.suite import LICENCE_API_ID, SHA256, SHAKE256, Suite


def named(role: bytes, identifier: bytes) -> G1:
    return named_base(SHA256, LICENCE_API_ID, role, identifier)


def licence_bases() -> dict[str, G1]:
    core = create_generators(SHA256, 11, LICENCE_API_ID)
    blind = create_generators(SHA256, 2, b"BLIND_" + LICENCE_API_ID)
    return {
        "Q_1": core[0],
        **{f"H_{index}": point for index, point in enumerate(core[1:])},
        "Q_2": blind[0],
        "J_1": blind[1],
        "G_d": named(DIGIT_BASE, b"issuer-1"),
        "V_0": named(ACCUMULATOR_START, b"acc-1"),
        "G_e": named(ESCROW_BASE, b"escrow-1"),
        "OP": named(PSEUDONYM_BASE, encode(["verifier", "gateway.example", "2026-47"])),
    }


PRINTED = {
    "Q_1": ("934a9ae1", "42fc70ef"),
    "H_0": ("a69df0b8", "7a00a932"),
    "H_9": ("b6c90334", "3bf86eed"),
    "Q_2": ("99d3ba12", "cc15df1a"),
    "J_1": ("942c7c89", "cfbaf2f01d"),
    "G_d": ("a47b5d30", "2c773015"),
    "V_0": ("938acd61", "ab4ae1028"),
    "G_e": ("8c1e375f", "86076d"),
    "OP": ("b02afd97", "42115050"),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_printed_values(name: str) -> None:
    octets = SHA256.curve.encode_g1(licence_bases()[name]).hex()
    start, end = PRINTED[name]
    assert octets.startswith(start)
    assert octets.endswith(end)


def test_all_bases_differ_from_each_other_and_from_p1() -> None:
    curve = SHA256.curve
    points = [*licence_bases().values(), SHA256.p1, curve.g1_generator()]
    assert len({curve.encode_g1(point) for point in points}) == len(points)
    assert all(curve.in_subgroup(point) for point in points)


def test_one_identifier_in_several_roles_gives_several_bases() -> None:
    roles = (DIGIT_BASE, ACCUMULATOR_START, ESCROW_BASE, PSEUDONYM_BASE)
    assert len({SHA256.curve.encode_g1(named(role, b"same")) for role in roles}) == len(roles)


@pytest.mark.parametrize("suite", [SHA256, SHAKE256], ids=["sha256", "shake256"])
def test_a_longer_list_begins_with_the_shorter_one(suite: Suite) -> None:
    short, long = create_generators(suite, 2, suite.api_id), create_generators(suite, 4, suite.api_id)
    assert [suite.curve.encode_g1(p) for p in short] == [suite.curve.encode_g1(p) for p in long[:2]]


def test_the_suites_share_no_generator() -> None:
    octets = {s.curve.encode_g1(p) for s in (SHA256, SHAKE256) for p in create_generators(s, 3, s.api_id)}
    assert len(octets) == 6


def test_no_generators_and_no_identifier_are_a_misuse() -> None:
    for count in (0, -1):
        with pytest.raises(Misuse):
            create_generators(SHA256, count, LICENCE_API_ID)
    with pytest.raises(Misuse):
        named(DIGIT_BASE, b"")


def test_a_tag_too_long_for_hashing_to_the_curve_is_a_misuse() -> None:
    for suite in (SHA256, SHAKE256):
        for dst in (b"", bytes(256)):
            with pytest.raises(Misuse):
                suite.hash_to_g1(b"m", dst)
        with pytest.raises(Misuse):
            create_generators(suite, 1, b"x" * 256)


def test_the_licence_interface_is_its_own() -> None:
    assert LICENCE_API_ID == b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_TM2S_AIOL-V1_"
    assert SHA256.api_id == b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_"
    assert SHAKE256.api_id == b"BBS_BLS12381G1_XOF:SHAKE-256_SSWU_RO_H2G_HM2S_"
