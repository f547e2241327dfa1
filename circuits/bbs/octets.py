"""What BBS hashes and sends, octet for octet: messages as scalars, the domain, signatures and proofs on the wire.

Legend: A the signature's point, e its exponent; Abar, Bbar, D the randomised signature; L the number of signed
messages, U of the hidden ones; c the challenge. P(.) and S(.) are the 48-octet point and 32-octet scalar encodings.
Every decoder takes exact lengths, points of the subgroup other than O, and scalars in [1, r-1].
Source: [BBS 4.1.2], [BBS 4.2.2], [BBS 4.2.4].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.curve import G1, G1_OCTETS
from circuits.encoding import i2osp, lp
from circuits.errors import Malformed, Misuse
from circuits.scalar import SCALAR_OCTETS, decode_scalar, encode_scalar
from circuits.suite import Suite

H2S = b"H2S_"
MAP_MESSAGE = b"MAP_MSG_TO_SCALAR_AS_HASH_"
SIGNATURE_OCTETS = G1_OCTETS + SCALAR_OCTETS
PROOF_FLOOR_OCTETS = 3 * G1_OCTETS + 4 * SCALAR_OCTETS


@dataclass(frozen=True)
class Signature:
    """A BBS signature (A, e): `point` in the subgroup and not O, 0 < `exponent` < r. Source: [BBS 3.6.1]."""

    point: G1
    exponent: int


@dataclass(frozen=True)
class Proof:
    """A BBS proof: Abar, Bbar, D, the responses e^, r1^, r3^ and m^_j (ascending), the challenge c.

    Source: [BBS 3.6.3].
    """

    a_bar: G1
    b_bar: G1
    d: G1
    e_hat: int
    r1_hat: int
    r3_hat: int
    m_hats: tuple[int, ...]
    challenge: int


def message_to_scalar(suite: Suite, message: bytes, api_id: bytes) -> int:
    """The scalar that stands for an octet message under an interface. Source: [BBS messages_to_scalars]."""
    return suite.hash_to_scalar(message, api_id + MAP_MESSAGE)


def messages_to_scalars(suite: Suite, messages: Sequence[bytes], api_id: bytes) -> list[int]:
    """One scalar for each message, each independent of the others. Source: [BBS messages_to_scalars]."""
    return [message_to_scalar(suite, message, api_id) for message in messages]


def domain(suite: Suite, public_key_octets: bytes, generators: Sequence[G1], header: bytes, api_id: bytes) -> int:
    """calculate_domain over `generators` = (Q_1, H_1, .., H_L): the scalar that binds key, bases, interface and header.

    A blind interface passes (Q_1, H_1 .. H_L, Q_2, J_1 .. J_M). Raises `Misuse` for no generators.
    Source: [BBS calculate_domain].
    """
    if not generators:
        raise Misuse("a domain needs at least Q_1")
    encoded = b"".join(suite.curve.encode_g1(point) for point in generators)
    octets = public_key_octets + i2osp(len(generators) - 1, 8) + encoded + api_id + lp(header)
    return suite.hash_to_scalar(octets, api_id + H2S)


def encode_signature(suite: Suite, signature: Signature) -> bytes:
    """P(A) || S(e), 80 octets. Source: [BBS signature_to_octets]."""
    return suite.curve.encode_g1(signature.point) + encode_scalar(signature.exponent)


def decode_signature(suite: Suite, octets: bytes) -> Signature:
    """The signature of 80 octets: A in the subgroup and not O, 0 < e < r. Raises `Malformed`.

    Source: [BBS octets_to_signature].
    """
    if len(octets) != SIGNATURE_OCTETS:
        raise Malformed("a signature has 80 octets")
    return Signature(suite.curve.decode_g1(octets[:G1_OCTETS]), decode_nonzero(octets[G1_OCTETS:]))


def encode_proof(suite: Suite, proof: Proof) -> bytes:
    """P(Abar) || P(Bbar) || P(D) || S(e^) || S(r1^) || S(r3^) || S(m^_j).. || S(c), 272 + 32 U octets.

    Source: [BBS proof_to_octets].
    """
    points = (proof.a_bar, proof.b_bar, proof.d)
    scalars = (proof.e_hat, proof.r1_hat, proof.r3_hat, *proof.m_hats, proof.challenge)
    return b"".join(map(suite.curve.encode_g1, points)) + b"".join(map(encode_scalar, scalars))


def decode_proof(suite: Suite, octets: bytes) -> Proof:
    """The proof of 272 + 32 U octets. Raises `Malformed` for a length that is no such sum, a bad point or scalar.

    The caller owes the comparison of U with what it expects. Source: [BBS octets_to_proof].
    """
    if len(octets) < PROOF_FLOOR_OCTETS or (len(octets) - PROOF_FLOOR_OCTETS) % SCALAR_OCTETS:
        raise Malformed("not the length of a proof")
    a_bar, b_bar, d = (suite.curve.decode_g1(octets[at : at + G1_OCTETS]) for at in range(0, 3 * G1_OCTETS, G1_OCTETS))
    e_hat, r1_hat, r3_hat, *m_hats, challenge = decode_scalars(octets[3 * G1_OCTETS :])
    return Proof(a_bar, b_bar, d, e_hat, r1_hat, r3_hat, tuple(m_hats), challenge)


def decode_nonzero(octets: bytes) -> int:
    """The scalar in [1, r-1] of 32 octets. Raises `Malformed`."""
    value = decode_scalar(octets)
    if value == 0:
        raise Malformed("zero stands where a scalar must not be zero")
    return value


def decode_scalars(octets: bytes) -> list[int]:
    """The scalars in [1, r-1] of 32 octets each. Raises `Malformed`; a last piece of another length is one."""
    return [decode_nonzero(octets[at : at + SCALAR_OCTETS]) for at in range(0, len(octets), SCALAR_OCTETS)]
