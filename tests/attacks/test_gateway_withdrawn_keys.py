"""A thief with a lease key that was withdrawn: nothing that it signs is good for a call, whatever it says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt

from circuits import Rejected
from tests.verifier.sim_gateway import Gateway, Holder, refused
from tests.verifier.sim_issuer import START
from verifier.lease import LeaseOffice
from verifier.leasekeys import LeaseKey, LeaseKeyRing

ORIGIN = "https://gateway.example"
MADE: dict[str, Any] = {
    "iss": ORIGIN, "aud": ORIGIN, "iat": START, "exp": START + 900, "jti": "j", "sub": "forged", "scope": "autonomous",
    "tier": 3, "insured": True, "policy": "p", "rev": 0, "rid": "r", "dep": 0,
}  # fmt: skip


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def sign(key: LeaseKey, claims: dict[str, Any], **changes: Any) -> str:
    """What the thief of `key` can make."""
    header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    return jwt.encode(header, claims | changes, key.key, algorithms=["ES256"])


@pytest.mark.attack("7")
@pytest.mark.requirement("R65")
def test_made_after_the_withdrawal_or_for_the_new_epoch(tmp_path: Path) -> None:
    ring = LeaseKeyRing(tmp_path / "keys", START)
    office, stolen = LeaseOffice(ORIGIN, ring), ring.signing
    known = sign(stolen, MADE, rev=7)
    assert office.check(known, START).epoch_number == 7
    ring.rotate(START + 10, 7, withdraw=True)
    for text in (
        known,
        sign(stolen, MADE, iat=START + 300, exp=START + 1200, rev=7),
        sign(stolen, MADE, iat=START + 300, exp=START + 1200, rev=6),
        sign(stolen, MADE, iat=START + 16, exp=START + 900),
        sign(stolen, MADE, rev=8),
    ):
        for ring_now in (ring, LeaseKeyRing(tmp_path / "keys", START)):
            with pytest.raises(Rejected, match="unknown-key"):
                LeaseOffice(ORIGIN, ring_now).check(text, START + 300)
        with pytest.raises(Rejected, match="unknown-key"):
            office.check(text, START + 300)
    # What the gateway itself signed before is still read, so that its holder hears of the floor.
    assert office.check(sign(stolen, MADE, rev=6), START + 300).epoch_number == 6


@pytest.mark.attack("7")
def test_made_after_a_routine_retirement(tmp_path: Path) -> None:
    ring = LeaseKeyRing(tmp_path / "keys", START)
    office, old = LeaseOffice(ORIGIN, ring), ring.signing
    ring.rotate(START + 10, 7, withdraw=False)
    # A lease that was being signed while the keys changed places, and one of the very epoch of the change.
    assert office.check(sign(old, MADE, iat=START + 15, exp=START + 900, rev=7), START + 300).epoch_number == 7
    with pytest.raises(Rejected, match="unknown-key"):
        office.check(sign(old, MADE, iat=START + 16, exp=START + 900, rev=7), START + 300)
    # The same key, withdrawn later: its leases of the epoch in which it was retired were honest ones.
    ring.rotate(START + 20, 9, withdraw=True)
    assert office.check(sign(old, MADE, rev=7), START + 300).epoch_number == 7
    with pytest.raises(Rejected, match="unknown-key"):
        office.check(sign(old, MADE, rev=9), START + 300)


@pytest.mark.attack("7")
@pytest.mark.attack("L1")
@pytest.mark.requirement("R65")
def test_no_call_passes_under_a_withdrawn_key(gateway: Gateway) -> None:
    """The thief holds a session key too, and says of his lease whatever suits him."""

    async def story() -> None:
        honest = gateway.holder()
        lease = await gateway.lease(honest)
        stolen, old = gateway.point.keys.signing, gateway.point.inspect(lease).claims
        gateway.clock.time += 60
        gateway.issuer.publish()
        gateway.issuer.publish(urgent=True)
        gateway.issuer.publish()
        gateway.point.offer_epoch(gateway.issuer.signed[-1])
        gateway.clock.time += 60
        thief, now = Holder(gateway.issuer, honest.licence), gateway.clock.time
        jkt = thief.key.thumbprint()
        own = old | {"sub": "mine", "jti": "mine", "rid": "mine", "client_id": jkt, "cnf": {"jkt": jkt}}
        for changes, code in (
            ({"iat": now, "exp": now + 900, "rev": 3}, "unknown-key"),
            ({"iat": now, "exp": now + 900, "rev": 2}, "unknown-key"),
            ({"rev": 3}, "unknown-key"),
            ({"rev": 2}, "floor"),  # at or above the floor, and below the epoch that was believed
            ({"rev": 1}, "floor"),
            ({}, "floor"),
        ):
            forged = sign(stolen, own, **changes)
            response = await gateway.call(thief, forged)
            refused(response, 403, code)
            assert "agent-licence-challenge" in response.headers
            admin = {"authorization": "Bearer operator-of-the-gateway"}
            told = await gateway.client.post("/licence/introspect", data={"token": forged}, headers=admin)
            assert told.json() == {"active": False}
        response = await gateway.call(honest, lease)
        refused(response, 403, "floor")
        assert "agent-licence-challenge" in response.headers
        gateway.issuer.update(honest.licence)
        again = await gateway.lease(honest, running=lease)
        assert gateway.point.inspect(again).root == gateway.point.inspect(again).claims["rid"] == old["rid"]
        assert (await gateway.call(honest, again)).status_code == 200
        assert gateway.upstream.count == 1

    asyncio.run(story())


@pytest.mark.requirement("R51")
@pytest.mark.requirement("R65")
def test_a_withdrawal_that_was_interrupted_is_made_up_for(gateway: Gateway) -> None:
    """The disk fails, or the process ends, after the epoch was believed and before the key was withdrawn."""
    point, folder = gateway.point, gateway.folder / "state"
    stolen, urgent = point.keys.signing.kid, gateway.issuer.publish(urgent=True)
    (folder / "lease-keys.json.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        point.offer_epoch(urgent)
    assert point.keys.signing.kid == stolen
    (folder / "lease-keys.json.new").rmdir()
    kept = (folder / "lease-keys.json").read_bytes()
    point.tick()
    assert stolen not in str(point.keys.jwks(gateway.clock.time))
    (folder / "lease-keys.json").write_bytes(kept)
    gateway.start(offer=False)
    assert gateway.point.keys.signing.kid != stolen
    assert stolen not in str(gateway.point.keys.jwks(gateway.clock.time))
