"""Kept from the review of the gateway's new parts: what strangers could take or hold, what a holder could hide."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Scope

from circuits import CircuitError, Rejected
from circuits.curve import default
from circuits.sigma.relation import Equation, ImageTerm, MapTerm, Shape, check_elements, check_shape
from console.opening import read_share
from console.output import Failure
from console.trail import read_recorded
from tests.verifier.sim_gateway import Gateway
from verifier.evidence import EvidenceLog
from verifier.problems import status_for
from verifier.proxy import Upstream
from verifier.unavailable import Unavailable
from verifier.workbench import Workbench

Receive = Callable[[], Awaitable[Message]]


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


@pytest.mark.attack("10")
def test_a_caller_does_not_hide_its_lease(gateway: Gateway) -> None:
    """`Connection` names what belongs to one connection: not what the gateway says of the caller."""

    async def story() -> None:
        holder = gateway.holder()
        lease, path = await gateway.lease(holder), "/v1/autonomous/echo"
        proof = holder.proof("GET", gateway.origin + path, lease)
        said = "agent-lease-id, Agent-Lease-Root,agent-licence-tier, x-mine"
        headers = {"agent-licence": lease, "dpop": proof, "connection": said, "x-mine": "1"}
        seen = (await gateway.client.get(path, headers=headers)).json()["headers"]
        assert seen["agent-lease-id"] == gateway.point.inspect(lease).id
        assert {"agent-lease-root", "agent-licence-tier"} <= set(seen)
        assert "x-mine" not in seen

    asyncio.run(story())


class Service(httpx.AsyncBaseTransport):
    """A service that reads the whole body before it answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(await request.aread()))


async def _never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def _at_once() -> Receive:
    """The whole body, from a caller that stays."""
    pending: list[Message] = [{"type": "http.request", "body": b"abc", "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else await _never()

    return receive


async def _forward(upstream: Upstream, receive: Receive, leased: bool = False) -> int:
    """The status that a call meets."""
    said: list[Message] = []
    headers = [(b"content-length", b"3")] + [(b"agent-lease-id", b"x")] * leased
    scope: Scope = {"type": "http", "method": "POST", "raw_path": b"/x", "query_string": b"", "headers": headers}

    async def send(message: Message) -> None:
        said.append(message)

    try:
        await upstream(scope, receive, send)
    except CircuitError as refusal:
        return status_for(refusal)
    return int(said[0]["status"])


@pytest.mark.attack("52")
def test_strangers_do_not_take_all_connections(tmp_path: Path) -> None:
    async def story() -> None:
        async with Service() as service:
            upstream = Upstream(service, "http://service.example", calls_without_lease=2)
            slow = [asyncio.create_task(_forward(upstream, _never)) for _ in range(2)]
            await asyncio.sleep(0.01)
            assert await asyncio.wait_for(_forward(upstream, _at_once()), 5) == 503
            assert await asyncio.wait_for(_forward(upstream, _at_once(), leased=True), 5) == 200
            for one in slow:
                one.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
            assert [await _forward(upstream, _at_once()) for _ in range(3)] == [200] * 3

    asyncio.run(story())


@pytest.mark.attack("52")
def test_a_body_that_does_not_come() -> None:
    async def story() -> None:
        async with Service() as service:
            upstream = Upstream(service, "http://service.example", piece_seconds=0.05)
            assert await asyncio.wait_for(_forward(upstream, _never), 5) == 408

    asyncio.run(story())


@pytest.mark.attack("52")
def test_everybody_is_answered_when_the_gateway_stops() -> None:
    """Also where the server lets requests run on while the gateway's parts are closed."""

    async def story() -> None:
        bench, begun, go_on = Workbench(1, 2), threading.Event(), threading.Event()

        def work() -> int:
            begun.set()
            go_on.wait(20)
            return 1

        under_way, waiting = (asyncio.create_task(bench.run(work)) for _ in range(2))
        await asyncio.to_thread(begun.wait, 20)
        threading.Timer(0.05, go_on.set).start()
        bench.close()
        assert await asyncio.wait_for(under_way, 5) == 1
        with pytest.raises(Unavailable):
            await asyncio.wait_for(waiting, 5)
        for _ in range(5):  # and it costs no room
            with pytest.raises(Unavailable):
                await bench.run(work)
        await asyncio.sleep(0)
        assert bench._taken == 0

    asyncio.run(story())


def test_who_leaves_the_bench_is_cancelled_as_ever() -> None:
    async def story() -> None:
        bench, go_on = Workbench(1, 2), threading.Event()
        tasks = [asyncio.create_task(bench.run(lambda: go_on.wait(20))) for _ in range(2)]
        await asyncio.sleep(0.01)
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        go_on.set()
        assert await tasks[0]
        bench.close()

    asyncio.run(story())


@pytest.mark.attack("22")
def test_a_large_instance_is_checked_in_one_pass() -> None:
    """An equation for each of 4,000 scalars: looking through all equations for every scalar took 14 s."""
    count, curve = 4000, default()
    shape = Shape(tuple(Equation((ImageTerm(1, 1),), (MapTerm(1, scalar, 0),)) for scalar in range(count)), count, 2)
    elements = [curve.g1_generator(), curve.multiply(curve.g1_generator(), 7)]
    began = time.process_time()
    check_shape(shape)
    check_elements(curve, shape, elements)
    assert time.process_time() - began < 1
    last = Equation((ImageTerm(1, 1),), (MapTerm(1, count, 0), MapTerm(-1, count, 0)))
    with pytest.raises(Rejected, match="instance-check-10"):
        check_elements(curve, Shape((*shape.equations, last), count + 1, 2), elements)


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "epoch"},
        {"kind": "epoch", "number": [], "cose": 7},
        {"kind": "presentation", "lease": "lease-1"},
        {"kind": "presentation", "lease": "lease-1", "statement": 1, "proof": "", "epoch": 0, "at": 0},
        {"kind": "presentation", "lease": "lease-1", "statement": "A", "proof": "", "epoch": 0, "at": 0},
        {"kind": "presentation", "lease": "lease-1", "statement": "\u00e9", "proof": "", "epoch": 0, "at": 0},
        {"kind": "presentation", "lease": "lease-1", "statement": "", "proof": "", "epoch": {}, "at": 0},
        {"kind": "presentation", "lease": "lease-1", "statement": "", "proof": "", "epoch": 0},
        {"kind": "presentation", "lease": "lease-1", "statement": "?", "proof": "", "epoch": 0},
        {"kind": "call", "lease": "lease-1"},
    ],
    ids=str,
)
def test_a_provider_writes_what_it_likes_into_its_trail(gateway: Gateway, tmp_path: Path, row: dict[str, Any]) -> None:
    """The chain shows that nothing was changed afterwards, not that the provider wrote records."""
    log = EvidenceLog(tmp_path / "trail")
    log._append("", 0, row, flush=False)
    log.close()
    with pytest.raises(Failure):
        read_recorded(gateway.point.bundle, tmp_path / "trail", "lease-1")


def test_a_share_that_cannot_be_read_is_not_shown(tmp_path: Path) -> None:
    secret = "5e" * 32
    for text in (f"1:{secret} and more", f"{secret}", f"x:{secret}", f"1:{secret}\u00e9"):
        path = tmp_path / "opener-1.share"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        with pytest.raises(Failure) as caught:
            read_share(path)
        shown = [str(error) for error in (caught.value, caught.value.__cause__, caught.value.sentence)]
        assert not any(secret in one for one in shown)
        assert caught.value.__suppress_context__
