"""Pseudonyms: a point that is the same in one context, means nothing in another, and comes from signed secrets.

Relation, beside the plain proof: Nym = poly(nym_secrets, z)*OP, with OP = hash_to_curve(context, api_id) and
poly(x, z) = sum x_i z^i over the last N signed scalars.
Legend: prover nyms, drawn by the holder and committed; signer entropy, added by the issuer to the last of them; Ut the
announcement poly(m~, z)*OP. The header becomes header || I8(N), so that N is signed too.
Source: [NYM 4], [NYM 6], [NYM 7], [NYM 8].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from circuits.bbs.blind import (
    all_generators,
    all_scalars,
    blind_generators,
    combined_indexes,
    commit,
    committed_count,
    committed_in_proof,
    core_blind_sign,
    disclosed_scalars,
    verify_commitment,
)
from circuits.bbs.octets import decode_proof, decode_signature, encode_proof, encode_signature, messages_to_scalars
from circuits.bbs.proof import (
    check_proof,
    draw_nonces,
    hidden_indexes,
    proof_challenge,
    proof_finalize,
    proof_init,
    proof_verify_init,
)
from circuits.bbs.signature import core_verify
from circuits.curve import G1
from circuits.encoding import i2osp, lp
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Misuse, Rejected
from circuits.generators import PSEUDONYM_BASE, named_base
from circuits.scalar import ORDER
from circuits.secret import Secret
from circuits.suite import Suite

NymSecrets = Secret[tuple[int, ...]]


def nym_api_id(suite: Suite) -> bytes:
    """The draft's interface for pseudonyms, `<api_id>PSEUDONYM_`."""
    return suite.api_id + b"PSEUDONYM_"


def nym_header(header: bytes, count: int) -> bytes:
    """header || I8(N). Source: [NYM BlindSignWithNym]."""
    return header + i2osp(count, 8)


def nym_polynomial(suite: Suite, context: bytes, coefficients: Sequence[int], api_id: bytes) -> int:
    """sum x_i z^i mod r with z = h2s(context, api_id || "VECT_NYM_SECRETS"); x_0 alone where there is one.

    Raises `Misuse` for none. Source: [NYM PseudonymProofInit].
    """
    if not coefficients:
        raise Misuse("a pseudonym needs at least one secret")
    z = suite.hash_to_scalar(context, api_id + b"VECT_NYM_SECRETS")
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * z + coefficient) % ORDER
    return value


def pseudonym_base(suite: Suite, context: bytes, api_id: bytes) -> G1:
    """OP. Raises `Misuse` for an empty context. Source: [NYM 4]."""
    return named_base(suite, api_id, PSEUDONYM_BASE, context)


def pseudonym(suite: Suite, context: bytes, nym_secrets: NymSecrets, api_id: bytes) -> G1:
    """Nym = poly(nym_secrets, z)*OP. Raises `Misuse` if that is O. Source: [NYM 4]."""
    exponent = nym_polynomial(suite, context, nym_secrets.expose(), api_id)
    if exponent == 0:
        raise Misuse("these secrets give the identity as pseudonym")
    return suite.curve.multiply(pseudonym_base(suite, context, api_id), exponent)


def commit_with_nym(
    suite: Suite, committed_messages: Sequence[bytes], prover_nyms: NymSecrets, entropy: Entropy = SYSTEM
) -> tuple[bytes, Secret[int]]:
    """Commit to the messages and, behind them, the prover nyms. Source: [NYM CommitWithNym]."""
    api_id = nym_api_id(suite)
    scalars = [*messages_to_scalars(suite, committed_messages, api_id), *prover_nyms.expose()]
    return commit(suite, scalars, api_id, entropy)


def blind_sign_with_nym(
    suite: Suite,
    sk: Secret[int],
    public_key_octets: bytes,
    commitment_with_proof: bytes,
    nym_count: int,
    signer_nym_entropy: int,
    header: bytes,
    messages: Sequence[bytes],
) -> bytes:
    """Sign the commitment with the issuer's own entropy on the last base J_M: 80 octets.

    Raises `Malformed`, `Rejected` "bad-commitment", also for fewer committed scalars than nyms.
    Source: [NYM BlindSignWithNym].
    """
    api_id, curve = nym_api_id(suite), suite.curve
    count = committed_count(commitment_with_proof)
    if not 1 <= nym_count <= count:
        raise Rejected("bad-commitment", "the commitment has no room for the pseudonym's secrets")
    point = verify_commitment(suite, commitment_with_proof, count, api_id)
    last_base = blind_generators(suite, count, api_id)[-1]
    addend = curve.add(point, curve.multiply(last_base, signer_nym_entropy))
    generators = all_generators(suite, len(messages), count, api_id)
    scalars = messages_to_scalars(suite, messages, api_id)
    signature = core_blind_sign(
        suite, sk, public_key_octets, generators, nym_header(header, nym_count), scalars, addend, api_id
    )
    return encode_signature(suite, signature)


def finish_nym_secrets(prover_nyms: NymSecrets, signer_nym_entropy: int) -> NymSecrets:
    """The prover nyms with the issuer's entropy added to the last. Raises `Misuse` for none.

    Source: [NYM VerifyFinalizeWithNym].
    """
    if not prover_nyms.expose():
        raise Misuse("a pseudonym needs at least one secret")
    *first, last = prover_nyms.expose()
    return Secret((*first, (last + signer_nym_entropy) % ORDER))


def verify_finalize_with_nym(
    suite: Suite,
    public_key_octets: bytes,
    signature_octets: bytes,
    header: bytes,
    messages: Sequence[bytes],
    committed_messages: Sequence[bytes],
    prover_nyms: NymSecrets,
    signer_nym_entropy: int,
    blind: Secret[int],
) -> NymSecrets:
    """The holder's check of what the issuer sent, and the nym secrets. Raises `Malformed`, `Rejected` "bad-signature".

    Source: [NYM VerifyFinalizeWithNym].
    """
    api_id = nym_api_id(suite)
    nym_secrets = finish_nym_secrets(prover_nyms, signer_nym_entropy)
    count = len(nym_secrets.expose())
    generators = all_generators(suite, len(messages), len(committed_messages) + count, api_id)
    scalars = [*all_scalars(suite, messages, committed_messages, blind, api_id), *nym_secrets.expose()]
    signature = decode_signature(suite, signature_octets)
    core_verify(suite, public_key_octets, signature, generators, nym_header(header, count), scalars, api_id)
    return nym_secrets


def proof_gen_with_nym(
    suite: Suite,
    public_key_octets: bytes,
    signature_octets: bytes,
    header: bytes,
    presentation_header: bytes,
    nym_secrets: NymSecrets,
    context: bytes,
    messages: Sequence[bytes],
    committed_messages: Sequence[bytes],
    disclosed_indexes: Sequence[int],
    disclosed_committed_indexes: Sequence[int],
    blind: Secret[int],
    entropy: Entropy = SYSTEM,
) -> tuple[bytes, bytes]:
    """(proof octets, pseudonym octets). The nym secrets are never disclosed. Raises `Malformed`, `Rejected`, `Misuse`.

    Source: [NYM ProofGenWithNym], [NYM CoreProofGenWithNym].
    """
    api_id, count = nym_api_id(suite), len(nym_secrets.expose())
    signature = decode_signature(suite, signature_octets)
    generators = all_generators(suite, len(messages), len(committed_messages) + count, api_id)
    scalars = [*all_scalars(suite, messages, committed_messages, blind, api_id), *nym_secrets.expose()]
    indexes = combined_indexes(disclosed_indexes, len(messages), disclosed_committed_indexes)
    refusal = Misuse("disclosed indexes ascend strictly and in range, and never reach the nym secrets")
    # checked below the nym secrets, so that none of them can be disclosed
    hidden = [*hidden_indexes(indexes, len(scalars) - count, refusal), *range(len(scalars) - count, len(scalars))]
    nonces = draw_nonces(len(hidden), entropy)
    opening = proof_init(
        suite, public_key_octets, signature, generators, nonces, nym_header(header, count), scalars, hidden, api_id
    )
    nym = pseudonym(suite, context, nym_secrets, api_id)
    announced = pseudonym(suite, context, Secret(nonces.m_tildes[-count:]), api_id)
    disclosed = {index: scalars[index] for index in indexes}
    challenge = proof_challenge(suite, opening, disclosed, presentation_header, api_id, (nym, announced), lp(context))
    proof = proof_finalize(opening, challenge, signature.exponent, nonces, [scalars[index] for index in hidden])
    return encode_proof(suite, proof), suite.curve.encode_g1(nym)


def proof_verify_with_nym(
    suite: Suite,
    public_key_octets: bytes,
    proof_octets: bytes,
    header: bytes,
    presentation_header: bytes,
    pseudonym_octets: bytes,
    context: bytes,
    nym_count: int,
    signer_count: int,
    disclosed: Mapping[int, bytes],
    disclosed_committed: Mapping[int, bytes],
) -> None:
    """Check a proof and its pseudonym for this context. Raises `Malformed`, `Rejected` "bad-disclosure" or "bad-proof".

    The pseudonym is a point of the subgroup, neither O nor BP1. Source: [NYM ProofVerifyWithNym].
    """
    api_id, curve = nym_api_id(suite), suite.curve
    proof, nym = decode_proof(suite, proof_octets), curve.decode_g1(pseudonym_octets)
    if curve.equal(nym, curve.g1_generator()):
        raise Rejected("bad-proof", "the pseudonym is a fixed point")
    scalars = disclosed_scalars(suite, signer_count, disclosed, disclosed_committed, api_id)
    count = committed_in_proof(len(scalars) + len(proof.m_hats), signer_count)
    if (
        not 1 <= nym_count <= min(count, len(proof.m_hats))
        or max(scalars, default=-1) > signer_count + count - nym_count
    ):
        raise Rejected("bad-disclosure", "the pseudonym's secrets are not among the hidden messages")
    generators = all_generators(suite, signer_count, count, api_id)
    opening = proof_verify_init(
        suite, public_key_octets, proof, generators, nym_header(header, nym_count), scalars, api_id
    )
    exponent = nym_polynomial(suite, context, proof.m_hats[-nym_count:], api_id)
    announced = curve.combine([pseudonym_base(suite, context, api_id), nym], [exponent, -proof.challenge])
    if curve.is_identity(announced):
        raise Rejected("bad-proof", "the pseudonym's announcement is the identity")
    challenge = proof_challenge(suite, opening, scalars, presentation_header, api_id, (nym, announced), lp(context))
    check_proof(suite, public_key_octets, proof, challenge)
