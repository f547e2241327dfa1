"""Asks an ASGI application without a server in between, so that it gets what no client library would send."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

T = TypeVar("T")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class Answer:
    """Status, header fields in lower case, body."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def asyncio_run(story: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the one event loop of this process."""
    return _loop().run_until_complete(story)


def headers_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Lines of `name: value`."""
    pairs = [line.partition(b":") for line in data.split(b"\n") if line]
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def ask(app: Any, data: bytes, plain_target: bool = True) -> Answer | None:
    """The answer to a request: method and target on the first line, header fields, an empty line, the body.

    None for what no server would hand on: another method than letters, a target that is no path, or, where it is to be
    `plain_target`, one that is not ASCII, which h11 refuses and other servers hand on. Header fields whose name is no
    token, or whose value has a control character in it, are left out as h11 refuses them.
    """
    head, _, body = data.partition(b"\n\n")
    first, _, fields = head.partition(b"\n")
    method, _, target = first.partition(b" ")
    if not method.isalpha() or not target.startswith(b"/") or (plain_target and not target.isascii()):
        return None
    headers = [pair for pair in headers_of(fields) if _NAME.fullmatch(pair[0]) and not _CONTROL.search(pair[1])]
    return asyncio_run(_ask(app, method.decode().upper(), target, headers, body))


async def _ask(app: Any, method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    raw_path, _, query = target.partition(b"?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
        "path": unquote_to_bytes(raw_path).decode(errors="replace"), "raw_path": raw_path, "query_string": query,
        "headers": [(name.lower(), value) for name, value in headers], "client": ("127.0.0.1", 1),
        "server": ("server.example", 443), "root_path": "",
    }  # fmt: skip
    said: list[Any] = []
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if pending:
            return pending.pop()
        return await asyncio.Event().wait()  # a client that stays

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)
    pieces = b"".join(message.get("body", b"") for message in said)
    return Answer(said[0]["status"], {name.lower(): value for name, value in said[0]["headers"]}, pieces)
