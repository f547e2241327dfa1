"""Kept from the sixth review: what a caller leaves for the next, who holds what for nothing, what was not written."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from circuits import Misuse
from console.trail import read_recorded
from issuer.app import create_app
from issuer.settings import load_settings
from tests.support.issuer_world import prepare_issuer
from tests.support.moving_clock import MovingClock
from tests.verifier.sim_gateway import ADMIN_TOKEN, Gateway, Holder, full_disk, refused
from tests.verifier.sim_issuer import Clock, SimulatedIssuer
from tests.verifier.sim_server import listening_socket, serving
from verifier.app import Connections, keep_house, server_options
from verifier.asgi import Doorkeeper, LicenceMiddleware
from verifier.evidence import read_evidence
from verifier.proxy import Upstream
from verifier.punctual import PunctualProtocol
from verifier.unavailable import Unavailable

PLAN = "/v1/autonomous/plan"


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


class Forgetful(httpx.AsyncBaseTransport):
    """A service that gives each caller a session in a cookie, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        cookie = f"session={len(self.asked)}; Path=/"
        return httpx.Response(200, headers={"set-cookie": cookie}, stream=httpx.ByteStream(b"{}"))


def _before(gateway: Gateway, service: httpx.AsyncBaseTransport, url: str) -> None:
    """Opens the gateway anew, before `service` at `url`."""
    gateway.options["upstream_url"] = url
    gateway.connections = lambda: Connections(upstream=service)  # type: ignore[method-assign]
    gateway.start()


def _under(holder: Holder, lease: str, method: str = "GET", path: str = PLAN) -> dict[str, str]:
    return {"agent-licence": lease, "dpop": holder.proof(method, holder.origin + path, lease)}


@pytest.mark.attack("10")
@pytest.mark.parametrize("url", ["http://upstream.example", "http://127.0.0.1:9100", "http://localhost:9100"])
def test_no_cookie_goes_from_one_caller_to_another(gateway: Gateway, url: str) -> None:
    service = Forgetful()
    _before(gateway, service, url)

    async def story() -> None:
        answers = []
        for _ in range(2):
            holder = gateway.holder()
            lease = await gateway.lease(holder)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway.app), base_url=gateway.origin) as client:
                answers.append(await client.get(PLAN, headers=_under(holder, lease)))
                answers.append(await client.get(PLAN, headers=_under(holder, lease)))  # its own goes back, as it should
        assert [answer.headers["set-cookie"][:9] for answer in answers] == [f"session={n}" for n in (1, 2, 3, 4)]
        assert [request.headers.get("cookie") for request in service.asked] == [None, "session=1", None, "session=3"]

    asyncio.run(story())


@pytest.mark.attack("10")
def test_the_service_sees_what_was_sent(gateway: Gateway) -> None:
    """And what the gateway says, and its own name; no header that a library thinks useful."""
    service = Forgetful()
    _before(gateway, service, "http://upstream.example")

    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        gateway.client.headers.clear()
        await gateway.client.get("/v1/public/a")
        gateway.client.cookies.clear()
        await gateway.client.get(PLAN, headers=_under(holder, lease) | {"x-mine": "1", "accept": "text/plain"})
        gateway.client.cookies.clear()
        await gateway.client.post("/v1/public/a", content=b"abc")
        known = gateway.point.inspect(lease)
        host = (b"Host", b"upstream.example")
        said = [(b"agent-lease-id", known.id.encode()), (b"agent-lease-root", known.root.encode())]
        mine = [(b"x-mine", b"1"), (b"accept", b"text/plain")]
        assert [sorted(request.headers.raw) for request in service.asked] == [
            [host],
            sorted([host, *mine, *said, (b"agent-licence-tier", b"3")]),
            sorted([host, (b"content-length", b"3")]),
        ]

    asyncio.run(story())


@pytest.mark.attack("10")
def test_no_cookie_goes_from_one_sign_in_to_another(tmp_path: Path) -> None:
    """The issuer, too, is one client of an identity provider for all its applicants."""
    prepare_issuer(tmp_path)
    provider = Forgetful()
    app = create_app(load_settings(tmp_path / "data"), MovingClock(), provider_transport=provider)

    async def story() -> None:
        for _ in range(2):
            await app.state.provider_client.get("https://provider.example/token")
        assert [request.headers.get("cookie") for request in provider.asked] == [None, None]

    asyncio.run(story())


@pytest.mark.attack("10")
@pytest.mark.parametrize("mark", list("-_.~!'*+|^`$&#%"))
def test_nobody_speaks_in_the_gateways_name(gateway: Gateway, mark: str) -> None:
    """CGI and its kind write one character for all of these, and then know one header."""
    names = [f"Agent{mark}Lease{mark}Id", f"agent-lease{mark}root", f"Agent{mark}Licence-Tier"]

    async def story() -> None:
        answer = await gateway.client.get("/v1/public/a", headers=dict.fromkeys(names, "forged") | {"x-mine": "1"})
        seen = answer.json()["headers"]
        assert "forged" not in seen.values()
        assert seen["x-mine"] == "1"

    asyncio.run(story())


@pytest.mark.attack("10")
@pytest.mark.parametrize("scheme", ["Bearer", "DPoP"])
def test_who_has_a_token_of_somebody_elses_can_begin(gateway: Gateway, scheme: str) -> None:
    """A provider's own access token (RFC 9068) has the form of a lease; it must not shut its bearer out."""
    claims = {"iss": "https://login.example", "aud": gateway.origin, "sub": "u", "exp": gateway.clock.time + 900}
    header = {"alg": "ES256", "kid": "login-1", "typ": "at+jwt"}
    token = jwt.encode(header, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])

    async def story() -> None:
        own = {"authorization": f"{scheme} {token}"}
        for path in (PLAN, "/licence/check"):
            answer = await gateway.client.get(path, headers=own)
            refused(answer, 401, "lease-required")
            assert "agent-licence-challenge" in answer.headers
        refused(await gateway.client.get(PLAN, headers={"agent-licence": token}), 403, "wrong-audience")
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        answer = await gateway.client.get(PLAN, headers=own | _under(holder, lease))
        assert answer.json()["headers"]["authorization"] == f"{scheme} {token}"
        stolen = await gateway.client.get(PLAN, headers={"authorization": f"{scheme} {lease}"})
        refused(stolen, 403, "holder-proof")

    asyncio.run(story())


class LongAnswer(httpx.AsyncBaseTransport):
    """A service whose answer has many pieces; `closed` counts the answers that were let go of."""

    def __init__(self) -> None:
        self.closed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=_Pieces(self))


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, service: LongAnswer) -> None:
        self._service = service

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 1000

    async def aclose(self) -> None:
        self._service.closed += 1


@pytest.mark.attack("52")
def test_who_does_not_read_is_let_go_of() -> None:
    """Each such call would hold a connection to the service, and strangers have room for so many."""
    service = LongAnswer()
    scope: Scope = {"type": "http", "method": "GET", "raw_path": b"/x", "query_string": b"", "headers": []}

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def takes(message: Message) -> None:
        await asyncio.sleep(0)

    async def takes_the_head_alone(message: Message) -> None:
        if message["type"] != "http.response.start":
            await asyncio.Event().wait()

    async def story() -> None:
        async with service:
            upstream = Upstream(service, "http://service.example", calls_without_lease=1, piece_seconds=0.05)
            for count in (1, 2):
                with pytest.raises(ConnectionAbortedError):
                    await asyncio.wait_for(upstream(scope, never, takes_the_head_alone), 5)
                assert service.closed == count
            await asyncio.wait_for(upstream(scope, never, takes), 5)

    asyncio.run(story())


class Hasty(PunctualProtocol):
    """The same, with less patience."""

    head_seconds = 0.5
    unread_seconds = 0.5


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """An answer of 64 MB in pieces, one of 40 kB in one, or a short one half a second later than a head may take."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/large":
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    elif scope["path"] == "/":
        await asyncio.sleep(1)
    await send({"type": "http.response.body", "body": b"x" * 40_000 if scope["path"] == "/middle" else b"whole"})


def _one_answer(connection: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"0\r\n\r\n"):
        piece = connection.recv(65536)
        assert piece, answer
        answer += piece
    return answer


def _closed_after(connection: socket.socket) -> float:
    """Reads until the other side ends the connection; seconds since the call."""
    began = time.monotonic()
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
    return time.monotonic() - began


class TestPunctual:
    """verifier/punctual.py, over sockets"""

    @pytest.fixture
    def bound(self) -> Iterator[socket.socket]:
        """A server with little patience."""
        bound = listening_socket()
        with serving(large, bound, **(server_options() | {"http": Hasty, "lifespan": "off"})):
            yield bound

    @pytest.fixture
    def connection(self, bound: socket.socket) -> Iterator[socket.socket]:
        with socket.create_connection(bound.getsockname(), timeout=10) as connection:
            yield connection

    def test_the_gateway_is_served_so(self) -> None:
        assert server_options()["http"] is PunctualProtocol
        assert (PunctualProtocol.head_seconds, PunctualProtocol.unread_seconds) == (20, 60)

    @pytest.mark.attack("52")
    @pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nhost: x\r\n"], ids=["nothing", "half a head"])
    def test_a_head_that_does_not_come(self, connection: socket.socket, said: bytes) -> None:
        connection.sendall(said)
        assert 0.3 < _closed_after(connection) < 5

    @pytest.mark.attack("52")
    def test_a_second_head_that_comes_in_drops(self, connection: socket.socket) -> None:
        """What uvicorn grants between two requests ends with the first octet of the second."""
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"whole" in _one_answer(connection)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for octet in b"GET / HTTP/1.1\r\nhost: " + b"x" * 100:
                connection.sendall(bytes([octet]))
                time.sleep(0.02)
            raise AssertionError("it was let go on")

    def test_an_answer_may_take_its_time(self, connection: socket.socket) -> None:
        """A second, for two requests each: twice as long as a head may take."""
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert b"whole" in _one_answer(connection)

    @pytest.mark.attack("52")
    def test_an_answer_that_nobody_reads(self, connection: socket.socket) -> None:
        connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        time.sleep(2)
        began, octets = time.monotonic(), 0
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1 << 20):
                octets += len(piece)
        assert octets < 1000 * 65536
        assert time.monotonic() - began < 5

    @pytest.mark.attack("52")
    def test_the_rest_of_an_answer_that_nobody_reads(self, bound: socket.socket) -> None:
        """No further piece waits for it, so that nothing else would notice."""
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(10)
            connection.connect(bound.getsockname())
            connection.sendall(b"GET /middle HTTP/1.1\r\nhost: x\r\n\r\n")
            time.sleep(2)
            octets = 0
            with contextlib.suppress(ConnectionResetError):
                while piece := connection.recv(1 << 20):
                    octets += len(piece)
            assert octets < 40_000

    def test_an_answer_that_is_read(self, connection: socket.socket) -> None:
        """With pauses, together longer than any of them may be."""
        connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        octets, pieces = 0, 0
        while piece := connection.recv(1 << 20):
            octets, pieces = octets + len(piece), pieces + 1
            time.sleep(0.1 if pieces < 12 else 0)
        assert octets > 1000 * 65536


def _rows(gateway: Gateway, kind: str, member: str) -> list[int]:
    rows = read_evidence(gateway.folder / "state" / "evidence")
    return [row[member] for row in rows if row["kind"] == kind]


@pytest.mark.attack("51")
@pytest.mark.requirement("R50")
def test_no_presentation_without_its_epoch(gateway: Gateway) -> None:
    """The disk was full when the epoch came, which was believed all the same; then there was room again."""

    async def story() -> None:
        holder = gateway.holder()
        first = await gateway.lease(holder)
        gateway.clock.time += 300
        octets = gateway.issuer.publish()
        with full_disk(gateway.point.evidence), pytest.raises(Unavailable):
            gateway.point.offer_epoch(octets)
        gateway.point.offer_epoch(octets)  # the next poll brings it again
        gateway.issuer.update(holder.licence)
        leases = [first, await gateway.lease(holder), await gateway.lease(holder)]
        for lease in leases:
            await gateway.call(holder, lease)
        ids = [gateway.point.inspect(lease).id for lease in leases]
        assert (_rows(gateway, "epoch", "number"), _rows(gateway, "presentation", "epoch")) == ([0, 1], [0, 1, 1])
        for lease in ids:
            read_recorded(gateway.issuer.bundle(), gateway.folder / "state" / "evidence", lease)

    asyncio.run(story())


@pytest.mark.attack("51")
@pytest.mark.parametrize("restart", [False, True], ids=["the next one comes", "a restart"])
def test_epochs_are_written_later(gateway: Gateway, restart: bool) -> None:
    """Both that a presentation may be at."""
    missed = []
    with full_disk(gateway.point.evidence):
        for _ in range(2 if restart else 1):
            gateway.clock.time += 300
            missed.append(gateway.issuer.publish())
            with pytest.raises(Unavailable):
                gateway.point.offer_epoch(missed[-1])
    assert _rows(gateway, "epoch", "number") == [0]
    if restart:
        gateway.start(offer=False)
    else:
        gateway.point.offer_epoch(gateway.issuer.publish())
    assert _rows(gateway, "epoch", "number") == [0, 1, 2]


@pytest.mark.attack("51")
def test_no_lease_while_its_epoch_cannot_be_written(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        gateway.clock.time += 300
        octets = gateway.issuer.publish()
        gateway.issuer.update(holder.licence)
        with full_disk(gateway.point.evidence):
            with pytest.raises(Unavailable):
                gateway.point.offer_epoch(octets)
            answer = await gateway.exchange(holder, holder.present(await gateway.challenge()))
            refused(answer, 503, "audit-unavailable")

    asyncio.run(story())


async def _visit(
    gateway: Gateway, app: Any, extensions: Any, happens: Callable[[str], Awaitable[Any]]
) -> list[Message]:
    """What goes out when a holder calls `app` through the middleware; `happens` has the lease's id, before the call."""
    sent: list[Message] = []
    holder = gateway.holder()
    lease = await gateway.lease(holder)
    headers = [(name.encode(), value.encode()) for name, value in _under(holder, lease).items()]
    scope = {"type": "http", "method": "GET", "path": PLAN, "headers": headers, "extensions": extensions}

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        await happens(gateway.point.inspect(lease).id)
        await app(scope, receive, send)

    await LicenceMiddleware(called, Doorkeeper(gateway.point), ["/v1/autonomous"])(scope, receive, send)
    return sent


@pytest.mark.attack("45")
@pytest.mark.requirement("R65")
def test_no_file_goes_out_as_one_piece(gateway: Gateway) -> None:
    """A server that sends a file by itself asks nobody on the way."""
    names = ["http.response.pathsend", "http.response.zerocopysend", "http.response.trailers"]
    offered: dict[str, Any] = {name: {} for name in names}
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["extensions"])
        await PlainTextResponse("it ran")(scope, receive, send)

    async def nothing(_: str) -> None:
        return

    async def story() -> None:
        for extensions in (offered, {}, None):
            await _visit(gateway, app, extensions, nothing)
        assert seen == [{"http.response.trailers": {}}, {}, {}]

    asyncio.run(story())


@pytest.mark.attack("45")
@pytest.mark.requirement("R65")
@pytest.mark.parametrize("first", ["http.response.early_hint", "http.response.push", "http.response.debug"])
def test_stopped_before_what_goes_ahead_of_an_answer(gateway: Gateway, first: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": first, "links": [], "path": "/x", "headers": [], "info": {}})
        await PlainTextResponse("it ran")(scope, receive, send)

    async def story() -> None:
        start, body = await _visit(gateway, app, {}, lambda lease: gateway.deny(lease=lease))
        assert (start["status"], dict(start["headers"])[b"agent-licence-error"]) == (403, b"revoked")
        assert not body.get("more_body", False)

    asyncio.run(story())


PAGE = Path(__file__).parents[2] / "docs" / "gateway.md"


@pytest.mark.requirement("R02")
def test_the_embedding_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is written, around an application that has a start of its own."""
    monkeypatch.chdir(tmp_path)
    bundle = SimulatedIssuer(Clock()).bundle("http://127.0.0.1:1")
    Path("trust.cbor").write_bytes(bundle.octets)
    begun: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, str]]:
        begun.append("begun")
        yield {"database": "open"}
        begun.append("ended")

    async def plan(request: Any) -> PlainTextResponse:
        return PlainTextResponse(request.state.database)

    your_app = Starlette(routes=[Route(PLAN, plan), Route("/v1/public/plan", plan)], lifespan=lifespan)
    written = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {"PINNED": bundle.hash.hex(), "TOKEN": ADMIN_TOKEN, "your_app": your_app}
    exec(compile(written, str(PAGE), "exec"), names)  # noqa: S102

    async def story() -> None:
        app = names["app"]
        async with app.router.lifespan_context(app) as state:
            assert (begun, state) == (["begun"], {"database": "open"})
            served = httpx.ASGITransport(_with_state(app, state))
            async with httpx.AsyncClient(transport=served, base_url="https://api.example") as client:
                refused(await client.get(PLAN), 401, "lease-required")
                assert (await client.get("/v1/public/plan")).text == "open"
                assert (await client.post("/licence/challenge")).status_code == 200
        assert begun == ["begun", "ended"]

    asyncio.run(story())


def _with_state(app: Starlette, state: Any) -> Any:
    """As servers do: each call gets what the start gave."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return served


def test_housekeeping_outlives_its_failures(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(
        [OSError("the disk"), Unavailable("audit-unavailable", "x", 1), Misuse("x"), None, KeyboardInterrupt()]
    )

    def tick() -> None:
        failure = next(ticks)
        if failure is not None:
            raise failure

    monkeypatch.setattr("verifier.app.TICK_SECONDS", 0)
    monkeypatch.setattr(gateway.point, "tick", tick)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(keep_house(gateway.point))
