"""The gateway's row: a lease made by a real verdict, then checked with its signature, as if never seen before."""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from circuits import Binding, finish, prepare, request_digest
from circuits.records import Sign1, TrustBundle, key_id
from console.bench.measure import Row
from console.bench.world import NOW, ORIGIN, RESOURCE, World
from verifier.challenge import Challenge, MemoryChallengeStore
from verifier.lease import Lease, LeaseOffice
from verifier.leasekeys import LeaseKeyRing
from verifier.policy import Policy
from verifier.trust import TrustedState
from verifier.verify import Verifier, Wanted

_CHECKS = 20


def lease_row(world: World, folder: Path) -> Row:
    """`lease_check`: signature, audience and times of a lease, without the cache of leases seen before."""
    keys = LeaseKeyRing(folder / "keys.json", NOW)
    lease = _lease(world, folder, keys)

    def check() -> None:
        for _ in range(_CHECKS):
            LeaseOffice(ORIGIN, keys).check(lease.text, NOW)

    return Row("lease_check", "check a lease's signature at a call", check, divisor=_CHECKS)


def _lease(world: World, folder: Path, keys: LeaseKeyRing) -> Lease:
    signing_key = Ed25519PrivateKey.generate()
    public_key = signing_key.public_key().public_bytes_raw()
    bundle = TrustBundle(
        world.issuer.record,
        world.accumulator.record,
        world.escrow.record,
        public_key,
        (world.policy,),
        "https://issuer.example",
    )
    trust = TrustedState(bundle.octets, bundle.hash, folder)
    name = key_id(public_key)
    signature = signing_key.sign(Sign1.to_sign(world.epoch.octets, name))
    trust.offer_epoch(Sign1.encode(world.epoch.octets, name, signature), NOW)
    challenges = MemoryChallengeStore()
    nonce, thumbprint = secrets.token_bytes(32), secrets.token_bytes(32)
    challenge = Challenge(
        nonce=nonce,
        policy_id=world.policy.id,
        policy_hash=world.policy.hash,
        resource=RESOURCE,
        scope="autonomous",
        time=NOW,
        max_age=120,
    )
    challenges.put(challenge)
    binding = Binding(
        policy_hash=world.policy.hash,
        audience=ORIGIN,
        nonce=nonce,
        request_digest=request_digest(RESOURCE, "autonomous"),
        session_thumbprint=thumbprint,
        not_after=challenge.not_after,
    )
    proof = finish(prepare(world.statement, world.credential, world.membership, world.table), binding)
    verifier = Verifier(trust, Policy(world.policy), challenges, ORIGIN)
    wanted = Wanted(RESOURCE, "autonomous", thumbprint)
    verified = verifier.verify(world.statement.present(binding, proof), wanted, NOW)
    return LeaseOffice(ORIGIN, keys).issue(verified, 900, NOW)
