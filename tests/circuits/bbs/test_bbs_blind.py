"""Commitments, blind signatures and pseudonyms of both suites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import bbs
from circuits.entropy import ReplayEntropy
from circuits.errors import CircuitError, Malformed, Misuse, Rejected
from circuits.scalar import ORDER
from circuits.secret import Secret
from circuits.suite import LICENCE_API_ID, SHA256, SHAKE256, Suite

SECRET = Secret(0xFEDCBA0987654321 << 90)
HEADER, PRESENTATION, CONTEXT = b"header", b"presentation", b"verifier"
MESSAGES, COMMITTED = [b"one", b"two", b""], [b"hidden", b""]
NYMS = Secret((123456789, 987654321))
KEYS = {suite.ciphersuite_id: bbs.encode_public_key(suite, bbs.sk_to_pk(suite, SECRET)) for suite in (SHA256, SHAKE256)}
suites = pytest.mark.parametrize("suite", [SHA256, SHAKE256], ids=["sha256", "shake256"])


def key(suite: Suite) -> bytes:
    return KEYS[suite.ciphersuite_id]


@given(scalars=st.lists(st.integers(0, ORDER - 1), max_size=4))
def test_a_commitment_verifies_for_its_count_alone(scalars: list[int]) -> None:
    octets, blind = bbs.commit(SHA256, scalars, LICENCE_API_ID)
    assert len(octets) == 112 + 32 * len(scalars)
    point = bbs.verify_commitment(SHA256, octets, len(scalars), LICENCE_API_ID)
    generators = bbs.blind_generators(SHA256, len(scalars), LICENCE_API_ID)
    assert SHA256.curve.equal(point, SHA256.curve.combine(generators, [blind.expose(), *scalars]))
    for count in (len(scalars) + 1, len(scalars) - 1):
        with pytest.raises(Malformed):
            bbs.verify_commitment(SHA256, octets, count, LICENCE_API_ID)
    with pytest.raises(Rejected, match="bad-commitment"):
        bbs.verify_commitment(SHA256, octets, len(scalars), LICENCE_API_ID + b"_")


def test_a_commitment_to_one_scalar_has_144_octets() -> None:
    octets, blind = bbs.commit(SHA256, [5], LICENCE_API_ID)
    assert len(octets) == 144
    assert repr(blind) == "Secret(<redacted>)"


@given(place=st.integers(0, 143), change=st.integers(1, 255))
def test_any_changed_octet_of_a_commitment_is_refused(place: int, change: int) -> None:
    octets, _ = bbs.commit(SHA256, [5], LICENCE_API_ID, ReplayEntropy([7, 8, 9]))
    damaged = bytearray(octets)
    damaged[place] ^= change
    with pytest.raises((Malformed, Rejected)):
        bbs.verify_commitment(SHA256, bytes(damaged), 1, LICENCE_API_ID)


@pytest.mark.parametrize("value", [0, ORDER, 2**256 - 1])
def test_scalars_of_a_commitment_are_nonzero_and_reduced(value: int) -> None:
    octets, _ = bbs.commit(SHA256, [5], LICENCE_API_ID)
    for at in (48, 80, 112):
        with pytest.raises(Malformed):
            bbs.decode_commitment(SHA256, octets[:at] + value.to_bytes(32, "big") + octets[at + 32 :], 1)


def test_a_commitment_that_is_the_identity_is_never_made() -> None:
    with pytest.raises(Misuse):
        bbs.commit(SHA256, [0], LICENCE_API_ID, ReplayEntropy([ORDER, 8, 9]))


@suites
def test_blind_round_trip(suite: Suite) -> None:
    commitment, blind = bbs.commit_messages(suite, COMMITTED)
    signature = bbs.blind_sign(suite, SECRET, key(suite), commitment, HEADER, MESSAGES)
    bbs.blind_verify(suite, key(suite), signature, HEADER, MESSAGES, COMMITTED, blind)
    for messages, committed, other in (
        (MESSAGES, COMMITTED, Secret(5)),
        (MESSAGES, COMMITTED[::-1], blind),
        (MESSAGES[:2], COMMITTED, blind),
        (MESSAGES, [], blind),
        (MESSAGES, COMMITTED, None),
    ):
        with pytest.raises(Rejected, match="bad-signature"):
            bbs.blind_verify(suite, key(suite), signature, HEADER, messages, committed, other)
    with pytest.raises(Rejected, match="bad-signature"):
        bbs.verify(suite, key(suite), signature, HEADER, MESSAGES)


@suites
@given(
    shown=st.sets(st.integers(0, 2)),
    shown_committed=st.sets(st.integers(0, 1)),
    with_commitment=st.booleans(),
)
def test_blind_proofs_of_any_disclosed_sets(
    suite: Suite, shown: set[int], shown_committed: set[int], with_commitment: bool
) -> None:
    commitment, blind = bbs.commit_messages(suite, COMMITTED) if with_commitment else (b"", None)
    committed = COMMITTED if with_commitment else []
    indexes, committed_indexes = sorted(shown), sorted(shown_committed) if with_commitment else []
    signature = bbs.blind_sign(suite, SECRET, key(suite), commitment, HEADER, MESSAGES)
    proof = bbs.blind_proof_gen(
        suite, key(suite), signature, HEADER, PRESENTATION, MESSAGES, committed, indexes, committed_indexes, blind
    )
    disclosed = {index: MESSAGES[index] for index in indexes}
    disclosed_committed = {index: committed[index] for index in committed_indexes}

    def check(count: int, first: dict[int, bytes], second: dict[int, bytes]) -> None:
        bbs.blind_proof_verify(suite, key(suite), proof, HEADER, PRESENTATION, count, first, second)

    check(3, disclosed, disclosed_committed)
    for count in (2, 4, -1, 99):
        with pytest.raises(Rejected):
            check(count, disclosed, disclosed_committed)
    with pytest.raises(Rejected):
        check(3, {**disclosed, 3: b""}, disclosed_committed)
    with pytest.raises(Rejected):
        check(3, disclosed, {**disclosed_committed, -1: b""})


def test_a_commitment_of_a_bad_proof_is_not_signed() -> None:
    commitment, _ = bbs.commit_messages(SHA256, COMMITTED)
    other, _ = bbs.commit_messages(SHA256, COMMITTED)
    for bad in (other[:48] + commitment[48:], commitment[:-1], commitment[:48], commitment + bytes(32)):
        with pytest.raises((Malformed, Rejected)):
            bbs.blind_sign(SHA256, SECRET, key(SHA256), bad, HEADER, MESSAGES)


class Holder:
    """A holder with a pseudonym credential."""

    def __init__(self, suite: Suite, nyms: Secret[tuple[int, ...]] = NYMS, header: bytes = HEADER) -> None:
        self.suite, self.header = suite, header
        commitment, self.blind = bbs.commit_with_nym(suite, COMMITTED, nyms)
        count = len(nyms.expose())
        self.signature = bbs.blind_sign_with_nym(suite, SECRET, key(suite), commitment, count, 4242, header, MESSAGES)
        self.secrets = bbs.verify_finalize_with_nym(
            suite, key(suite), self.signature, header, MESSAGES, COMMITTED, nyms, 4242, self.blind
        )

    def prove(self, context: bytes, shown: list[int], shown_committed: list[int]) -> tuple[bytes, bytes]:
        return bbs.proof_gen_with_nym(
            self.suite, key(self.suite), self.signature, self.header, PRESENTATION, self.secrets, context, MESSAGES,
            COMMITTED, shown, shown_committed, self.blind,
        )  # fmt: skip

    def check(
        self, proof: bytes, nym: bytes, context: bytes = CONTEXT, count: int = 2, **shown: dict[int, bytes]
    ) -> None:
        bbs.proof_verify_with_nym(
            self.suite, key(self.suite), proof, self.header, PRESENTATION, nym, context, count, 3,
            shown.get("shown", {0: b"one"}), shown.get("committed", {1: b""}),
        )  # fmt: skip


@suites
def test_pseudonym_round_trip(suite: Suite) -> None:
    holder = Holder(suite)
    assert holder.secrets.expose() == (123456789, 987654321 + 4242)
    proof, nym = holder.prove(CONTEXT, [0], [1])
    holder.check(proof, nym)
    again, same = holder.prove(CONTEXT, [], [])
    assert same == nym
    holder.check(again, nym, shown={}, committed={})
    other_proof, other = holder.prove(b"other verifier", [0], [1])
    assert other != nym
    for arguments in ((proof, nym, b"other verifier"), (proof, other), (other_proof, nym), (other_proof, other)):
        with pytest.raises(Rejected, match="bad-proof"):
            holder.check(*arguments)


def test_the_number_of_nyms_is_signed() -> None:
    holder = Holder(SHA256)
    proof, nym = holder.prove(CONTEXT, [0], [1])
    for count in (0, 1, 3, 4, 99):
        with pytest.raises(Rejected):
            holder.check(proof, nym, count=count)


def test_a_pseudonym_is_a_good_point() -> None:
    holder = Holder(SHA256)
    proof, _ = holder.prove(CONTEXT, [0], [1])
    for bad in (b"\xc0" + bytes(47), bytes(48), b""):
        with pytest.raises(Malformed):
            holder.check(proof, bad)
    with pytest.raises(Rejected, match="bad-proof"):
        holder.check(proof, SHA256.curve.encode_g1(SHA256.curve.g1_generator()))


def test_nym_secrets_are_never_disclosed() -> None:
    holder = Holder(SHA256)
    with pytest.raises((Misuse, IndexError)):
        holder.prove(CONTEXT, [0], [2])
    proof, nym = holder.prove(CONTEXT, [0], [1])
    for index in (2, 3, 4):
        with pytest.raises(Rejected, match="bad-disclosure"):
            holder.check(proof, nym, committed={index: b""})


def test_no_nyms_and_vanishing_secrets_are_refused() -> None:
    commitment, _ = bbs.commit_messages(SHA256, [])
    with pytest.raises(Misuse):
        bbs.pseudonym(SHA256, CONTEXT, Secret(()), SHA256.api_id)
    with pytest.raises(Misuse):
        bbs.pseudonym(SHA256, CONTEXT, Secret((0,)), SHA256.api_id)
    with pytest.raises(Misuse):
        bbs.pseudonym(SHA256, b"", NYMS, SHA256.api_id)
    with pytest.raises(CircuitError):
        bbs.blind_sign_with_nym(SHA256, SECRET, key(SHA256), commitment, 1, 5, HEADER, MESSAGES)


def test_one_secret_is_used_as_it_is() -> None:
    """The licence's own pseudonym: link_secret times the hashed context."""
    base = bbs.pseudonym_base(SHA256, CONTEXT, LICENCE_API_ID)
    nym = bbs.pseudonym(SHA256, CONTEXT, Secret((77,)), LICENCE_API_ID)
    assert SHA256.curve.equal(nym, SHA256.curve.multiply(base, 77))
