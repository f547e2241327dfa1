"""Verification of a presentation: the steps of docs/protocol.md, section 6, written once and numbered as there.

Octets in, verdict out. Everything but the proof itself comes from the challenge that this gateway stored, its policy
and its records; what the presentation says only selects among them. The proof's equations are checked as one
combination in `circuits`, so a proof that fails says that it does not hold for this statement in this context, and
not which part of it is false: its code is `proof-context`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import circuits
from circuits import Binding, Rejected
from circuits.records import EpochRecord
from verifier.challenge import Challenge, ChallengeStore
from verifier.policy import Policy
from verifier.trust import TrustedState
from verifier.unavailable import Unavailable
from verifier.verdict import _SEAL, Verified

MAX_PRESENTATION_OCTETS = 4096
_NOT_HERE = "The proof does not hold for this challenge, request, key, policy and epoch, or for this licence."
CheckProof = Callable[[circuits.Statement, Binding, bytes], circuits.Accepted]
NO_SESSION_KEY = bytes(32)


@dataclass(frozen=True)
class Wanted:
    """What a lease is asked for: `resource` (URL) and `scope`; the RFC 7638 thumbprint (32) of the session key."""

    resource: str
    scope: str
    session_thumbprint: bytes = NO_SESSION_KEY


class Verifier:
    """Checks presentations for one audience (origin) under one policy.

    `check_proof` is `circuits.verify`, or what does the same together with others' proofs (`ProofBatcher.verify`).
    """

    def __init__(
        self,
        trust: TrustedState,
        policy: Policy,
        challenges: ChallengeStore,
        audience: str,
        check_proof: CheckProof = circuits.verify,
    ) -> None:
        self._trust = trust
        self._policy = policy
        self._challenges = challenges
        self._audience = audience
        self._check_proof = check_proof

    def verify(self, octets: bytes, wanted: Wanted, now: int, renewal: bool = False) -> Verified:
        """The verdict on presentation `octets` (at most 4 KiB) at `now` (unix seconds).

        `renewal` says that the caller showed a running lease of its own, which suffices in the grace time. Raises
        `Malformed`; `Rejected` with `proof-context`, `replay`, `challenge-expired`, `stale-epoch`, `unknown-epoch`,
        `unknown-issuer`, `predicate`, `predicate-mismatch`; `Unavailable`. The nonce is spent whatever comes of it.
        """
        # 1. The envelope, strictly; the proof's length, points and scalars are checked with the proof.
        presentation = circuits.decode_presentation(octets)
        # 2. The nonce is mine and fresh, and is spent here; all else from my own records.
        challenge = self._challenges.take(presentation.nonce, now)
        self._check_context(challenge, wanted)
        self._trust.check_fresh(self._policy.record, now, renewal)
        epoch = self._selected_epoch(presentation, now)
        statement = circuits.policy_statement(
            self._policy.record,
            self._trust.bundle.issuer,
            self._trust.bundle.accumulator,
            epoch,
            self._trust.bundle.escrow,
            presentation.disclosed,
            self._audience,
            challenge.time,
        )
        binding = Binding(
            policy_hash=self._policy.record.hash,
            audience=self._audience,
            nonce=challenge.nonce,
            request_digest=circuits.request_digest(challenge.resource, challenge.scope),
            session_thumbprint=wanted.session_thumbprint,
            not_after=challenge.not_after,
        )
        # 3. to 6. Points, challenge, coins, one combination.
        accepted = self._accepted(statement, binding, presentation.proof)
        # 7. The verdict.
        return Verified(
            seal=_SEAL,
            pseudonym=accepted.pseudonym,
            proof_hash=accepted.proof_hash,
            statement_octets=accepted.statement_octets,
            proof=presentation.proof,
            epoch_number=epoch.number,
            policy_id=self._policy.record.id,
            policy_hash=self._policy.record.hash,
            scope=challenge.scope,
            tier=self._tier(presentation),
            insured=self._policy.is_insured(self._trust.bundle.issuer),
            session_thumbprint=wanted.session_thumbprint,
            verified_at=now,
        )

    def _check_context(self, challenge: Challenge, wanted: Wanted) -> None:
        asked = (challenge.policy_hash, challenge.resource, challenge.scope)
        if asked != (self._policy.record.hash, wanted.resource, wanted.scope):
            raise Rejected("proof-context", "The challenge was given for another resource, scope or policy.")

    def _selected_epoch(self, presentation: circuits.Presentation, now: int) -> EpochRecord:
        bundle = self._trust.bundle
        # That the policy accepts the bundle's issuer is for `policy_statement` to see.
        if presentation.issuer_hash != bundle.issuer.hash or presentation.accumulator_hash != bundle.accumulator.hash:
            raise Rejected("unknown-issuer", "The licence's issuer or its accumulator is not known here.")
        epoch = self._trust.epoch(presentation.epoch_number, self._policy.record, now).record
        if not bundle.escrow.not_before <= now < bundle.escrow.not_after:
            raise Unavailable("escrow-expired", "The openers' key is not in force; a new trust bundle is due.", 3600)
        self._policy.check_disclosed(presentation.disclosed)
        return epoch

    def _tier(self, presentation: circuits.Presentation) -> int:
        tier = presentation.disclosed.get(self._trust.bundle.issuer.index("tier"), 0)
        return tier if isinstance(tier, int) else 0

    def _accepted(self, statement: circuits.Statement, binding: Binding, proof: bytes) -> circuits.Accepted:
        try:
            return self._check_proof(statement, binding, proof)
        except Rejected as error:
            if error.code != "proof":
                raise
            raise Rejected("proof-context", _NOT_HERE) from error
