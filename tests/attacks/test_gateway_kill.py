"""The kill switch under attack: while calls run, while a renewal is in flight, after restarts, against time."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from pathlib import Path

import pytest

from circuits import Misuse, Secret, Unsatisfiable
from tests.verifier.sim_gateway import ADMIN_TOKEN, Gateway, refused
from tests.verifier.sim_issuer import SimulatedIssuer, make_keys
from verifier.killswitch import Denial, Denied, KillSwitch


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


@pytest.mark.attack("L1")
@pytest.mark.requirement("R65")
@pytest.mark.requirement("R63")
def test_urgent_epoch_stops_the_revoked_and_only_them(gateway: Gateway) -> None:
    async def story() -> None:
        honest, bad = gateway.holder(), gateway.holder()
        leases = [await gateway.lease(honest), await gateway.lease(bad)]
        assert (await gateway.call(bad, leases[1])).status_code == 200
        gateway.issuer.revoke(bad.licence)
        gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        for holder, lease in zip((honest, bad), leases, strict=True):
            response = await gateway.call(holder, lease)
            refused(response, 403, "floor")
            assert "agent-licence-challenge" in response.headers
            assert "x-should-retry" not in response.headers
        gateway.issuer.update(honest.licence)
        again = await gateway.lease(honest, running=leases[0])
        assert (await gateway.call(honest, again)).status_code == 200
        with pytest.raises(Unsatisfiable, match="revoked"):
            gateway.issuer.update(bad.licence)
        refused(await gateway.exchange(bad, bad.present(await gateway.challenge())), 403, "stale-epoch")
        assert gateway.upstream.count == 2

    asyncio.run(story())


@pytest.mark.requirement("R65")
def test_routine_epochs_force_nobody(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        for _ in range(3):
            gateway.clock.time += 100
            gateway.point.offer_epoch(gateway.issuer.publish())
        assert (await gateway.call(holder, lease)).status_code == 200

    asyncio.run(story())


@pytest.mark.requirement("R65")
def test_urgent_epoch_takes_the_key_out_of_the_published_set(gateway: Gateway) -> None:
    async def story() -> None:
        before = {key["kid"] for key in (await gateway.client.get("/licence/jwks")).json()["keys"]}
        gateway.point.offer_epoch(gateway.issuer.publish())
        assert before <= {key["kid"] for key in (await gateway.client.get("/licence/jwks")).json()["keys"]}
        gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        after = {key["kid"] for key in (await gateway.client.get("/licence/jwks")).json()["keys"]}
        assert after
        assert not before & after

    asyncio.run(story())


@pytest.mark.requirement("R65")
@pytest.mark.requirement("R66")
@pytest.mark.parametrize("kind", ["pseudonym", "root", "lease"])
def test_the_operator_stops_one_and_nobody_else(gateway: Gateway, kind: str) -> None:
    async def story() -> None:
        bad, other = gateway.holder(), gateway.holder()
        first, others = await gateway.lease(bad), await gateway.lease(other)
        renewed = await gateway.lease(bad, running=first)
        stopped = gateway.point.inspect(first)
        value = {"pseudonym": stopped.pseudonym, "root": stopped.root, "lease": stopped.id}[kind]
        began = time.perf_counter()
        assert (await gateway.deny(**{kind: value, "reason": "complaint 7"})).status_code == 200
        response = await gateway.call(bad, first)
        assert time.perf_counter() - began < 0.5
        refused(response, 403, "revoked")
        assert response.headers["x-should-retry"] == "false"
        assert (await gateway.call(bad, renewed)).status_code == (200 if kind == "lease" else 403)
        assert (await gateway.call(other, others)).status_code == 200
        if kind == "pseudonym":
            answer = await gateway.exchange(bad, bad.present(await gateway.challenge()))
            refused(answer, 403, "revoked")
        answer = await gateway.exchange(bad, bad.present(await gateway.challenge()), lease=first)
        refused(answer, 403, "revoked")

    asyncio.run(story())


@pytest.mark.attack("45")
@pytest.mark.requirement("R65")
def test_kill_while_a_renewal_is_in_flight(gateway: Gateway, tmp_path: Path) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        pseudonym = gateway.point.inspect(lease).pseudonym
        presentation = holder.present(await gateway.challenge())
        renewal = asyncio.create_task(gateway.exchange(holder, presentation, lease=lease))
        await asyncio.sleep(0)
        gateway.point.deny(Denied.PSEUDONYM, pseudonym, "now")
        answer = await renewal
        refused(answer, 403, "revoked")

    asyncio.run(story())


@pytest.mark.attack("45")
def test_urgent_epoch_while_a_renewal_is_in_flight(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        presentation = holder.present(await gateway.challenge())
        renewal = asyncio.create_task(gateway.exchange(holder, presentation))
        await asyncio.sleep(0.001)
        gateway.issuer.revoke(holder.licence)
        gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        answer = await renewal
        if answer.status_code == 200:
            refused(await gateway.call(holder, answer.json()["access_token"]), 403, "floor")
        else:
            assert answer.status_code == 403
        assert gateway.upstream.count == 0

    asyncio.run(story())


@pytest.mark.requirement("R51")
def test_a_restart_forgets_no_stop(gateway: Gateway) -> None:
    async def story() -> None:
        bad, floored = gateway.holder(), gateway.holder()
        old = await gateway.lease(floored)
        gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        gateway.issuer.update(bad.licence)
        lease = await gateway.lease(bad)
        await gateway.deny(pseudonym=gateway.point.inspect(lease).pseudonym)
        gateway.start(offer=False)
        refused(await gateway.call(bad, lease), 403, "revoked")
        refused(await gateway.call(floored, old), 403, "floor")

    asyncio.run(story())


def test_leases_outlive_a_restart(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        gateway.start(offer=False)
        assert (await gateway.call(holder, lease)).status_code == 200
        assert (await gateway.lease(holder)) != lease

    asyncio.run(story())


def test_deny_is_for_the_operator(gateway: Gateway) -> None:
    async def story() -> None:
        entry = {"pseudonym": "x"}
        for header in ({}, {"authorization": "Bearer guess"}, {"authorization": f"Basic {ADMIN_TOKEN}"}):
            refused(await gateway.client.post("/licence/deny", json=entry, headers=header), 401, "admin-token")
        for bad in ({}, {"name": "x"}, {"pseudonym": "x", "root": "y"}, {"lease": 5}, {"lease": "x", "reason": 7}):
            refused(await gateway.deny(**bad), 400, "invalid-request")  # type: ignore[arg-type]
        refused(await gateway.deny(lease=""), 400, "malformed")
        refused(await gateway.deny(lease="x" * 129), 400, "malformed")
        gateway.options["admin_token"] = None
        gateway.start()
        refused(await gateway.deny(lease="x"), 401, "admin-token")

    asyncio.run(story())


def test_the_floor_is_published_signed(gateway: Gateway) -> None:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    async def story() -> None:
        await gateway.deny(root="r-1")
        gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        text = (await gateway.client.get("/licence/floor")).text
        keys = KeySet.import_key_set((await gateway.client.get("/licence/jwks")).json())
        token = jwt.decode(text, keys, algorithms=["ES256"])
        assert token.header["typ"] == "floor+jwt"
        # Signed by the key of leases, and anybody's: in another name than theirs, for who looks at that alone.
        assert token.claims["iss"] == token.claims["aud"] == f"{gateway.origin}/licence/floor"
        assert (token.claims["epoch"], token.claims["floor"]) == (1, 1)
        assert token.claims["denied"] == [["root", "r-1"]]

    asyncio.run(story())


@pytest.mark.attack("46")
def test_clock_set_back(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        gateway.clock.time += 60  # proofs from before the start are of no use, whichever clock was wrong then
        lease = await gateway.lease(holder)
        gateway.clock.time -= 60
        assert (await gateway.call(holder, lease)).status_code == 200
        later = gateway.point.inspect(await gateway.lease(holder))
        assert later.issued_at == gateway.point.inspect(lease).issued_at
        gateway.clock.time -= 3540
        response = await gateway.call(holder, lease)
        refused(response, 503, "clock-went-back")
        assert response.headers["retry-after"] == "30"
        refused(await gateway.client.post("/licence/challenge"), 503, "clock-went-back")
        assert (await gateway.client.get("/v1/public/echo")).status_code == 200

    asyncio.run(story())


@pytest.mark.attack("46")
def test_clock_set_back_over_a_restart(gateway: Gateway) -> None:
    gateway.clock.time += 100
    gateway.point.tick()
    gateway.clock.time -= 3600
    with pytest.raises(Exception, match="clock-went-back"):
        gateway.start(offer=False)


@pytest.mark.attack("46")
def test_clock_set_forward(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        gateway.clock.time += 3600
        refused(await gateway.call(holder, lease), 403, "lease-expired")
        stale = await gateway.exchange(holder, holder.present(await gateway.challenge()))
        refused(stale, 403, "stale-epoch")

    asyncio.run(story())


@pytest.mark.attack("40")
def test_split_view_stops_new_proofs_and_keeps_both(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        other = dataclasses.replace(gateway.issuer.epochs[0], next_update=gateway.clock.time + 1800)
        with pytest.raises(Exception, match="split-view"):
            gateway.point.offer_epoch(gateway.issuer.sign(other))
        assert len(list((gateway.folder / "state").glob("split-view-*.cose"))) == 2
        assert gateway.point.trust.alarms == ["split-view"]
        refused(await gateway.exchange(holder, holder.present(await gateway.challenge())), 503, "split-view")
        assert (await gateway.call(holder, lease)).status_code == 200
        gateway.start()
        refused(await gateway.exchange(holder, holder.present(await gateway.challenge())), 503, "split-view")

    asyncio.run(story())


@pytest.mark.attack("L1")
def test_the_floor_is_of_one_accumulator_and_outlives_a_restart(tmp_path: Path) -> None:
    """Another one counts its epochs anew: below the old floor, and what was proved at the old ones is proved again."""
    gateway = Gateway(tmp_path)

    async def story() -> None:
        holder = gateway.holder()
        before = await gateway.lease(holder)
        for _ in range(3):
            gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        gateway.start(offer=False)
        refused(await gateway.call(holder, before), 403, "floor")
        holder = gateway.holder()
        after = await gateway.lease(holder)
        assert (await gateway.call(holder, after)).status_code == 200
        gateway.clock.time += 1
        gateway.issuer = SimulatedIssuer(gateway.clock, make_keys("issuer-2"))
        gateway.issuer.publish()
        gateway.start()
        other = gateway.holder()
        assert (await gateway.call(other, await gateway.lease(other))).status_code == 200
        refused(await gateway.call(holder, after), 403, "unknown-key")

    asyncio.run(story())


@pytest.mark.attack("L1")
def test_the_floor_holds_while_no_new_key_can_be_written(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)

    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        gateway.point.keys._path = tmp_path / "gone" / "lease-keys.json"
        with pytest.raises(OSError, match="gone"):
            gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
        refused(await gateway.call(holder, lease), 403, "floor")

    asyncio.run(story())


@pytest.mark.requirement("R51")
def test_a_list_of_stops_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "denied.json"
    switch = KillSwitch(path)
    switch.deny(Denial(Denied.ROOT, "r", "why", 5))
    assert [entry.value for entry in KillSwitch(path).denials] == ["r"]
    for content in (b"", b"{}", b'{"version":2}', b"[]", b'{"version":1,"denied":[["x"]]}'):
        path.write_bytes(content)
        with pytest.raises(Misuse):
            KillSwitch(path)


def test_a_stop_with_an_end_is_forgotten_and_one_without_stays(tmp_path: Path) -> None:
    switch = KillSwitch(tmp_path / "denied.json")
    switch.deny(Denial(Denied.LEASE, "short", "", 10, until=20))
    switch.deny(Denial(Denied.LEASE, "long", "", 10))
    switch.deny(Denial(Denied.LEASE, "long", "", 11, until=12))
    switch.deny(Denial(Denied.LEASE, "new", "", 30))
    assert {entry.value for entry in switch.denials} == {"long", "new"}
    assert {entry.value for entry in KillSwitch(tmp_path / "denied.json").denials} == {"long", "new"}


def test_an_empty_token_opens_no_endpoint(tmp_path: Path) -> None:
    """As a crash once left its file, or a variable that is not set. Some servers pass `Bearer` on with its blank."""
    with pytest.raises(Misuse, match="everybody's"):
        Gateway(tmp_path, admin_token=Secret(""))
