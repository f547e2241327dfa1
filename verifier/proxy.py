"""The way on to the provider's own service: a streaming reverse proxy on httpx's transports.

It adds nothing, keeps nothing and decides nothing. Bodies stream both ways, so that a long answer can be cut off at any
piece. Calls without a lease cost nothing to make, so they never take all of the connections to the service, and none
waits for ever for a body that does not come, or for a caller that does not read.
Source: docs/gateway.md, section 1; RFC 9110, section 7.6.1.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from circuits import Malformed, Rejected
from verifier.fields import is_ours
from verifier.problems import Headers, problem_for
from verifier.unavailable import Unavailable

_HOP_BY_HOP = frozenset(
    (
        b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
        b"transfer-encoding upgrade"
    ).split()
)
TIMEOUT = httpx.Timeout(5.0, read=300.0, write=60.0, pool=5.0)
# A connection for each call: what a service sends beyond one answer (some do, after HEAD) is nobody else's answer.
LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=0)
CALLS_WITHOUT_LEASE = 750
PIECE_SECONDS = 60.0


def upstream_transport() -> httpx.AsyncBaseTransport:
    """The way to the service over the network, for `Upstream`."""
    return httpx.AsyncHTTPTransport(limits=LIMITS, trust_env=False)


class Upstream:
    """An ASGI application that forwards HTTP requests to `base_url` over `transport`.

    At most `calls_without_lease` of those under way at once are not the holders'; within `piece_seconds` the next piece
    of a caller's body has to come, and the caller has to take each piece of the answer. No client of httpx stands
    between: all callers would share its cookies, and it reads what it does not have to, such as where a redirect leads.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        base_url: str,
        calls_without_lease: int = CALLS_WITHOUT_LEASE,
        piece_seconds: float = PIECE_SECONDS,
    ) -> None:
        self._transport = transport
        self._room, self._piece_seconds = calls_without_lease, piece_seconds
        self._base = base_url.rstrip("/").encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry; HTTP only. Answers 502 when the upstream cannot be reached.

        Raises `Malformed` for a query that is no part of a URL, `Rejected` (`too-slow`), `Unavailable` (`overloaded`),
        `ConnectionAbortedError` for a caller that does not read.
        """
        # Whatever a client said in the gateway's name is gone by now: what stands there is a lease's.
        if any(is_ours(name) for name, _ in scope["headers"]):
            return await self._forward(scope, receive, send)
        if self._room < 1:
            raise Unavailable("overloaded", "Too many calls without a lease are under way; try again shortly.", 5)
        self._room -= 1
        try:
            return await self._forward(scope, receive, send)
        finally:
            self._room += 1

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._transport.handle_async_request(self._forwarded(request))
        except httpx.HTTPError:
            error = Unavailable("upstream-unavailable", "The service behind the gateway cannot be reached.", 5)
            problem = problem_for(error)
            response = Response(problem.body, problem.status)
            response.raw_headers = list(problem.headers)
            await response(scope, receive, send)
            return
        except ClientDisconnect:
            return
        except TimeoutError:
            raise Rejected("too-slow", "The body took too long to arrive.") from None
        try:
            streamed = StreamingResponse(answer.aiter_raw(), answer.status_code)
            # A service must not be taken for the gateway: what only the gateway says is not passed on from behind it.
            streamed.raw_headers = [pair for pair in _end_to_end(answer.headers.raw) if not is_ours(pair[0])]
            await streamed(scope, receive, self._hurried(send))
        finally:
            await answer.aclose()

    def _hurried(self, send: Send) -> Send:
        """`send`, for a caller that takes what is sent: another one would hold a connection to the service for ever."""

        async def hurried(message: Message) -> None:
            try:
                async with asyncio.timeout(self._piece_seconds):
                    await send(message)
            except TimeoutError:
                raise ConnectionAbortedError("the caller does not read the answer") from None

        return hurried

    def _forwarded(self, request: Request) -> httpx.Request:
        target: bytes = request.scope["raw_path"]
        if query := request.scope["query_string"]:
            target = target + b"?" + query
        headers = [pair for pair in _end_to_end(request.scope["headers"]) if pair[0].lower() != b"host"]
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in request.scope["headers"])
        content: AsyncIterator[bytes] | None = self._body(request) if has_body else None
        try:
            url = httpx.URL((self._base + target).decode("ascii"))
        except (UnicodeDecodeError, httpx.InvalidURL):
            raise Malformed("the query is no part of a URL") from None
        # No header is added: what a caller does not accept, the service is not asked for.
        timeout = {"timeout": TIMEOUT.as_dict()}
        return httpx.Request(request.method, url, headers=headers, content=content, extensions=timeout)

    async def _body(self, request: Request) -> AsyncIterator[bytes]:
        pieces = request.stream()
        while True:
            async with asyncio.timeout(self._piece_seconds):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece


def _end_to_end(headers: Headers) -> Headers:
    """`headers` without those that belong to one connection, the ones that `Connection` names among them.

    What the gateway says of a lease stays: a caller who could name it there would call without being counted.
    """
    named = {
        token.strip().lower() for name, value in headers if name.lower() == b"connection" for token in value.split(b",")
    }
    dropped = _HOP_BY_HOP | {name for name in named if not is_ours(name)}
    return [(name.lower(), value) for name, value in headers if name.lower() not in dropped]
