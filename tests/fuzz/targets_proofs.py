"""Targets: what verifies. A thing is accepted only if it is, octet for octet, the honest one that was made here.

No mutation of an honest proof is a proof: an accepted one that differs is a forgery, or an encoding with two spellings.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

from circuits import (
    Accepted,
    CircuitError,
    DocumentSignature,
    EscrowCiphertext,
    IssueReply,
    IssueRequest,
    Malformed,
    Rejected,
    Unsatisfiable,
    check_issue_request,
    check_signature,
    combine_shares,
    decode_cbor,
    encode_cbor,
    encode_scalar,
    escrow_ciphertext,
    open_identity,
    open_share,
    proof_hash,
    receive_licence,
    reverify,
    seal_key,
    sealed_point,
    signing_binding,
    verify,
    verify_batch,
)
from circuits.layout import layout_of
from circuits.scalar import ORDER
from tests.fuzz import mutate
from tests.fuzz.target import Target, require
from tests.fuzz.targets_octets import round_trip
from tests.fuzz.world import AUDIENCE, DOCUMENT, NOW, Stream, octets32, the_world
from verifier.challenge import Challenge
from verifier.policy import Policy
from verifier.trust import Freshness, SignedEpoch, TrustedState
from verifier.verify import Verifier, Wanted

_CASE, _SEAL_CONTEXT = "case 1", b"row 1"


def _verify(data: bytes) -> None:
    """The first octet chooses the statement, the rest is a proof. Single and batched verdicts are the same."""
    world = the_world()
    chosen = (data[0] if data else 0) % len(world.statements)
    statement, binding, proof = world.statements[chosen], world.binding(), data[1:]
    honest = (world.statements[0], binding, world.proofs[0])
    batch = verify_batch([honest, (statement, binding, proof), honest])
    require(
        all(isinstance(one, Accepted) for one in (batch[0], batch[2])), "an honest proof suffers from its neighbour"
    )
    try:
        accepted = verify(statement, binding, proof)
    except CircuitError as error:
        require(type(batch[1]) is type(error), f"alone {error}, in a batch {batch[1]}")
        raise
    require(accepted == batch[1], f"accepted alone, in a batch {batch[1]}")
    require(proof == world.proofs[chosen], "another proof than the honest one verifies")
    require(accepted.proof_hash == proof_hash(accepted.statement_octets, proof), "another proof hash")


def _proof_mutation(data: bytes, rng: Random) -> bytes:
    if rng.random() < 0.05:
        return bytes([rng.randrange(4)]) + data[1:]
    count = len(the_world().statements)
    layout = layout_of(the_world().statements[data[0] % count if data else 0])
    points = (layout.points_octets + layout.commitments_octets) // 48
    return data[:1] + mutate.fields(*[48] * points, 32)(data[1:], rng)


def _verify_seeds() -> list[bytes]:
    return [bytes([index]) + proof for index, proof in enumerate(the_world().proofs)]


def _reverify(data: bytes) -> None:
    """A logged pair of statement octets and proof, as an opener takes it from a gateway's trail."""
    world = the_world()
    pair = decode_cbor(data, 8192)
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, bytes) for one in pair):
        raise Malformed("not a pair")
    statement, proof = bytes(pair[0]), bytes(pair[1])  # type: ignore[arg-type]
    with suppress(Malformed, Rejected):
        escrow_ciphertext(statement, proof)
    records = (world.bundle.issuer, world.bundle.accumulator, world.epoch, world.bundle.escrow)
    reverify(statement, proof, *records, companion=world.companion, sets=[world.countries])
    require(data in _reverify_seeds(), "another pair of statement and proof verifies")


def _reverify_seeds() -> list[bytes]:
    world = the_world()
    pairs = zip(world.statements, world.proofs, strict=True)
    return [encode_cbor([statement.octets(world.binding()), proof]) for statement, proof in pairs]


def _document(data: bytes) -> None:
    world = the_world()
    found = DocumentSignature.decode(data)
    round_trip(data, found.octets)
    records = (world.bundle.issuer, world.bundle.accumulator, world.epoch, world.bundle.escrow)
    check_signature(DOCUMENT, found, *records, sets=[world.countries])
    require(data in _document_seeds(), "another signature than the one made verifies")


def _document_seeds() -> list[bytes]:
    return [_once("document", _signature).octets]


def _signature() -> DocumentSignature:
    world = the_world()
    binding = signing_binding(world.bundle.policies[0].hash, AUDIENCE, octets32("document"), NOW + 60)
    statement = world.statements[-1]
    return DocumentSignature(statement.octets(binding), world.prove(statement, binding, "document"))


class _OneChallenge:
    """A store in which one challenge is always open: what is fuzzed is not that a nonce is spent."""

    def __init__(self, challenge: Challenge) -> None:
        self._challenge = challenge

    def put(self, challenge: Challenge) -> None:
        """Nothing is kept."""

    def take(self, nonce: bytes, now: int) -> Challenge:
        """The challenge, for its nonce."""
        if nonce != self._challenge.nonce:
            raise Rejected("proof-context", "another nonce")
        return self._challenge


class _Trust(TrustedState):
    """Trust in the one epoch, without a folder."""

    def __init__(self) -> None:
        self.bundle = the_world().bundle

    def epoch(self, number: int, policy: Any, now: int) -> SignedEpoch:
        if number != the_world().epoch.number:
            raise Rejected("unknown-epoch", "another epoch")
        return SignedEpoch(the_world().epoch, b"")

    def freshness(self, policy: Any, now: int) -> Freshness:
        return Freshness.FRESH

    def check_fresh(self, policy: Any, now: int, renewal: bool) -> None:
        return None


def _verifier() -> Verifier:
    policy, binding = the_world().bundle.policies[0], the_world().binding()
    challenge = Challenge(
        binding.nonce, policy.id, policy.hash, f"{AUDIENCE}/v1/autonomous", "autonomous", NOW, policy.challenge_seconds
    )
    return Verifier(_Trust(), Policy(policy), _OneChallenge(challenge), AUDIENCE)


def _presented(data: bytes) -> None:
    verified = _verifier().verify(data, Wanted(f"{AUDIENCE}/v1/autonomous", "autonomous"), NOW)
    require(data == _presented_seeds()[0], "another presentation than the honest one is accepted")
    require(verified.tier == 3, "another tier than the licence's")


def _presented_seeds() -> list[bytes]:
    world = the_world()
    return [world.statements[0].present(world.binding(), world.proofs[0])]


def _presented_mutation(data: bytes, rng: Random) -> bytes:
    world = the_world()
    if rng.random() < 0.4:
        return mutate.cbor(data, rng)
    changed = _proof_mutation(b"\0" + world.proofs[0], rng)[1:]
    return world.statements[0].present(world.binding(), changed)


def _issue_request(data: bytes) -> None:
    world = the_world()
    point, request = data[:48], IssueRequest(data[48:192], data[192:])
    nonce, session = octets32("issue nonce"), octets32("issue session")
    check_issue_request(world.bundle.issuer, point, request, nonce, session)
    require(data == _issue_request_seeds()[0], "another request is bound to this challenge")


def _issue_request_seeds() -> list[bytes]:
    world = the_world()
    return [world.registration.point + world.request.commitment + world.request.proof]


def _issue_reply(data: bytes) -> None:
    """detCBOR [signature, [handle, nine attributes], share, witness]."""
    world = the_world()
    fields = decode_cbor(data, 4096)
    match fields:
        case [bytes(signature), [bytes(handle), *values], bytes(share), bytes(witness)]:
            attributes: Any = (int.from_bytes(handle, "big"), *values)
            reply = IssueReply(signature, attributes, int.from_bytes(share, "big"), witness, 0)
        case _:
            raise Malformed("no reply")
    credential, membership = receive_licence(
        world.bundle.issuer, world.bundle.accumulator, world.epoch, world.pending, reply
    )
    same = credential.encode().expose() == world.credential.encode().expose()
    require(
        same and membership.encode() == world.membership.encode(), "another licence than the one signed is received"
    )


def _issue_reply_seeds() -> list[bytes]:
    reply = the_world().reply
    handle, *others = reply.attributes
    share = encode_scalar(reply.signer_share % ORDER)
    return [encode_cbor([reply.signature, [encode_scalar(int(handle)), *others], share, reply.witness])]


def _first() -> bytes:
    world = the_world()
    return escrow_ciphertext(world.statements[0].octets(world.binding()), world.proofs[0]).first


def _shares() -> list[bytes]:
    escrow, dealt = the_world().bundle.escrow, the_world().dealt
    return [
        open_share(escrow, index, share, _first(), _CASE, octets32("opened"), Stream(f"share {index}"))
        for index, share in enumerate(dealt.shares, 1)
    ]


def _share(data: bytes) -> None:
    escrow, good = the_world().bundle.escrow, _once("shares", _shares)
    combined = combine_shares(escrow, _once("first", _first), [good[0], data], _CASE, octets32("opened"))
    require(data in good[1:], "another share than an opener's passes")
    require(combined == _once("combined", _combined), "two shares give another point than two others")


def _combined() -> bytes:
    shares = _once("shares", _shares)
    return combine_shares(the_world().bundle.escrow, _first(), shares[1:], _CASE, octets32("opened"))


def _sealed() -> bytes:
    return seal_key(the_world().bundle.escrow, _SEAL_CONTEXT, Stream("seal"))[0]


def _seal(data: bytes) -> None:
    sealed_point(the_world().bundle.escrow, data, _SEAL_CONTEXT)
    require(data == _sealed(), "another encapsulation is taken for the sealer's own")


def _opened(data: bytes) -> None:
    """Three points: the ciphertext and what the openers combined."""
    found = open_identity(the_world().bundle.escrow, EscrowCiphertext(data[:48], data[48:96]), data[96:])
    require(len(found) == 48, "no point")


def _opened_seeds() -> list[bytes]:
    world = the_world()
    ciphertext = escrow_ciphertext(world.statements[0].octets(world.binding()), world.proofs[0])
    return [ciphertext.first + ciphertext.second + _combined()]


_MADE: dict[str, Any] = {}


def _once(name: str, make: Any) -> Any:
    if name not in _MADE:
        _MADE[name] = make()
    return _MADE[name]


TARGETS = (
    Target("verify", _verify, (Malformed, Rejected), _verify_seeds,
           ("circuits.presentation.verify", "circuits.presentation.verify_batch"),
           _proof_mutation, 4200, seconds=2, runs=60),
    Target("reverify", _reverify, (Malformed, Rejected), _reverify_seeds,
           ("circuits.presentation.reverify", "circuits.presentation.escrow_ciphertext"),
           mutate.cbor, 6000, seconds=2, runs=120),
    Target("document-signature", _document, (Malformed, Rejected), _document_seeds,
           ("circuits.signed_document.DocumentSignature.decode", "circuits.signed_document.check_signature"),
           mutate.cbor, 8192, seconds=2, runs=60),
    Target("presented", _presented, (Malformed, Rejected), _presented_seeds, ("verifier.verify.Verifier.verify",),
           _presented_mutation, 4200, seconds=2, runs=120),
    Target("issue-request", _issue_request, (Malformed, Rejected), _issue_request_seeds,
           ("circuits.issuance.check_issue_request",), mutate.fields(48, 48, 32, 32, 32, 48, 48, 32), 400, runs=300),
    Target("issue-reply", _issue_reply, (Malformed, Rejected, Unsatisfiable), _issue_reply_seeds,
           ("circuits.issuance.receive_licence",), mutate.cbor, 2048, runs=300),
    Target("opening-share", _share, (Malformed, Rejected), lambda: _once("shares", _shares)[1:],
           ("circuits.threshold.combine_shares",), mutate.cbor, 600, runs=100),
    Target("sealed-evidence", _seal, (Malformed, Rejected), lambda: [_sealed()], ("circuits.threshold.sealed_point",),
           mutate.fields(48, 48, 32), 200, runs=300),
    Target("opened-identity", _opened, (Malformed, Rejected), _opened_seeds, ("circuits.threshold.open_identity",),
           mutate.fields(48), 200, runs=500),
)  # fmt: skip
