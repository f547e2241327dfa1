"""BBS keys, signatures and proofs of both suites: what is made verifies, and nothing that was changed does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import bbs
from circuits.entropy import ReplayEntropy
from circuits.errors import CircuitError, Malformed, Misuse, Rejected
from circuits.generators import create_generators
from circuits.scalar import ORDER
from circuits.secret import Secret
from circuits.suite import SHA256, SHAKE256, Suite

SECRET = Secret(0x1234567890ABCDEF << 100)
HEADER, PRESENTATION = b"header", b"presentation"
MESSAGES = [b"one", b"two", b"", b"four"]
KEYS = {suite.ciphersuite_id: bbs.encode_public_key(suite, bbs.sk_to_pk(suite, SECRET)) for suite in (SHA256, SHAKE256)}
suites = pytest.mark.parametrize("suite", [SHA256, SHAKE256], ids=["sha256", "shake256"])


def key(suite: Suite) -> bytes:
    return KEYS[suite.ciphersuite_id]


def signed(suite: Suite, messages: list[bytes] = MESSAGES) -> bytes:
    return bbs.sign(suite, SECRET, key(suite), HEADER, messages)


def proved(suite: Suite, indexes: list[int], messages: list[bytes] = MESSAGES) -> bytes:
    return bbs.proof_gen(suite, key(suite), signed(suite, messages), HEADER, PRESENTATION, messages, indexes)


def check(suite: Suite, proof: bytes, indexes: list[int], messages: list[bytes] = MESSAGES) -> None:
    shown = [messages[index] for index in indexes]
    bbs.proof_verify(suite, key(suite), proof, HEADER, PRESENTATION, shown, indexes)


@suites
@given(messages=st.lists(st.binary(max_size=40), max_size=6), header=st.binary(max_size=40))
def test_a_signature_verifies_and_no_other_message_list_does(
    suite: Suite, messages: list[bytes], header: bytes
) -> None:
    signature = bbs.sign(suite, SECRET, key(suite), header, messages)
    assert len(signature) == 80
    bbs.verify(suite, key(suite), signature, header, messages)
    for others in ([*messages, b""], [m + b"x" for m in messages] or [b"x"], messages[:-1] or [b"", b""]):
        with pytest.raises(Rejected, match="bad-signature"):
            bbs.verify(suite, key(suite), signature, header, others)
    with pytest.raises(Rejected, match="bad-signature"):
        bbs.verify(suite, key(suite), signature, header + b"x", messages)


@suites
@given(data=st.data())
def test_a_proof_of_any_disclosed_set_verifies(suite: Suite, data: st.DataObject) -> None:
    messages = data.draw(st.lists(st.binary(max_size=8), max_size=5))
    indexes = sorted(data.draw(st.sets(st.sampled_from(range(len(messages))))) if messages else [])
    proof = proved(suite, indexes, messages)
    assert len(proof) == 272 + 32 * (len(messages) - len(indexes))
    check(suite, proof, indexes, messages)
    assert proof != proved(suite, indexes, messages)


@suites
@given(place=st.integers(0, 335), change=st.integers(1, 255))
def test_any_changed_octet_of_a_proof_is_refused(suite: Suite, place: int, change: int) -> None:
    proof = bytearray(proved(suite, [0, 2]))
    proof[place] ^= change
    with pytest.raises((Malformed, Rejected)):
        check(suite, bytes(proof), [0, 2])


@given(place=st.integers(0, 79), change=st.integers(1, 255))
def test_any_changed_octet_of_a_signature_is_refused(place: int, change: int) -> None:
    signature = bytearray(signed(SHA256))
    signature[place] ^= change
    with pytest.raises((Malformed, Rejected)):
        bbs.verify(SHA256, key(SHA256), bytes(signature), HEADER, MESSAGES)


@given(octets=st.binary(max_size=400))
def test_decoders_raise_nothing_but_malformed(octets: bytes) -> None:
    for decode in (bbs.decode_signature, bbs.decode_proof, bbs.decode_public_key):
        with pytest.raises(Malformed):
            decode(SHA256, octets)
    with pytest.raises(Malformed):
        bbs.decode_commitment(SHA256, octets, 1)


@suites
@pytest.mark.parametrize(
    "indexes", [[2, 0], [0, 0], [0], [0, 1, 2], [0, 3], [-4, 2], [0, 4], [0, 2**64]], ids=lambda indexes: str(indexes)
)
def test_other_indexes_are_refused(suite: Suite, indexes: list[int]) -> None:
    proof = proved(suite, [0, 2])
    shown = [MESSAGES[index % 4] for index in indexes]
    with pytest.raises(Rejected, match=r"bad-(proof|disclosure)"):
        bbs.proof_verify(suite, key(suite), proof, HEADER, PRESENTATION, shown, indexes)


@pytest.mark.parametrize("indexes", [[2, 0], [0, 0], [4], [-1]])
def test_a_prover_with_bad_indexes_is_misuse(indexes: list[int]) -> None:
    with pytest.raises(Misuse):
        proved(SHA256, indexes)


@suites
def test_a_proof_is_bound_to_header_presentation_header_key_and_suite(suite: Suite) -> None:
    proof, shown = proved(suite, [1]), [MESSAGES[1]]
    other_key = bbs.encode_public_key(suite, bbs.sk_to_pk(suite, Secret(5)))
    for arguments in (
        (other_key, proof, HEADER, PRESENTATION),
        (key(suite), proof, b"", PRESENTATION),
        (key(suite), proof, HEADER, b""),
        (key(suite), proof, PRESENTATION, HEADER),
    ):
        with pytest.raises(Rejected, match="bad-proof"):
            bbs.proof_verify(suite, *arguments, shown, [1])
    other = SHAKE256 if suite is SHA256 else SHA256
    with pytest.raises(Rejected, match="bad-proof"):
        bbs.proof_verify(other, key(suite), proof, HEADER, PRESENTATION, shown, [1])


@pytest.mark.parametrize(
    "point", [b"\xc0" + bytes(47), b"\xff" * 48, b"\xe0" + bytes(47), b"\xc0" + bytes(46) + b"\x01", bytes(48)]
)
def test_the_identity_in_any_spelling_is_no_point_of_a_signature_or_proof(point: bytes) -> None:
    signature, proof = signed(SHA256), proved(SHA256, [0])
    with pytest.raises(Malformed):
        bbs.decode_signature(SHA256, point + signature[48:])
    for at in (0, 48, 96):
        with pytest.raises(Malformed):
            bbs.decode_proof(SHA256, proof[:at] + point + proof[at + 48 :])


@pytest.mark.parametrize("value", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_scalars_outside_their_range_are_malformed(value: int) -> None:
    octets, signature, proof = value.to_bytes(32, "big"), signed(SHA256), proved(SHA256, [0])
    with pytest.raises(Malformed):
        bbs.decode_signature(SHA256, signature[:48] + octets)
    for at in range(144, len(proof), 32):
        with pytest.raises(Malformed):
            bbs.decode_proof(SHA256, proof[:at] + octets + proof[at + 32 :])


@pytest.mark.parametrize("change", [-1, 1, 31, -32 * 4 - 1])
def test_other_lengths_are_malformed(change: int) -> None:
    signature, proof = signed(SHA256), proved(SHA256, [0])
    for decode, octets in ((bbs.decode_signature, signature), (bbs.decode_proof, proof)):
        with pytest.raises(Malformed):
            decode(SHA256, octets[:change] if change < 0 else octets + bytes(change))


def test_a_whole_scalar_more_or_less_is_refused() -> None:
    proof = proved(SHA256, [0])
    for octets in (proof + (1).to_bytes(32, "big"), proof[:-64] + proof[-32:]):
        with pytest.raises(Rejected, match="bad-proof"):
            check(SHA256, octets, [0])


def test_replayed_randomness_remakes_the_proof_and_is_used_up() -> None:
    draws = list(range(2, 10))
    signature = signed(SHA256)
    arguments = (SHA256, key(SHA256), signature, HEADER, PRESENTATION, MESSAGES, [3])
    assert bbs.proof_gen(*arguments, ReplayEntropy(draws)) == bbs.proof_gen(*arguments, ReplayEntropy(draws))
    with pytest.raises(Misuse):
        bbs.proof_gen(*arguments, ReplayEntropy(draws[:-1]))


def test_sign_point_refuses_the_identity_zero_and_a_vanishing_denominator() -> None:
    curve = SHA256.curve
    with pytest.raises(Misuse):
        bbs.sign_point(SHA256, SECRET, curve.g1_identity(), 5)
    for exponent in (0, ORDER, ORDER - SECRET.expose()):
        with pytest.raises(Misuse):
            bbs.sign_point(SHA256, SECRET, SHA256.p1, exponent)


@suites
def test_sign_point_gives_what_verify_point_accepts(suite: Suite) -> None:
    base = suite.hash_to_g1(b"base", b"dst")
    exponent = bbs.signature_exponent(suite, SECRET, base, suite.api_id)
    signature = bbs.sign_point(suite, SECRET, base, exponent)
    bbs.verify_point(suite, key(suite), signature, base)
    assert bbs.decode_signature(suite, bbs.encode_signature(suite, signature)).exponent == exponent
    for point, e in ((suite.p1, exponent), (base, exponent + 1)):
        with pytest.raises(Rejected, match="bad-signature"):
            bbs.verify_point(suite, key(suite), bbs.Signature(signature.point, e), point)


def test_the_core_functions_take_any_interface() -> None:
    api_id, scalars = b"SOME_INTERFACE_", [1, 2, ORDER - 1]
    generators = create_generators(SHA256, 4, api_id)
    signature = bbs.core_sign(SHA256, SECRET, key(SHA256), generators, HEADER, scalars, api_id)
    bbs.core_verify(SHA256, key(SHA256), signature, generators, HEADER, scalars, api_id)
    with pytest.raises(Rejected):
        bbs.core_verify(SHA256, key(SHA256), signature, generators, HEADER, scalars, api_id + b"_")
    with pytest.raises(Misuse):
        bbs.core_verify(SHA256, key(SHA256), signature, generators, HEADER, scalars[:2], api_id)
    proof = bbs.core_proof_gen(SHA256, key(SHA256), signature, generators, HEADER, b"", scalars, [1], api_id)
    bbs.core_proof_verify(SHA256, key(SHA256), proof, generators, HEADER, b"", {1: 2}, api_id)
    for disclosed in ({1: 3}, {0: 1}, {}, {1: 2, 0: 1}, {3: 2}):
        with pytest.raises(Rejected):
            bbs.core_proof_verify(SHA256, key(SHA256), proof, generators, HEADER, b"", disclosed, api_id)


def test_key_material_has_its_lengths() -> None:
    for material, info in ((bytes(31), b""), (bytes(32), bytes(65536))):
        with pytest.raises(Misuse):
            bbs.key_gen(SHA256, material, info)
    assert repr(bbs.key_gen(SHA256, bytes(32))) == "Secret(<redacted>)"
    default = bbs.key_gen(SHA256, bytes(32), b"info")
    named = bbs.key_gen(SHA256, bytes(32), b"info", SHA256.ciphersuite_id + b"KEYGEN_DST_")
    assert default.expose() == named.expose()


def test_public_keys_are_read_strictly() -> None:
    octets = key(SHA256)
    assert bbs.encode_public_key(SHA256, bbs.decode_public_key(SHA256, octets)) == octets
    for bad in (octets[:-1], octets + b"\x00", b"\xc0" + bytes(95), bytes([octets[0] & 0x7F]) + octets[1:]):
        with pytest.raises(Malformed):
            bbs.decode_public_key(SHA256, bad)
        with pytest.raises(CircuitError):
            bbs.verify(SHA256, bad, signed(SHA256), HEADER, MESSAGES)
