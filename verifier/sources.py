"""Where epochs come from: the only code here that fetches anything. It believes nothing; it hands octets on.

Two ways at once: a stream of events, which brings an urgent epoch within a fraction of a second, and a poll every few
seconds, which mends whatever the stream missed. Both are bounded in size, and neither ever gives up or takes the
gateway down: what goes wrong is counted, logged and tried again. Source: docs/gateway.md, section 2; requirement R64.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable

import httpx

from circuits import CircuitError, Malformed
from verifier.base64url import decode_base64url
from verifier.trust import MAX_EPOCH_OCTETS

MAX_EVENT_OCTETS = 8192
MAX_BACKOFF_SECONDS = 30.0
STREAM_SILENCE_SECONDS = 60.0
_UNPACKED = {"accept-encoding": "identity"}
_log = logging.getLogger("verifier.sources")


class EpochSource:
    """Fetches signed epochs from `issuer_url` and offers their octets to `offer`.

    `offer` may raise `CircuitError` or `OSError`; the source goes on. `client` should not follow redirects.
    """

    def __init__(
        self, client: httpx.AsyncClient, issuer_url: str, offer: Callable[[bytes], None], poll_seconds: float = 5.0
    ) -> None:
        self._client = client
        self._url = issuer_url.rstrip("/")
        self._offer = offer
        self._poll_seconds = poll_seconds
        self._etag: str | None = None
        self.failures = 0
        self.last_failure: str | None = None

    async def run(self) -> None:
        """Polls and listens until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll_for_ever())
            tasks.create_task(self._listen_for_ever())

    async def poll(self) -> None:
        """Fetches the latest epoch once. Raises `httpx.HTTPError`, `Malformed` and what `offer` raises."""
        headers = {"accept": "application/cose", **_UNPACKED}
        if self._etag is not None:
            headers["if-none-match"] = self._etag
        async with self._client.stream("GET", self._url + "/epochs/latest.cose", headers=headers) as response:
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return
            if response.status_code != httpx.codes.OK:
                raise Malformed(f"the issuer answered {response.status_code}")
            octets = await _read_capped(_parts(response), MAX_EPOCH_OCTETS)
            etag = response.headers.get("etag")
        self._offer(octets)
        # One that no header of a request can carry is not asked with; what it costs is the epoch once more.
        self._etag = etag if etag is not None and etag.isascii() else None

    async def listen(self) -> None:
        """Takes epochs from the event stream until it ends. Raises `httpx.HTTPError`, `Malformed`."""
        timeout = httpx.Timeout(5.0, read=STREAM_SILENCE_SECONDS)
        headers = {"accept": "text/event-stream", **_UNPACKED}
        async with self._client.stream(
            "GET", self._url + "/epochs/events", headers=headers, timeout=timeout
        ) as response:
            if response.status_code != httpx.codes.OK:
                raise Malformed(f"the issuer answered {response.status_code}")
            async for name, data in read_events(_parts(response)):
                if name == "epoch":
                    self._try_offer(data)

    def _try_offer(self, data: str) -> None:
        try:
            self._offer(decode_base64url(data, MAX_EPOCH_OCTETS))
        except (CircuitError, OSError) as error:
            self._note(error)

    async def _poll_for_ever(self) -> None:
        while True:
            try:
                await self.poll()
            except Exception as error:  # a redirect to what is no URL, say, is none of httpx's own errors
                self._note(error)
            await asyncio.sleep(self._poll_seconds * random.uniform(0.8, 1.2))  # noqa: S311

    async def _listen_for_ever(self) -> None:
        backoff = 0.5
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self.listen()
            except Exception as error:
                self._note(error)
            backoff = 0.5 if loop.time() - began > STREAM_SILENCE_SECONDS else min(2 * backoff, MAX_BACKOFF_SECONDS)
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311

    def _note(self, error: Exception) -> None:
        self.failures += 1
        self.last_failure = f"{type(error).__name__}: {error}"[:300]
        _log.warning("epoch source: %s", self.last_failure)


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[str, str]]:
    """The (event name, data) pairs of a server-sent event stream. Raises `Malformed` when an event grows beyond 8 KiB.

    Source: WHATWG HTML, section 9.2.6. Kept here because a cap on what the other side may send is not optional.
    """
    pending = b""
    name, data = "message", list[str]()
    size = 0
    async for chunk in chunks:
        pending += chunk
        # A carriage return at the very end may be the first half of a line end.
        held = b"\r" if pending.endswith(b"\r") else b""
        whole = pending.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = whole.split(b"\n")
        pending = rest + held
        if len(pending) > MAX_EVENT_OCTETS:
            raise Malformed("an event is too long")
        for line in lines:
            size += len(line)
            if size > MAX_EVENT_OCTETS:
                raise Malformed("an event is too long")
            field, _, value = line.decode("utf-8", "replace").partition(":")
            if not line:
                if data:
                    yield name, "\n".join(data)
                name, data, size = "message", [], 0
            elif field == "event":
                name = value.removeprefix(" ")
            elif field == "data":
                data.append(value.removeprefix(" "))


def _parts(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `Malformed` for one that is packed: a kilobyte can stand for a gigabyte, in one part
    that no cap on what has come would see."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Malformed("the issuer's answer is packed")
    return response.aiter_bytes()


async def _read_capped(chunks: AsyncIterator[bytes], max_octets: int) -> bytes:
    body = b""
    async for chunk in chunks:
        body += chunk
        if len(body) > max_octets:
            raise Malformed("the issuer's answer is too long")
    return body
