"""Two wallets at one gateway, one of which is at work at another too: what shows which of them it is?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import httpx

import circuits
from prover import NotReady, licensed_client
from tests.prover.conftest import FakeGateway, World, unb64

HERE, THERE = "https://gateway.example", "https://other.example"
DAY = 86400


def agent(world: World, *gateways: FakeGateway, **options: Any) -> httpx.Client:
    """A client of one session for all `gateways`, which renews each lease at the latest: two are compared here."""
    by_origin = {gateway.origin: gateway for gateway in gateways or (world.gateway,)}

    def route(request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = by_origin[f"https://{request.url.host}"].handle(request)
        return answer

    session = world.session(gateways=list(by_origin), uniform=max, **options)
    client: httpx.Client = licensed_client(session, transport=httpx.MockTransport(route))
    return client


def insist(client: httpx.Client, url: str) -> int:
    """The status of a call that is made once more if a day began while it went on."""
    try:
        return client.get(url).status_code
    except NotReady:
        return client.get(url).status_code


def exchanges(gateway: FakeGateway) -> list[dict[str, str]]:
    return [dict(parse_qsl(r.content.decode())) for r in gateway.requests if r.url.path == "/licence/token"]


def shown(gateway: FakeGateway) -> list[int]:
    """The epoch numbers that the gateway was shown, also in what it refused."""
    return [circuits.decode_presentation(unb64(form["subject_token"])).epoch_number for form in exchanges(gateway)]


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
        self.start()

    def start(self) -> None:
        """New sessions for both."""
        idle = agent(self.world, self.gateways[0], wallet=self.wallets[0])
        self.busy = agent(self.world, self.gateways[1], self.elsewhere, wallet=self.wallets[1])
        self.clients = [idle, self.busy]

    def call(self) -> list[list[str]]:
        """Both call HERE; gives the public files that each asks for meanwhile."""
        logs = []
        for gateway, client in zip(self.gateways, self.clients, strict=True):
            gateway.leases.clear()
            before = len(self.world.issuer.log)
            client.get(f"{HERE}/v1/autonomous/x")
            logs.append(self.world.issuer.log[before:])
        return logs

    def work_elsewhere(self) -> None:
        """The one calls THERE, without a lease."""
        self.elsewhere.leases.clear()
        assert insist(self.busy, f"{THERE}/v1/autonomous/x") == 200

    def publish(self, urgent: bool = False) -> None:
        self.world.issuer.publish(urgent=urgent)
        self.elsewhere.floor = self.world.issuer.epochs[-1].floor

    def drift_apart(self, epochs: int, seconds: int, urgent: bool = False) -> None:
        """So many epochs come, each after `seconds` and with revocations; at the last the one works elsewhere."""
        for _ in range(epochs):
            self.world.clock.at += seconds
            self.world.issuer.revoke_strangers(2)
            self.publish(urgent)
        self.work_elsewhere()

    def call_while_kept_back(self, fetch: int = 1) -> None:
        """An epoch is published while the answer to the `fetch`-th question for the newest, which a gateway waits for,
        is kept back; the busy one fetches it for the other gateway before it has that answer."""
        issuer = self.world.issuer
        before = list(issuer.epochs)
        after = [*before, issuer.publish()]
        for gateway, client in zip(self.gateways, self.clients, strict=True):
            issuer.epochs = before
            asked: list[str] = []

            def meanwhile(request: httpx.Request, client: httpx.Client = client, asked: list[str] = asked) -> None:
                if request.url.path != "/epochs/latest.cose":
                    return
                asked.append(request.url.path)
                if len(asked) == fetch:
                    issuer.epochs = after
                    if client is self.busy:
                        self.work_elsewhere()

            issuer.after = meanwhile
            gateway.leases.clear()
            assert client.get(f"{HERE}/v1/autonomous/x").status_code == 200
        assert shown(self.elsewhere)[-1:] == [after[-1].number]
        self.check_alike()

    def check_alike(self) -> None:
        assert shown(self.gateways[0]) == shown(self.gateways[1])


class Heard:
    """Where the issuer's log was when a gateway first heard of a call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.at: int | None = None

    def __call__(self, request: httpx.Request) -> None:
        self.at = len(self.world.issuer.log) if self.at is None else self.at


def midnight(world: World) -> int:
    return (world.clock.at // DAY + 1) * DAY


def late_in_the_day(world: World, epochs: int) -> Two:
    """One of two was at work elsewhere after the last of so many epochs."""
    world.clock.at = midnight(world) - 300 - 600 * epochs
    two = Two(world)
    two.publish()
    two.call()
    two.drift_apart(epochs, 500)
    return two
