"""What a gateway, or the host of the public files, could write into a wallet that others would know it by, and what
either could make stop for good. Found by a review; each test fails without what was done about it.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

import circuits
from circuits.scalar import ORDER, inverse
from console.proving import present
from prover import NotReady, Refused, TrustError, Unreachable, Wallet, licensed_client
from prover.challenge import parse_challenge
from prover.enrol import apply, digit_table, obtain, table_path
from prover.issuer_client import IssuerClient
from prover.keeper import Showing
from prover.wallet.file import locked
from tests.prover.conftest import PASSPHRASE, FakeGateway, World, unb64

HERE, THERE = "https://gateway.example", "https://other.example"
DAY = 86400


class Steady:
    """Seconds from anywhere, which nobody sets back."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def agent(world: World, *gateways: FakeGateway, **options: Any) -> httpx.Client:
    """A client of one session for all `gateways`, which renews each lease at the latest: two are compared here."""
    by_origin = {gateway.origin: gateway for gateway in gateways or (world.gateway,)}

    def route(request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = by_origin[f"https://{request.url.host}"].handle(request)
        return answer

    session = world.session(gateways=list(by_origin), uniform=max, **options)
    client: httpx.Client = licensed_client(session, transport=httpx.MockTransport(route))
    return client


def exchanges(gateway: FakeGateway) -> list[dict[str, str]]:
    return [dict(parse_qsl(r.content.decode())) for r in gateway.requests if r.url.path == "/licence/token"]


def shown(gateway: FakeGateway) -> list[int]:
    """The epoch numbers that the gateway was shown, also in what it refused."""
    return [circuits.decode_presentation(unb64(form["subject_token"])).epoch_number for form in exchanges(gateway)]


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


def knows_none(gateway: FakeGateway) -> Callable[[httpx.Request], httpx.Response | None]:
    """A gateway that says once that it knows no epoch."""
    left = [1]

    def refuse(request: httpx.Request) -> httpx.Response | None:
        asked = request.url.path == "/licence/token" and left
        return gateway.refuse(403, "unknown-epoch") if asked and left.pop() else None

    return refuse


class Two:
    """Two wallets at one gateway, HERE; one of them is at work at another, `elsewhere`, too."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.elsewhere = FakeGateway(world.keys, world.issuer, world.clock, origin=THERE)
        self.gateways = [FakeGateway(world.keys, world.issuer, world.clock) for _ in range(2)]
        self.wallets = [world.wallet("idle"), world.wallet("busy")]
        idle = agent(world, self.gateways[0], wallet=self.wallets[0])
        self.busy = agent(world, self.gateways[1], self.elsewhere, wallet=self.wallets[1])
        self.clients = [idle, self.busy]

    def call(self) -> None:
        """Both call HERE."""
        for gateway, client in zip(self.gateways, self.clients, strict=True):
            gateway.leases.clear()
            client.get(f"{HERE}/v1/autonomous/x")

    def asked(self) -> list[list[str]]:
        """Both call HERE; gives the public files that each asks for meanwhile."""
        logs = []
        for gateway, client in zip(self.gateways, self.clients, strict=True):
            gateway.leases.clear()
            before = len(self.world.issuer.log)
            client.get(f"{HERE}/v1/autonomous/x")
            logs.append(self.world.issuer.log[before:])
        return logs

    def publish(self, urgent: bool) -> None:
        self.world.issuer.publish(urgent=urgent)
        self.elsewhere.floor = self.world.issuer.epochs[-1].floor

    def check_alike(self) -> None:
        assert shown(self.gateways[0]) == shown(self.gateways[1])


@pytest.mark.attack("48")
@pytest.mark.attack("49")
@pytest.mark.parametrize("urgent", [False, True])
def test_what_is_fetched_for_a_gateway_does_not_change_with_calls_to_another(world: World, urgent: bool) -> None:
    """The gateway sees how long that takes, and the host of the files which they are, by way of any proxy."""
    two = Two(world)
    two.call()
    for _ in range(3):
        world.clock.at += 900
        world.issuer.revoke_strangers(2)
        two.publish(urgent)
        for gateway in two.gateways if urgent else ():
            gateway.floor = world.issuer.epochs[-1].floor
        two.elsewhere.leases.clear()
        assert two.busy.get(f"{THERE}/v1/autonomous/x").status_code == 200
        idle, busy = two.asked()
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
    for _ in range(2):
        world.clock.at += 205
        world.issuer.revoke_strangers(2)
        two.publish(urgent=False)
    two.elsewhere.leases.clear()
    assert two.busy.get(f"{THERE}/v1/autonomous/x").status_code == 200
    world.clock.at += 410
    logs = []
    for gateway, client in zip(two.gateways, two.clients, strict=True):
        gateway.override = of_another_day(gateway)
        before = len(world.issuer.log)
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
        logs.append(world.issuer.log[before:])
    idle, busy = logs
    assert idle == busy


@pytest.mark.attack("48")
@pytest.mark.parametrize("later", [900, DAY])
def test_no_gateway_waits_for_what_a_new_session_or_day_has_to_fetch(world: World, later: int) -> None:
    """How much that is tells whether this wallet was at work elsewhere. A client for each task is a session for each,
    which knows of nothing that a gateway was shown."""
    two = Two(world)
    two.call()
    for _ in range(2):
        world.clock.at += later // 2
        world.issuer.revoke_strangers(2)
        two.publish(urgent=False)
    two.elsewhere.leases.clear()
    assert two.busy.get(f"{THERE}/v1/autonomous/x").status_code == 200
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
    world.clock.at = (world.clock.at // DAY + 1) * DAY - 1200
    two = Two(world)
    two.publish(urgent=False)
    for step in range(24):
        world.clock.at += 100
        if step % 3 == 2:
            world.issuer.revoke_strangers(1)
            two.publish(urgent=False)
        two.elsewhere.leases.clear()
        assert two.busy.get(f"{THERE}/v1/autonomous/x").status_code == 200
        if step % 4:
            continue
        waits = []
        for gateway, client in zip(two.gateways, two.clients, strict=True):
            gateway.leases.clear()
            gateway.time_offset = offset
            gateway.override = heard = Heard(world)
            assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
            waits.append(world.issuer.log[heard.at :])
        assert waits[0] == waits[1], step
    two.check_alike()


@pytest.mark.attack("48")
def test_a_call_that_needs_no_lease_begins_what_a_gateway_is_shown(world: World) -> None:
    two = Two(world)
    for client in two.clients:
        assert client.get(f"{HERE}/v1/public").status_code == 200
    for _ in range(2):
        world.clock.at += 500
        world.issuer.revoke_strangers(2)
        two.publish(urgent=False)
    assert two.busy.get(f"{THERE}/v1/autonomous/x").status_code == 200
    idle, busy = two.asked()
    assert idle == busy
    assert len(idle) > 1
    two.check_alike()


class Heard:
    """Where the issuer's log was when a gateway first heard of a call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.at: int | None = None

    def __call__(self, request: httpx.Request) -> None:
        self.at = len(self.world.issuer.log) if self.at is None else self.at


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
        two.elsewhere.leases.clear()
        two.busy.get(f"{THERE}/v1/autonomous/x")
        world.clock.at += 900
        issuer.revoke(revoked % ORDER)
        two.publish(urgent=False)
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
    two.publish(urgent=False)
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
        other = Wallet.open(wallet.path, PASSPHRASE)
        assert other.contents.licence is not None
        world.issuer.attributes = {"handle": other.contents.licence.credential.handle}
        apply(other, world.issuer.client(), renew=True)
        obtain(other, world.issuer.client(), 3, world.clock)
    world.clock.at += 100
    two.publish(urgent=True)
    two.elsewhere.leases.clear()
    two.busy.get(f"{THERE}/v1/autonomous/x")
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
    two.publish(urgent=False)
    renewed = Wallet.open(two.wallets[1].path, PASSPHRASE)
    assert renewed.contents.licence is not None
    world.issuer.attributes = {"handle": renewed.contents.licence.credential.handle}
    apply(renewed, world.issuer.client(), renew=True)
    obtain(renewed, world.issuer.client(), 3, world.clock)
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
    midnight = (world.clock() // DAY + 1) * DAY
    world.clock.at = midnight - 30
    world.issuer.publish()
    client = agent(world)
    client.get(f"{HERE}/v1/autonomous/x")
    world.clock.at = midnight + 15
    offered: list[bytes] = []

    def again(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.startswith("/v1/") or offered:
            return None
        refusal = world.gateway.refuse(401, "lease-expired", fresh=True)
        offered.extend(world.gateway.nonces)
        return refusal

    world.gateway.override = again
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    answered = [circuits.decode_presentation(unb64(form["subject_token"])).nonce for form in exchanges(world.gateway)]
    assert offered
    assert not set(offered) & set(answered)


@pytest.mark.parametrize("status", [302, 403, 404, 409, 410, 451, 503])
def test_a_public_file_that_is_not_served_does_not_stop_an_agent(world: World, status: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"code": "no-challenge"}, headers={"location": "https://elsewhere.example"})

    client = agent(world, issuer=_issuer_with(answer))
    world.clock.at += 910
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    assert shown(world.gateway) == [0]


def test_an_answer_for_a_public_file_does_not_lose_the_licence(world: World) -> None:
    """The request must stay: the issuer has signed for it, and signs for no other."""
    wallet = world.empty_wallet("served")
    apply(wallet, world.issuer.client())
    other = iter([httpx.Response(409, json={"code": "no-challenge", "detail": "x"})])

    def answer(request: httpx.Request) -> httpx.Response:
        first = next(other, None) if request.url.path.startswith("/epochs/") else None
        return first or world.issuer.handle(request)

    client = _issuer_with(answer)
    with pytest.raises(Unreachable, match="issuer-files"):
        obtain(wallet, client, 3, world.clock)
    assert wallet.reload().pending is not None
    assert obtain(wallet, client, 3, world.clock).id == "L-1"


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br"])
def test_nothing_packed_is_read(world: World, encoding: str) -> None:
    """A kilobyte unpacks to a megabyte, and twice packed to a gigabyte."""
    bomb = gzip.compress(bytes(1 << 20))
    headers = {"content-encoding": encoding, "agent-licence-error": "revoked"}

    def packed(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(bomb))

    with pytest.raises(Unreachable, match="packed"):
        _issuer_with(packed).latest_epoch()

    def from_gateway(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/"):
            return httpx.Response(403, headers=headers, stream=_Stream(bomb))
        return httpx.Response(404)

    client = licensed_client(world.session(), transport=httpx.MockTransport(from_gateway))
    with pytest.raises(Refused, match="without a reason"):
        client.get(f"{HERE}/v1/autonomous/x")


class _Stream(httpx.SyncByteStream):
    """Octets that are not read before somebody asks, as from a socket."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def __iter__(self) -> Any:
        yield self._octets


def _issuer_with(answer: Any) -> IssuerClient:
    return IssuerClient("https://issuer.example", httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_child_that_was_forked_meanwhile_does_not_hold_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "wallet"
    with locked(path):
        child = os.fork()
        if child == 0:
            signal.pause()
    try:
        with locked(path, seconds=0.2):
            assert os.waitpid(child, os.WNOHANG) == (0, 0), "the child is there, and has the file open"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_child_reads_a_wallet_that_another_thread_was_reading(world: World) -> None:
    wallet = world.wallet()
    with wallet._guard:
        child = os.fork()
        if child == 0:
            os._exit(0 if wallet.contents.licence is not None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_wallet_opened_by_a_link_is_the_file_that_it_leads_to(world: World) -> None:
    wallet = world.wallet()
    link = wallet.path.parent / "link"
    link.symlink_to(wallet.path)
    Wallet.open(link, PASSPHRASE).update(lambda found: found.following())
    assert link.is_symlink()
    assert wallet.reload().generation == Wallet.open(link, PASSPHRASE).contents.generation


def test_a_digit_table_that_cannot_be_kept_is_used_all_the_same(world: World) -> None:
    wallet = world.wallet()
    path = table_path(wallet.path, world.keys.bundle.issuer)
    path.unlink()
    path.mkdir()
    assert digit_table(wallet, world.issuer.client()).issuer == world.keys.bundle.issuer
    assert not list(path.parent.glob("*.tmp"))


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
def test_a_gateway_that_sends_a_call_on_over_midnight_does_not_wait_for_a_refresh(world: World) -> None:
    two = late_in_the_day(world, 1)
    for gateway, client in zip(two.gateways, two.clients, strict=True):
        world.clock.at = midnight(world) - 302
        client.follow_redirects = True

        def on(request: httpx.Request) -> httpx.Response | None:
            if not request.url.path.endswith("/on"):
                return None
            world.clock.at += 3
            return httpx.Response(307, headers={"location": f"{HERE}/v1/autonomous/x"})

        gateway.override = on
        before = len(world.issuer.log)
        with pytest.raises(NotReady, match="not-begun"):
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
    other = Wallet.open(wallet.path, PASSPHRASE)
    apply(other, world.issuer.client())
    obtain(other, world.issuer.client(), 3, world.clock)
    world.clock.at += 840  # with a lease, it is renewed: the old one goes on, and the next call begins
    world.issuer.revoke_strangers(2)
    world.issuer.publish()
    for _ in range(2):
        world.gateway.override = heard = Heard(world)
        assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
        assert world.issuer.log[heard.at :] == []
        world.clock.at += 40
    assert shown(world.gateway)[-1] == 1


def handle_of(wallet: Wallet) -> int:
    licence = wallet.contents.licence
    assert licence is not None
    return licence.credential.handle


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
    for later in (600, 310):
        world.clock.at += later
        world.issuer.publish()
    left = [1]

    def slowly(request: httpx.Request) -> None:
        if request.url.path == "/epochs/latest.cose" and left and left.pop():
            another_licence(world, wallet, 1)

    world.issuer.before = slowly
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
    handle = session.handle
    another_licence(world, wallet, 0)
    wallet.reload()
    challenge = parse_challenge(world.gateway.challenge())
    with pytest.raises(NotReady, match="not-begun"):
        session.present(challenge, keeper.request, HERE, Showing.COMMON, handle)
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


def another_licence(world: World, wallet: Wallet, number: int) -> None:
    """Another process gets one, whose membership is of an epoch of the issuer's choice."""
    other, epochs = Wallet.open(wallet.path, PASSPHRASE), world.issuer.epochs
    apply(other, world.issuer.client())
    world.issuer.epochs = epochs[: number + 1]
    obtain(other, world.issuer.client(), 3, world.clock)
    world.issuer.epochs = epochs


def midnight(world: World) -> int:
    return (world.clock.at // DAY + 1) * DAY


def late_in_the_day(world: World, epochs: int) -> Two:
    """One of two was at work elsewhere after the last of so many epochs."""
    world.clock.at = midnight(world) - 300 - 600 * epochs
    two = Two(world)
    two.publish(urgent=False)
    two.call()
    for _ in range(epochs):
        world.clock.at += 500
        world.issuer.revoke_strangers(2)
        two.publish(urgent=False)
    two.elsewhere.leases.clear()
    assert two.busy.get(f"{THERE}/v1/autonomous/x").status_code == 200
    return two


@pytest.mark.attack("48")
@pytest.mark.parametrize("later", [840, 3600])
def test_another_licence_is_shown_under_another_session_key(world: World, later: int) -> None:
    """The issuer knows who has just got one; the key, or the running lease, would tell which pseudonym was his before,
    and which is his now."""
    wallet = world.wallet()
    client = agent(world, wallet=wallet)
    assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
    world.issuer.revoke(handle_of(wallet))
    other = Wallet.open(wallet.path, PASSPHRASE)
    apply(other, world.issuer.client())
    obtain(other, world.issuer.client(), 3, world.clock)
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
