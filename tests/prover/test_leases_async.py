"""The transport wrapper, asynchronous: the same conduct, with a lock for each event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from prover import (
    AsyncLicensedTransport,
    BodyNotReplayable,
    Refused,
    Revoked,
    WalletSession,
    licensed_async_client,
    licensed_client,
)

URL = "https://gateway.example/v1/autonomous/chat"


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    return {"httpx": httpx, "httpx2": httpx2}[request.param]


def client_for(world: Any, session: WalletSession | None = None, library: Any = httpx, **options: Any) -> Any:
    async def handle(request: Any) -> Any:
        await asyncio.sleep(0)
        await request.aread()
        return world.gateway.handle(request)

    transport = library.MockTransport(handle)
    return licensed_async_client(session or world.session(), library=library.__name__, transport=transport, **options)


def test_fifty_calls_at_once_make_one_presentation(world: Any, library: Any) -> None:
    async def run() -> list[int]:
        async with client_for(world, library=library) as client:
            responses = await asyncio.gather(*(client.post(URL, json={"n": n}) for n in range(50)))
            assert all(isinstance(response, library.Response) for response in responses)
            return [response.status_code for response in responses]

    assert asyncio.run(run()) == [200] * 50
    assert world.gateway.presentations == 1


def test_fifty_calls_at_a_renewal_make_one_more_presentation(world: Any) -> None:
    async def run() -> None:
        async with client_for(world) as client:
            await client.get(URL)
            world.clock.at += 850
            await asyncio.gather(*(client.get(URL) for _ in range(50)))

    asyncio.run(run())
    assert world.gateway.presentations == 2


def test_fifty_calls_after_the_end_of_a_lease_make_one_more_presentation(world: Any) -> None:
    async def run() -> None:
        async with client_for(world) as client:
            await client.get(URL)
            world.clock.at += 900
            await asyncio.gather(*(client.get(URL) for _ in range(50)))

    asyncio.run(run())
    assert world.gateway.presentations == 2


@pytest.mark.requirement("R65")
def test_after_its_revocation_every_call_in_flight_halts(world: Any) -> None:
    session = world.session()

    async def run() -> list[Any]:
        async with client_for(world, session) as client:
            await client.get(URL)
            world.issuer.revoke(session.wallet.contents.licence.credential.handle)
            world.gateway.floor = world.issuer.publish(urgent=True).number
            return await asyncio.gather(*(client.get(URL) for _ in range(20)), return_exceptions=True)

    outcomes = asyncio.run(run())
    assert all(isinstance(outcome, Revoked) for outcome in outcomes)
    assert world.gateway.presentations == 1


def test_one_session_serves_several_event_loops_and_threads_of_both_kinds(world: Any) -> None:
    session = world.session()

    async def run() -> int:
        async with client_for(world, session) as client:
            status: int = (await client.get(URL)).status_code
            return status

    assert [asyncio.run(run()) for _ in range(3)] == [200] * 3
    with licensed_client(session, transport=httpx.MockTransport(world.gateway.handle)) as client:
        assert client.get(URL).status_code == 200
    assert world.gateway.presentations == 1


def test_a_call_that_is_cancelled_leaves_the_lock_free(world: Any) -> None:
    async def run() -> None:
        stuck = asyncio.Event()

        async def handle(request: Any) -> Any:
            if request.url.path == "/licence/token" and not stuck.is_set():
                stuck.set()
                await asyncio.sleep(60)
            return world.gateway.handle(request)

        session = world.session()
        async with licensed_async_client(session, transport=httpx.MockTransport(handle)) as client:
            first = asyncio.create_task(client.get(URL))
            await stuck.wait()
            second = asyncio.create_task(client.get(URL))
            await asyncio.sleep(0)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            assert (await second).status_code == 200

    asyncio.run(run())
    assert world.gateway.presentations == 1


def test_proofs_are_computed_off_the_event_loop(world: Any) -> None:
    import threading

    seen: list[str] = []
    session = world.session()
    present = session.present

    class Noting:
        """The session, noting where proofs are made."""

        def __getattr__(self, name: str) -> Any:
            return getattr(session, name)

        def present(self, *arguments: Any) -> bytes:
            seen.append(threading.current_thread().name)
            octets: bytes = present(*arguments)
            return octets

    session.keeper(URL)._session = Noting()

    async def run() -> None:
        async with client_for(world, session) as client:
            await client.get(URL)

    asyncio.run(run())
    assert len(seen) == 1
    assert seen[0] != threading.main_thread().name


def test_refusals_errors_and_503_are_as_in_synchronous_clients(world: Any, library: Any) -> None:
    async def run() -> None:
        async with client_for(world, library=library) as client:
            world.gateway.override = lambda request: world.gateway.refuse(403, "tier")
            with pytest.raises(Refused, match="Because of tier"):
                await client.get(URL)

            def down(request: Any) -> httpx.Response | None:
                if request.url.path == "/licence/token":
                    raise library.ConnectError("down")
                return None

            world.gateway.override = down
            with pytest.raises(library.ConnectError):
                await client.get(URL)
            world.gateway.override = lambda request: (
                httpx.Response(503, headers={"retry-after": "9"}) if request.url.path == "/licence/token" else None
            )
            response = await client.get(URL)
            assert (response.status_code, response.headers["retry-after"]) == (503, "9")
            assert isinstance(response, library.Response)

    asyncio.run(run())


def test_other_origins_get_no_lease_and_streams_cannot_be_replayed(world: Any, library: Any) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"one"

    async def run() -> None:
        async with client_for(world, library=library) as client:
            assert (await client.post(URL, content=body())).json()["body"] == 3
            await client.get("https://other.example/v1/autonomous")
            assert "agent-licence" not in world.gateway.requests[-1].headers
            world.issuer.revoke_strangers(1)
            world.gateway.floor = world.issuer.publish(urgent=True).number
            with pytest.raises(BodyNotReplayable):
                await client.post(URL, content=body())

    asyncio.run(run())


class Pieces(httpx.AsyncByteStream):
    """A streamed answer that tells when it is read and closed."""

    def __init__(self) -> None:
        self.read, self.closed = 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(3):
            self.read += 1
            yield b"data"

    async def aclose(self) -> None:
        self.closed = True


class Streaming(httpx.AsyncBaseTransport):
    """The gateway, with all that belongs to `/v1/` streamed."""

    def __init__(self, world: Any) -> None:
        self.world, self.pieces = world, [Pieces()]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = self.world.gateway.handle(request)
        if request.url.path.startswith("/v1/"):
            self.pieces.append(Pieces())
            return httpx.Response(response.status_code, headers=response.headers, stream=self.pieces[-1])
        return response


def test_streamed_answers_pass_through_unread_and_refused_ones_are_closed(world: Any) -> None:
    async def run() -> None:
        wrapped = Streaming(world)
        async with (
            httpx.AsyncClient(transport=AsyncLicensedTransport(world.session(), wrapped)) as client,
            client.stream("GET", URL) as response,
        ):
            assert response.status_code == 200
            refused, given = wrapped.pieces[-2:]
            assert refused.closed
            assert given.read == 0
            await anext(response.aiter_raw())
            assert given.read == 1
        assert given.closed

    asyncio.run(run())


def test_a_timeout_of_the_caller_ends_the_call(world: Any) -> None:
    async def run() -> None:
        async def handle(request: Any) -> Any:
            if request.url.path == "/licence/token":
                await asyncio.sleep(60)
            return world.gateway.handle(request)

        async with licensed_async_client(world.session(), transport=httpx.MockTransport(handle)) as client:
            with anyio.move_on_after(0.3) as scope:
                await client.get(URL)
            assert scope.cancelled_caught

    asyncio.run(run())
