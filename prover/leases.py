"""Transport wrappers that make any httpx or httpx2 client a licensed one, and one-liners that make such clients.

A transport is wrapped, not an `auth=` given, because SDKs set `auth` themselves and a transport never is overridden.
Both libraries have the same shape, so one class serves both: requests of our own are made by the class of the caller's
request. The lease is put on a copy of the request: what the client sees, logs, stores and follows redirects with
never carries it, and a call to any other origin goes out as it came, without one. A call that another gateway, or any
other origin, redirects to a gateway is not sent: the address that it is sent on to could name the agent it comes from,
and a lease beside it, or on the connection that it would go by, would tell the gateway which of its agents that is. For
the same reason clients made here keep no cookies.

    SomeProvidersClient(http_client=licensed_client(wallet, "https://api.example", library="httpx2"))
"""

from __future__ import annotations

import importlib
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import anyio
import anyio.to_thread
import httpx

from prover.errors import TrustError
from prover.flow import Appearance, Busy, Call, Flow, Forward, ReadBody, Reply, Send, SendFailed, Step, Work
from prover.issuer_client import is_packed
from prover.keeper import LEASE_HEADER, LeaseKeeper
from prover.session import Gateway, WalletSession
from prover.wallet.store import Wallet

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

MAX_REFUSAL_OCTETS = 64 * 1024

# Among a request's extensions, which a redirected request keeps.
_ORIGIN_OF_CALL = "licence_call"


@dataclass(frozen=True)
class _Begun:
    """How a call began: its first request, and the gateway that this was sent to, or nothing."""

    request: weakref.ref[httpx.Request]
    origin: str
    appearance: Appearance = field(default_factory=Appearance)


class _Exchange:
    """One call under way: the caller's request, and the response that is to be given to it."""

    def __init__(self, request: httpx.Request, origin: str) -> None:
        self.request = request
        self.response: httpx.Response | None = None
        begun: _Begun | None = request.extensions.get(_ORIGIN_OF_CALL)
        self.sent_on = begun is not None and begun.request() is not request  # some SDKs send the same object again
        self.begun = begun if begun and self.sent_on else _Begun(weakref.ref(request), origin)
        request.extensions[_ORIGIN_OF_CALL] = self.begun
        self._library = importlib.import_module(type(request).__module__.partition(".")[0])

    @property
    def network_error(self) -> type[Exception]:
        """The base of the library's errors of the network."""
        error: type[Exception] = self._library.TransportError
        return error

    def call(self) -> Call:
        """The request as the flow needs to know it."""
        request = self.request
        replayable = isinstance(request.stream, self._library.ByteStream)
        names = frozenset(name.lower() for name in request.headers)
        return Call(request.method, str(request.url), replayable, names, self.begun.appearance, self.sent_on)

    def licensed(self, step: Forward) -> httpx.Request:
        """A copy of the caller's request with the step's header fields."""
        request = self.request
        headers = request.headers.copy()
        headers.pop(LEASE_HEADER, None)
        headers.update(step.headers)
        return type(request)(
            request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
        )

    def own(self, step: Send) -> httpx.Request:
        """A request of our own, under the time limits of the caller's."""
        limits = {name: value for name, value in self.request.extensions.items() if name == "timeout"}
        return type(self.request)(step.method, step.url, headers=step.headers, content=step.body, extensions=limits)

    def answer(self, reply: Reply) -> httpx.Response:
        """A response made of `reply`, for the caller."""
        headers = {name: reply.headers[name] for name in ("content-type", "retry-after") if name in reply.headers}
        response: httpx.Response = self._library.Response(reply.status, headers=headers, content=reply.body)
        return response

    def result(self) -> httpx.Response:
        """The response to the last step that forwarded the request."""
        if self.response is None:
            raise RuntimeError("a flow ended without a response")
        return self.response


class LicensedTransport(httpx.BaseTransport):
    """A synchronous transport that adds leases of `session` to calls to its gateways, over `wrapped`.

    Raises what `LeaseKeeper.call` raises, and `TrustError` (`sent-on`); network errors are the wrapped transport's own.
    """

    def __init__(self, session: WalletSession, wrapped: httpx.BaseTransport) -> None:
        self._session = session
        self._wrapped = wrapped

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, with a lease where it goes to a configured gateway."""
        keeper = self._session.keeper(str(request.url))
        exchange = _exchange(request, keeper)
        if keeper is None:
            return self._wrapped.handle_request(exchange.licensed(Forward({})))
        try:
            self._run(keeper.call(exchange.call()), keeper, exchange)
        except BaseException as error:
            if exchange.response is not None:
                exchange.response.close()
            if isinstance(error, Busy):
                return exchange.answer(error.reply)
            if isinstance(error, SendFailed):
                raise error.error from None
            raise
        return exchange.result()

    def close(self) -> None:
        """Close the wrapped transport."""
        self._wrapped.close()

    def _run(self, flow: Flow[T], keeper: LeaseKeeper, exchange: _Exchange) -> T:
        try:
            step = next(flow)
            while True:
                try:
                    result = self._carry_out(step, keeper, exchange)
                except Exception as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            flow.close()

    def _carry_out(self, step: Step, keeper: LeaseKeeper, exchange: _Exchange) -> object:
        if isinstance(step, Forward):
            if exchange.response is not None:
                exchange.response.close()
            exchange.response = self._wrapped.handle_request(exchange.licensed(step))
            return Reply(exchange.response.status_code, exchange.response.headers)
        if isinstance(step, ReadBody):
            return _read(exchange.result())
        if isinstance(step, Send):
            return self._send(step, exchange)
        if isinstance(step, Work):
            return step.function()
        with keeper.lock:
            return self._run(step.flow, keeper, exchange)

    def _send(self, step: Send, exchange: _Exchange) -> Reply:
        try:
            response = self._wrapped.handle_request(exchange.own(step))
            try:
                return Reply(response.status_code, response.headers, _read(response))
            finally:
                response.close()
        except exchange.network_error as error:
            raise SendFailed(error) from error


class AsyncLicensedTransport(httpx.AsyncBaseTransport):
    """The same for asynchronous clients, on asyncio or trio; proofs are computed on a worker thread."""

    def __init__(self, session: WalletSession, wrapped: httpx.AsyncBaseTransport) -> None:
        self._session = session
        self._wrapped = wrapped

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, with a lease where it goes to a configured gateway."""
        keeper = self._session.keeper(str(request.url))
        exchange = _exchange(request, keeper)
        if keeper is None:
            return await self._wrapped.handle_async_request(exchange.licensed(Forward({})))
        try:
            await self._run(keeper.call(exchange.call()), keeper, exchange)
        except BaseException as error:
            if exchange.response is not None:
                with anyio.CancelScope(shield=True):
                    await exchange.response.aclose()
            if isinstance(error, Busy):
                return exchange.answer(error.reply)
            if isinstance(error, SendFailed):
                raise error.error from None
            raise
        return exchange.result()

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        await self._wrapped.aclose()

    async def _run(self, flow: Flow[T], keeper: LeaseKeeper, exchange: _Exchange) -> T:
        try:
            step = next(flow)
            while True:
                try:
                    result = await self._carry_out(step, keeper, exchange)
                except Exception as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value
        finally:
            flow.close()

    async def _carry_out(self, step: Step, keeper: LeaseKeeper, exchange: _Exchange) -> object:
        if isinstance(step, Forward):
            if exchange.response is not None:
                await exchange.response.aclose()
            exchange.response = await self._wrapped.handle_async_request(exchange.licensed(step))
            return Reply(exchange.response.status_code, exchange.response.headers)
        if isinstance(step, ReadBody):
            return await _aread(exchange.result())
        if isinstance(step, Send):
            return await self._send(step, exchange)
        if isinstance(step, Work):
            return await anyio.to_thread.run_sync(step.function)
        async with keeper.loop_lock():
            return await self._run(step.flow, keeper, exchange)

    async def _send(self, step: Send, exchange: _Exchange) -> Reply:
        try:
            response = await self._wrapped.handle_async_request(exchange.own(step))
            try:
                return Reply(response.status_code, response.headers, await _aread(response))
            finally:
                await response.aclose()
        except exchange.network_error as error:
            raise SendFailed(error) from error


@overload
def licensed_client(
    wallet: Wallet | WalletSession,
    gateways: str | Gateway | Iterable[str | Gateway] = (),
    *,
    library: Literal["httpx"] = "httpx",
    **options: Any,
) -> httpx.Client: ...
@overload
def licensed_client(
    wallet: Wallet | WalletSession,
    gateways: str | Gateway | Iterable[str | Gateway] = (),
    *,
    library: Literal["httpx2"],
    **options: Any,
) -> httpx2.Client: ...
def licensed_client(
    wallet: Wallet | WalletSession,
    gateways: str | Gateway | Iterable[str | Gateway] = (),
    *,
    library: Literal["httpx", "httpx2"] = "httpx",
    **options: Any,
) -> Any:
    """A client of `library` whose calls to `gateways` carry leases of `wallet`'s licence.

    `wallet` is an open wallet, or a session that several clients share (then `gateways` stays empty). `options` go to
    the client; a `transport` among them is wrapped, `verify`, `http2`, `limits` and such belong to that transport.
    Cookies are not kept unless `cookies` are given: they could join two weeks, or two gateways of one domain.
    Raises `TrustError` for a gateway that is not https (or loopback), ImportError when `library` is not installed.
    """
    module = importlib.import_module(library)
    transport = LicensedTransport(_session(wallet, gateways), options.pop("transport", None) or module.HTTPTransport())
    return module.Client(transport=transport, **{"cookies": _no_cookies(), **options})


@overload
def licensed_async_client(
    wallet: Wallet | WalletSession,
    gateways: str | Gateway | Iterable[str | Gateway] = (),
    *,
    library: Literal["httpx"] = "httpx",
    **options: Any,
) -> httpx.AsyncClient: ...
@overload
def licensed_async_client(
    wallet: Wallet | WalletSession,
    gateways: str | Gateway | Iterable[str | Gateway] = (),
    *,
    library: Literal["httpx2"],
    **options: Any,
) -> httpx2.AsyncClient: ...
def licensed_async_client(
    wallet: Wallet | WalletSession,
    gateways: str | Gateway | Iterable[str | Gateway] = (),
    *,
    library: Literal["httpx", "httpx2"] = "httpx",
    **options: Any,
) -> Any:
    """As `licensed_client`, for asynchronous clients."""
    module = importlib.import_module(library)
    wrapped = options.pop("transport", None) or module.AsyncHTTPTransport()
    transport = AsyncLicensedTransport(_session(wallet, gateways), wrapped)
    return module.AsyncClient(transport=transport, **{"cookies": _no_cookies(), **options})


def _exchange(request: httpx.Request, keeper: LeaseKeeper | None) -> _Exchange:
    """The exchange of this request, which `keeper`, if any, keeps the leases for. Raises `TrustError` (`sent-on`)."""
    origin = "" if keeper is None else keeper.request.audience
    exchange = _Exchange(request, origin)
    if keeper is not None and exchange.begun.origin != origin:
        raise TrustError(
            "sent-on",
            f"A call was redirected to {origin} from elsewhere, under an address that may name this agent.",
            "It was not sent. Call that gateway by its own address.",
        )
    return exchange


def _no_cookies() -> CookieJar:
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def _session(wallet: Wallet | WalletSession, gateways: str | Gateway | Iterable[str | Gateway]) -> WalletSession:
    named = [gateways] if isinstance(gateways, str | Gateway) else list(gateways)
    if isinstance(wallet, WalletSession):
        if named:
            raise ValueError("a session has its gateways already")
        return wallet
    if not named:
        raise ValueError("name the gateways that leases may be sent to")
    return WalletSession(wallet, named)


def _read(response: httpx.Response) -> bytes:
    received = bytearray()
    if is_packed(response):  # a refusal's code stands in the header fields too
        response.close()
        return b""
    for part in response.iter_bytes():
        received += part
        if len(received) > MAX_REFUSAL_OCTETS:
            break
    response.close()
    return bytes(received[:MAX_REFUSAL_OCTETS])


async def _aread(response: httpx.Response) -> bytes:
    received = bytearray()
    if is_packed(response):
        await response.aclose()
        return b""
    async for part in response.aiter_bytes():
        received += part
        if len(received) > MAX_REFUSAL_OCTETS:
            break
    await response.aclose()
    return bytes(received[:MAX_REFUSAL_OCTETS])
