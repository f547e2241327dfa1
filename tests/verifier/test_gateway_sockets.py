"""The gateway over real sockets: epochs that travel, streams that are cut, callers that misbehave, a budget of time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from circuits import Malformed, Rejected
from tests.verifier.sim_gateway import Gateway, Holder, read_challenge, refused
from tests.verifier.sim_issuer import Clock, SimulatedIssuer
from tests.verifier.sim_server import listening_socket, serving, url_of, wait_until
from verifier.app import Connections, server_options
from verifier.authoriser import GRANT_TYPE, PRESENTATION_TYPE
from verifier.base64url import encode_base64url
from verifier.decision import Request
from verifier.killswitch import Denied
from verifier.sources import EpochSource, read_events


class Served(Gateway):
    """A gateway, its issuer and its upstream, each on a socket of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._upstream_socket, self._issuer_socket, self._socket = (listening_socket() for _ in range(3))
        clock = Clock()
        super().__init__(
            folder,
            SimulatedIssuer(clock),
            clock,
            origin=url_of(self._socket),
            upstream_url=url_of(self._upstream_socket),
            issuer_url=url_of(self._issuer_socket),
            poll_seconds=0.2,
        )
        stack.enter_context(serving(self.upstream.app(), self._upstream_socket, lifespan="off"))
        self.issuer_server = stack.enter_context(ExitStack())
        self.issuer_server.enter_context(serving(self.issuer.app(), self._issuer_socket, lifespan="off"))
        stack.enter_context(serving(self.app, self._socket, **server_options()))
        self.http = stack.enter_context(httpx.Client(base_url=self.origin, timeout=10))
        wait_until(lambda: self.point.trust.view.current is not None and bool(self.issuer.listeners))

    def start(self, offer: bool = False) -> None:
        """Opens the gateway without knowing any epoch: it has to fetch one."""
        super().start(offer)

    def connections(self) -> Connections:
        """The network."""
        return Connections()

    def get_lease(self, holder: Holder) -> str:
        """A lease over the socket."""
        form = {
            "grant_type": GRANT_TYPE,
            "subject_token_type": PRESENTATION_TYPE,
            "subject_token": encode_base64url(holder.present(read_challenge(self.http.post("/licence/challenge")))),
        }
        proof = holder.proof("POST", f"{self.origin}/licence/token")
        response = self.http.post("/licence/token", data=form, headers={"dpop": proof})
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def headers(self, holder: Holder, lease: str, path: str) -> dict[str, str]:
        """The headers of a call."""
        return {"agent-licence": lease, "dpop": holder.proof("GET", self.origin + path, lease)}

    def get(self, holder: Holder, lease: str, path: str = "/v1/autonomous/echo") -> httpx.Response:
        """A call over the socket."""
        return self.http.get(path, headers=self.headers(holder, lease, path))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with ExitStack() as stack:
        yield Served(tmp_path, stack)


@pytest.mark.requirement("R65")
@pytest.mark.requirement("R72")
def test_from_lease_to_kill_by_urgent_epoch(served: Served) -> None:
    holder = served.holder()
    lease = served.get_lease(holder)
    assert served.get(holder, lease).status_code == 200
    served.issuer.revoke(holder.licence)
    began = time.perf_counter()
    served.issuer.publish(urgent=True)
    response = served.get(holder, lease)
    while response.status_code == 200:
        response = served.get(holder, lease)
    took = time.perf_counter() - began
    refused(response, 403, "floor")
    assert took < 5, f"{took:.3f} s"


@pytest.mark.requirement("R65")
@pytest.mark.parametrize("how", ["pseudonym", "floor"])
def test_a_stream_of_events_is_cut(served: Served, how: str) -> None:
    holder = served.holder()
    lease = served.get_lease(holder)
    path = "/v1/autonomous/stream"
    with served.http.stream("GET", path, headers=served.headers(holder, lease, path)) as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        assert next(lines) == "data: 0"
        began = time.perf_counter()
        if how == "pseudonym":
            served.point.deny(Denied.PSEUDONYM, served.point.inspect(lease).pseudonym, "now")
        else:
            served.issuer.publish(urgent=True)
        rest = list(lines)
        took = time.perf_counter() - began
    code = "revoked" if how == "pseudonym" else "floor"
    assert rest[-3] == "event: error"
    assert f'"code": "{code}"' in rest[-2]
    assert took < 2, f"{took:.3f} s"
    assert len(rest) < 400


@pytest.mark.requirement("R65")
def test_any_other_stream_is_aborted(served: Served) -> None:
    holder = served.holder()
    lease = served.get_lease(holder)
    path = "/v1/autonomous/bytes"
    headers = served.headers(holder, lease, path)
    received: list[bytes] = []

    def read_all() -> None:
        with served.http.stream("GET", path, headers=headers) as response:
            for piece in response.iter_bytes():
                if not received:
                    served.point.deny(Denied.LEASE, served.point.inspect(lease).id, "now")
                received.append(piece)

    with pytest.raises(httpx.RemoteProtocolError):
        read_all()
    assert len(received) < 400
    assert served.http.get("/v1/public/echo").status_code == 200


@pytest.mark.requirement("R64")
def test_an_issuer_that_is_gone_stops_no_running_lease(tmp_path: Path) -> None:
    with ExitStack() as stack:
        served = Served(tmp_path, stack)
        served.issuer_server.close()
        holder = served.holder()
        lease = served.get_lease(holder)
        wait_until(lambda: served.app.state.source.failures > 0)
        served.clock.time += 600
        assert served.get(holder, lease).status_code == 200
        assert served.get_lease(holder)


@pytest.mark.attack("52")
def test_slow_and_oversized_callers_do_not_starve_the_others(served: Served) -> None:
    address = ("127.0.0.1", int(served.origin.rsplit(":", 1)[1]))
    slow = [socket.create_connection(address) for _ in range(60)]
    for connection in slow:
        connection.sendall(b"POST /licence/token HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n")
    began = time.perf_counter()
    assert served.http.get("/v1/public/echo").status_code == 200
    assert time.perf_counter() - began < 2
    # Refused before all of it was read, and the connection may be gone before the answer is.
    with contextlib.suppress(httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        large = served.http.get("/v1/public/echo", headers={"x-large": "x" * 100_000})
        assert large.status_code in (400, 431)
    assert served.upstream.count == 1
    assert served.http.get("/v1/public/echo").status_code == 200
    for connection in slow:
        connection.close()


@pytest.mark.attack("9")
@pytest.mark.parametrize(
    "request_octets",
    [
        b"GET //v1/autonomous/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/public/../autonomous/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/public/%2e%2e/autonomous/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET http://x/v1/autonomous/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/autonomous/echo HTTP/1.1\r\nhost: x\r\nagent-licence: a\r\nagent-licence: b\r\n\r\n",
        b"POST /v1/public/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd",
        b"GET /v1/autonomous/echo HTTP/1.0\r\n\r\n",
    ],
    ids=lambda octets: octets[:40].decode(),
)
def test_requests_as_no_client_would_send_them(served: Served, request_octets: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(served.origin.rsplit(":", 1)[1])), timeout=5) as connection:
        connection.sendall(request_octets)
        status = int(connection.recv(4096).split(b" ")[1])
    assert status in (400, 401)
    assert served.upstream.count == 0


def test_bodies_and_queries_go_through(served: Served) -> None:
    headers = {"connection": "x-mine", "x-mine": "1"}
    reply = served.http.post("/v1/public/echo?a=%2e%2e&b=1", content=b"x" * 300_000, headers=headers)
    assert reply.json()["octets"] == 300_000
    assert "x-mine" not in reply.json()["headers"]
    assert served.issuer.polls >= 1


def test_an_upstream_that_is_gone(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, upstream_url="http://127.0.0.1:1")
    gateway.connections = lambda: Connections()  # type: ignore[method-assign]
    gateway.start()
    response = asyncio.run(gateway.client.get("/v1/public/echo"))
    refused(response, 502, "upstream-unavailable")


@pytest.mark.requirement("R07")
@pytest.mark.requirement("R62")
def test_a_decision_waits_for_no_disk(gateway: Gateway) -> None:
    """What it takes is in the benchmark, under `lease_check`."""
    holder = gateway.holder()
    lease = asyncio.run(gateway.lease(holder))
    url = f"{gateway.origin}/v1/autonomous/echo"
    request = Request("GET", url, holder.proof("GET", url, lease))
    with gateway.point.evidence._flushing:  # as while the disk takes long over a presentation
        assert gateway.point.decide(lease, request).id == gateway.point.inspect(lease).id


def test_the_source_survives_an_issuer_that_misbehaves(gateway: Gateway) -> None:
    answers = [
        httpx.Response(500),
        httpx.Response(200, content=b"x" * 100_000),
        httpx.Response(200, content=b"not an epoch"),
        httpx.Response(302, headers={"location": "http://elsewhere.example"}),
    ]

    async def story() -> None:
        transport = httpx.MockTransport(lambda request: answers.pop(0))
        async with httpx.AsyncClient(transport=transport) as client:
            source = EpochSource(client, "http://issuer.example", gateway.point.offer_epoch)
            while answers:
                with pytest.raises((Malformed, Rejected)):
                    await source.poll()

    asyncio.run(story())


def test_the_source_asks_with_the_etag_it_was_given(gateway: Gateway) -> None:
    async def story() -> None:
        source = gateway.app.state.source
        await source.poll()
        await source.poll()
        assert source._etag is not None
        gateway.issuer.publish()
        await source.poll()
        current = gateway.point.trust.view.current
        assert current is not None
        assert current.record.number == 1

    asyncio.run(story())


def test_events_are_read_as_they_come() -> None:
    async def collect(chunks: list[bytes]) -> list[tuple[str, str]]:
        async def stream() -> object:
            for chunk in chunks:
                yield chunk

        return [event async for event in read_events(stream())]  # type: ignore[arg-type]

    text = b": keep-alive\r\n\r\nevent: epoch\r\nid: 3\r\ndata: abc\r\n\r\ndata: one\ndata: two\n\nevent: x\n\n"
    wanted = [("epoch", "abc"), ("message", "one\ntwo")]
    assert asyncio.run(collect([text])) == wanted
    assert asyncio.run(collect([text[at : at + 1] for at in range(len(text))])) == wanted
    for endless in ([b"data: " + b"x" * 9000], [b"data: x\n"] * 2000):
        with pytest.raises(Malformed):
            asyncio.run(collect(endless))
