"""The files of the BBS signatures draft."""

from __future__ import annotations

from circuits.bbs import (
    decode_proof,
    decode_signature,
    domain,
    encode_public_key,
    key_gen,
    messages_to_scalars,
    proof_gen,
    proof_verify,
    sign,
    signed_point,
    sk_to_pk,
    verify,
    verify_point,
)
from circuits.bbs.octets import H2S, MAP_MESSAGE
from circuits.bbs.proof import pair_disclosed, proof_verify_init
from circuits.generators import create_generators
from circuits.secret import Secret
from circuits.suite import Suite
from console.conformance.check import Check, Setting
from console.conformance.fields import BadVector, Fields
from console.conformance.mocks import MOCK_DST, SEED, seeded_random_scalars
from console.conformance.negative import check_against_valid, check_messages_known
from console.conformance.shapes import Shape
from console.conformance.traces import check_opening, check_random_scalars


def signature_domain(fields: Fields, suite: Suite) -> int:
    """The domain that a signature file's key, header and number of messages give."""
    generators = create_generators(suite, len(fields.octets_list("messages")) + 1, suite.api_id)
    public_key = fields.inner("signerKeyPair").octets("publicKey")
    return domain(suite, public_key, generators, fields.octets("header"), suite.api_id)


def proof_domain(fields: Fields, suite: Suite) -> int:
    """The same of a proof file."""
    generators = create_generators(suite, len(fields.octets_list("messages")) + 1, suite.api_id)
    return domain(suite, fields.octets("signerPublicKey"), generators, fields.octets("header"), suite.api_id)


def check_key_pair_fields(pair: Fields, check: Check, suite: Suite) -> tuple[Secret[int], bytes]:
    """The secret and the public key of a key pair, which must belong together."""
    secret, public_key = Secret(pair.scalar("secretKey")), pair.octets("publicKey")
    check.equal("publicKey", public_key, encode_public_key(suite, sk_to_pk(suite, secret)))
    return secret, public_key


def check_key_pair(fields: Fields, setting: Setting, check: Check) -> None:
    """key_gen of the key material gives the secret key, and that the public one."""
    suite = setting.suite
    secret, _ = check_key_pair_fields(fields.inner("keyPair"), check, suite)
    made = key_gen(suite, fields.octets("keyMaterial"), fields.octets("keyInfo"), fields.octets("keyDst"))
    check.equal("secretKey", secret.expose(), made.expose())


def check_hash_to_scalar(fields: Fields, setting: Setting, check: Check) -> None:
    """h2s of the message under the file's tag."""
    dst = fields.octets("dst")
    check.equal("dst", dst, setting.suite.api_id + H2S)
    check.equal("scalar", fields.scalar("scalar"), setting.suite.hash_to_scalar(fields.octets("message"), dst))


def check_mocked_scalars(fields: Fields, setting: Setting, check: Check) -> None:
    """The seeded random scalars."""
    seed, dst, count = fields.octets("seed"), fields.octets("dst"), fields.number("count")
    if not 0 < count <= 100:
        raise BadVector("count is not of the form expected")
    check.equal(
        "mockedScalars", fields.scalars("mockedScalars"), seeded_random_scalars(setting.suite, seed, dst, count)
    )


def check_map_messages(fields: Fields, setting: Setting, check: Check) -> None:
    """Each message's scalar under the file's tag."""
    dst = fields.octets("dst")
    check.equal("dst", dst, setting.suite.api_id + MAP_MESSAGE)
    cases = fields.inner_list("cases")
    check.require(bool(cases), "there are no cases")
    for index, case in enumerate(cases):
        message = case.octets("message")
        check.equal(f"cases[{index}]", case.scalar("scalar"), setting.suite.hash_to_scalar(message, dst))
    check_messages_known(check, setting.messages, [case.octets("message") for case in cases], "cases")


def check_generator_fields(fields: Fields, check: Check, suite: Suite, api_id: bytes) -> None:
    """P1, Q1 and the message generators of an interface."""
    listed = fields.octets_list("MsgGenerators")
    points = create_generators(suite, len(listed) + 1, api_id)
    computed = [suite.curve.encode_g1(point) for point in points]
    check.equal("P1", fields.octets("P1"), suite.p1_octets)
    check.equal("Q1 and MsgGenerators", [fields.octets("Q1"), *listed], computed)


def check_generators(fields: Fields, setting: Setting, check: Check) -> None:
    """The draft's own interface's generators."""
    check_generator_fields(fields, check, setting.suite, setting.suite.api_id)


def check_signature(fields: Fields, setting: Setting, check: Check) -> None:
    """A valid signature verifies and is remade; an invalid one is refused, and is a valid one but for one thing."""
    suite = setting.suite
    public_key = fields.inner("signerKeyPair").octets("publicKey")
    header, messages, signature = fields.octets("header"), fields.octets_list("messages"), fields.octets("signature")

    def attempt() -> None:
        verify(suite, public_key, signature, header, messages)

    if not fields.inner("result").flag("valid"):
        check.refused("the signature", attempt)
        check_against_valid(fields, setting, check)
        return
    check.accepted("the signature", attempt)
    check_messages_known(check, setting.messages, messages, "messages")
    secret, _ = check_key_pair_fields(fields.inner("signerKeyPair"), check, suite)
    check.equal("signature", signature, sign(suite, secret, public_key, header, messages))
    check_base(fields.inner("trace"), check, suite, signature, public_key, signature_domain(fields, suite), messages)


def check_base(
    trace: Fields, check: Check, suite: Suite, signature: bytes, key: bytes, domain_scalar: int, messages: list[bytes]
) -> None:
    """B and the domain of the trace, as computed; and the signature is one on B."""
    generators = create_generators(suite, len(messages) + 1, suite.api_id)
    base = signed_point(suite, generators, domain_scalar, messages_to_scalars(suite, messages, suite.api_id))
    check.equal("trace.domain", trace.scalar("domain"), domain_scalar)
    check.equal("trace.B", trace.octets("B"), suite.curve.encode_g1(base))
    check.accepted("the signature on B", lambda: verify_point(suite, key, decode_signature(suite, signature), base))


def check_proof(fields: Fields, setting: Setting, check: Check) -> None:
    """A valid proof verifies and is remade; an invalid one is refused, and is a valid one but for one thing."""
    suite = setting.suite
    public_key, proof_octets = fields.octets("signerPublicKey"), fields.octets("proof")
    header, presentation_header = fields.octets("header"), fields.octets("presentationHeader")
    messages, indexes = fields.octets_list("messages"), fields.numbers("disclosedIndexes")
    if any(not 0 <= index < len(messages) for index in indexes):
        raise BadVector("a disclosed index lies outside the messages")
    shown = [messages[index] for index in indexes]

    def attempt() -> None:
        proof_verify(suite, public_key, proof_octets, header, presentation_header, shown, indexes)

    if not fields.inner("result").flag("valid"):
        check.refused("the proof", attempt)
        check_against_valid(fields, setting, check)
        return
    check.accepted("the proof", attempt)
    check_messages_known(check, setting.messages, messages, "messages")
    trace, signature = fields.inner("trace"), fields.octets("signature")
    check.accepted("the signature", lambda: verify(suite, public_key, signature, header, messages))
    entropy = check_random_scalars(trace, check, suite, SEED, suite.api_id + MOCK_DST)
    check.accepted(
        "the making of the proof",
        lambda: check.equal(
            "proof",
            proof_octets,
            proof_gen(suite, public_key, signature, header, presentation_header, messages, indexes, entropy),
        ),
    )
    proof = decode_proof(suite, proof_octets)
    generators = create_generators(suite, len(messages) + 1, suite.api_id)
    disclosed = pair_disclosed(indexes, messages_to_scalars(suite, shown, suite.api_id))
    opening = proof_verify_init(suite, public_key, proof, generators, header, disclosed, suite.api_id)
    check_opening(trace, check, suite, opening, proof)


def check_message_list(_fields: Fields, setting: Setting, check: Check) -> None:
    """The list holds the messages that the valid cases beside it use."""
    used = {
        message
        for file in setting.all_files
        if file.shape in (Shape.SIGNATURE, Shape.PROOF) and file.fields().inner("result").flag("valid")
        for message in file.fields().octets_list("messages")
    }
    for file in setting.all_files:
        if file.shape is Shape.MAP_MESSAGES:
            used.update(case.octets("message") for case in file.fields().inner_list("cases"))
    if not used:
        check.remarks.append("no file beside the list uses it")
        return
    check.require(used <= set(setting.messages or ()), "the files beside the list use a message that it lacks")
