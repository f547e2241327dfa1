"""Reads a presentation and its calls from a gateway's audit trail, as an opener does who trusts neither.

The provider wrote the trail and may have written anything, well chained. What it cannot make: the presentation's proof,
the issuer's signature on its epoch, and each call's signature by the session key that the presentation is bound to. So
all of these are checked again, and no call counts under a presentation that its own key did not sign it for.
Source: docs/protocol.md, section 7; requirements R50, R54.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circuits import Binding, CircuitError, Malformed, decode_statement, policy_statement, proof_hash, verify
from circuits.records import EpochRecord, Sign1, TrustBundle
from console.output import Failure
from verifier.base64url import decode_base64url
from verifier.evidence import read_evidence
from verifier.holder import check_holder_proof
from verifier.verify import NO_SESSION_KEY

MAX_OCTETS = 4096


@dataclass(frozen=True)
class Recorded:
    """A presentation of a gateway's audit trail, verified again: statement octets, proof, the lease that it earned, the
    origin of the gateway that it was made for, and how many calls were made there under that."""

    statement: bytes
    proof: bytes
    lease: str
    gateway: str
    calls: int

    @property
    def digest(self) -> bytes:
        """The name of this presentation, 32 octets."""
        return proof_hash(self.statement, self.proof)


@dataclass(frozen=True)
class _Presented:
    """A presentation's row, verified: also the origin it is made out to, and its session key."""

    statement: bytes
    proof: bytes
    audience: str
    thumbprint: bytes


def read_recorded(trust: TrustBundle, evidence: Path, lease: str) -> Recorded:
    """The presentation that earned `lease`, from a gateway's audit trail, its proof and its calls' verified again.

    The trail's chain is checked; the epoch must be signed by the key of the opener's own `trust`.

    :raises Failure: no such lease, no call under it, a record that is none, no signed epoch for it, or a call that the
        presentation's session key did not sign.
    :raises CircuitError: the chain, the epoch or the proof does not verify.
    """
    epochs: dict[int, str] = {}
    presented: _Presented | None = None
    calls: set[object] = set()
    for row in read_evidence(evidence):
        match row:
            case {"kind": "epoch", "number": int(number), "cose": str(cose)}:
                epochs[number] = cose
            case {"kind": "presentation", "lease": str(named)} if named == lease:
                if presented is not None:
                    raise Failure("trail", f"the audit trail has two presentations for lease {lease}")
                presented = _presented(trust, row, epochs)
            case {"kind": "call", "lease": str(named)} if named == lease:
                calls.add(_check_call(presented, row))
    if presented is None:
        remedy = "see its presentation records"
        raise Failure("no-such-lease", f"the audit trail has no presentation for lease {lease}", remedy)
    if not calls:
        raise Failure("no-call", f"nothing was called under lease {lease}, so there is nobody to name for it")
    return Recorded(presented.statement, presented.proof, lease, presented.audience, len(calls))


def _presented(trust: TrustBundle, row: dict[str, Any], epochs: dict[int, str]) -> _Presented:
    match row:
        case {"statement": str(statement), "proof": str(proof), "epoch": int(number)}:
            octets = _octets(statement), _octets(proof)
        case _:
            raise _not_of_this_version()
    if number not in epochs:
        raise Failure("epoch-missing", f"the audit trail has no epoch {number}, at which this presentation was made")
    binding = _verify(trust, _signed_epoch(trust, _octets(epochs[number])), *octets)
    return _Presented(*octets, binding.audience, binding.session_thumbprint)


def _verify(trust: TrustBundle, epoch: EpochRecord, statement: bytes, proof: bytes) -> Binding:
    """Checks the proof of exactly what a gateway asks for under one of the pinned policies: a signature on a document,
    or a head in a count, is also a proof by its holder and was not made to call anything."""
    written, binding = decode_statement(statement, trust.issuer, trust.accumulator, epoch, trust.escrow)
    policy = next((policy for policy in trust.policies if policy.hash == binding.policy_hash), None)
    if policy is None:
        remedy = "take the trust bundle of that time"
        raise Failure("another-policy", "the presentation was made under a policy that you do not trust", remedy)
    records = policy, trust.issuer, trust.accumulator, epoch, trust.escrow
    challenged_at = binding.not_after - policy.challenge_seconds
    asked = policy_statement(*records, dict(written.licence.disclosed), binding.audience, challenged_at)
    if asked.octets(binding) != statement:
        raise Failure("trail", "the presentation is not what a gateway asks for under that policy")
    verify(asked, binding, proof)
    return binding


def _check_call(presented: _Presented | None, row: dict[str, Any]) -> object:
    """That the presentation's session key signed this call: method, URL, time, and that it is one under a lease.

    Gives what names it: what was signed once is one call, however often it was written down.
    """
    number = row["n"]
    if presented is None:
        raise Failure("trail", f"record {number} of the audit trail is a call under a lease that nobody had yet")
    if presented.thumbprint == NO_SESSION_KEY:
        return number  # a lease without a key, which is good for whoever holds it
    match row:
        case {
            "method": str(method),
            "path": str(path),
            "at": int(at),
            "holder_proof": str(proof),
            "lease_digest": str(of),
        }:
            try:
                found = check_holder_proof(proof, method, presented.audience + path, at, of)
            except CircuitError as error:
                raise _not_theirs(number) from error
        case _:
            raise _not_of_this_version()
    if found.thumbprint != presented.thumbprint:
        raise _not_theirs(number)
    return found.use, found.issued_at  # a gateway remembers the name for minutes, and its holder chooses it


def _signed_epoch(trust: TrustBundle, signed: bytes) -> EpochRecord:
    envelope = Sign1.decode(signed, MAX_OCTETS)
    try:
        Ed25519PublicKey.from_public_bytes(trust.epoch_key).verify(envelope.signature, envelope.to_be_signed)
    except InvalidSignature as error:
        sentence = "the epoch in the audit trail is not signed by the issuer that you trust"
        raise Failure("epoch-signature", sentence) from error
    return EpochRecord.decode(envelope.payload)


def _octets(text: str) -> bytes:
    try:
        return decode_base64url(text, MAX_OCTETS)
    except Malformed as error:
        raise _not_of_this_version() from error


def _not_of_this_version() -> Failure:
    return Failure("trail", "a presentation or call in the audit trail, or its epoch, is not of this version")


def _not_theirs(number: int) -> Failure:
    sentence = f"record {number} of the audit trail is a call that the presentation's session key did not sign"
    return Failure("another-holder", sentence, "ask the provider; nobody is named for a call of somebody else's")
