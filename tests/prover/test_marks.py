"""What a gateway, or the host of the public files, could write into a wallet that others would know it by. Found by a
review; each test fails without what was done about it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext, suppress

import httpx
import pytest

import circuits
from circuits.scalar import ORDER, inverse
from console.proving import present
from prover import NotReady, Refused
from tests.prover.conftest import FakeGateway, World, unb64
from tests.prover.two import (
    DAY,
    HERE,
    THERE,
    Two,
    agent,
    exchanges,
    knows_none,
    midnight,
    shown,
)


class Steady:
    """Seconds from anywhere, which nobody sets back."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def dated(gateway: FakeGateway) -> list[int]:
    """The times of the holder proofs."""
    texts = [request.headers["dpop"] for request in gateway.requests if "dpop" in request.headers]
    return [json.loads(unb64(text.split(".")[1]))["iat"] for text in texts]


@pytest.mark.attack("48")
@pytest.mark.requirement("R14")
@pytest.mark.parametrize("behind", [0, 55, 290])
@pytest.mark.parametrize("ignorant", [False, True])
@pytest.mark.parametrize("urgent", [(), (2,), (2, 3), (1, 4)])
def test_what_a_gateway_is_shown_does_not_change_with_calls_to_another(
    world: World, behind: int, ignorant: bool, urgent: tuple[int, ...]
) -> None:
    """Two wallets call one gateway at the same times; one of them is also at work at another, which makes it refresh
    when it likes. The first may have a slow clock, or say that it knows no epoch."""

    def here() -> FakeGateway:
        return FakeGateway(world.keys, world.issuer, world.clock, time_offset=-behind)

    elsewhere = FakeGateway(world.keys, world.issuer, world.clock, origin=THERE)
    sees_idle, sees_busy = here(), here()
    idle = agent(world, sees_idle, wallet=world.wallet("idle"))
    busy = agent(world, sees_busy, elsewhere, wallet=world.wallet("busy"))
    for step in range(24):
        world.clock.at += 100
        if step % 9 == 8 or step % 6 in urgent:
            world.issuer.publish(urgent=step % 6 in urgent)
            elsewhere.floor = world.issuer.epochs[-1].floor
        elsewhere.leases.clear()
        assert busy.get(f"{THERE}/v1/autonomous/x").status_code == 200
        if step % 4 != 3:
            continue
        for gateway, client in ((sees_idle, idle), (sees_busy, busy)):
            gateway.leases.clear()
            gateway.override = knows_none(gateway) if ignorant else lambda request: None
            with suppress(Refused) if ignorant else nullcontext():  # what it says it lacks may be what it asks for
                assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    assert len(set(shown(elsewhere))) > 2
    assert shown(sees_busy) == shown(sees_idle)
    assert len(shown(sees_idle)) >= 6


@pytest.mark.attack("48")
@pytest.mark.attack("49")
@pytest.mark.parametrize("urgent", [False, True])
def test_what_is_fetched_for_a_gateway_does_not_change_with_calls_to_another(world: World, urgent: bool) -> None:
    """The gateway sees how long that takes, and the host of the files which they are, by way of any proxy."""
    two = Two(world)
    two.call()
    for _ in range(3):
        two.drift_apart(1, 900, urgent)
        for gateway in two.gateways if urgent else ():
            gateway.floor = world.issuer.epochs[-1].floor
        idle, busy = two.call()
        assert idle == busy
        assert len(idle) > 1
    two.check_alike()


@pytest.mark.attack("48")
@pytest.mark.attack("49")
def test_a_challenge_of_a_day_made_up_does_not_show_who_was_at_work_elsewhere(world: World) -> None:
    """On such a day the gateway was shown nothing, so that a refresh would begin where the wallet is. A renewal that
    fails stops no call: nobody would notice."""
    two = Two(world)
    two.call()
    two.drift_apart(2, 205)
    world.clock.at += 410
    logs = []
    for gateway, client in zip(two.gateways, two.clients, strict=True):
        gateway.override = of_another_day(gateway)
        before = len(world.issuer.log)
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
        logs.append(world.issuer.log[before:])
    idle, busy = logs
    assert idle == busy


def of_another_day(gateway: FakeGateway) -> Callable[[httpx.Request], httpx.Response | None]:
    """A gateway whose challenges are three days old."""

    def challenge(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/licence/challenge":
            return None
        gateway.time_offset = -3 * DAY
        header = gateway.challenge()
        gateway.time_offset = 0
        return httpx.Response(200, headers={"agent-licence-challenge": header})

    return challenge


def lacks(name: str) -> Callable[[httpx.Request], None]:
    def before(request: httpx.Request) -> None:
        if request.url.path.endswith(name):
            raise httpx.ConnectError("away", request=request)

    return before


@pytest.mark.attack("49")
def test_a_value_that_comes_back_does_not_show_who_was_at_work_meanwhile(world: World) -> None:
    """With the accumulator's key a second entry undoes the first. All is signed and passes every audit, and one file is
    not served: a wallet that is at the first of the three needs it not, one that has been at the second does."""
    two, issuer, handle = Two(world), world.issuer, circuits.new_handle()
    alpha = world.keys.accumulator.secret_key.expose()
    two.call()
    for revoked in (handle, inverse((handle + alpha) % ORDER) - alpha):
        two.work_elsewhere()
        world.clock.at += 900
        issuer.revoke(revoked % ORDER)
        two.publish()
    issuer.before = lacks("2.entries")
    two.call()
    two.check_alike()


@pytest.mark.attack("48")
@pytest.mark.parametrize("urgent", [False, True])
def test_a_second_attempt_goes_by_the_second_challenge(world: World, urgent: bool) -> None:
    """A gateway refuses with `replay`, and its clock has moved on when it asks again."""
    two = Two(world)
    two.call()
    world.clock.at += 700 if urgent else 900
    two.publish(urgent)
    two.busy.get(f"{THERE}/v1/autonomous/x")
    for gateway in two.gateways:
        gateway.time_offset = 0 if urgent else -100
        gateway.override = moves_on(gateway, 250 if urgent else 0)
    two.call()
    two.check_alike()


def moves_on(gateway: FakeGateway, offset: int) -> Callable[[httpx.Request], httpx.Response | None]:
    left = [1]

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/licence/token" or not left:
            return None
        left.pop()
        gateway.time_offset = offset
        return gateway.refuse(403, "replay")

    return refuse


@pytest.mark.attack("48")
def test_a_refresh_that_failed_for_one_gateway_puts_none_off_for_another(world: World) -> None:
    two, down = Two(world), [False]

    def away(request: httpx.Request) -> None:
        if down[0]:
            raise httpx.ConnectError("away", request=request)

    two.call()
    world.clock.at += 900
    two.publish()
    world.issuer.before, down[0] = away, True
    two.busy.get(f"{THERE}/v1/autonomous/x")
    down[0] = False
    world.clock.at += 5
    two.call()
    two.check_alike()


@pytest.mark.attack("48")
def test_a_renewal_by_another_process_is_seen_at_every_gateway_alike(world: World) -> None:
    two = Two(world)
    two.call()
    two.busy.get(f"{THERE}/v1/autonomous/x")
    world.clock.at += 100
    for wallet in two.wallets:
        world.obtain_elsewhere(wallet, renew=True)
    world.clock.at += 100
    two.publish(urgent=True)
    two.work_elsewhere()
    two.call()
    two.check_alike()


@pytest.mark.attack("48")
def test_a_renewal_does_not_show_in_the_epoch(world: World) -> None:
    """A gateway with a slow clock is shown an epoch for some minutes more; who renews just then is shown no newer."""
    two = Two(world)
    for gateway in two.gateways:
        gateway.time_offset = -290
    two.call()
    world.clock.at += 900
    two.publish()
    world.obtain_elsewhere(two.wallets[1], renew=True)
    two.call()
    two.check_alike()
    assert shown(two.gateways[0]) == [0, 0]


@pytest.mark.attack("48")
@pytest.mark.parametrize("behind", [60, 240])
def test_a_slow_clock_does_not_show_in_the_epoch(world: World, behind: int) -> None:
    client = agent(world, now=lambda: world.clock() - behind)
    client.get(f"{HERE}/v1/autonomous/x")
    world.clock.at += 910
    world.issuer.publish()
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    assert shown(world.gateway) == [0, 1]


@pytest.mark.attack("48")
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.95])
def test_holder_proofs_tell_nothing_of_a_clocks_part_of_a_second(world: World, fraction: float) -> None:
    """Counted from when the gateway told its time: where this machine's seconds begin has no part in it."""
    steady, own = Steady(1000 + fraction), world.clock.at + fraction
    start, client = world.clock.at, agent(world, now=lambda: int(own + steady.at - 1000 - fraction), steady=steady)
    client.get(f"{HERE}/v1/autonomous/x")
    for elapsed in (0.4, 0.4, 0.4):
        steady.at += elapsed
        client.get(f"{HERE}/v1/autonomous/x")
    assert dated(world.gateway) == [start, start, start, start, start + 1]


@pytest.mark.attack("48")
def test_one_exchange_from_the_command_tells_neither_the_clock_nor_the_epoch_held(world: World) -> None:
    wallet, http = world.wallet(), httpx.Client(transport=world.gateway.transport())
    world.clock.at += 910
    world.issuer.publish()
    done = present(wallet, HERE, lambda: world.clock() - 37, None, http, world.keys.table, issuer=world.issuer.client())
    assert done.status == 200
    assert dated(world.gateway) == [world.clock.at]
    assert shown(world.gateway) == [1]


def test_a_clock_that_is_set_while_a_lease_runs_changes_nothing(world: World) -> None:
    """By NTP, say: from two minutes behind to the right time, and to two minutes ahead."""
    steady, error = Steady(), [-120]
    client = agent(world, now=lambda: world.clock() + error[0], steady=steady)
    for wrong in (-120, 0, 120):
        error[0] = wrong
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
        world.clock.at += 10
        steady.at += 10
    assert world.gateway.presentations == 1


def test_a_holder_proof_that_is_refused_is_answered_with_one_new_lease(world: World) -> None:
    """A machine that slept counts no seconds on some systems: a new challenge tells it the time."""
    client, refusals = agent(world), [1]
    client.get(f"{HERE}/v1/autonomous/x")

    def asleep(request: httpx.Request) -> httpx.Response | None:
        refused = request.url.path.startswith("/v1/") and "dpop" in request.headers and refusals
        return world.gateway.refuse(403, "holder-proof") if refused and refusals.pop() else None

    world.gateway.override = asleep
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    assert world.gateway.presentations == 2
    refusals[:] = [1, 1]
    with pytest.raises(Refused, match="holder-proof"):
        client.get(f"{HERE}/v1/autonomous/x")
    assert world.gateway.presentations == 3


@pytest.mark.attack("48")
def test_a_challenge_does_not_join_the_lease_of_one_day_to_the_pseudonym_of_the_next(world: World) -> None:
    """A gateway that refuses the last lease of a week with a challenge would be answered with the next pseudonym."""
    over = midnight(world)
    world.clock.at = over - 30
    world.issuer.publish()
    client = agent(world)
    client.get(f"{HERE}/v1/autonomous/x")
    world.clock.at = over + 15
    offered: list[bytes] = []

    def again(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.startswith("/v1/") or offered:
            return None
        refusal = world.gateway.refuse(401, "lease-expired", fresh=True)
        offered.extend(world.gateway.nonces)
        return refusal

    world.gateway.override = again
    with pytest.raises(NotReady, match="not-begun"):
        client.get(f"{HERE}/v1/autonomous/x")
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    answered = [circuits.decode_presentation(unb64(form["subject_token"])).nonce for form in exchanges(world.gateway)]
    assert offered
    assert not set(offered) & set(answered)
