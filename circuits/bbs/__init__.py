"""BBS signatures, blind issuance and pseudonyms, exactly as the drafts and their vectors have them.

The licence itself is issued and presented through these core functions; the message-level interfaces exist for the
drafts' own users and vectors.
"""

from __future__ import annotations

from circuits.bbs.blind import (
    Commitment,
    blind_api_id,
    blind_generators,
    blind_proof_gen,
    blind_proof_verify,
    blind_sign,
    blind_verify,
    commit,
    commit_messages,
    core_blind_sign,
    decode_commitment,
    verify_commitment,
)
from circuits.bbs.keys import decode_public_key, encode_public_key, key_gen, sk_to_pk
from circuits.bbs.octets import (
    Proof,
    Signature,
    decode_proof,
    decode_signature,
    domain,
    encode_proof,
    encode_signature,
    message_to_scalar,
    messages_to_scalars,
)
from circuits.bbs.proof import core_proof_gen, core_proof_verify, proof_gen, proof_verify
from circuits.bbs.pseudonym import (
    blind_sign_with_nym,
    commit_with_nym,
    nym_api_id,
    nym_header,
    proof_gen_with_nym,
    proof_verify_with_nym,
    pseudonym,
    pseudonym_base,
    verify_finalize_with_nym,
)
from circuits.bbs.signature import (
    core_sign,
    core_verify,
    sign,
    sign_point,
    signature_exponent,
    signed_point,
    verify,
    verify_point,
)

__all__ = [
    "Commitment",
    "Proof",
    "Signature",
    "blind_api_id",
    "blind_generators",
    "blind_proof_gen",
    "blind_proof_verify",
    "blind_sign",
    "blind_sign_with_nym",
    "blind_verify",
    "commit",
    "commit_messages",
    "commit_with_nym",
    "core_blind_sign",
    "core_proof_gen",
    "core_proof_verify",
    "core_sign",
    "core_verify",
    "decode_commitment",
    "decode_proof",
    "decode_public_key",
    "decode_signature",
    "domain",
    "encode_proof",
    "encode_public_key",
    "encode_signature",
    "key_gen",
    "message_to_scalar",
    "messages_to_scalars",
    "nym_api_id",
    "nym_header",
    "proof_gen",
    "proof_gen_with_nym",
    "proof_verify",
    "proof_verify_with_nym",
    "pseudonym",
    "pseudonym_base",
    "sign",
    "sign_point",
    "signature_exponent",
    "signed_point",
    "sk_to_pk",
    "verify",
    "verify_commitment",
    "verify_finalize_with_nym",
    "verify_point",
]
