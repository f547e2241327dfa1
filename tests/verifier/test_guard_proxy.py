"""What no refusal says and nothing else would notice: how the gateway calls out, and how it writes what must last."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from circuits import Malformed
from circuits.records.policy import BOUND_CONSTANT, BOUND_DAY
from tests.verifier.sim_gateway import Gateway
from tests.verifier.sim_server import listening_socket, serving, url_of
from verifier.app import Connections
from verifier.durable import write_durably
from verifier.policy import Policy
from verifier.sources import EpochSource
from verifier.trust import MAX_EPOCH_OCTETS

NOTHING = httpx.ByteStream(b"")


class Service(httpx.AsyncBaseTransport):
    """A service that sends its callers to the protected part of itself."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(307, headers={"location": "/v1/autonomous/plan"}, stream=NOTHING)


@pytest.mark.attack("10")
def test_one_call_out_for_one_call_in(tmp_path: Path) -> None:
    """No redirect is followed, and the service's own host is named."""
    gateway, service = Gateway(tmp_path), Service()
    gateway.connections = lambda: Connections(upstream=service)  # type: ignore[method-assign]
    gateway.start()
    answer = asyncio.run(gateway.client.get("/v1/public/a", headers={"host": "elsewhere.example"}))
    assert (answer.status_code, answer.headers["location"]) == (307, "/v1/autonomous/plan")
    assert [str(request.url) for request in service.asked] == ["http://upstream.example/v1/public/a"]
    assert service.asked[0].headers.get_list("host") == ["upstream.example"]


def test_no_proxy_of_the_environment_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = listening_socket()
    gateway = Gateway(tmp_path, upstream_url=url_of(bound))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    gateway.connections = lambda: Connections()  # type: ignore[method-assign]
    with serving(gateway.upstream.app(), bound):
        gateway.start()
        assert asyncio.run(gateway.client.get("/v1/public/a")).status_code == 200


@pytest.mark.attack("10")
def test_what_a_service_sends_too_much_is_nobody_elses_answer(tmp_path: Path) -> None:
    """A service that answers HEAD with a body, which a caller wrote (gunicorn 23 with Django, say)."""
    bound = listening_socket()
    gateway = Gateway(tmp_path, upstream_url=url_of(bound))
    gateway.connections = lambda: Connections()  # type: ignore[method-assign]
    gateway.start()
    forged = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged"

    async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                body = forged if head.startswith(b"HEAD") else b"own"
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    async def story() -> str:
        async with await asyncio.start_server(service, sock=bound):
            await gateway.client.head("/v1/public/note")
            return (await gateway.client.get("/v1/public/a")).text

    assert asyncio.run(story()) == "own"


@pytest.mark.parametrize(("octets", "offered"), [(MAX_EPOCH_OCTETS, 1), (MAX_EPOCH_OCTETS + 1, 0)])
def test_no_more_is_read_than_an_epoch_has(octets: int, offered: int) -> None:
    seen: list[bytes] = []
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=bytes(octets)))

    async def story() -> None:
        async with httpx.AsyncClient(transport=transport) as client:
            await EpochSource(client, "http://issuer.example", seen.append).poll()

    if offered:
        asyncio.run(story())
    else:
        with pytest.raises(Malformed):
            asyncio.run(story())
    assert len(seen) == offered


@pytest.mark.parametrize("location", ["https:maintenance", "http://xn--/"])
def test_no_answer_ends_the_source(location: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(302, headers={"location": location}))

    async def story() -> None:
        async with httpx.AsyncClient(transport=transport) as client:
            source = EpochSource(client, "http://issuer.example", lambda _: None, poll_seconds=0)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(source.run(), 0.05)
            assert source.failures > 2

    asyncio.run(story())


@pytest.mark.parametrize("location", ["myapp:callback", "http://xn--/", "//[", "https://elsewhere.example/x"])
def test_where_the_service_sends_a_caller_is_the_callers_affair(tmp_path: Path, location: str) -> None:
    gateway = Gateway(tmp_path)
    service = httpx.MockTransport(lambda _: httpx.Response(302, headers={"location": location}, stream=NOTHING))
    gateway.connections = lambda: Connections(upstream=service)  # type: ignore[method-assign]
    gateway.start()

    async def story() -> None:
        asked = httpx.Request("GET", f"{gateway.origin}/v1/public/x")
        answer = await httpx.ASGITransport(gateway.app).handle_async_request(asked)
        assert (answer.status_code, answer.headers["location"]) == (302, location)

    asyncio.run(story())


def test_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _told(monkeypatch, "fsync", "replace")
    write_durably(tmp_path / "marks", b"7")
    assert done == ["fsync", "replace", "fsync"]
    assert (tmp_path / "marks").read_bytes() == b"7"


@pytest.mark.requirement("R50")
def test_a_presentation_is_on_the_disk_before_its_lease_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Gateway(tmp_path)

    async def story() -> None:
        holder = gateway.holder()
        asked = await gateway.challenge()
        done = _told(monkeypatch, "fsync")
        answer = await gateway.exchange(holder, holder.present(asked))
        assert (answer.status_code, done) == (200, ["fsync"])
        assert (await gateway.call(holder, answer.json()["access_token"])).status_code == 200
        assert done == ["fsync"]

    asyncio.run(story())


def _told(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """The calls of these functions of `os`, from now on, which are made all the same."""
    done: list[str] = []

    def tell(name: str) -> None:
        real: Any = getattr(os, name)

        def call(*given: Any) -> Any:
            done.append(name)
            return real(*given)

        monkeypatch.setattr(os, name, call)

    for name in names:
        tell(name)
    return done


@pytest.mark.parametrize("predicates", [(), ("good_until",), ("cover_band",), ("good_until", "cover_band")])
def test_a_lease_says_insured_of_who_has_shown_it(tmp_path: Path, predicates: tuple[str, ...]) -> None:
    gateway = Gateway(tmp_path)
    bundle = gateway.issuer.bundle()
    shown = {bundle.issuer.index(name) for name in predicates}
    record = bundle.policies[0]
    asked = replace(record, predicates=tuple(one for one in record.predicates if one[0] in shown))
    assert Policy(asked).is_insured(bundle.issuer) is (len(predicates) == 2)
    free = tuple((index, kind, 0 if kind == BOUND_CONSTANT else value) for index, kind, value in asked.predicates)
    assert Policy(replace(asked, predicates=free)).is_insured(bundle.issuer) is False
    fixed = tuple((at, BOUND_CONSTANT, 20_000 if kind == BOUND_DAY else value) for at, kind, value in asked.predicates)
    assert Policy(replace(asked, predicates=fixed)).is_insured(bundle.issuer) is False  # that day may have passed
