"""The plain BBS proof: "I hold a signature of W over messages of which these are some", showing nothing else.

Relation: Bbar = r1*D - e*Abar and Bv = r3*D - sum_hidden m_j*H_j, with pair(Abar, W) = pair(Bbar, BP2), where
Bv = P1 + domain*Q_1 + sum_disclosed m_i*H_i.
Legend: r1, r2 the randomisers, r3 = 1/r2; x~ a nonce, x^ a response; T1, T2 the announcements; ph the presentation
header. The pseudonym proof is the same with more points in the challenge (`extra`) and octets behind it (`tail`).
Source: [BBS 3.5.3], [BBS 3.5.4], [BBS 3.6.3], [BBS 3.6.4], [BBS 3.7].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from circuits.bbs.keys import decode_public_key
from circuits.bbs.octets import (
    H2S,
    Proof,
    Signature,
    decode_proof,
    decode_signature,
    domain,
    encode_proof,
    messages_to_scalars,
)
from circuits.bbs.signature import signed_point
from circuits.curve import G1
from circuits.encoding import i2osp, lp
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import CircuitError, Misuse, Rejected
from circuits.generators import create_generators
from circuits.scalar import ORDER, encode_scalar, inverse
from circuits.suite import Suite


@dataclass(frozen=True)
class Opening:
    """What both sides know of a proof before the challenge: Abar, Bbar, D, T1, T2 and the domain."""

    a_bar: G1
    b_bar: G1
    d: G1
    t1: G1
    t2: G1
    domain: int


@dataclass(frozen=True, repr=False)
class Nonces:
    """The prover's random scalars, in draw order."""

    r1: int
    r2: int
    e_tilde: int
    r1_tilde: int
    r3_tilde: int
    m_tildes: tuple[int, ...]


def draw_nonces(hidden: int, entropy: Entropy) -> Nonces:
    """r1, r2, e~, r1~, r3~, m~_j for `hidden` messages, drawn in that order. Source: [BBS CoreProofGen]."""
    r1, r2, e_tilde, r1_tilde, r3_tilde, *m_tildes = (entropy.scalar() for _ in range(5 + hidden))
    return Nonces(r1, r2, e_tilde, r1_tilde, r3_tilde, tuple(m_tildes))


def hidden_indexes(disclosed: Sequence[int], total: int, refusal: CircuitError) -> list[int]:
    """The indexes below `total` not in `disclosed`, which must be strictly ascending and in range, else `refusal`."""
    ascending = all(left < right for left, right in pairwise(disclosed))
    if not ascending or any(not 0 <= index < total for index in disclosed):
        raise refusal
    shown = set(disclosed)
    return [index for index in range(total) if index not in shown]


def proof_init(
    suite: Suite,
    public_key_octets: bytes,
    signature: Signature,
    generators: Sequence[G1],
    nonces: Nonces,
    header: bytes,
    scalars: Sequence[int],
    hidden: Sequence[int],
    api_id: bytes,
) -> Opening:
    """Randomise the signature and announce. Source: [BBS ProofInit]."""
    curve = suite.curve
    domain_scalar = domain(suite, public_key_octets, generators, header, api_id)
    base = signed_point(suite, generators, domain_scalar, scalars)
    if len(hidden) != len(nonces.m_tildes):
        raise Misuse("one nonce for each hidden message is needed")
    d = curve.multiply(base, nonces.r2)
    a_bar = curve.multiply(signature.point, nonces.r1 * nonces.r2 % ORDER)
    b_bar = curve.combine([d, a_bar], [nonces.r1, -signature.exponent])
    t1 = curve.combine([a_bar, d], [nonces.e_tilde, nonces.r1_tilde])
    bases = [generators[index + 1] for index in hidden]
    t2 = curve.combine([d, *bases], [nonces.r3_tilde, *nonces.m_tildes])
    return Opening(a_bar, b_bar, d, t1, t2, domain_scalar)


def proof_challenge(
    suite: Suite,
    opening: Opening,
    disclosed: Mapping[int, int],
    presentation_header: bytes,
    api_id: bytes,
    extra: Sequence[G1] = (),
    tail: bytes = b"",
) -> int:
    """c over the disclosed {index: scalar} in ascending order, the points and the domain.

    `extra` points stand before the domain and `tail` octets at the very end: none and empty for the plain proof.
    Source: [BBS ProofChallengeCalculate], [NYM ProofWithPseudonymChallengeCalculate].
    """
    shown = b"".join(i2osp(index, 8) + encode_scalar(disclosed[index]) for index in sorted(disclosed))
    points = (opening.a_bar, opening.b_bar, opening.d, opening.t1, opening.t2, *extra)
    encoded = b"".join(map(suite.curve.encode_g1, points)) + encode_scalar(opening.domain)
    octets = i2osp(len(disclosed), 8) + shown + encoded + lp(presentation_header) + tail
    return suite.hash_to_scalar(octets, api_id + H2S)


def proof_finalize(opening: Opening, challenge: int, e: int, nonces: Nonces, hidden_scalars: Sequence[int]) -> Proof:
    """The responses to `challenge`. Source: [BBS ProofFinalize]."""
    r3 = inverse(nonces.r2)
    m_hats = (tilde + m * challenge for tilde, m in zip(nonces.m_tildes, hidden_scalars, strict=True))
    return Proof(
        opening.a_bar,
        opening.b_bar,
        opening.d,
        (nonces.e_tilde + e * challenge) % ORDER,
        (nonces.r1_tilde - nonces.r1 * challenge) % ORDER,
        (nonces.r3_tilde - r3 * challenge) % ORDER,
        tuple(m_hat % ORDER for m_hat in m_hats),
        challenge,
    )


def proof_verify_init(
    suite: Suite,
    public_key_octets: bytes,
    proof: Proof,
    generators: Sequence[G1],
    header: bytes,
    disclosed: Mapping[int, int],
    api_id: bytes,
) -> Opening:
    """The opening that the responses imply for the disclosed {index: scalar}, whose keys stand in wire order.

    Raises `Rejected` "bad-disclosure" for indexes not strictly ascending, out of range, or a number of hidden messages
    other than the proof's. Source: [BBS ProofVerifyInit].
    """
    curve = suite.curve
    refusal = Rejected("bad-disclosure", "the disclosed indexes do not fit the proof")
    hidden = hidden_indexes(list(disclosed), len(generators) - 1, refusal)
    if len(hidden) != len(proof.m_hats):
        raise refusal
    domain_scalar = domain(suite, public_key_octets, generators, header, api_id)
    t1 = curve.combine([proof.b_bar, proof.a_bar, proof.d], [proof.challenge, proof.e_hat, proof.r1_hat])
    shown_bases = [generators[index + 1] for index in disclosed]
    public = curve.combine([suite.p1, generators[0], *shown_bases], [1, domain_scalar, *disclosed.values()])
    hidden_bases = [generators[index + 1] for index in hidden]
    t2 = curve.combine([public, proof.d, *hidden_bases], [proof.challenge, proof.r3_hat, *proof.m_hats])
    return Opening(proof.a_bar, proof.b_bar, proof.d, t1, t2, domain_scalar)


def check_proof(suite: Suite, public_key_octets: bytes, proof: Proof, challenge: int) -> None:
    """The two conditions that accept a proof: c is as recomputed, and pair(Abar, W) = pair(Bbar, BP2).

    Raises `Rejected` "bad-proof", `Malformed` for the key. Source: [BBS CoreProofVerify].
    """
    curve = suite.curve
    key = decode_public_key(suite, public_key_octets)
    if challenge != proof.challenge:
        raise Rejected("bad-proof", "the proof does not verify")
    if not curve.pairing_product_is_one([(proof.a_bar, key), (curve.negate(proof.b_bar), curve.g2_generator())]):
        raise Rejected("bad-proof", "the proof does not verify")


def core_proof_gen(
    suite: Suite,
    public_key_octets: bytes,
    signature: Signature,
    generators: Sequence[G1],
    header: bytes,
    presentation_header: bytes,
    scalars: Sequence[int],
    disclosed_indexes: Sequence[int],
    api_id: bytes,
    entropy: Entropy = SYSTEM,
) -> Proof:
    """Prove a signature over `scalars`, disclosing those at `disclosed_indexes` (strictly ascending).

    Raises `Misuse` for bad indexes or lengths. Nothing checks that the signature verifies. Source: [BBS CoreProofGen].
    """
    hidden = hidden_indexes(disclosed_indexes, len(scalars), Misuse("disclosed indexes ascend strictly and in range"))
    nonces = draw_nonces(len(hidden), entropy)
    opening = proof_init(suite, public_key_octets, signature, generators, nonces, header, scalars, hidden, api_id)
    disclosed = {index: scalars[index] for index in disclosed_indexes}
    challenge = proof_challenge(suite, opening, disclosed, presentation_header, api_id)
    return proof_finalize(opening, challenge, signature.exponent, nonces, [scalars[index] for index in hidden])


def core_proof_verify(
    suite: Suite,
    public_key_octets: bytes,
    proof: Proof,
    generators: Sequence[G1],
    header: bytes,
    presentation_header: bytes,
    disclosed: Mapping[int, int],
    api_id: bytes,
) -> None:
    """Check a proof against the disclosed {index: scalar}. Raises `Rejected` "bad-disclosure" or "bad-proof".

    Source: [BBS CoreProofVerify].
    """
    opening = proof_verify_init(suite, public_key_octets, proof, generators, header, disclosed, api_id)
    check_proof(
        suite, public_key_octets, proof, proof_challenge(suite, opening, disclosed, presentation_header, api_id)
    )


def pair_disclosed(indexes: Sequence[int], scalars: Sequence[int]) -> dict[int, int]:
    """{index: scalar} in the order given. Raises `Rejected` "bad-disclosure" for repeated indexes, unequal lengths."""
    if len(indexes) != len(scalars) or len(set(indexes)) != len(indexes):
        raise Rejected("bad-disclosure", "each disclosed message needs an index of its own")
    return dict(zip(indexes, scalars, strict=True))


def proof_gen(
    suite: Suite,
    public_key_octets: bytes,
    signature_octets: bytes,
    header: bytes,
    presentation_header: bytes,
    messages: Sequence[bytes],
    disclosed_indexes: Sequence[int],
    entropy: Entropy = SYSTEM,
) -> bytes:
    """The draft's ProofGen over octet messages. Raises `Malformed` for the signature. Source: [BBS ProofGen]."""
    signature = decode_signature(suite, signature_octets)
    scalars = messages_to_scalars(suite, messages, suite.api_id)
    generators = create_generators(suite, len(messages) + 1, suite.api_id)
    proof = core_proof_gen(
        suite, public_key_octets, signature, generators, header, presentation_header, scalars,
        disclosed_indexes, suite.api_id, entropy,
    )  # fmt: skip
    return encode_proof(suite, proof)


def proof_verify(
    suite: Suite,
    public_key_octets: bytes,
    proof_octets: bytes,
    header: bytes,
    presentation_header: bytes,
    disclosed_messages: Sequence[bytes],
    disclosed_indexes: Sequence[int],
) -> None:
    """The draft's ProofVerify over octet messages. Raises `Malformed`, `Rejected` "bad-disclosure" or "bad-proof".

    Source: [BBS ProofVerify].
    """
    proof = decode_proof(suite, proof_octets)
    disclosed = pair_disclosed(disclosed_indexes, messages_to_scalars(suite, disclosed_messages, suite.api_id))
    generators = create_generators(suite, len(disclosed) + len(proof.m_hats) + 1, suite.api_id)
    core_proof_verify(suite, public_key_octets, proof, generators, header, presentation_header, disclosed, suite.api_id)
