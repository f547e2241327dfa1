"""Lengths, names and flavours that the sigma protocols refuse, each with its own sentence; and the secret's box."""

from __future__ import annotations

import pytest

from circuits.errors import Malformed, Misuse, Rejected
from circuits.scalar import encode_scalar
from circuits.secret import Secret
from circuits.sigma import protocol
from circuits.sigma.codec import deserialize_uint, serialize_uint, serialize_var_len_string
from circuits.sigma.relation import MAX_INSTANCE_OCTETS, Builder, Shape
from circuits.suite import SHA256

CURVE = SHA256.curve


def one_equation() -> Shape:
    builder = Builder()
    point, secret = builder.element("X"), builder.scalar("x")
    builder.equation([(1, point)], [(1, secret, builder.generator)])
    return builder.shape()


class Long(bytes):
    """Octets that say of themselves that there are 2**32."""

    def __len__(self) -> int:
        return 1 << 32


def test_numbers_and_strings() -> None:
    with pytest.raises(Misuse, match="too long for its length prefix"):
        serialize_var_len_string(Long())
    for value in (-1, 256):
        with pytest.raises(Misuse, match="not below its modulus"):
            serialize_uint(value, 256)
    for octets in (b"", b"\x01"):
        with pytest.raises(Malformed, match="integer cut short"):
            deserialize_uint(octets, 1 << 16)


@pytest.mark.attack("E1")
@pytest.mark.parametrize("flavour", list(protocol.Flavour))
def test_lengths_of_a_proof(flavour: protocol.Flavour) -> None:
    shape, elements = one_equation(), [CURVE.g1_generator(), CURVE.multiply(CURVE.g1_generator(), 9)]
    proof = protocol.prove(CURVE, b"tag", shape, elements, [9], flavour=flavour)
    protocol.verify(CURVE, b"tag", shape, elements, proof, flavour)
    for octets in (proof[:-1], proof[:-32], proof + bytes(32), b""):
        with pytest.raises(Malformed, match="proof of another length"):
            protocol.verify(CURVE, b"tag", shape, elements, octets, flavour)


@pytest.mark.attack("E1")
def test_lengths_of_its_parts() -> None:
    point = CURVE.encode_g1(CURVE.g1_generator())
    for octets, count in ((point, 2), (point * 2, 1), (point[:-1], 1)):
        with pytest.raises(Malformed, match="another number of commitments"):
            protocol.decode_commitments(CURVE, octets, count)
    for octets, count in ((bytes(32), 2), (bytes(64), 1), (bytes(31), 1)):
        with pytest.raises(Malformed, match="another number of responses"):
            protocol.decode_responses(octets, count)


@pytest.mark.attack("S2")
def test_a_compact_proof_whose_commitment_vanishes() -> None:
    """z = c x, so that map(z) - c image = O: refused as false, not as a mistake of ours."""
    shape, elements = one_equation(), [CURVE.g1_generator(), CURVE.multiply(CURVE.g1_generator(), 9)]
    proof = encode_scalar(7) + encode_scalar(7 * 9)
    with pytest.raises(Rejected) as refusal:
        protocol.verify(CURVE, b"tag", shape, elements, proof, protocol.COMPACT)
    assert refusal.value.code == "proof"


def test_names_and_handles() -> None:
    small, large = Builder(), Builder()
    small.scalar("x")
    for name in ("", "x"):
        with pytest.raises(Misuse, match="empty or taken"):
            small.scalar(name)
    point, secret = small.element("X"), small.scalar("y")
    for count in range(4):
        strange = large.element(f"E{count}")
        with pytest.raises(Misuse, match="was not declared here"):
            small.equation([(1, strange)], [(1, secret, point)])


@pytest.mark.attack("E1")
def test_an_instance_is_read_up_to_its_bound() -> None:
    with pytest.raises(Malformed, match="instance too long"):
        Shape.decode(bytes(MAX_INSTANCE_OCTETS + 1))
    prefix = one_equation().prefix
    for cut in (3, len(prefix) - 1):
        with pytest.raises(Malformed, match="instance cut short"):
            Shape.decode(prefix[:cut])


def test_a_secret_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="a secret has no truth value"):
        bool(Secret(0))
