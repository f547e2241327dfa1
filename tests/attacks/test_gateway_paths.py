"""No spelling of a path slips past the middleware: asked as raw ASGI, so that no client tidies the path up."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from string import ascii_lowercase
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message

from circuits import Malformed
from tests.verifier.sim_gateway import Gateway
from verifier.paths import leads_under, lies_under, read_path


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


async def ask(gateway: Gateway, target: bytes, kind: str = "http") -> int:
    """The status for a request whose target is exactly `target`."""
    raw_path, _, query = target.partition(b"?")
    sent: list[Message] = []
    ended = asyncio.Event()
    asked: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not asked:
            await ended.wait()
        return asked.pop() if asked else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": kind,
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(raw_path.decode("latin-1")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"gateway.example")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "subprotocols": [],
    }
    await gateway.app(scope, receive, send)
    return int(sent[0].get("status", sent[0].get("code", 0)))


BYPASSES = [
    b"/v1/autonomous/echo",
    b"/v1/autonomous",
    b"/v1/autonomous/",
    b"//v1/autonomous/echo",
    b"/v1//autonomous/echo",
    b"/v1/autonomous//echo",
    b"/./v1/autonomous/echo",
    b"/v1/./autonomous/echo",
    b"/v1/public/../autonomous/echo",
    b"/v1/public/%2e%2e/autonomous/echo",
    b"/v1/public/%2E%2E/autonomous/echo",
    b"/v1/public/.%2e/autonomous/echo",
    b"/v1/public/..%2fautonomous/echo",
    b"/v1/public%2f..%2fautonomous/echo",
    b"/v1/public/%252e%252e/autonomous/echo",
    b"/v1/public/%u002e%u002e/autonomous/echo",
    b"/v1/public/%25u002e%25u002e/autonomous/echo",
    b"/v1/public/x%u002f..%u002f..%u002fautonomous/echo",
    b"/v1/%u0061utonomous/echo",
    b"/v1/public/%",
    b"/v1/public/..;/autonomous/echo",
    b"/v1/public/..;x=1/autonomous/echo",
    b"/v1/public/..%3b/autonomous/echo",
    b"/v1/public/..\\autonomous/echo",
    b"/v1/public/..%5cautonomous/echo",
    b"/v1%2fautonomous/echo",
    b"/v1%2Fautonomous/echo",
    b"/v1/%61utonomous/echo",
    b"/v1/%41UTONOMOUS/echo",
    b"/v1/AUTONOMOUS/echo",
    b"/V1/Autonomous/echo",
    b"/v1/autonomous./echo",
    b"/v1/autonomous.../echo",
    b"/v1/autonomous%2e/echo",
    b"/v1./autonomous/echo",
    b"/v1/autonomous%20/echo",
    b"/v1/%20autonomous/echo",
    b"/v1/autonomous;x=1/echo",
    b"/v1;a/autonomous/echo",
    b"/v1/autonomous%3bx/echo",
    b"/v1/autonomous%00/echo",
    b"/v1/autonomous%0a/echo",
    b"/v1/autonomous%3f/echo",
    b"/v1/autonomous%23/echo",
    b"/v1/autonomous%252f/echo",
    b"/v1/%EF%BD%81utonomous/echo",
    b"/v1/%c0%ae%c0%ae/autonomous",
    b"/v1/autonomous\xff/echo",
    b"v1/autonomous/echo",
    b"http://gateway.example/v1/autonomous/echo",
    b"*",
    b"/v1/autonomous/../autonomous/echo",
    b"/v1/autonomous/../public/echo",
    b"/v1/autonomous/%2e%2e/public/echo",
    b"/v1/autonomous?x=/v1/public",
    b"/v1/autonomous/echo?../../public",
]


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
def test_no_spelling_slips_past(gateway: Gateway) -> None:
    async def story() -> None:
        statuses = {target: await ask(gateway, target) for target in BYPASSES}
        assert {target: status for target, status in statuses.items() if status not in (400, 401)} == {}
        assert gateway.upstream.count == 0

    asyncio.run(story())


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
def test_no_letter_is_taken_for_a_plain_one_behind_the_gateway() -> None:
    """By Python's rules of case, and by those of others, a dotless and a dotted capital i match an i."""
    for letter in map(chr, [*range(128, 0xD800), *range(0xE000, 0x110000)]):
        taken_for = {letter.lower(), letter.upper().lower()} | (
            {"i"} if re.fullmatch("i", letter, re.IGNORECASE) else set()
        )
        for plain in taken_for & set(ascii_lowercase):
            assert lies_under(read_path(quote(f"/v1/x{letter}").encode()), [f"/v1/x{plain}"]), hex(ord(letter))


def test_ordinary_public_paths_pass(gateway: Gateway) -> None:
    async def story() -> None:
        targets = [b"/v1/public/a.txt", b"/v1/public/a%20b", b"/v1/public/", b"/v1/public/%C3%A9?q=%2e%2e"]
        assert [await ask(gateway, target) for target in targets] == [200] * 4

    asyncio.run(story())


def test_a_web_socket_needs_a_lease_too(gateway: Gateway) -> None:
    assert asyncio.run(ask(gateway, b"/v1/autonomous/echo", "websocket")) == 1008


def test_a_server_that_reads_the_target_twice(gateway: Gateway) -> None:
    async def story() -> None:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        scope = {
            "type": "http", "method": "GET", "path": "/v1/autonomous/x", "raw_path": b"/v1/public/x",
            "query_string": b"", "headers": [], "root_path": "",
        }  # fmt: skip
        await gateway.app(scope, receive, send)
        assert sent[0]["status"] == 400

    asyncio.run(story())


PIECES = st.sampled_from(
    ["/", "//", "v1", "V1", "public", "autonomous", "AUTONOMOUS", ".", "..", "%2e", "%2f", "%5c", ";", "%00", "%25"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.lists(PIECES, max_size=12))
def test_whatever_a_normalising_server_would_find_protected_is(pieces: list[str]) -> None:
    import posixpath

    raw = "/" + "".join(pieces)
    try:
        segments = read_path(raw.encode())
    except Malformed:
        return
    lax = raw
    for _ in range(3):
        lax = unquote(lax)
    lax = posixpath.normpath(lax.replace("\\", "/").replace("//", "/")).lower()
    if lax.startswith("/v1/autonomous/") or lax == "/v1/autonomous":
        assert lies_under(segments, ["/v1/autonomous"])


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
@pytest.mark.parametrize("mark", [";", "%3B", "%CD%BE"])
def test_parameters_hide_no_prefix(mark: str) -> None:
    """Some drop them, so `/v1;x/autonomous` counts; others find a pattern in them (Django's, where it has no `^`)."""
    for path in ("/v1/public/x;v1/autonomous/plan", "/x;y;v1autonomous", "/v1;x/autonomous;y"):
        assert leads_under(read_path(path.replace(";", mark).encode()), ["/v1/autonomous"])
    assert lies_under(read_path(f"/v1{mark}x/public/a".encode()), ["/v1/public"])
    assert not leads_under(read_path(f"/v1{mark}x/public/a".encode()), ["/v1/autonomous"])
