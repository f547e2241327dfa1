"""What the BBS functions refuse when they are called with parts that no other function of the package would give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from circuits import bbs
from circuits.bbs.blind import combined_indexes, committed_count
from circuits.bbs.octets import Signature, decode_proof, decode_signature, domain, encode_proof
from circuits.bbs.proof import draw_nonces, hidden_indexes, pair_disclosed, proof_init
from circuits.bbs.pseudonym import finish_nym_secrets, nym_api_id, nym_polynomial, pseudonym_base
from circuits.bbs.signature import signed_point, verify_point
from circuits.entropy import SYSTEM
from circuits.errors import Malformed, Misuse, Rejected
from circuits.generators import create_generators
from circuits.scalar import ORDER
from circuits.secret import Secret
from circuits.suite import SHA256

CURVE, KEY = SHA256.curve, Secret(0xFEDCBA0987654321 << 90)
PUBLIC = bbs.encode_public_key(SHA256, bbs.sk_to_pk(SHA256, KEY))
MESSAGES = [b"one", b"two", b"three"]
NYMS = Secret((123, 987))


class ZeroSuite:
    """A suite whose hash gives 0, which no input is known for."""

    ciphersuite_id = b"ZERO_"

    def hash_to_scalar(self, message: bytes, dst: bytes) -> int:
        return 0


def test_key_generation() -> None:
    suite: Any = ZeroSuite()
    with pytest.raises(Misuse, match="at most 65535 octets"):
        bbs.key_gen(SHA256, bytes(32), bytes(65536))
    with pytest.raises(Misuse, match="the zero key"):
        bbs.key_gen(suite, bytes(32))


def test_lengths_on_the_wire() -> None:
    signature = bbs.sign(SHA256, KEY, PUBLIC, b"", MESSAGES)
    proof = bbs.proof_gen(SHA256, PUBLIC, signature, b"", b"", MESSAGES, [0, 1, 2])
    assert len(proof) == 272
    for octets in (signature[:-1], signature + b"\x00", b""):
        with pytest.raises(Malformed, match="a signature has 80 octets"):
            decode_signature(SHA256, octets)
    for octets in (proof[:240], proof[:-1], proof + b"\x01", b""):
        with pytest.raises(Malformed, match="not the length of a proof"):
            decode_proof(SHA256, octets)
    for count in (0, 111, 113, 143):
        with pytest.raises(Malformed, match="not the length of a commitment"):
            committed_count(bytes(count))


def test_indexes() -> None:
    for index in (-1, 3):
        with pytest.raises(Rejected, match="outside the signer's messages"):
            combined_indexes([index], 3, [])
    with pytest.raises(Rejected, match="outside the committed messages"):
        combined_indexes([0], 3, [-1])
    for disclosed in ([-1], [3], [1, 1], [1, 0]):
        with pytest.raises(Misuse, match="mine"):
            hidden_indexes(disclosed, 3, Misuse("mine"))
    for indexes, scalars in (([0, 1], [5]), ([0], [5, 6]), ([1, 1], [5, 6])):
        with pytest.raises(Rejected, match="an index of its own"):
            pair_disclosed(indexes, scalars)


def test_bases_and_nonces() -> None:
    generators = create_generators(SHA256, 3, SHA256.api_id)
    with pytest.raises(Misuse, match="at least Q_1"):
        domain(SHA256, PUBLIC, [], b"", SHA256.api_id)
    for scalars in ([1], [1, 2, 3]):
        with pytest.raises(Misuse, match="as many message generators"):
            signed_point(SHA256, generators, 5, scalars)
    signature, nonces = Signature(CURVE.g1_generator(), 1), draw_nonces(1, SYSTEM)
    with pytest.raises(Misuse, match="one nonce for each hidden message"):
        proof_init(SHA256, PUBLIC, signature, generators, nonces, b"", [1, 2], [0, 1], SHA256.api_id)


@pytest.mark.attack("C2")
def test_the_identity_is_no_signature() -> None:
    """pair(O, W + e P2) = pair(O, P2), and with e = -sk the key's side vanishes for every A."""
    identity = CURVE.g1_identity()
    for signature in (Signature(identity, 5), Signature(CURVE.g1_generator(), ORDER - KEY.expose())):
        with pytest.raises(Rejected) as refusal:
            verify_point(SHA256, PUBLIC, signature, identity)
        assert refusal.value.code == "bad-signature"


@pytest.mark.attack("C1")
def test_a_proof_of_a_signature_that_nobody_made() -> None:
    """Everything fits but the pairing: the prover's formulas over a signature on other messages."""
    signature = bbs.sign(SHA256, KEY, PUBLIC, b"", [b"others", b"two", b"three"])
    proof = bbs.proof_gen(SHA256, PUBLIC, signature, b"", b"", MESSAGES, [1])
    with pytest.raises(Rejected) as refusal:
        bbs.proof_verify(SHA256, PUBLIC, proof, b"", b"", [b"two"], [1])
    assert refusal.value.code == "bad-proof"


class Holder:
    """A pseudonym's holder with `count` secrets."""

    def __init__(self, nyms: Secret[tuple[int, ...]]) -> None:
        self.count = len(nyms.expose())
        self.commitment, self.blind = bbs.commit_with_nym(SHA256, [], nyms)
        self.signature = bbs.blind_sign_with_nym(SHA256, KEY, PUBLIC, self.commitment, self.count, 42, b"", MESSAGES)
        self.secrets = self.receive(nyms, 42)

    def receive(self, nyms: Secret[tuple[int, ...]], entropy: int) -> Secret[tuple[int, ...]]:
        return bbs.verify_finalize_with_nym(
            SHA256, PUBLIC, self.signature, b"", MESSAGES, [], nyms, entropy, self.blind
        )

    def prove(self) -> tuple[bytes, bytes]:
        return bbs.proof_gen_with_nym(
            SHA256, PUBLIC, self.signature, b"", b"", self.secrets, b"here", MESSAGES, [], [], [], self.blind
        )

    def check(self, proof: bytes, nym: bytes, count: int) -> None:
        bbs.proof_verify_with_nym(SHA256, PUBLIC, proof, b"", b"", nym, b"here", count, 3, {}, {})


def test_a_pseudonym_needs_secrets() -> None:
    with pytest.raises(Misuse, match="at least one secret"):
        nym_polynomial(SHA256, b"here", (), SHA256.api_id)
    with pytest.raises(Misuse, match="at least one secret"):
        finish_nym_secrets(Secret(()), 5)


def test_the_secrets_have_room_in_the_commitment() -> None:
    commitment, _ = bbs.commit_with_nym(SHA256, [], NYMS)
    for count in (0, 3):
        with pytest.raises(Rejected, match="no room for the pseudonym's secrets") as refusal:
            bbs.blind_sign_with_nym(SHA256, KEY, PUBLIC, commitment, count, 42, b"", MESSAGES)
        assert refusal.value.code == "bad-commitment"


def test_the_holder_checks_what_it_receives() -> None:
    with pytest.raises(Rejected) as refusal:
        Holder(NYMS).receive(NYMS, 43)
    assert refusal.value.code == "bad-signature"


@pytest.mark.attack("N1")
def test_pseudonyms_that_are_refused_before_the_proof_is_looked_at() -> None:
    holder = Holder(NYMS)
    proof, nym = holder.prove()
    holder.check(proof, nym, 2)
    with pytest.raises(Rejected, match="a fixed point"):
        holder.check(proof, CURVE.encode_g1(CURVE.g1_generator()), 2)
    for count in (0, 3, 4):
        with pytest.raises(Rejected, match="not among the hidden messages"):
            holder.check(proof, nym, count)


@pytest.mark.attack("N1")
def test_an_announcement_that_vanishes() -> None:
    """The response of the nym's secret s is c s, so that what stands for its nonce is 0."""
    holder = Holder(Secret((123,)))
    octets, nym = holder.prove()
    proof, (secret,) = decode_proof(SHA256, octets), holder.secrets.expose()
    base = pseudonym_base(SHA256, b"here", nym_api_id(SHA256))
    assert CURVE.encode_g1(CURVE.multiply(base, secret)) == nym
    vanishing = replace(proof, m_hats=(*proof.m_hats[:-1], proof.challenge * secret % ORDER))
    with pytest.raises(Rejected, match="the pseudonym's announcement is the identity"):
        holder.check(encode_proof(SHA256, vanishing), nym, 1)
