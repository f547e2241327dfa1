"""Kept from the review of the decision point: what happens between the kill switch's answer and a lease's signature."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from joserfc import jws

from tests.verifier.sim_gateway import Gateway, Holder, refused
from verifier.lease import Lease, LeaseOffice
from verifier.trust import TrustedState
from verifier.verdict import Verified


class Interrupted(LeaseOffice):
    """An office whose gateway hears of an urgent epoch right before it signs."""

    def __init__(self, gateway: Gateway, holder: Holder) -> None:
        super().__init__(gateway.origin, gateway.point.keys)
        self._gateway, self._holder = gateway, holder

    def issue(self, verified: Verified, lease_seconds: int, now: int, root: str | None = None) -> Lease:
        self._gateway.issuer.revoke(self._holder.licence)
        self._gateway.point.offer_epoch(self._gateway.issuer.publish(urgent=True))
        return super().issue(verified, lease_seconds, now, root)


@pytest.mark.attack("45")
@pytest.mark.attack("L1")
def test_no_lease_from_before_the_floor_is_signed_by_a_key_from_after_it(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)

    async def story() -> None:
        holder = gateway.holder()
        gateway.point._office = Interrupted(gateway, holder)
        refused(await gateway.exchange(holder, holder.present(await gateway.challenge())), 403, "floor")

    asyncio.run(story())


@pytest.mark.attack("45")
@pytest.mark.attack("L1")
def test_a_lease_signed_right_before_the_floor_loses_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Gateway(tmp_path)
    true_check, heard = TrustedState.check_floor, []

    def check(trust: TrustedState, epoch_number: int) -> None:
        true_check(trust, epoch_number)
        if not heard:
            heard.append(gateway.issuer.publish(urgent=True))
            gateway.point.offer_epoch(heard[0])

    async def story() -> None:
        holder = gateway.holder()
        monkeypatch.setattr(TrustedState, "check_floor", check)
        lease = await gateway.lease(holder)
        kid = jws.extract_compact(lease.encode()).headers()["kid"]
        published = (await gateway.client.get("/licence/jwks")).json()["keys"]
        assert kid not in [key["kid"] for key in published]
        refused(await gateway.call(holder, lease), 403, "floor")

    asyncio.run(story())


@pytest.mark.attack("52")
def test_a_lease_is_given_up_once(tmp_path: Path) -> None:
    """Each time writes to the disk while all calls wait; to do it again must cost another licence's proof."""
    gateway = Gateway(tmp_path)

    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        url, heads = f"{gateway.origin}/licence/revoke", set()
        for _ in range(5):
            headers = {"dpop": holder.proof("POST", url, lease)}
            answer = await gateway.client.post("/licence/revoke", data={"token": lease}, headers=headers)
            assert answer.status_code == 200
            heads.add(gateway.point.evidence.head)
        assert len(heads) == 1
        refused(await gateway.call(holder, lease), 403, "revoked")

    asyncio.run(story())
