"""Attacks on issuing: replayed requests, shifted and mixed points, a frame-up from the archive."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from circuits import (
    IssueReply,
    IssueRequest,
    Malformed,
    PendingIssue,
    Registration,
    Rejected,
    Secret,
    Unsatisfiable,
    archive_point,
    check_issue_request,
    check_opening,
    holder_point,
    new_handle,
    new_signer_share,
    receive_licence,
    register,
    registration_nonce,
    request_licence,
    sign_licence,
    witness_for,
)
from circuits.bbs.blind import commit
from circuits.issuance import _elements, _relation, _request_tag
from circuits.scalar import ORDER, encode_scalar
from circuits.sigma import protocol
from tests.attacks.forge import nonzero
from tests.circuits.core.world import SESSION, TODAY, Licence, World, octets32

NONCE = octets32("issue nonce")


@dataclass(frozen=True)
class Applied:
    """An honest application."""

    registration: Registration
    request: IssueRequest
    pending: PendingIssue


@pytest.fixture(scope="module")
def applied(world: World) -> Applied:
    registration = register(world.issuer)
    return Applied(registration, *request_licence(world.issuer, registration, NONCE, SESSION))


def refused(world: World, point: bytes, request: IssueRequest, code: str, **where: bytes | bool) -> None:
    given: dict[str, bytes | bool] = {"nonce": NONCE, "session": SESSION, "refresh": False} | where
    with pytest.raises((Rejected, Malformed)) as refusal:
        check_issue_request(world.issuer, point, request, **given)  # type: ignore[arg-type]
    assert refusal.value.code == code


def test_the_honest_request_passes(world: World, applied: Applied) -> None:
    check_issue_request(world.issuer, applied.registration.point, applied.request, NONCE, SESSION)


@pytest.mark.attack("I1")
@pytest.mark.attack("27")
@pytest.mark.parametrize(
    "where",
    [{"nonce": octets32("another nonce")}, {"session": octets32("another session")}, {"refresh": True}],
    ids=["nonce", "session", "refresh"],
)
def test_a_replayed_request(world: World, applied: Applied, where: dict[str, bytes | bool]) -> None:
    refused(world, applied.registration.point, applied.request, "bad-request", **where)


@pytest.mark.attack("I1")
def test_a_request_to_another_issuer(world: World, second_world: World, applied: Applied) -> None:
    refused(second_world, applied.registration.point, applied.request, "bad-request")


@pytest.mark.attack("I2")
def test_a_point_shifted_by_a_public_base(world: World, applied: Applied) -> None:
    curve, bases = world.curve, world.issuer.message_bases
    own = curve.decode_g1(applied.registration.point)
    for base in (bases[0], bases[10], bases[11], world.escrow.base, curve.g1_generator()):
        for shift in (1, ORDER - 1):
            shifted = curve.encode_g1(curve.add(own, curve.multiply(base, shift)))
            refused(world, shifted, applied.request, "bad-request")


@pytest.mark.attack("I3")
def test_the_identity_as_a_registration(world: World, applied: Applied) -> None:
    for octets in (b"\xc0" + bytes(47), b"\xff" * 48, b"\xe0" + bytes(47), b""):
        refused(world, octets, applied.request, "malformed")
    curve = world.curve
    with pytest.raises(Rejected) as refusal:
        holder_point(world.issuer, curve.encode_g1(curve.multiply(world.issuer.message_bases[11], 5)), ORDER - 5)
    assert refusal.value.code == "bad-registration"


@pytest.mark.attack("I9")
def test_commitment_and_registration_of_different_secrets(world: World, applied: Applied) -> None:
    """Each half of the proof is true of its own secret; the joint relation is of one."""
    issuer, curve = world.issuer, world.curve
    mine, other = nonzero(), register(issuer)
    commitment, blind = commit(issuer.suite, [mine], issuer.api_id)
    elements = _elements(issuer, curve.decode_g1(commitment[:48]), curve.decode_g1(other.point))
    tag = _request_tag(issuer, NONCE, SESSION, False)
    nonces = [nonzero(), nonzero()]
    announced = protocol.encode_commitments(curve, protocol.commit(curve, _relation(), elements, nonces))
    octets = b"".join(curve.encode_g1(point) for point in elements[1:])
    c = protocol.challenge(protocol.session_id(tag), _relation().prefix + octets, announced)
    for secret in (mine, other.secret.expose()):
        responses = protocol.respond(nonces, c, [blind.expose(), secret])
        proof = announced + protocol.encode_responses(responses)
        refused(world, other.point, IssueRequest(commitment, proof), "bad-request")
    with pytest.raises(Unsatisfiable):
        request_licence(issuer, replace(other, secret=Secret(mine)), NONCE, SESSION)
    theirs = request_licence(issuer, other, NONCE, SESSION)[0]
    refused(world, other.point, IssueRequest(applied.request.commitment, theirs.proof), "bad-request")
    refused(world, other.point, applied.request, "bad-request")


@pytest.mark.attack("27")
@pytest.mark.parametrize("place", [0, 50, 80, 112, 143])
def test_an_altered_commitment(world: World, applied: Applied, place: int) -> None:
    octets = applied.request.commitment
    altered = octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]
    with pytest.raises((Malformed, Rejected)):
        check_issue_request(
            world.issuer, applied.registration.point, replace(applied.request, commitment=altered), NONCE, SESSION
        )


@pytest.mark.attack("27")
def test_a_request_without_its_proofs(applied: Applied) -> None:
    commitment, proof = applied.request.commitment, applied.request.proof
    for pair in ((commitment[:48], proof), (commitment, b""), (b"", b""), (commitment + b"\x00", proof)):
        with pytest.raises(Malformed):
            IssueRequest(*pair)


@pytest.mark.attack("27")
def test_a_commitment_proof_of_zeros(world: World, applied: Applied) -> None:
    zeros = applied.request.commitment[:48] + encode_scalar(0) * 3
    refused(world, applied.registration.point, replace(applied.request, commitment=zeros), "malformed")


@pytest.mark.attack("I8")
def test_a_retry_makes_the_same_signature(world: World, applied: Applied) -> None:
    share, handle = new_signer_share(), new_handle()
    attributes = (handle, 3, "GB", TODAY + 300, 5, "P-1", 1, 1, TODAY + 300, 0)
    signatures = {
        sign_licence(world.issuer, world.created.secret_key, applied.request, attributes, share) for _ in range(3)
    }
    assert len(signatures) == 1
    other = sign_licence(world.issuer, world.created.secret_key, applied.request, attributes, new_signer_share())
    assert other not in signatures


@pytest.mark.attack("I6")
def test_an_archive_row_that_does_not_fit(world: World, licence: Licence) -> None:
    issuer, handle = world.issuer, licence.credential.handle
    opened = archive_point(issuer, holder_point(issuer, licence.point, licence.signer_share), handle)
    check_opening(issuer, opened, licence.point, licence.signer_share, handle)
    victim = register(issuer)
    for point, share, y in (
        (victim.point, licence.signer_share, handle),
        (licence.point, licence.signer_share + 1, handle),
        (licence.point, licence.signer_share, handle + 1),
        (licence.point, 0, handle),
    ):
        with pytest.raises(Rejected) as refusal:
            check_opening(issuer, opened, point, share, y)
        assert refusal.value.code == "bad-opening"


@pytest.mark.attack("I6")
def test_the_sign_in_covers_the_registration(applied: Applied) -> None:
    """The nonce that the identity provider signs names one point and no other."""
    own = applied.registration
    nonce = registration_nonce(own.point, own.salt)
    assert len(nonce) == 43
    assert registration_nonce(own.point, octets32("another salt")) != nonce
    assert registration_nonce(own.point[:-1] + bytes([own.point[-1] ^ 1]), own.salt) != nonce
    for point, salt in ((own.point + own.salt[:1], own.salt[1:]), (b"", own.salt), (own.point, b"")):
        with pytest.raises(Malformed):
            registration_nonce(point, salt)


class TestTheIssuersAnswer:
    """What a dishonest issuer, or somebody on the way, may answer."""

    def answer(self, world: World, applied: Applied, **changes: object) -> None:
        handle, share = new_handle(), new_signer_share()
        attributes = (handle, 3, "GB", TODAY + 300, 5, "P-1", 1, 1, TODAY + 300, 0)
        signature = sign_licence(world.issuer, world.created.secret_key, applied.request, attributes, share)
        witness = witness_for(world.accumulator, world.accumulated.secret_key, world.epoch.value, handle)
        reply = replace(IssueReply(signature, attributes, share, witness, 0), **changes)  # type: ignore[arg-type]
        receive_licence(world.issuer, world.accumulator, world.epoch, applied.pending, reply)

    def test_the_true_one(self, world: World, applied: Applied) -> None:
        self.answer(world, applied)

    @pytest.mark.parametrize(
        "changes",
        [
            {"signer_share": 0},
            {"signature": bytes(80)},
            {"signature": b""},
            {"signature": b"\xc0" + bytes(78) + b"\x01"},
            {"attributes": (5, 3, "GB", TODAY + 300, 5, "P-1", 1, 1, TODAY + 300, 0)},
            {"attributes": ("GB",) * 10},
            {"attributes": ()},
            {"attributes": (0, 3, "GB", TODAY + 300, 5, "P-1", 1, 1, TODAY + 300, 0)},
            {"attributes": (5, 3, "G\ud800", TODAY + 300, 5, "P-1", 1, 1, TODAY + 300, 0)},
            {"attributes": (5, True, "GB", TODAY + 300, 5, "P-1", 1, 1, TODAY + 300, 0)},
            {"attributes": (5, 3, "e\u0301", TODAY + 300, 5, "P-1", 1, 1, TODAY + 300, 0)},
            {"witness": b"\xc0" + bytes(47)},
            {"epoch_number": 1},
        ],
        ids=str,
    )
    def test_a_wrong_one(self, world: World, applied: Applied, changes: dict[str, object]) -> None:
        with pytest.raises((Malformed, Rejected)):
            self.answer(world, applied, **changes)

    def test_a_witness_of_another_handle(self, world: World, applied: Applied) -> None:
        other = witness_for(world.accumulator, world.accumulated.secret_key, world.epoch.value, 99)
        with pytest.raises(Rejected) as refusal:
            self.answer(world, applied, witness=other)
        assert refusal.value.code == "membership"

    def test_a_share_that_cancels_the_holders(self, world: World, applied: Applied) -> None:
        share = ORDER - applied.registration.secret.expose()
        with pytest.raises((Malformed, Rejected)):
            self.answer(world, applied, signer_share=share)
