"""The middleware: no call reaches a protected path without a lease that is good at this very moment.

Pure ASGI, for any application. It decides before anything else runs, strips what a client may not say, tells the
application what the lease says, and asks the kill switch again before each piece of a streamed answer.
Source: docs/gateway.md, sections 1 and 2; requirements R01, R02, R65.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import MutableMapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from circuits import CircuitError, Malformed, Misuse, Rejected
from verifier.decision import DecisionPoint, Request
from verifier.fields import Credentials, challenge_header, read_credentials, upstream_headers
from verifier.lease import Lease
from verifier.paths import EVERYTHING, check_prefix, leads_under, read_path
from verifier.problems import MENDED_BY_PROOF, Headers, Problem, problem_for

_log = logging.getLogger("verifier")
# With these the server sends a file by itself, and nobody asks again before each piece of it.
_WHOLE_FILES = frozenset(("http.response.pathsend", "http.response.zerocopysend"))

# What caches in front go by, most of them before `Cache-Control`: nginx, RFC 9213, Varnish and Fastly, Akamai.
_FOR_CACHES = re.compile(rb"x-accel-expires|(.*-)?cache-control|surrogate-control|edge-control")


class _Stopped(Exception):
    """Unwinds the application whose answer was cut off."""


class Doorkeeper:
    """Turns requests into questions to the decision point, and its refusals into answers."""

    def __init__(self, point: DecisionPoint) -> None:
        self._point = point
        terms = point.terms
        self._metadata_url = (
            f"{terms.origin}/.well-known/oauth-protected-resource{terms.resource.removeprefix(terms.origin)}"
        )

    def admit(self, credentials: Credentials, method: str, path: str) -> Lease:
        """The lease under which a call of `method` on `path` (raw, without query) may go on. Raises `CircuitError`."""
        if credentials.lease is None:
            raise _lease_required()
        request = Request(method, self._point.terms.origin + path, credentials.holder_proof)
        try:
            return self._point.decide(credentials.lease, request)
        except Rejected as error:
            # In `Authorization` it may be a token that the provider gives out for purposes of its own, in our form.
            if credentials.in_authorization and error.code == "wrong-audience":
                raise _lease_required() from None
            raise

    def check_still(self, lease: Lease) -> None:
        """See `DecisionPoint.check_still`."""
        self._point.check_still(lease)

    def refuse(self, error: CircuitError) -> Problem:
        """The answer to a call refused with `error`: with a fresh challenge where a fresh proof would help."""
        if isinstance(error, Misuse):
            _log.error("decision failed: %s", error.sentence)
        if error.code not in MENDED_BY_PROOF or not isinstance(error, Rejected):
            return problem_for(error)
        try:
            extra: Headers = [challenge_header(self._point.challenge())]
        except CircuitError as failure:
            return problem_for(failure)
        problem = problem_for(error, extra)
        if problem.status == 401:
            problem.headers.append((b"www-authenticate", self._authenticate().encode("ascii")))
        return problem

    def _authenticate(self) -> str:
        return f'Bearer resource_metadata="{self._metadata_url}", scope="{self._point.policy.record.scope}"'


class LicenceMiddleware:
    """Wraps `app`; paths under `prefixes` need a lease, all of them under "/". Others pass, without our own headers.

    `root` is one that the application has given itself, where `app` does not say so in its `root_path`.
    """

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper, prefixes: Sequence[str], root: str | None = None) -> None:
        if isinstance(prefixes, str):
            raise Misuse(f"prefixes are a list of texts: write [{prefixes!r}]")
        self._prefixes = tuple(prefixes)
        if not self._prefixes:
            raise Misuse("a gateway that protects nothing is no gateway")
        for prefix in self._prefixes:
            if prefix != EVERYTHING:
                check_prefix(prefix)
        self._app = app
        self._door = doorkeeper
        # An application that has given itself a root is reached with it and without it.
        self._root = _read_root(getattr(app, "root_path", "") if root is None else root)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry. Raises what the application raises, and nothing of its own."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            lease, passed = self._decide(scope)
        except CircuitError as error:
            await _answer(scope, send, self._door.refuse(error))
            return
        if lease is None:
            await self._app(passed, receive, send)
            return
        watched = _Watched(self._door, lease, scope, receive, send)
        try:
            await self._app(passed, watched.receive, watched)
        except Exception:
            # By the time it arrives here an application may have wrapped what was raised, so the type says nothing.
            if not watched.stopped:
                raise
        if watched.stopped and not watched.ended:
            raise ConnectionAbortedError("the lease was stopped while its answer was under way")

    def _decide(self, scope: Scope) -> tuple[Lease | None, MutableMapping[str, Any]]:
        raw_path, segments = _read_target(scope)
        credentials = read_credentials(scope["headers"])
        lease = None
        # Some servers tell a path in two parts. Others let a caller say the root (Daphne, in a header).
        told = _read_root(scope.get("root_path", ""))
        protected = leads_under(told + self._root + segments, self._prefixes)
        if protected:
            lease = self._door.admit(credentials, scope.get("method", "GET"), raw_path)
        strip = protected and credentials.in_authorization
        passed = {**scope, "headers": upstream_headers(scope["headers"], lease, strip)}
        if protected:
            offered = scope.get("extensions") or {}
            passed["extensions"] = {name: value for name, value in offered.items() if name not in _WHOLE_FILES}
        return lease, passed


def _read_target(scope: Scope) -> tuple[str, tuple[str, ...]]:
    """The raw path and its segments. The server's two readings of the target have to agree: `Malformed` otherwise."""
    # A server may have decoded the path into half a surrogate pair; the octets it came from are no UTF-8.
    decoded = quote(scope["path"], safe="/", errors="surrogatepass").encode("ascii")
    raw_path: bytes = scope.get("raw_path") or decoded
    segments = read_path(raw_path)
    if segments != read_path(decoded):
        raise Malformed("the path reads in two ways")
    return raw_path.decode("ascii"), segments


def _read_root(root_path: str) -> tuple[str, ...]:
    """The segments of a `root_path`, if any. Raises `Malformed`."""
    root = root_path.strip("/")
    return read_path(quote("/" + root, safe="/", errors="surrogatepass").encode("ascii")) if root else ()


class _Watched:
    """An ASGI send that asks again when an answer begins, and before each piece of it; and a receive that asks before
    each piece of what the caller goes on to say, for a body or a web socket may last longer than its lease. The end of
    either is a piece too, also without octets: it is what sets an order going.

    An answer that has not begun is replaced by the refusal. One that is under way ends with an event that says why, or,
    where it is no stream of events, is broken off.
    """

    def __init__(self, door: Doorkeeper, lease: Lease, scope: Scope, receive: Receive, send: Send) -> None:
        self._door = door
        self._lease = lease
        self._scope = scope
        self._receive = receive
        self._send = send
        self._events = False
        self._begun = False
        self.stopped = False
        self.ended = False

    async def __call__(self, message: Message) -> None:
        """Sends `message`, or ends the answer and raises `_Stopped` when the lease is good no more."""
        if self.stopped:
            raise _Stopped
        kind = message["type"]
        # Between the head of an answer and its first piece may lie minutes, so that one is asked for too.
        if kind != "http.response.body" or message.get("body"):
            try:
                self._door.check_still(self._lease)
            except CircuitError as error:
                await self._stop(error)
        if kind == "http.response.start":
            self._begun = True
            headers = list(message.get("headers", []))
            kinds = [value for name, value in headers if name.lower() == b"content-type"]
            self._events = any(value.lower().startswith(b"text/event-stream") for value in kinds)
            message = {**message, "headers": _kept_from_shared_caches(headers)}
        await self._send(message)

    async def receive(self) -> Message:
        """What the caller says next; ends the answer and raises `_Stopped` when the lease is good no more."""
        message = await self._receive()
        if self.stopped:
            raise _Stopped
        kind = message["type"]
        if kind in ("websocket.receive", "websocket.disconnect", "http.request"):
            try:
                self._door.check_still(self._lease)
            except CircuitError as error:
                if kind == "websocket.disconnect":  # nobody is left to be told
                    self.stopped = self.ended = True
                    raise _Stopped from error
                await self._stop(error)
        return message

    async def _stop(self, error: CircuitError) -> None:
        self.stopped = True
        if not self._begun:
            await _answer(self._scope, self._send, self._door.refuse(error))
            self.ended = True
        elif self._events:
            data = json.dumps({"code": error.code, "detail": error.sentence})
            body = f"\n\nevent: error\ndata: {data}\n\n".encode()
            await self._send({"type": "http.response.body", "body": body, "more_body": False})
            self.ended = True
        raise _Stopped from error


def _kept_from_shared_caches(headers: Headers) -> Headers:
    """`headers` of an answer for the caller alone: a shared cache in front gives nobody else what `Authorization` asked
    for, and knows nothing of leases. In one field, for some read the first only."""
    values = [value for name, value in headers if name.lower() == b"cache-control"]
    kept = [(name, value) for name, value in headers if not _FOR_CACHES.fullmatch(name.lower())]
    return [*kept, (b"cache-control", b", ".join([*values, b"private"]))]


def _lease_required() -> Rejected:
    return Rejected("lease-required", "This needs a lease; answer the challenge to get one.")


async def _answer(scope: Scope, send: Send, problem: Problem) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": problem.code})
        return
    await send({"type": "http.response.start", "status": problem.status, "headers": problem.headers})
    await send({"type": "http.response.body", "body": problem.body})
