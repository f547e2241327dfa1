"""The files of the per-verifier linkability draft."""

from __future__ import annotations

from circuits.bbs import (
    blind_sign_with_nym,
    commit_with_nym,
    decode_commitment,
    decode_proof,
    domain,
    nym_api_id,
    nym_header,
    proof_gen_with_nym,
    proof_verify_with_nym,
    pseudonym,
    pseudonym_base,
    signed_point,
    verify_commitment,
    verify_finalize_with_nym,
)
from circuits.bbs.blind import all_generators, all_scalars, disclosed_scalars
from circuits.bbs.proof import proof_verify_init
from circuits.bbs.pseudonym import finish_nym_secrets, nym_polynomial
from circuits.entropy import ReplayEntropy
from circuits.secret import Secret
from circuits.suite import Suite
from console.conformance.blind import check_commitment_scalars, committed_total, mocked_commitment, proof_entropy
from console.conformance.check import Check, Setting
from console.conformance.core import check_key_pair_fields
from console.conformance.fields import BadVector, Fields
from console.conformance.negative import check_messages_known
from console.conformance.traces import check_opening, random_scalars


def signature_domain(fields: Fields, suite: Suite) -> int:
    """The domain that a pseudonym signature file gives."""
    count = len(fields.scalars("proverNyms"))
    total = len(fields.octets_list("committedMessages")) + count
    generators = all_generators(suite, len(fields.octets_list("messages")), total, nym_api_id(suite))
    public_key = fields.inner("signerKeyPair").octets("publicKey")
    return domain(suite, public_key, generators, nym_header(fields.octets("header"), count), nym_api_id(suite))


def proof_domain(fields: Fields, suite: Suite) -> int:
    """The same of a pseudonym proof file."""
    generators = all_generators(suite, fields.number("L"), committed_total(fields), nym_api_id(suite))
    header = nym_header(fields.octets("header"), len(fields.scalars("nym_secrets")))
    return domain(suite, fields.octets("signerPublicKey"), generators, header, nym_api_id(suite))


def check_commitment(fields: Fields, setting: Setting, check: Check) -> None:
    """The commitment is remade from its seeded randomness and verifies."""
    suite = setting.suite
    count = len(fields.octets_list("committedMessages")) + len(fields.scalars("proverNyms"))
    check_messages_known(check, setting.committed, fields.octets_list("committedMessages"), "committedMessages")
    check_commitment_scalars(fields, check, suite, count)
    check_same_commitment(fields, check, suite)
    check.require(fields.inner("result").flag("valid"), "an invalid commitment is of no known kind")


def check_same_commitment(fields: Fields, check: Check, suite: Suite) -> None:
    """`commitmentWithProof` commits to the messages and the prover nyms under `proverBlind`.

    It is remade octet for octet where the file names the tag of its randomness; its opening is checked in any case.
    """
    messages, nyms = fields.octets_list("committedMessages"), Secret(tuple(fields.scalars("proverNyms")))
    count = len(messages) + len(nyms.expose())
    published, blind = fields.octets("commitmentWithProof"), fields.scalar("proverBlind")
    check.accepted("the commitment", lambda: verify_commitment(suite, published, count, nym_api_id(suite)))
    opened, _ = commit_with_nym(suite, messages, nyms, ReplayEntropy([blind, *range(1, count + 2)]))
    same = decode_commitment(suite, opened, count).point
    check.require(suite.curve.encode_g1(same) == published[:48], "the commitment is not to these values")
    if "mockRngParameters" in fields:
        entropy = mocked_commitment(fields, suite, count, check)
        if entropy is not None:
            octets, drawn = commit_with_nym(suite, messages, nyms, entropy)
            check.equal("proverBlind", blind, drawn.expose())
            check.equal("commitmentWithProof", published, octets)


def check_nyms(fields: Fields, check: Check) -> Secret[tuple[int, ...]]:
    """The nym secrets are the prover nyms with the issuer's entropy added to the last."""
    nyms = Secret(tuple(fields.scalars("proverNyms")))
    if not nyms.expose():
        raise BadVector("no prover nyms")
    finished = finish_nym_secrets(nyms, fields.scalar("signer_nym_entropy"))
    check.equal("nym_secrets", tuple(fields.scalars("nym_secrets")), finished.expose())
    return finished


def check_signature(fields: Fields, setting: Setting, check: Check) -> None:
    """The signature is remade by the issuer, and the holder finishes it."""
    suite = setting.suite
    secret, public_key = check_key_pair_fields(fields.inner("signerKeyPair"), check, suite)
    header, signature = fields.octets("header"), fields.octets("signature")
    messages, hidden = fields.octets_list("messages"), fields.octets_list("committedMessages")
    check_messages_known(check, setting.messages, messages, "messages")
    check_messages_known(check, setting.committed, hidden, "committedMessages")
    nym_secrets = check_nyms(fields, check)
    check_same_commitment(fields, check, suite)
    nyms, entropy = Secret(tuple(fields.scalars("proverNyms"))), fields.scalar("signer_nym_entropy")
    commitment, blind = fields.octets("commitmentWithProof"), Secret(fields.scalar("proverBlind"))

    def remake() -> None:
        count = len(nyms.expose())
        made = blind_sign_with_nym(suite, secret, public_key, commitment, count, entropy, header, messages)
        check.equal("signature", signature, made)

    check.accepted("the signing", remake)
    check.accepted(
        "the signature",
        lambda: verify_finalize_with_nym(suite, public_key, signature, header, messages, hidden, nyms, entropy, blind),
    )
    check.require(fields.inner("result").flag("valid"), "an invalid signature is of no known kind")
    domain_scalar, api_id, trace = signature_domain(fields, suite), nym_api_id(suite), fields.inner("trace")
    scalars = [*all_scalars(suite, messages, hidden, blind, api_id), *nym_secrets.expose()]
    generators = all_generators(suite, len(messages), len(scalars) - len(messages) - 1, api_id)
    base = signed_point(suite, generators, domain_scalar, scalars)
    check.equal("trace.B", trace.octets("B"), suite.curve.encode_g1(base))
    check.equal("trace.domain", trace.scalar("domain"), domain_scalar)


def check_proof(fields: Fields, setting: Setting, check: Check) -> None:
    """The proof and its pseudonym verify, and are remade."""
    suite, count = setting.suite, fields.number("L")
    check_messages_known(check, setting.messages, fields.octets_list("messages"), "messages")
    check_messages_known(check, setting.committed, fields.octets_list("committedMessages"), "committedMessages")
    shown, shown_committed = fields.octets_map("revealedMessages"), fields.octets_map("revealedCommittedMessages")
    public_key, proof_octets, header = (fields.octets(name) for name in ("signerPublicKey", "proof", "header"))
    nym_secrets = check_nyms(fields, check)
    check.accepted(
        "the proof",
        lambda: proof_verify_with_nym(
            suite,
            public_key,
            proof_octets,
            header,
            fields.octets("presentationHeader"),
            fields.octets("pseudonym"),
            fields.octets("context_id"),
            len(nym_secrets.expose()),
            count,
            shown,
            shown_committed,
        ),
    )
    check.require(fields.inner("result").flag("valid"), "an invalid proof is of no known kind")
    proof, api_id = decode_proof(suite, proof_octets), nym_api_id(suite)
    generators = all_generators(suite, count, committed_total(fields), api_id)
    disclosed = disclosed_scalars(suite, count, shown, shown_committed, api_id)
    nym_head = nym_header(header, len(nym_secrets.expose()))
    opening = proof_verify_init(suite, public_key, proof, generators, nym_head, disclosed, api_id)
    check_opening(fields.inner("trace"), check, suite, opening, proof)
    check_pseudonym_trace(fields, check, suite, nym_secrets)
    check_same_commitment(fields, check, suite)
    check_remade(fields, setting, check, nym_secrets)


def check_pseudonym_trace(fields: Fields, check: Check, suite: Suite, nym_secrets: Secret[tuple[int, ...]]) -> None:
    """The pseudonym, its base, its announcement and both polynomials."""
    curve, api_id, context, trace = suite.curve, nym_api_id(suite), fields.octets("context_id"), fields.inner("trace")
    tildes = Secret(tuple(random_scalars(trace)[-len(nym_secrets.expose()) :]))
    nym = curve.encode_g1(pseudonym(suite, context, nym_secrets, api_id))
    check.equal("pseudonym", fields.octets("pseudonym"), nym)
    points = {
        "pseudonym": nym,
        "Ut": curve.encode_g1(pseudonym(suite, context, tildes, api_id)),
        "OP": curve.encode_g1(pseudonym_base(suite, context, api_id)),
    }
    scalars = {
        "poly_eval_pseudo": nym_polynomial(suite, context, nym_secrets.expose(), api_id),
        "poly_eval_proof": nym_polynomial(suite, context, tildes.expose(), api_id),
    }
    for name, octets in points.items():
        if name in trace:
            check.equal(f"trace.{name}", trace.octets(name), octets)
    for name, scalar in scalars.items():
        if name in trace:
            check.equal(f"trace.{name}", trace.scalar(name), scalar)


def check_remade(fields: Fields, setting: Setting, check: Check, nym_secrets: Secret[tuple[int, ...]]) -> None:
    """The same proof and pseudonym from the messages, the signature, the blind and the seeded randomness."""
    suite = setting.suite
    entropy = proof_entropy(fields, check, suite)
    messages, hidden = fields.octets_list("messages"), fields.octets_list("committedMessages")
    check.equal("L", fields.number("L"), len(messages))
    public_key, signature, header = (fields.octets(name) for name in ("signerPublicKey", "signature", "header"))
    nyms, blind = Secret(tuple(fields.scalars("proverNyms"))), Secret(fields.scalar("proverBlind"))
    check.accepted(
        "the signature",
        lambda: verify_finalize_with_nym(
            suite, public_key, signature, header, messages, hidden, nyms, fields.scalar("signer_nym_entropy"), blind
        ),
    )

    def remake() -> None:
        proof, nym = proof_gen_with_nym(
            suite,
            public_key,
            signature,
            header,
            fields.octets("presentationHeader"),
            nym_secrets,
            fields.octets("context_id"),
            messages,
            hidden,
            list(fields.octets_map("revealedMessages")),
            list(fields.octets_map("revealedCommittedMessages")),
            blind,
            entropy,
        )
        check.equal("proof", fields.octets("proof"), proof)
        check.equal("pseudonym", fields.octets("pseudonym"), nym)

    check.accepted("the making of the proof", remake)
