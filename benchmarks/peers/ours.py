"""This project as a peer: `python -m benchmarks.peers.ours same|whole`.

`same` asks for the work that all peers do; a pseudonym comes with it, for this project makes no proof without one.
`whole` asks for what the default policy asks for: insured with at least a band of cover (a second predicate) and
escrowed, besides.
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers.child import Work, run
from benchmarks.peers.ours_verifier import ORIGIN, Gateway, pack
from circuits import (
    CircuitError,
    Credential,
    Membership,
    Rejected,
    Unsatisfiable,
    finish,
    policy_statement,
    prepare,
    revoke,
)
from circuits.records import EpochRecord, PolicyRecord
from console.bench.world import NOW, World, make_world

_YEAR = 365 * 86_400


def same_work(whole: PolicyRecord) -> PolicyRecord:
    """`whole` without its escrow and with its predicates on days only: tier and jurisdiction shown, good today."""
    return replace(whole, id="same-work", predicates=whole.predicates[:1], escrow_hash=b"")


class Ours:
    """One issuer, one holder, one gateway."""

    def __init__(self, which: str) -> None:
        self._world: World = make_world()
        policy = {"same": same_work(self._world.policy), "whole": self._world.policy}[which]
        bundle = replace(self._world.bundle, policies=(policy,))
        self._gateway = Gateway(bundle, self._world.epoch, NOW)
        self._last = (b"", b"")

    def about(self) -> str:
        """This tree, and the curve library beneath it."""
        return f"this tree, py-arkworks-bls12381 {version('py-arkworks-bls12381')}"

    def issue(self) -> Work:
        """Check the request, sign, make the witness."""

        def work() -> int:
            return len(self._world.issue())

        return work

    def prove(self) -> Work:
        """From nothing: no part is prepared ahead."""
        nonce = secrets.token_bytes(32)

        def work() -> int:
            octets = self._present(self._gateway, nonce, self._world.membership)
            self._last = (octets, nonce)
            return len(octets)

        return work

    def verify(self) -> Work:
        """Decode, build the statement from the policy, verify."""
        octets, nonce = self._last

        def work() -> int:
            self._gateway.check(octets, nonce)
            return 0

        return work

    def pack(self, path: Path) -> None:
        """See `Peer`."""
        path.write_bytes(pack(self._gateway, *self._last))

    def refusals(self) -> dict[str, str]:
        """See `Peer`."""
        now, member = self._gateway, self._world.membership
        revoked = replace(now, epoch=self._epoch_without_us())
        stale = replace(member, epoch_number=revoked.epoch.number, value=revoked.epoch.value)
        expired = replace(now, time=now.time + _YEAR)
        other = secrets.token_bytes(32)
        return {
            "valid": self._outcome(now, now, member),
            "replayed": self._outcome(now, now, member, other),
            "revoked, old proof": self._outcome(now, revoked, member),
            "revoked, old witness": self._outcome(revoked, revoked, stale),
            "expired, old proof": self._outcome(now, expired, member),
            "expired, new proof": self._outcome(expired, expired, member),
        }

    def _outcome(self, asked: Gateway, checking: Gateway, member: Membership, nonce: bytes | None = None) -> str:
        """Prove what `asked` asks for and let `checking` check it, for its own `nonce` where one is given."""
        sent = secrets.token_bytes(32)
        try:
            octets = self._present(asked, sent, member)
        except (Rejected, Unsatisfiable):
            return "prover"
        try:
            checking.check(octets, sent if nonce is None else nonce)
        except CircuitError:
            return "verifier"
        return "accepted"

    def _present(self, gateway: Gateway, nonce: bytes, member: Membership) -> bytes:
        bundle, credential = gateway.bundle, self._world.credential
        statement = policy_statement(
            bundle.policies[0],
            bundle.issuer,
            bundle.accumulator,
            gateway.epoch,
            bundle.escrow,
            _shown(credential, bundle.policies[0]),
            ORIGIN,
            gateway.time,
        )
        binding = gateway.binding(nonce)
        prepared = prepare(statement, credential, member, self._world.table)
        return statement.present(binding, finish(prepared, binding))

    def _epoch_without_us(self) -> EpochRecord:
        world = self._world
        entry = revoke(
            world.accumulator.record, world.accumulator.secret_key, world.epoch.value, world.credential.handle
        )
        return replace(
            world.epoch,
            number=1,
            value=entry.value,
            previous=world.epoch.hash,
            entries_hash=hashlib.sha256(b"one entry").digest(),
            entries_count=1,
        )


def _shown(credential: Credential, policy: PolicyRecord) -> dict[int, int | str]:
    return {index: credential.attributes[index] for index, _ in policy.disclosed}


if __name__ == "__main__":
    run(lambda: Ours(sys.argv[1]))
