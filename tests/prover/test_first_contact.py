"""What a gateway waits for, or is shown, at the first call of a session, a day or a licence, when a refresh begins
where the wallet is. Found by a review; each test fails without what was done about it.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import nullcontext, suppress
from threading import Thread

import httpx
import pytest

from console.proving import present
from prover import Gateway, NotReady, TrustError, Wallet, WalletError, licensed_client
from prover.challenge import parse_challenge
from tests.prover.conftest import FakeGateway, World, handle_of, problem, unb64
from tests.prover.two import (
    DAY,
    HERE,
    Heard,
    Two,
    agent,
    exchanges,
    insist,
    late_in_the_day,
    midnight,
    shown,
)


@pytest.mark.attack("48")
@pytest.mark.parametrize("later", [900, DAY])
def test_no_gateway_waits_for_what_a_new_session_or_day_has_to_fetch(world: World, later: int) -> None:
    """How much that is tells whether this wallet was at work elsewhere. A client for each task is a session for each,
    which knows of nothing that a gateway was shown."""
    two = Two(world)
    two.call()
    two.drift_apart(2, later // 2)
    waits = []
    for gateway, wallet, client in zip(two.gateways, two.wallets, two.clients, strict=True):
        gateway.leases.clear()
        gateway.override = heard = Heard(world)
        used = client if later == DAY else agent(world, gateway, wallet=wallet)
        assert used.get(f"{HERE}/v1/autonomous/x").status_code == 200
        waits.append(world.issuer.log[heard.at :])
    assert waits == [[], []]
    two.check_alike()


@pytest.mark.attack("48")
@pytest.mark.parametrize("offset", [0, -290, 290])
def test_no_gateway_waits_for_what_a_day_that_begins_has_to_fetch(world: World, offset: int) -> None:
    """By its clock, or by the one it makes up, which may be of either day around midnight."""
    world.clock.at = midnight(world) - 1200
    two = Two(world)
    two.publish()
    for step in range(24):
        world.clock.at += 100
        if step % 3 == 2:
            world.issuer.revoke_strangers(1)
            two.publish()
        two.work_elsewhere()
        if step % 4:
            continue
        waits = []
        for gateway, client in zip(two.gateways, two.clients, strict=True):
            gateway.leases.clear()
            gateway.time_offset = offset
            gateway.override = heard = Heard(world)
            assert insist(client, f"{HERE}/v1/autonomous/x") == 200
            waits.append(world.issuer.log[heard.at :])
        assert waits[0] == waits[1], step
    two.check_alike()


@pytest.mark.attack("48")
def test_a_call_that_needs_no_lease_begins_what_a_gateway_is_shown(world: World) -> None:
    two = Two(world)
    for client in two.clients:
        assert client.get(f"{HERE}/v1/public").status_code == 200
    two.drift_apart(2, 500)
    idle, busy = two.call()
    assert idle == busy
    assert len(idle) > 1
    two.check_alike()


@pytest.mark.attack("48")
@pytest.mark.parametrize(("held", "ahead"), [(3, 300), (310, 0)])
def test_a_gateway_that_keeps_a_call_over_midnight_does_not_wait_for_a_refresh(
    world: World, held: int, ahead: int
) -> None:
    """Or over 23:55, and asks with a challenge of the next day: the call began in a day, and ends in another."""
    two = late_in_the_day(world, 2)
    before = midnight(world) - 302
    for gateway, client in zip(two.gateways, two.clients, strict=True):
        world.clock.at = before
        gateway.leases.clear()
        heard: list[int] = []

        def late(request: httpx.Request, gateway: FakeGateway = gateway, heard: list[int] = heard) -> None:
            if request.url.path == "/licence/challenge" and not heard:
                world.clock.at += held
                gateway.time_offset = ahead
                heard.append(len(world.issuer.log))

        gateway.override = late
        with pytest.raises(NotReady, match="not-begun"):
            client.get(f"{HERE}/v1/autonomous/x")
        assert world.issuer.log[heard[0] :] == []
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200


@pytest.mark.attack("48")
@pytest.mark.parametrize("leased", [True, False])
def test_a_gateway_that_sends_a_call_on_over_midnight_does_not_wait_for_a_refresh(world: World, leased: bool) -> None:
    two = late_in_the_day(world, 1)
    if not leased:
        two.start()
    for gateway, client in zip(two.gateways, two.clients, strict=True):
        world.clock.at = midnight(world) - 303
        client.get(f"{HERE}/v1/public")
        client.follow_redirects = True

        def on(request: httpx.Request, gateway: FakeGateway = gateway) -> httpx.Response | None:
            if not request.url.path.endswith("/on"):
                return None
            world.clock.at += 3
            gateway.time_offset = 0 if leased else 300
            return httpx.Response(307, headers={"location": f"{HERE}/v1/autonomous/x"})

        gateway.override = on
        before = len(world.issuer.log)
        with nullcontext() if leased else pytest.raises(NotReady, match="not-begun"):
            client.get(f"{HERE}/v1/autonomous/on")
        assert world.issuer.log[before:] == []
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200


@pytest.mark.attack("48")
@pytest.mark.parametrize("first", [True, False])
def test_no_gateway_waits_for_what_another_process_s_licence_has_to_fetch(world: World, first: bool) -> None:
    wallet = world.empty_wallet() if first else world.wallet()
    client = agent(world, wallet=wallet)
    if not first:
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    world.obtain_elsewhere(wallet)
    world.clock.at += 840  # with a lease, it is renewed: the old one goes on, and the next call begins
    world.issuer.revoke_strangers(2)
    world.issuer.publish()
    for _ in range(2):
        world.gateway.override = heard = Heard(world)
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
        assert world.issuer.log[heard.at :] == []
        world.clock.at += 40
    assert shown(world.gateway)[-1] == 1


def test_a_bad_file_stops_no_call_whose_lease_runs(world: World) -> None:
    world.clock.at = midnight(world) - 500
    world.issuer.publish()
    client = agent(world)
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    world.clock.at += 205
    world.issuer.tamper = lambda path, body: body[:-1] + bytes([body[-1] ^ 1]) if path.endswith(".cose") else body
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    world.clock.at += 900
    with pytest.raises(TrustError, match="epoch-signature"):
        client.get(f"{HERE}/v1/autonomous/x")


def another_licence_comes_while_it_refreshes(world: World, wallet: Wallet) -> None:
    """Two epochs come; the issuer answers the next question for the newest slowly, and puts a licence at the first."""
    for later in (600, 310):
        world.clock.at += later
        world.issuer.publish()
    left = [1]

    def slowly(request: httpx.Request) -> None:
        if request.url.path == "/epochs/latest.cose" and left and left.pop():
            world.obtain_elsewhere(wallet, at=1)

    world.issuer.before = slowly


@pytest.mark.attack("48")
@pytest.mark.attack("49")
@pytest.mark.parametrize("began", [False, True])
def test_a_licence_that_comes_while_a_refresh_goes_on_is_not_shown_where_the_issuer_put_it(
    world: World, began: bool
) -> None:
    """The issuer answers slowly, and knows who has just got a licence: every other agent shows the newest epoch."""
    wallet = world.wallet()
    client = agent(world, wallet=wallet)
    if began:
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    another_licence_comes_while_it_refreshes(world, wallet)
    for _ in range(3):
        with suppress(NotReady):
            client.get(f"{HERE}/v1/autonomous/x")
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    assert shown(world.gateway)[began:] == [2]


@pytest.mark.attack("48")
def test_nothing_is_shown_of_a_licence_other_than_the_call_began_with(world: World) -> None:
    """Another thread reads the wallet between the choice of the session key and the proof."""
    wallet = world.wallet()
    session = world.session(wallet=wallet)
    session.begin(HERE)
    keeper = session.keeper(HERE)
    assert keeper is not None
    mark = session.mark
    world.obtain_elsewhere(wallet)
    wallet.reload()
    challenge = parse_challenge(world.gateway.challenge())
    with pytest.raises(NotReady, match="not-begun"):
        session.present(challenge, keeper.request, HERE, mark, older=False)
    assert session.is_new_to(HERE)


@pytest.mark.attack("48")
def test_a_gateway_that_says_stale_while_the_files_cannot_be_had_does_not_wait_for_them(world: World) -> None:
    """They fail once, before it hears of the call, and are there again when it asks for a refresh."""
    two = late_in_the_day(world, 2)
    for gateway, wallet in zip(two.gateways, two.wallets, strict=True):
        client = agent(world, gateway, wallet=wallet)
        left, heard = [1], list[int]()

        def once(request: httpx.Request, left: list[int] = left) -> None:
            if left and left.pop():
                raise httpx.ConnectError("away")

        def stale(
            request: httpx.Request, gateway: FakeGateway = gateway, heard: list[int] = heard
        ) -> httpx.Response | None:
            if heard:
                return None
            heard.append(len(world.issuer.log))
            return gateway.refuse(401, "stale-epoch", fresh=True)

        world.issuer.before, gateway.override = once, stale
        with suppress(NotReady):
            client.get(f"{HERE}/v1/autonomous/x")
        assert world.issuer.log[heard[0] :] == []


@pytest.mark.attack("48")
@pytest.mark.parametrize("later", [840, 3600])
@pytest.mark.parametrize("same_handle", [False, True])
def test_another_licence_is_shown_under_another_session_key(world: World, later: int, same_handle: bool) -> None:
    """The issuer knows who has just got one; the key, or the running lease, would tell which pseudonym was his before,
    and which is his now. Also where he gives it the handle of the one before, which nobody has revoked."""
    wallet = world.wallet()
    client = agent(world, wallet=wallet)
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    if not same_handle:
        world.issuer.revoke(handle_of(wallet))
    world.obtain_elsewhere(wallet, same_handle=same_handle)
    world.clock.at += later
    world.issuer.publish()
    with suppress(NotReady):
        client.get(f"{HERE}/v1/autonomous/x")
    world.clock.at += 60
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    tokens = [request for request in world.gateway.requests if request.url.path == "/licence/token"]
    keys = {json.loads(unb64(request.headers["dpop"].split(".")[0]))["jwk"]["x"] for request in tokens}
    assert len(keys) == len(set(world.gateway.pseudonyms)) == 2
    assert "agent-licence" not in tokens[-1].headers


@pytest.mark.attack("48")
def test_the_command_shows_nothing_of_a_licence_that_came_while_it_refreshed(world: World) -> None:
    wallet = world.wallet()
    another_licence_comes_while_it_refreshes(world, wallet)
    http = httpx.Client(transport=world.gateway.transport())
    present(wallet, HERE, world.clock, None, http, world.keys.table, issuer=world.issuer.client())
    assert shown(world.gateway) == [2]


@pytest.mark.attack("48")
@pytest.mark.parametrize("began", [False, True])
def test_an_answer_that_is_kept_back_does_not_show_who_was_at_work_meanwhile(world: World, began: bool) -> None:
    """The newest epoch is answered slowly to all alike, and another is published; the busy wallet fetches that one for
    the other gateway before it has the first answer."""
    two = Two(world)
    if began:
        two.call()
    world.clock.at += 910
    world.issuer.publish()
    two.call_while_kept_back()


@pytest.mark.attack("48")
@pytest.mark.parametrize("fetch", [1, 2])
@pytest.mark.parametrize("ahead", [0, 200])
def test_nor_does_one_whose_time_is_over_when_it_comes(world: World, fetch: int, ahead: int) -> None:
    """The issuer is late with the next epoch, or the gateway's clock says so; it is published while the answer that the
    gateway waits for is kept back."""
    two = Two(world)
    if fetch == 1:
        two.call()
    world.clock.at += 910
    world.issuer.publish()
    world.clock.at += 910 - ahead
    for gateway in two.gateways:
        gateway.time_offset = ahead
    two.call_while_kept_back(fetch)


@pytest.mark.attack("48")
def test_when_another_licence_is_noticed_does_not_show_who_was_at_work(world: World) -> None:
    two = Two(world)
    two.call()
    world.clock.at += 910
    world.issuer.publish()
    for wallet in two.wallets:
        world.obtain_elsewhere(wallet)
    with suppress(NotReady):
        two.work_elsewhere()
    heard = []
    for gateway, client in zip(two.gateways, two.clients, strict=True):
        before = len(gateway.requests)
        gateway.leases.clear()
        with suppress(NotReady):
            client.get(f"{HERE}/v1/autonomous/x")
        heard.append([request.url.path for request in gateway.requests[before:]])
    assert heard[0] == heard[1]


def test_a_wallet_that_cannot_be_read_stops_no_call_whose_lease_runs(world: World) -> None:
    world.clock.at = midnight(world) - 500
    world.issuer.publish()
    wallet = world.wallet()
    client = agent(world, wallet=wallet)
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    kept = wallet.path.rename(wallet.path.with_suffix(".away"))
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    wallet.path.write_bytes(b"damaged")
    world.clock.at += 205
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    world.clock.at += 910
    with pytest.raises(WalletError):
        client.get(f"{HERE}/v1/autonomous/x")
    kept.replace(wallet.path)
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200


@pytest.mark.attack("48")
def test_an_urgent_epoch_before_midnight_does_not_show_who_called_right_before_it(world: World) -> None:
    """The next day's epoch was fetched at that call: were it shown after midnight, it would be known by the floor."""
    end = midnight(world)
    world.clock.at = end - 960
    two = Two(world)
    two.publish()
    two.call()
    world.clock.at = end - 270
    two.publish()
    world.clock.at = end - 240
    assert two.busy.get(f"{HERE}/v1/public").status_code == 200
    world.clock.at = end - 180
    world.issuer.revoke_strangers(1)
    two.publish(urgent=True)
    world.clock.at = end + 20
    two.call()
    two.check_alike()


@pytest.mark.attack("48")
@pytest.mark.parametrize(("offset", "at"), [(-290, 60), (200, -290)])
def test_nor_does_one_before_the_midnight_of_a_gateway_whose_clock_is_off(world: World, offset: int, at: int) -> None:
    """The wallet's own midnight is another, so that the gateway's next day was fetched for already."""
    end = midnight(world)
    world.clock.at = end - 960
    two = Two(world)
    for gateway in two.gateways:
        gateway.time_offset, gateway.lease_seconds = offset, 30
    two.publish()
    two.call()
    world.clock.at = end + at
    two.publish()
    assert two.busy.get(f"{HERE}/v1/autonomous/x").status_code == 200
    world.clock.at += 60
    world.issuer.revoke_strangers(1)
    two.publish(urgent=True)
    world.clock.at = end - offset + 20
    before = [len(shown(gateway)) for gateway in two.gateways]
    two.call()
    first = [shown(gateway)[count] for gateway, count in zip(two.gateways, before, strict=True)]
    assert first == [world.issuer.epochs[-1].number] * 2


@pytest.mark.attack("48")
def test_a_midnight_at_which_nothing_can_be_fetched_does_not_show_it_either(world: World) -> None:
    """The first fetch after it fails."""
    end = midnight(world)
    world.clock.at = end - 600
    two = Two(world)
    two.publish()
    two.call()
    world.clock.at = end - 240
    assert two.busy.get(f"{HERE}/v1/public").status_code == 200
    world.clock.at = end - 180
    two.publish()
    for client in two.clients:
        world.clock.at, left = end + 20, [1]

        def first(request: httpx.Request, left: list[int] = left) -> None:
            if left and left.pop():
                raise httpx.ConnectError("away")

        world.issuer.before = first
        assert client.get(f"{HERE}/v1/public").status_code == 200
        world.clock.at = end + 250
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    two.check_alike()


@pytest.mark.attack("48")
def test_a_gateway_that_refuses_a_challenge_does_not_see_what_the_next_call_has_to_fetch(world: World) -> None:
    """The next one waits behind the first, and the gateway keeps that until an epoch has come: at any time of a day."""
    two = Two(world)
    two.call()
    world.clock.at = start = midnight(world) + DAY // 2
    before = [*world.issuer.epochs, world.issuer.publish()]
    world.clock.at += 300
    world.issuer.revoke_strangers(2)
    after = [*before, world.issuer.publish()]
    waits = []
    for gateway, client in zip(two.gateways, two.clients, strict=True):
        world.clock.at, world.issuer.epochs, heard = start, before, list[int]()
        following = Thread(target=client.get, args=(f"{HERE}/v1/autonomous/x",))

        def refuse(
            request: httpx.Request,
            client: httpx.Client = client,
            heard: list[int] = heard,
            following: Thread = following,
        ) -> httpx.Response | None:
            if request.url.path != "/licence/challenge" or heard:
                return None
            following.start()
            time.sleep(0.2)
            world.clock.at, world.issuer.epochs = start + 300, after
            if client is two.busy:
                two.work_elsewhere()
            heard.append(len(world.issuer.log))
            return problem(503, "busy")

        gateway.override = refuse
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 503
        following.join()
        waits.append(world.issuer.log[heard[0] :])
    assert waits[0] == waits[1]
    two.check_alike()


def test_a_request_that_is_sent_again_needs_no_beginning(world: World) -> None:
    """Some SDKs send the same object again, which then looks as if it had been redirected."""
    client = licensed_client(world.session(gateways=[Gateway(HERE, eager=True)]), transport=world.gateway.transport())
    left = [problem(503, "busy")]
    world.gateway.override = lambda request: left.pop() if left else None
    request = client.build_request("GET", f"{HERE}/v1/autonomous/x")
    assert [client.send(request).status_code for _ in range(2)] == [503, 200]
    world.clock.at += DAY
    world.issuer.publish()
    assert client.send(request).status_code == 200


@pytest.mark.attack("48")
def test_a_call_that_begins_a_day_is_not_late_by_what_others_beside_it_do_not_wait_for(world: World) -> None:
    """They go out under the lease of the day before, so that a gateway sees when the one was called that renews it."""
    end = midnight(world)
    two = Two(world)
    world.clock.at = end - 600
    two.publish()
    two.call()
    world.clock.at = end + 10
    for client in two.clients:
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    world.clock.at = end + 100
    world.issuer.revoke_strangers(2)
    two.publish()
    two.work_elsewhere()
    world.clock.at = end + 260
    waits = []
    for gateway, client in zip(two.gateways, two.clients, strict=True):
        beside: list[int] = []

        def first(request: httpx.Request, client: httpx.Client = client, beside: list[int] = beside) -> None:
            if not beside:
                beside.append(len(world.issuer.log))
                assert client.get(f"{HERE}/v1/autonomous/beside").status_code == 200

        world.issuer.before = first
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
        heard = [request.url.path for request in gateway.requests]
        assert "/v1/autonomous/beside" in heard[-4:]
        waits.append(world.issuer.log[beside[0] :])
    assert waits[0] == waits[1]
    two.check_alike()


@pytest.mark.attack("48")
def test_a_gateway_that_sends_a_call_on_is_not_shown_the_pseudonyms_of_two_days(world: World) -> None:
    """Its lease is over by then, and the gateway dates its challenges after midnight: of a day begun, but not shown."""
    world.clock.at = midnight(world) - 180
    world.issuer.publish()
    world.gateway.lease_seconds = 1
    client = agent(world)
    client.follow_redirects = True

    def on(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/on") or "agent-licence" not in request.headers:
            return None
        world.clock.at += 1
        world.gateway.time_offset = 290
        return httpx.Response(307, headers={"location": f"{HERE}/v1/autonomous/x"})

    world.gateway.override = on
    with pytest.raises(NotReady, match="not-begun"):
        client.get(f"{HERE}/v1/autonomous/on")
    assert len(exchanges(world.gateway)) == 1
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200


@pytest.mark.attack("48")
def test_no_call_shows_the_pseudonyms_of_two_days(world: World) -> None:
    """A gateway refuses the first presentation, and dates the challenge for the second after midnight."""
    world.clock.at = midnight(world) - 180
    world.issuer.publish()
    client = agent(world)

    def other_day(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/licence/challenge":
            world.gateway.time_offset = 290
        return world.gateway.refuse(403, "replay") if request.url.path == "/licence/token" else None

    world.gateway.override = other_day
    with pytest.raises(NotReady, match="not-begun"):
        client.get(f"{HERE}/v1/autonomous/x")
    assert len(exchanges(world.gateway)) == 1
    world.gateway.override = lambda request: None
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200


@pytest.mark.attack("48")
def test_a_forked_child_begins_by_itself(world: World) -> None:
    """It has no lease, so it would go on with what its parent fetched before the gateway's midnight."""
    world.clock.at = midnight(world) - 290
    before = world.issuer.publish().number
    client = agent(world)
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    world.clock.at += 100
    world.issuer.revoke_strangers(1)
    newest = world.issuer.publish(urgent=True).number
    world.gateway.time_offset = 290
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            client.get(f"{HERE}/v1/autonomous/x")
            os.write(writes, bytes(shown(world.gateway)))
        os._exit(0)
    os.waitpid(child, 0)
    assert list(os.read(reads, 16)) == [before, newest]
