"""The files of the blind signatures draft."""

from __future__ import annotations

from circuits.bbs import (
    blind_api_id,
    blind_proof_gen,
    blind_proof_verify,
    blind_sign,
    blind_verify,
    commit_messages,
    decode_proof,
    domain,
    signed_point,
    verify_commitment,
)
from circuits.bbs.blind import BLIND, all_generators, all_scalars, disclosed_scalars
from circuits.bbs.octets import PROOF_FLOOR_OCTETS
from circuits.bbs.proof import proof_verify_init
from circuits.entropy import ReplayEntropy
from circuits.scalar import SCALAR_OCTETS
from circuits.secret import Secret
from circuits.suite import Suite
from console.conformance.check import Check, Setting
from console.conformance.core import check_generator_fields, check_key_pair_fields
from console.conformance.exceptions import SWAPPED_TRACES
from console.conformance.fields import BadVector, Fields
from console.conformance.mocks import SEED, seeded_random_scalars, tag_of
from console.conformance.negative import check_messages_known
from console.conformance.traces import check_opening, check_random_scalars


def signature_domain(fields: Fields, suite: Suite) -> int:
    """The domain that a blind signature file gives."""
    generators = all_generators(suite, len(fields.octets_list("messages")), len(committed(fields)), blind_api_id(suite))
    public_key = fields.inner("signerKeyPair").octets("publicKey")
    return domain(suite, public_key, generators, fields.octets("header"), blind_api_id(suite))


def proof_domain(fields: Fields, suite: Suite) -> int:
    """The same of a blind proof file."""
    generators = all_generators(suite, fields.number("L"), committed_total(fields), blind_api_id(suite))
    return domain(suite, fields.octets("signerPublicKey"), generators, fields.octets("header"), blind_api_id(suite))


def committed(fields: Fields) -> list[bytes]:
    """The committed messages; none where there was no commitment."""
    return [] if fields.is_null("committedMessages") else fields.octets_list("committedMessages")


def committed_total(fields: Fields) -> int:
    """M, as the proof's length and the disclosed messages tell it."""
    hidden = (len(fields.octets("proof")) - PROOF_FLOOR_OCTETS) // SCALAR_OCTETS
    shown = len(fields.octets_map("revealedMessages")) + len(fields.octets_map("revealedCommittedMessages"))
    count = hidden + shown - fields.number("L") - 1
    if not 0 <= count < 1000:
        raise BadVector("the proof and the disclosed messages do not fit")
    return count


def prover_blind(fields: Fields) -> Secret[int] | None:
    """The blind, None where there was no commitment."""
    return None if fields.is_null("proverBlind") else Secret(fields.scalar("proverBlind"))


def mocked_commitment(fields: Fields, suite: Suite, count: int, check: Check) -> ReplayEntropy | None:
    """The seeded scalars of a commitment to `count` scalars, or None where the file names no tag for them."""
    mocks = fields.inner("mockRngParameters")
    if "commit" not in mocks:
        return None
    parameters = mocks.inner("commit")
    if "count" in parameters and "proverNyms" not in fields:
        check.equal("mockRngParameters.commit.count", parameters.number("count"), count + 2)
    dst = tag_of(suite, parameters.text("DST"), check.excepted)
    return ReplayEntropy(seeded_random_scalars(suite, mocks.text("SEED").encode(), dst, count + 2))


def check_commitment_scalars(fields: Fields, check: Check, suite: Suite, count: int) -> None:
    """The trace of a commitment: s~ and m~ are those seeded behind the blind."""
    published = fields.inner("trace").inner("random_scalars")
    entropy = mocked_commitment(fields, suite, count, check)
    if entropy is None:
        raise BadVector("no field mockRngParameters.commit")
    check.equal("proverBlind", fields.scalar("proverBlind"), entropy.scalar())
    tildes = [published.scalar("s_tilde"), *published.scalars("m_tildes")]
    check.equal("trace.random_scalars", tildes, [entropy.scalar() for _ in range(count + 1)])


def check_commitment(fields: Fields, setting: Setting, check: Check) -> None:
    """The commitment is remade from its seeded randomness and verifies."""
    suite, messages = setting.suite, fields.octets_list("committedMessages")
    check_messages_known(check, setting.committed, messages, "committedMessages")
    check_commitment_scalars(fields, check, suite, len(messages))
    check_same_commitment(fields, check, suite, messages)
    check.require(fields.inner("result").flag("valid"), "an invalid commitment is of no known kind")


def check_same_commitment(fields: Fields, check: Check, suite: Suite, messages: list[bytes]) -> None:
    """`commitmentWithProof` commits to the messages under `proverBlind`."""
    published = fields.octets("commitmentWithProof")
    entropy = mocked_commitment(fields, suite, len(messages), check)
    if entropy is None:
        raise BadVector("no field mockRngParameters.commit")
    octets, blind = commit_messages(suite, messages, entropy)
    check.equal("proverBlind", fields.scalar("proverBlind"), blind.expose())
    check.equal("commitmentWithProof", published, octets)
    check.accepted("the commitment", lambda: verify_commitment(suite, published, len(messages), blind_api_id(suite)))


def check_no_commitment(fields: Fields, check: Check, *names: str) -> None:
    """Where there is no commitment, nothing speaks of one."""
    check.require(all(fields.is_null(name) for name in names), "half a commitment")
    mocks = fields.inner("mockRngParameters")
    check.require("commit" not in mocks, "half a commitment")
    check.equal("mockRngParameters.SEED", mocks.text("SEED").encode(), SEED)


def check_signature(fields: Fields, setting: Setting, check: Check) -> None:
    """The signature is remade by the issuer, and verifies with the holder's blind."""
    suite = setting.suite
    secret, public_key = check_key_pair_fields(fields.inner("signerKeyPair"), check, suite)
    header, messages, signature = fields.octets("header"), fields.octets_list("messages"), fields.octets("signature")
    check_messages_known(check, setting.messages, messages, "messages")
    check_messages_known(check, setting.committed, committed(fields), "committedMessages")
    commitment = b""
    if fields.is_null("commitmentWithProof"):
        check_no_commitment(fields, check, "proverBlind", "committedMessages")
    else:
        commitment = fields.octets("commitmentWithProof")
        check_same_commitment(fields, check, suite, committed(fields))
    check.accepted(
        "the signing",
        lambda: check.equal(
            "signature", signature, blind_sign(suite, secret, public_key, commitment, header, messages)
        ),
    )
    check.accepted(
        "the signature",
        lambda: blind_verify(suite, public_key, signature, header, messages, committed(fields), prover_blind(fields)),
    )
    check.require(fields.inner("result").flag("valid"), "an invalid signature is of no known kind")
    check_signature_trace(fields, check, suite)


def check_signature_trace(fields: Fields, check: Check, suite: Suite) -> None:
    """B and the domain, but for the one trace that is known to be swapped."""
    api_id, trace = blind_api_id(suite), fields.inner("trace")
    messages, hidden = fields.octets_list("messages"), committed(fields)
    domain_scalar = signature_domain(fields, suite)
    scalars = all_scalars(suite, messages, hidden, prover_blind(fields), api_id)
    base = signed_point(suite, all_generators(suite, len(messages), len(hidden), api_id), domain_scalar, scalars)
    base_octets = suite.curve.encode_g1(base)
    for known in SWAPPED_TRACES:
        if (known.case_name, known.trace_b, base_octets.hex()) == (
            fields.text("caseName"),
            trace.text("B"),
            trace.text("domain"),
        ):
            check.excepted.add(known.reason)
            return
    check.equal("trace.B", trace.octets("B"), base_octets)
    check.equal("trace.domain", trace.scalar("domain"), domain_scalar)


def check_proof(fields: Fields, setting: Setting, check: Check) -> None:
    """The proof verifies, and is remade where the folder has the messages that it hides."""
    suite, api_id = setting.suite, blind_api_id(setting.suite)
    public_key, proof_octets = fields.octets("signerPublicKey"), fields.octets("proof")
    header, presentation_header = fields.octets("header"), fields.octets("presentationHeader")
    shown, shown_committed = fields.octets_map("revealedMessages"), fields.octets_map("revealedCommittedMessages")
    count = fields.number("L")
    check.accepted(
        "the proof",
        lambda: blind_proof_verify(
            suite, public_key, proof_octets, header, presentation_header, count, shown, shown_committed
        ),
    )
    check.require(fields.inner("result").flag("valid"), "an invalid proof is of no known kind")
    proof = decode_proof(suite, proof_octets)
    generators = all_generators(suite, count, committed_total(fields), api_id)
    disclosed = disclosed_scalars(suite, count, shown, shown_committed, api_id)
    opening = proof_verify_init(suite, public_key, proof, generators, header, disclosed, api_id)
    check_opening(fields.inner("trace"), check, suite, opening, proof)
    check_remade(fields, setting, check)


def check_remade(fields: Fields, setting: Setting, check: Check) -> None:
    """The same proof from the shared messages, the signature, the blind and the seeded randomness."""
    suite = setting.suite
    entropy = proof_entropy(fields, check, suite)
    messages, hidden = shared_messages(fields, setting, check)
    if messages is None or hidden is None:
        check.remarks.append("verified but not remade: no list of messages is near")
        return
    if fields.is_null("commitmentWithProof"):
        check_no_commitment(fields, check, "proverBlind", "revealedCommittedMessages")
    else:
        check_same_commitment(fields, check, suite, hidden)
    public_key, signature, header = (fields.octets(name) for name in ("signerPublicKey", "signature", "header"))
    blind = prover_blind(fields)
    check.accepted("the signature", lambda: blind_verify(suite, public_key, signature, header, messages, hidden, blind))
    shown, shown_committed = fields.octets_map("revealedMessages"), fields.octets_map("revealedCommittedMessages")

    def remake() -> None:
        remade = blind_proof_gen(
            suite,
            public_key,
            signature,
            header,
            fields.octets("presentationHeader"),
            messages,
            hidden,
            list(shown),
            list(shown_committed),
            blind,
            entropy,
        )
        check.equal("proof", fields.octets("proof"), remade)

    check.accepted("the making of the proof", remake)


def proof_entropy(fields: Fields, check: Check, suite: Suite) -> ReplayEntropy:
    """The proof's seeded scalars, compared with the published ones."""
    mocks = fields.inner("mockRngParameters")
    parameters = mocks.inner("proof")
    hidden = (len(fields.octets("proof")) - PROOF_FLOOR_OCTETS) // SCALAR_OCTETS
    if "count" in parameters and "proverNyms" not in fields:
        check.equal("mockRngParameters.proof.count", parameters.number("count"), hidden + 5)
    seed, dst = mocks.text("SEED").encode(), tag_of(suite, parameters.text("DST"), check.excepted)
    return check_random_scalars(fields.inner("trace"), check, suite, seed, dst)


def shared_messages(fields: Fields, setting: Setting, check: Check) -> tuple[list[bytes] | None, list[bytes] | None]:
    """All messages and committed messages behind a proof: the shared lists, which must be as long as the proof says."""
    messages, hidden = setting.messages, [] if fields.is_null("commitmentWithProof") else setting.committed
    if messages is not None and hidden is not None:
        check.equal("L", fields.number("L"), len(messages))
        check.equal("the number of committed messages", committed_total(fields), len(hidden))
    return messages, hidden


def check_two_generators(fields: Fields, setting: Setting, check: Check) -> None:
    """Both lists of generators of the blind interface, or of the pseudonym one."""
    suite = setting.suite
    listed, blind_listed = fields.inner("generators"), fields.inner("blindGenerators")
    api_id = listed.text("api_id").encode()
    check.require(api_id in (blind_api_id(suite), suite.api_id + b"PSEUDONYM_"), "api_id is of no known interface")
    check.equal("blindGenerators.api_id", blind_listed.text("api_id").encode(), BLIND + api_id)
    check_generator_fields(listed, check, suite, api_id)
    check_generator_fields(blind_listed, check, suite, BLIND + api_id)


def check_two_message_lists(_fields: Fields, setting: Setting, check: Check) -> None:
    """The lists hold what the files beside them use."""
    used: set[bytes] = set()
    used_committed: set[bytes] = set()
    for file in setting.all_files:
        fields = file.fields()
        if "signature" not in fields and "commitmentWithProof" not in fields:
            continue
        if "messages" in fields:
            used.update(fields.octets_list("messages"))
        if "revealedMessages" in fields:
            used.update(fields.octets_map("revealedMessages").values())
            used_committed.update(fields.octets_map("revealedCommittedMessages").values())
        if "committedMessages" in fields:
            used_committed.update(committed(fields))
    if not used and not used_committed:
        check.remarks.append("no file beside the lists uses them")
        return
    check.require(used <= set(setting.messages or ()), "the files beside the lists use a message that they lack")
    check.require(
        used_committed <= set(setting.committed or ()),
        "the files beside the lists use a committed message that they lack",
    )
