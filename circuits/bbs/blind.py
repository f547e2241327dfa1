"""Blind signatures: the holder commits to messages that the issuer signs without seeing them.

Relation of the commitment's proof: C = blind*Q_2 + sum m_j*J_j. The signature then stands over
(m_1 .. m_L, blind, committed ..) on the bases (H_1 .. H_L, Q_2, J_1 .. J_M), as a plain one.
Legend: C the commitment, blind its `secret_prover_blind`, s~ and m~ nonces, s^ and m^ responses, M committed messages.
Source: [BlindBBS 4], [BlindBBS 5].

Deviation 1: where the draft's text and its vectors part, the vectors are followed. e = h2s(S(sk) || P(B)), without the
domain; and Q_2 counts among the message generators of the domain, also where nothing was committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from circuits.bbs.octets import (
    H2S,
    Signature,
    decode_proof,
    decode_scalars,
    decode_signature,
    domain,
    encode_proof,
    encode_signature,
    messages_to_scalars,
)
from circuits.bbs.proof import core_proof_gen, core_proof_verify
from circuits.bbs.signature import core_verify, sign_point, signature_exponent, signed_point
from circuits.curve import G1, G1_OCTETS
from circuits.encoding import i2osp
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Malformed, Misuse, Rejected
from circuits.generators import create_generators
from circuits.scalar import ORDER, SCALAR_OCTETS, encode_scalar
from circuits.secret import Secret
from circuits.suite import Suite

BLIND = b"BLIND_"


@dataclass(frozen=True)
class Commitment:
    """C with its proof: the responses s^ and m^_j, and the challenge c."""

    point: G1
    s_hat: int
    m_hats: tuple[int, ...]
    challenge: int


def blind_api_id(suite: Suite) -> bytes:
    """The draft's interface for blind signatures over octet messages, `<ciphersuite_id>BLIND_H2G_HM2S_`."""
    return suite.ciphersuite_id + b"BLIND_H2G_HM2S_"


def blind_generators(suite: Suite, count: int, api_id: bytes) -> tuple[G1, ...]:
    """(Q_2, J_1, .., J_count) of the interface. Source: [BlindBBS Commit]."""
    return create_generators(suite, count + 1, BLIND + api_id)


def all_generators(suite: Suite, signer_count: int, committed_count: int, api_id: bytes) -> tuple[G1, ...]:
    """(Q_1, H_1 .. H_L, Q_2, J_1 .. J_M). Source: [BlindBBS prepare_parameters]."""
    return create_generators(suite, signer_count + 1, api_id) + blind_generators(suite, committed_count, api_id)


def commitment_octets(count: int) -> int:
    """The length of a commitment to `count` scalars with its proof: 144 octets for one."""
    return G1_OCTETS + (2 + count) * SCALAR_OCTETS


def commit(
    suite: Suite, committed_scalars: Sequence[int], api_id: bytes, entropy: Entropy = SYSTEM
) -> tuple[bytes, Secret[int]]:
    """Commit to M scalars: (48 + 32 (M+2) octets of commitment with proof, the blind).

    Draws blind, s~, m~_1 .. m~_M. Source: [BlindBBS CoreCommit].
    """
    curve = suite.curve
    generators = blind_generators(suite, len(committed_scalars), api_id)
    blind, *tildes = (entropy.scalar() for _ in range(len(committed_scalars) + 2))
    witness = [blind, *committed_scalars]
    point = curve.combine(generators, witness)
    if curve.is_identity(point):
        raise Misuse("a commitment is never the identity")
    challenge = _challenge(suite, generators, point, curve.combine(generators, tildes), api_id)
    hats = [(tilde + value * challenge) % ORDER for tilde, value in zip(tildes, witness, strict=True)]
    octets = curve.encode_g1(point) + b"".join(map(encode_scalar, (*hats, challenge)))
    return octets, Secret(blind)


def decode_commitment(suite: Suite, octets: bytes, count: int) -> Commitment:
    """The commitment to `count` scalars with its unchecked proof. Raises `Malformed`.

    Source: [BlindBBS octets_to_commitment_with_proof].
    """
    if len(octets) != commitment_octets(count):
        raise Malformed("not the length of a commitment with its proof")
    point = suite.curve.decode_g1(octets[:G1_OCTETS])
    s_hat, *m_hats, challenge = decode_scalars(octets[G1_OCTETS:])
    return Commitment(point, s_hat, tuple(m_hats), challenge)


def verify_commitment(suite: Suite, octets: bytes, count: int, api_id: bytes) -> G1:
    """C, once its proof is checked. Raises `Malformed`, or `Rejected` "bad-commitment".

    Source: [BlindBBS deserialize_and_validate_commit], [BlindBBS CoreCommitVerify].
    """
    commitment = decode_commitment(suite, octets, count)
    generators = blind_generators(suite, count, api_id)
    announced = suite.curve.combine(
        [*generators, commitment.point], [commitment.s_hat, *commitment.m_hats, -commitment.challenge]
    )
    if _challenge(suite, generators, commitment.point, announced, api_id) != commitment.challenge:
        raise Rejected("bad-commitment", "the proof of the commitment does not verify")
    return commitment.point


def committed_count(octets: bytes) -> int:
    """How many scalars a commitment with proof of this length commits to. Raises `Malformed` for another length."""
    count, rest = divmod(len(octets) - commitment_octets(0), SCALAR_OCTETS)
    if count < 0 or rest:
        raise Malformed("not the length of a commitment with its proof")
    return count


def core_blind_sign(
    suite: Suite,
    sk: Secret[int],
    public_key_octets: bytes,
    generators: Sequence[G1],
    header: bytes,
    signer_scalars: Sequence[int],
    addend: G1,
    api_id: bytes,
) -> Signature:
    """Sign B = P1 + domain*Q_1 + sum m_i*H_i + addend: a checked commitment, and what the issuer adds.

    `generators` = (Q_1, H_1 .. H_L, Q_2, J_1 .. J_M); `signer_scalars` are the first L messages.
    Raises `Misuse` for B = O.
    Source: [BlindBBS B_calculate], [BlindBBS FinalizeBlindSign].
    """
    domain_scalar = domain(suite, public_key_octets, generators, header, api_id)
    known = signed_point(suite, generators[: len(signer_scalars) + 1], domain_scalar, signer_scalars)
    base = suite.curve.add(known, addend)
    return sign_point(suite, sk, base, signature_exponent(suite, sk, base, api_id))


def commit_messages(
    suite: Suite, committed_messages: Sequence[bytes], entropy: Entropy = SYSTEM
) -> tuple[bytes, Secret[int]]:
    """The draft's Commit over octet messages. Source: [BlindBBS Commit]."""
    api_id = blind_api_id(suite)
    return commit(suite, messages_to_scalars(suite, committed_messages, api_id), api_id, entropy)


def blind_sign(
    suite: Suite,
    sk: Secret[int],
    public_key_octets: bytes,
    commitment_with_proof: bytes,
    header: bytes,
    messages: Sequence[bytes],
) -> bytes:
    """The draft's BlindSign: 80 octets; an empty `commitment_with_proof` stands for none.

    Raises `Malformed`, `Rejected` "bad-commitment". Source: [BlindBBS BlindSign].
    """
    api_id = blind_api_id(suite)
    count, addend = 0, suite.curve.g1_identity()
    if commitment_with_proof:
        count = committed_count(commitment_with_proof)
        addend = verify_commitment(suite, commitment_with_proof, count, api_id)
    generators = all_generators(suite, len(messages), count, api_id)
    scalars = messages_to_scalars(suite, messages, api_id)
    signature = core_blind_sign(suite, sk, public_key_octets, generators, header, scalars, addend, api_id)
    return encode_signature(suite, signature)


def all_scalars(
    suite: Suite,
    messages: Sequence[bytes],
    committed_messages: Sequence[bytes],
    blind: Secret[int] | None,
    api_id: bytes,
) -> list[int]:
    """The signed vector (m_1 .. m_L, blind, committed ..); no commitment means blind 0.

    Source: [BlindBBS prepare_parameters].
    """
    return [
        *messages_to_scalars(suite, messages, api_id),
        0 if blind is None else blind.expose(),
        *messages_to_scalars(suite, committed_messages, api_id),
    ]


def blind_verify(
    suite: Suite,
    public_key_octets: bytes,
    signature_octets: bytes,
    header: bytes,
    messages: Sequence[bytes],
    committed_messages: Sequence[bytes],
    blind: Secret[int] | None,
) -> None:
    """The holder's check of a blind signature. Raises `Malformed`, `Rejected` "bad-signature".

    Source: [BlindBBS Verify].
    """
    api_id = blind_api_id(suite)
    signature = decode_signature(suite, signature_octets)
    generators = all_generators(suite, len(messages), len(committed_messages), api_id)
    scalars = all_scalars(suite, messages, committed_messages, blind, api_id)
    core_verify(suite, public_key_octets, signature, generators, header, scalars, api_id)


def combined_indexes(
    disclosed_indexes: Sequence[int], signer_count: int, disclosed_committed_indexes: Sequence[int]
) -> list[int]:
    """Indexes in the signed vector: the blind stands at L, committed message j at L + 1 + j.

    Raises `Rejected` "bad-disclosure" for an index that would reach from one list into the other.
    Source: [BlindBBS BlindProofGen].
    """
    if any(not 0 <= index < signer_count for index in disclosed_indexes):
        raise Rejected("bad-disclosure", "a disclosed index lies outside the signer's messages")
    if any(index < 0 for index in disclosed_committed_indexes):
        raise Rejected("bad-disclosure", "a disclosed index lies outside the committed messages")
    return [*disclosed_indexes, *(index + signer_count + 1 for index in disclosed_committed_indexes)]


def blind_proof_gen(
    suite: Suite,
    public_key_octets: bytes,
    signature_octets: bytes,
    header: bytes,
    presentation_header: bytes,
    messages: Sequence[bytes],
    committed_messages: Sequence[bytes],
    disclosed_indexes: Sequence[int],
    disclosed_committed_indexes: Sequence[int],
    blind: Secret[int] | None,
    entropy: Entropy = SYSTEM,
) -> bytes:
    """A proof of a blind signature. Raises `Malformed` for the signature, `Rejected` or `Misuse` for bad indexes.

    Source: [BlindBBS BlindProofGen].
    """
    api_id = blind_api_id(suite)
    proof = core_proof_gen(
        suite,
        public_key_octets,
        decode_signature(suite, signature_octets),
        all_generators(suite, len(messages), len(committed_messages), api_id),
        header,
        presentation_header,
        all_scalars(suite, messages, committed_messages, blind, api_id),
        combined_indexes(disclosed_indexes, len(messages), disclosed_committed_indexes),
        api_id,
        entropy,
    )
    return encode_proof(suite, proof)


def disclosed_scalars(
    suite: Suite,
    signer_count: int,
    disclosed: Mapping[int, bytes],
    disclosed_committed: Mapping[int, bytes],
    api_id: bytes,
) -> dict[int, int]:
    """{index in the signed vector: scalar} of {index: message} in wire order. Raises `Rejected` "bad-disclosure"."""
    indexes = combined_indexes(list(disclosed), signer_count, list(disclosed_committed))
    messages = [*disclosed.values(), *disclosed_committed.values()]
    return dict(zip(indexes, messages_to_scalars(suite, messages, api_id), strict=True))


def blind_proof_verify(
    suite: Suite,
    public_key_octets: bytes,
    proof_octets: bytes,
    header: bytes,
    presentation_header: bytes,
    signer_count: int,
    disclosed: Mapping[int, bytes],
    disclosed_committed: Mapping[int, bytes],
) -> None:
    """Check a proof of a blind signature with L = `signer_count` signer messages, of which {index: message} are shown.

    Raises `Malformed`, `Rejected` "bad-disclosure" or "bad-proof". Source: [BlindBBS BlindProofVerify].
    """
    api_id = blind_api_id(suite)
    proof = decode_proof(suite, proof_octets)
    scalars = disclosed_scalars(suite, signer_count, disclosed, disclosed_committed, api_id)
    count = committed_in_proof(len(scalars) + len(proof.m_hats), signer_count)
    generators = all_generators(suite, signer_count, count, api_id)
    core_proof_verify(suite, public_key_octets, proof, generators, header, presentation_header, scalars, api_id)


def committed_in_proof(total: int, signer_count: int) -> int:
    """M = total - L - 1 of a proof over `total` scalars. Raises `Rejected` "bad-disclosure" for too few."""
    count = total - signer_count - 1
    if signer_count < 0 or count < 0:
        raise Rejected("bad-disclosure", "the proof has fewer messages than the signer signed")
    return count


def _challenge(suite: Suite, generators: Sequence[G1], point: G1, announced: G1, api_id: bytes) -> int:
    """calculate_blind_challenge over (M, Q_2, J_1 .., C, Cbar). Source: [BlindBBS calculate_blind_challenge]."""
    encoded = b"".join(map(suite.curve.encode_g1, (*generators, point, announced)))
    return suite.hash_to_scalar(i2osp(len(generators) - 1, 8) + encoded, api_id + H2S)
