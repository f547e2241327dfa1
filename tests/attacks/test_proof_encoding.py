"""Attacks on the octets of a proof: points that are no points, scalars out of range, lengths, another flavour."""

from __future__ import annotations

import hashlib
from itertools import count

import pytest

from circuits import Binding, Malformed, Misuse, Rejected, Statement, decode_presentation, verify, verify_batch
from circuits.curve.backend import FIELD
from circuits.layout import Layout, layout_of
from circuits.presentation import _session
from circuits.scalar import ORDER
from circuits.sigma import protocol
from circuits.sigma.pairing import Fold
from tests.attacks.conftest import Verifier
from tests.attacks.forge import Holding, draft, random_point, replace_point, replace_scalar
from tests.circuits.core.world import World

POINTS, RESPONSES = 20, 17
FIRST_RESPONSE = 48 * POINTS


def off_curve() -> bytes:
    """A compressed x below p for which x^3 + 4 is no square."""
    for x in count(5):
        if pow(x**3 + 4, (FIELD - 1) // 2, FIELD) == FIELD - 1:
            return ((1 << 383) + x).to_bytes(48, "big")
    raise AssertionError


NOT_POINTS = {
    "identity": b"\xc0" + bytes(47),
    "ff": b"\xff" * 48,
    "e0": b"\xe0" + bytes(47),
    "c0..01": b"\xc0" + bytes(46) + b"\x01",
    "zeros": bytes(48),
    "x = p": ((1 << 383) + FIELD).to_bytes(48, "big"),
    "x of ones": b"\x9f" + b"\xff" * 47,
    "not on the curve": off_curve(),
}


@pytest.mark.attack("E1")
@pytest.mark.attack("E2")
@pytest.mark.attack("20")
@pytest.mark.parametrize("octets", NOT_POINTS.values(), ids=NOT_POINTS)
def test_what_is_no_point(
    verifier: Verifier, statement: Statement, binding: Binding, proof: bytes, octets: bytes
) -> None:
    for position in range(POINTS):
        verifier.finds_malformed(statement, binding, replace_point(proof, position, octets))


@pytest.mark.attack("E2")
def test_compression_bit_clear(verifier: Verifier, statement: Statement, binding: Binding, proof: bytes) -> None:
    for position in range(POINTS):
        octets = proof[48 * position : 48 * position + 48]
        plain = bytes([octets[0] & 0x7F]) + octets[1:]
        verifier.finds_malformed(statement, binding, replace_point(proof, position, plain))


@pytest.mark.attack("E1")
def test_another_point(verifier: Verifier, world: World, statement: Statement, binding: Binding, proof: bytes) -> None:
    other = world.curve.encode_g1(random_point(world.curve))
    for position in range(POINTS):
        verifier.rejects(statement, binding, replace_point(proof, position, other))
        octets = proof[48 * position : 48 * position + 48]
        negated = bytes([octets[0] ^ 0x20]) + octets[1:]
        verifier.rejects(statement, binding, replace_point(proof, position, negated))


@pytest.mark.attack("E3")
@pytest.mark.attack("21")
def test_another_scalar(verifier: Verifier, statement: Statement, binding: Binding, proof: bytes) -> None:
    for position in range(RESPONSES):
        plus_one = replace_scalar(proof, FIRST_RESPONSE, position, lambda z: (z + 1) % ORDER)
        verifier.rejects(statement, binding, plus_one)
        verifier.rejects(statement, binding, replace_scalar(proof, FIRST_RESPONSE, position, lambda z: 0))
        verifier.finds_malformed(
            statement, binding, replace_scalar(proof, FIRST_RESPONSE, position, lambda z: z + ORDER)
        )


@pytest.mark.attack("E4")
def test_another_length(verifier: Verifier, statement: Statement, binding: Binding, proof: bytes) -> None:
    for octets in (b"", proof[:1], proof[:-1], proof[:-32], proof[48:], proof + b"\x00", proof + proof, bytes(1504)):
        verifier.finds_malformed(statement, binding, octets)


@pytest.mark.attack("E4")
@pytest.mark.attack("23")
def test_a_presentation_of_ten_megabytes_is_not_parsed() -> None:
    with pytest.raises(Malformed, match="more than 4096"):
        decode_presentation(bytes(10_000_000))


@pytest.mark.attack("E5")
def test_another_flavour(
    verifier: Verifier, statement: Statement, binding: Binding, proof: bytes, holding: Holding
) -> None:
    """The compact form (challenge and responses) of the same relation, alone and filled up to the length."""
    layout, forged = layout_of(statement), draft(statement, holding)
    tag = protocol.make_tag("AIOL-V01-PRESENT", protocol.COMPACT, "0" * 64)
    witness = [forged.scalars[name] for name in layout.scalars]
    curve = statement.issuer.suite.curve
    compact = protocol.prove(curve, tag, layout.shape, forged.elements(), witness, flavour=protocol.COMPACT)
    points = b"".join(curve.encode_g1(forged.points[name]) for name in layout.wire)
    for octets in (compact, points + compact):
        verifier.finds_malformed(statement, binding, octets)
    verifier.refuses(statement, binding, points + bytes(len(proof) - len(points) - len(compact)) + compact)
    verifier.rejects(statement, binding, points + proof[576:960] + compact[32:])


@pytest.mark.attack("E5")
@pytest.mark.attack("F7")
def test_the_flavour_in_the_tag_counts(
    verifier: Verifier, statement: Statement, binding: Binding, holding: Holding
) -> None:
    """A batchable proof whose tag says that it is compact, or has another name or suite."""
    suffix = _digest(statement, binding)
    for tag in (
        protocol.make_tag("AIOL-V01-PRESENT", protocol.COMPACT, suffix),
        protocol.make_tag("AIOL-V01-ISSUE", suffix=suffix),
        protocol.make_tag("AIOL-V01-PRESENT", suffix=suffix.upper()),
        protocol.make_tag("AIOL-V01-PRESENT"),
    ):
        forged = draft(statement, holding).proof(binding, session=protocol.session_id(tag))
        verifier.rejects(statement, binding, forged)
    own = protocol.session_id(protocol.make_tag("AIOL-V01-PRESENT", suffix=suffix))
    verifier.accepts(statement, binding, draft(statement, holding).proof(binding, session=own))


@pytest.mark.attack("F7")
def test_the_statements_own_marker_counts(
    verifier: Verifier, statement: Statement, binding: Binding, holding: Holding
) -> None:
    octets = statement.octets(binding)
    assert octets.count(b"DSFS") == 1
    session = _session(octets.replace(b"DSFS", b"CMPT"))
    verifier.rejects(statement, binding, draft(statement, holding).proof(binding, session=session))


def test_the_whole_relation_is_hashed(
    verifier: Verifier, statement: Statement, binding: Binding, holding: Holding
) -> None:
    """A challenge over the wire's points alone would leave the relation open."""
    layout: Layout = layout_of(statement)
    forged = draft(statement, holding)
    points = b"".join(statement.issuer.suite.curve.encode_g1(forged.points[name]) for name in layout.wire)
    verifier.rejects(statement, binding, forged.proof(binding, instance=points))
    verifier.accepts(statement, binding, forged.proof(binding, instance=layout.prefix + points))


@pytest.mark.attack("E6")
def test_unequal_lengths_inside(world: World, statement: Statement) -> None:
    curve, point, shape = world.curve, world.curve.g1_generator(), layout_of(statement).shape
    fold = Fold(curve)
    for unequal in (
        lambda: curve.combine([point, point], [1]),
        lambda: curve.combine([point], [1, 2]),
        lambda: curve.combine_fixed([curve.fixed_base(point)], []),
        lambda: fold.vanish([point, point], [1]),
        lambda: protocol.commit(curve, shape, [point], [1]),
        lambda: protocol.respond([1], 1, [1, 2]),
        lambda: protocol.combine_equations(shape, [1], 1, [1] * RESPONSES),
        lambda: protocol.combine_equations(shape, [1] * 8, 1, [1]),
    ):
        with pytest.raises(Misuse):
            unequal()
    with pytest.raises(ValueError, match="zip"):
        fold.vanish_fixed([curve.fixed_base(point)], [1, 2])


@pytest.mark.attack("B5")
def test_nothing_proves_nothing(world: World) -> None:
    with pytest.raises(Misuse):
        verify_batch([])
    with pytest.raises(Misuse):
        Fold(world.curve).check()
    with pytest.raises(Misuse):
        world.curve.pairing_product_is_one([])


@pytest.mark.attack("E4")
def test_random_octets_of_the_right_length(statement: Statement, binding: Binding, proof: bytes) -> None:
    for octets in (bytes(1504), b"\x80" * 1504, b"\xff" * 1504, proof[:960] + b"\xff" * 544):
        with pytest.raises((Malformed, Rejected)):
            verify(statement, binding, octets)


def _digest(statement: Statement, binding: Binding) -> str:
    return hashlib.sha256(statement.octets(binding)).hexdigest()
