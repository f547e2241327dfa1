"""What a caller says after its lease was stopped is not heard: no message of a web socket, no piece of a body."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.verifier.sim_gateway import Gateway, Holder
from verifier.asgi import Doorkeeper, LicenceMiddleware

PATH = "/v1/autonomous/orders"


class Caller:
    """One long call of a holder: `say` puts a message in, `heard` is what the application got, `sent` the answer."""

    def __init__(self, gateway: Gateway, kind: str, begins: bool, stubborn: bool = False) -> None:
        self.gateway, self.kind, self.begins, self.stubborn = gateway, kind, begins, stubborn
        self.said: asyncio.Queue[Message] = asyncio.Queue()
        self.heard: list[Any] = []
        self.sent: list[Message] = []

    async def begin(self, holder: Holder, lease: str) -> None:
        proof = holder.proof("GET", self.gateway.origin + PATH, lease)
        headers = [(b"agent-licence", lease.encode()), (b"dpop", proof.encode())]
        scope = {"type": self.kind, "method": "GET", "path": PATH, "raw_path": PATH.encode(), "headers": headers}
        guarded = LicenceMiddleware(self.app(), Doorkeeper(self.gateway.point), ["/v1/autonomous"])
        self.task = asyncio.create_task(guarded(scope, self.said.get, self.send))

    def app(self) -> ASGIApp:
        async def listen(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "websocket":
                assert (await receive())["type"] == "websocket.connect"
                await send({"type": "websocket.accept"})
            elif self.begins:
                await send({"type": "http.response.start", "status": 200, "headers": []})
            try:
                while (message := await receive())["type"] in ("http.request", "websocket.receive"):
                    self.heard.append(message.get("text") or message["body"])
            except Exception:
                if not self.stubborn:
                    raise
                await receive()

        return listen

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def say(self, message: Message) -> None:
        await self.said.put(message)
        await asyncio.sleep(0.01)


@pytest.mark.attack("45")
@pytest.mark.requirement("R65")
@pytest.mark.parametrize("stopped", ["denied", "over"])
@pytest.mark.parametrize(
    ("kind", "begins", "ends"),
    [("websocket", False, "websocket.close"), ("http", False, 403), ("http", True, "broken off")],
)
def test_nothing_is_heard_after_the_stop(tmp_path: Path, stopped: str, kind: str, begins: bool, ends: Any) -> None:
    gateway = Gateway(tmp_path)

    def order(number: int) -> Message:
        if kind == "websocket":
            return {"type": "websocket.receive", "text": f"order {number}"}
        return {"type": "http.request", "body": b"order %d" % number, "more_body": True}

    async def story() -> None:
        caller, holder = Caller(gateway, kind, begins), gateway.holder()
        lease = await gateway.lease(holder)
        await caller.begin(holder, lease)
        if kind == "websocket":
            await caller.say({"type": "websocket.connect"})
        await caller.say(order(1))
        await caller.say(order(2))
        assert len(caller.heard) == 2
        if stopped == "denied":
            await gateway.deny(lease=gateway.point.inspect(lease).id)
        else:
            gateway.clock.time += 1000
        await caller.say(order(3))
        await caller.say(order(4))
        assert len(caller.heard) == 2
        if ends == "broken off":
            with pytest.raises(ConnectionAbortedError):
                await caller.task
        else:
            await caller.task
            assert ends in (caller.sent[-1]["type"], caller.sent[0].get("status"))

    asyncio.run(story())


@pytest.mark.attack("45")
@pytest.mark.parametrize(("kind", "count"), [("websocket", 2), ("http", 2)])
def test_who_listens_on_all_the_same_hears_nothing_and_ends_it_once(tmp_path: Path, kind: str, count: int) -> None:
    """The socket was accepted and is closed; the refusal is a head and a body: whatever is said after it."""
    gateway = Gateway(tmp_path)
    said = {"websocket": "websocket.receive", "http": "http.request"}[kind]

    async def story() -> None:
        caller, holder = Caller(gateway, kind, begins=False, stubborn=True), gateway.holder()
        lease = await gateway.lease(holder)
        await caller.begin(holder, lease)
        if kind == "websocket":
            await caller.say({"type": "websocket.connect"})
        await gateway.deny(lease=gateway.point.inspect(lease).id)
        for number in range(2):
            await caller.say({"type": said, "text": f"order {number}", "body": b"order", "more_body": True})
        await caller.task
        assert caller.heard == []
        assert len(caller.sent) == count

    asyncio.run(story())


@pytest.mark.attack("45")
@pytest.mark.requirement("R65")
@pytest.mark.parametrize("stopped", ["denied", "over", "in time"])
def test_the_end_of_an_order_is_not_heard_either(tmp_path: Path, stopped: str) -> None:
    """All of its octets came in time; that it is whole is said by a last message, without any, and sets it going."""
    gateway = Gateway(tmp_path)

    async def story() -> None:
        caller, holder = Caller(gateway, "http", begins=False), gateway.holder()
        lease = await gateway.lease(holder)
        await caller.begin(holder, lease)
        await caller.say({"type": "http.request", "body": b"the whole order", "more_body": True})
        if stopped == "denied":
            await gateway.deny(lease=gateway.point.inspect(lease).id)
        elif stopped == "over":
            gateway.clock.time += 1000
        await caller.say({"type": "http.request", "body": b"", "more_body": False})
        await caller.say({"type": "http.disconnect"})
        await caller.task
        whole, status = ([b"the whole order", b""], None) if stopped == "in time" else ([b"the whole order"], 403)
        assert caller.heard == whole
        assert (caller.sent[0]["status"] if caller.sent else None) == status

    asyncio.run(story())


@pytest.mark.attack("45")
@pytest.mark.requirement("R65")
@pytest.mark.parametrize("stopped", [False, True])
def test_the_end_of_a_web_socket_sets_no_stopped_order_going(tmp_path: Path, stopped: bool) -> None:
    gateway, done = Gateway(tmp_path), []

    async def story() -> None:
        caller, holder = Caller(gateway, "websocket", begins=False), gateway.holder()
        listen = caller.app()

        async def at_the_end(scope: Scope, receive: Receive, send: Send) -> None:
            await listen(scope, receive, send)
            done.extend(caller.heard)

        caller.app = lambda: at_the_end  # type: ignore[method-assign]
        lease = await gateway.lease(holder)
        await caller.begin(holder, lease)
        await caller.say({"type": "websocket.connect"})
        await caller.say({"type": "websocket.receive", "text": "order"})
        if stopped:
            await gateway.deny(lease=gateway.point.inspect(lease).id, reason="stop")
        await caller.say({"type": "websocket.disconnect", "code": 1000})
        await caller.task
        assert [message["type"] for message in caller.sent] == ["websocket.accept"]

    asyncio.run(story())
    assert done == ([] if stopped else ["order"])
