"""The decision point: challenge, grant, decide, stop. All of a gateway's rules meet here; HTTP is elsewhere.

The order matters and is written here only. A grant: holder proof, presentation (spends the nonce), replay, kill switch,
lease, evidence on disk, and only then the lease leaves. A call: lease, time, kill switch, holder proof, evidence, and
only then the call goes on. Source: docs/gateway.md, sections 1 and 2.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from threading import Lock

import circuits
from circuits import Misuse, Rejected
from circuits.records import TrustBundle
from verifier.base64url import encode_base64url
from verifier.challenge import NONCE_OCTETS, Challenge, ChallengeStore
from verifier.evidence import EvidenceLog
from verifier.holder import HolderProof, ReplayCache, check_holder_proof
from verifier.killswitch import Denial, Denied, KillSwitch
from verifier.lease import Lease, LeaseOffice
from verifier.leasekeys import KEEP_SECONDS, LeaseKeyRing
from verifier.policy import Policy
from verifier.steady import SteadyClock
from verifier.trust import SignedEpoch, TrustedState
from verifier.verify import NO_SESSION_KEY, CheckProof, Verifier, Wanted


@dataclass(frozen=True)
class Terms:
    """What this gateway is: `origin` its audience, `resource` the URL it protects, whether calls prove the key."""

    origin: str
    resource: str
    holder_proof_required: bool = True


@dataclass(frozen=True)
class Request:
    """The parts of a call that a holder proof covers: method, URL without query, and the `DPoP` header if any."""

    method: str
    url: str
    holder_proof: str | None = field(repr=False)


@dataclass(frozen=True)
class Parts:
    """The working parts, each with its own state."""

    clock: SteadyClock
    trust: TrustedState
    policy: Policy
    challenges: ChallengeStore
    keys: LeaseKeyRing
    killswitch: KillSwitch
    evidence: EvidenceLog
    check_proof: CheckProof = circuits.verify


class DecisionPoint:
    """Decides for one gateway; safe among threads."""

    def __init__(self, terms: Terms, parts: Parts) -> None:
        self.terms = terms
        self.clock, self.trust, self.policy = parts.clock, parts.trust, parts.policy
        self.keys, self.killswitch, self.evidence = parts.keys, parts.killswitch, parts.evidence
        self._challenges = parts.challenges
        self._office = LeaseOffice(terms.origin, parts.keys)
        self._verifier = Verifier(parts.trust, parts.policy, parts.challenges, terms.origin, parts.check_proof)
        self._call_uses = ReplayCache()
        self._token_uses = ReplayCache(capacity=100_000)
        self._recorded: set[int] = set()
        self._recording = Lock()
        self._began = self.clock.read()
        self._follow_floor(self._began)
        self.trust.on_epoch(self._take_epoch)

    @property
    def bundle(self) -> TrustBundle:
        """The pinned trust bundle."""
        return self.trust.bundle

    def offer_epoch(self, octets: bytes) -> None:
        """Believes a signed epoch if it is sound; see `TrustedState.offer_epoch` for what it raises."""
        self.evidence.check_ours()  # before what a forked child keeps takes the place of its parent's on the disk
        self.trust.offer_epoch(octets, self.clock.read())

    def challenge(self) -> Challenge:
        """A new open challenge for the protected resource. Raises `Unavailable`."""
        record = self.policy.record
        challenge = Challenge(
            nonce=secrets.token_bytes(NONCE_OCTETS),
            policy_id=record.id,
            policy_hash=record.hash,
            resource=self.terms.resource,
            scope=record.scope,
            time=self.clock.read(),
            max_age=record.challenge_seconds,
        )
        self._challenges.put(challenge)
        return challenge

    def grant(
        self, presentation: bytes, wanted: tuple[str, str], request: Request, running: str | None = None
    ) -> Lease:
        """A lease for a presentation; `wanted` is (resource, scope), `running` the caller's present lease, if any.

        Waits for a verdict, about 5 ms of one core: call it from a worker thread. Raises `Malformed`, `Rejected`,
        `Unavailable`.
        """
        now = self.clock.read()
        holder = self._token_holder(request, now)
        renewed = None if running is None else self._running(running, now)
        thumbprint = NO_SESSION_KEY if holder is None else holder.thumbprint
        verified = self._verifier.verify(presentation, Wanted(*wanted, thumbprint), now, renewed is not None)
        if holder is not None:
            # Only now, so that being remembered costs a licence; what was refused has spent its nonce.
            self._token_uses.check_new(holder.use, now)
        pseudonym = encode_base64url(verified.pseudonym)
        if renewed is not None:
            self._check_same_holder(renewed, pseudonym, holder)
        root = None if renewed is None else renewed.root
        now = self.clock.read()
        lease = self._office.issue(verified, self.policy.record.lease_seconds, now, root)
        # After the signature: a floor that is raised later than this takes the key that signed out of use too, which is
        # all that is seen by a gateway that checks leases by the published keys alone.
        self.killswitch.check(pseudonym, root, lease.id)
        self.trust.check_floor(verified.epoch_number)
        self.record_epochs(now)
        self.evidence.record_presentation(verified, lease, now)
        return lease

    def decide(self, text: str, request: Request) -> Lease:
        """The lease under which this call may go on; recorded. Raises `Rejected`, `Unavailable`."""
        now = self.clock.read()
        lease = self._office.check(text, now)
        self._check_running(lease)
        self._check_suffices(lease)
        if self.terms.holder_proof_required or lease.jkt is not None:
            self._check_call_holder(lease, request, now)
        path = request.url.removeprefix(self.terms.origin)
        self.evidence.record_call(lease, request.method, path, request.holder_proof, now)
        return lease

    def check_still(self, lease: Lease) -> None:
        """Within a running answer: raises `Rejected` when the lease was stopped or ran out meanwhile."""
        self._office.check(lease.text, self.clock.read())
        self._check_running(lease)

    def inspect(self, text: str) -> Lease:
        """The lease, if it would be good for a call apart from the holder proof; nothing is recorded."""
        lease = self._office.check(text, self.clock.read())
        self._check_running(lease)
        return lease

    def give_up(self, text: str, request: Request) -> None:
        """Stops a lease on the word of its own holder (RFC 7009). Raises `Rejected`, also for one that is stopped."""
        now = self.clock.read()
        lease = self._office.check(text, now)
        self._check_call_holder(lease, request, now)
        self._check_running(lease)  # what is stopped already is not written again, while all calls wait for the disk
        self._stop(Denial(Denied.LEASE, lease.id, "given up by its holder", now, lease.expires_at + KEEP_SECONDS))

    def deny(self, kind: Denied, value: str, reason: str) -> None:
        """Stops a pseudonym, a lease tree or a lease, on the word of the gateway's operator. Raises `Malformed`."""
        self._stop(Denial(kind, value, reason, self.clock.read()))

    def tick(self) -> None:
        """Housekeeping, every few seconds: remembers the time on disk, rotates or withdraws the lease key when due."""
        self.evidence.check_ours()
        now = self.clock.read()
        self.clock.persist()
        self._follow_floor(now)
        current = self.trust.view.current
        self.keys.rotate_if_due(now, 0 if current is None else current.record.number)

    def _stop(self, denial: Denial) -> None:
        self.evidence.check_ours()
        self.killswitch.deny(denial)
        self.evidence.record_denial(denial.kind.value, denial.value, denial.reason, denial.at)

    def record_epochs(self, now: int) -> None:
        """Writes down the epochs believed that are not yet. Raises `Unavailable`.

        Asked before each presentation too: without its epoch nobody can verify it again, and when the epoch came the
        disk may have been full.
        """
        with self._recording:
            view = self.trust.view
            believed = [epoch for epoch in (view.previous, view.current) if epoch is not None]
            for epoch in believed:
                if epoch.record.number not in self._recorded:
                    self.evidence.record_epoch(epoch, now)
                    self._recorded.add(epoch.record.number)
            self._recorded &= {epoch.record.number for epoch in believed}

    def _take_epoch(self, _: SignedEpoch) -> None:
        now = self.clock.read()
        self._follow_floor(now)
        self.record_epochs(now)

    def _follow_floor(self, now: int) -> None:
        """Withdraws the keys made before the newest epoch's floor.

        Asked at the start and at every tick too, for a crash or a full disk may have come between the two.
        """
        current = self.trust.view.current
        if current is None:
            return
        if self.keys.signing.epoch_number < current.record.floor:
            self.keys.rotate(now, current.record.number, withdraw=True)

    def _token_holder(self, request: Request, now: int) -> HolderProof | None:
        if request.holder_proof is None:
            if self.terms.holder_proof_required:
                raise Rejected("holder-proof", "A proof of the session key (DPoP header) is required.")
            return None
        return check_holder_proof(request.holder_proof, request.method, request.url, now)

    def _running(self, text: str, now: int) -> Lease | None:
        """The caller's running lease; an expired or unknown one makes this an ordinary request, a stopped one not."""
        try:
            lease = self._office.check(text, now)
        except Rejected:
            return None
        self.killswitch.check(lease.pseudonym, lease.root, lease.id)
        return lease

    def _check_same_holder(self, running: Lease, pseudonym: str, holder: HolderProof | None) -> None:
        """The pseudonym changes with the period, the key may change within it; one of the two has to stay."""
        same_key = holder is not None and running.jkt == holder.jkt
        if running.pseudonym != pseudonym and not same_key:
            raise Rejected("holder-proof", "The running lease belongs to another holder.")

    def _check_running(self, lease: Lease) -> None:
        self.killswitch.check(lease.pseudonym, lease.root, lease.id)
        self.trust.check_floor(lease.epoch_number)
        self.keys.check_not_withdrawn(lease.kid)

    def _check_suffices(self, lease: Lease) -> None:
        record = self.policy.record
        if lease.scope != record.scope or lease.policy_id != record.id:
            raise Rejected("tier", "The lease was given for another scope or policy than this route asks for.")

    def _check_call_holder(self, lease: Lease, request: Request, now: int) -> None:
        if lease.jkt is None:
            if self.terms.holder_proof_required:
                raise Rejected("holder-proof", "The lease is bound to no session key.")
            return
        if request.holder_proof is None:
            raise Rejected("holder-proof", "A proof of the session key (DPoP header) is required with this lease.")
        proof = check_holder_proof(request.holder_proof, request.method, request.url, now, lease.digest)
        if proof.jkt != lease.jkt:
            raise Rejected("holder-proof", "The lease is bound to another session key.")
        if proof.issued_at < self._began:
            raise Rejected("holder-proof", "The proof is from before this gateway's start.")
        self._call_uses.check_new(proof.use, now)


def open_decision_point(terms: Terms, parts: Parts) -> DecisionPoint:
    """A decision point whose trail begins with the trust bundle it believes. Raises `Misuse`, `Unavailable`."""
    if parts.policy.record not in parts.trust.bundle.policies:
        raise Misuse("the policy is not one of the trust bundle")
    now, current = parts.clock.read(), parts.trust.view.current
    trusted = f"{parts.trust.bundle.hash.hex()}.{parts.policy.record.hash.hex()}"
    parts.keys.serve(trusted, now, 0 if current is None else current.record.number)
    point = DecisionPoint(terms, parts)
    parts.evidence.record_trust(parts.trust.bundle.octets, now)
    point.record_epochs(now)
    return point
