"""A protected path stays one where an application stands under a path of its own, however it was told of that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.verifier.sim_gateway import Gateway
from verifier.asgi import Doorkeeper, LicenceMiddleware

Guard = Callable[[ASGIApp], ASGIApp]
RAN = PlainTextResponse("it ran")
ROUTES = [Route("/v1/autonomous/plan", RAN), Route("/v1/public/plan", RAN)]


def mounted(guard: Guard) -> ASGIApp:
    return Starlette(routes=[Mount("/api", app=guard(Starlette(routes=ROUTES)))])


def told_within(guard: Guard) -> ASGIApp:
    api = FastAPI()
    api.root_path = "/api"
    api.router.routes.extend(ROUTES)
    return guard(api)


def told_by_the_server(guard: Guard) -> ASGIApp:
    return guard(Starlette(routes=ROUTES))


def client_of(gateway: Gateway, app: ASGIApp, root: str = "") -> httpx.AsyncClient:
    """A client of `app`, whose server tells it that it stands under `root`."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, root_path=root), base_url=gateway.origin)


def check_asked_for(gateway: Gateway, app: ASGIApp, *paths: str, root: str = "", runs: str | None = None) -> None:
    """That each of `paths` needs a lease, and the path `runs`, if given, none."""

    async def story() -> None:
        client = client_of(gateway, app, root)
        assert [(await client.get(path)).status_code for path in paths] == [401] * len(paths)
        assert runs is None or (await client.get(runs)).text == "it ran"

    asyncio.run(story())


async def check_protected(gateway: Gateway, client: httpx.AsyncClient, path: str) -> None:
    """That `path` needs a lease, and runs with one."""
    holder = gateway.holder()
    assert (await client.get(path)).status_code == 401
    lease = await gateway.lease(holder)
    headers = {"agent-licence": lease, "dpop": holder.proof("GET", gateway.origin + path, lease)}
    assert (await client.get(path, headers=headers)).text == "it ran"


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
@pytest.mark.parametrize("place", [mounted, told_within, told_by_the_server])
def test_under_a_path_of_its_own(tmp_path: Path, place: Callable[[Guard], ASGIApp]) -> None:
    gateway = Gateway(tmp_path)

    async def story() -> None:
        app = place(lambda inner: LicenceMiddleware(inner, Doorkeeper(gateway.point), ["/v1/autonomous"]))
        client = client_of(gateway, app, "/api" if place is told_by_the_server else "")
        await check_protected(gateway, client, "/api/v1/autonomous/plan")
        assert (await client.get("/api/v1/public/plan")).text == "it ran"

    asyncio.run(story())


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
@pytest.mark.parametrize("root_path", ["/v1", "/v1/", "v1", "/V1", "/api/v1"])
def test_a_path_told_in_two_parts(tmp_path: Path, root_path: str) -> None:
    """By some servers `path` is what follows `root_path`, so that the prefix stands in neither."""
    gateway = Gateway(tmp_path)
    routes = [Route("/autonomous/plan", RAN), Route("/public/plan", RAN)]

    async def story() -> None:
        app = LicenceMiddleware(Starlette(routes=routes), Doorkeeper(gateway.point), ["/v1/autonomous"])
        client = client_of(gateway, app, root_path)
        await check_protected(gateway, client, "/autonomous/plan")
        assert (await client.get("/public/plan")).text == "it ran"

    asyncio.run(story())


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
@pytest.mark.parametrize(
    ("root", "route"), [("/v1", "/autonomous/plan"), ("/v1/autonomous", "/plan"), ("/api/v1", "/autonomous/plan")]
)
@pytest.mark.parametrize("hidden", [False, True])
def test_an_application_that_gave_itself_a_root_is_reached_without_it_too(
    tmp_path: Path, root: str, route: str, hidden: bool
) -> None:
    """It drops its root only where that stands. `hidden` behind another layer, what is left of a prefix still tells;
    where nothing is left the root is named. Django's `FORCE_SCRIPT_NAME` is in no application's `root_path` either."""
    gateway, api = Gateway(tmp_path), FastAPI()
    api.root_path = root
    api.router.routes.append(Route(route, RAN))

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        await api(scope, receive, send)

    named = root if hidden and root == "/v1/autonomous" else None
    app = LicenceMiddleware(layer if hidden else api, Doorkeeper(gateway.point), ["/v1/autonomous"], named)
    check_asked_for(gateway, app, route, root + route)


@pytest.mark.attack("9")
@pytest.mark.parametrize("given", [iter, list, tuple, set, reversed, lambda some: map(str, some)])
def test_prefixes_of_any_make_protect(tmp_path: Path, given: Callable[[list[str]], Sequence[str]]) -> None:
    gateway = Gateway(tmp_path)
    app = LicenceMiddleware(Starlette(routes=ROUTES), Doorkeeper(gateway.point), given(["/v1/autonomous"]))
    check_asked_for(gateway, app, "/v1/autonomous/plan")


@pytest.mark.attack("9")
@pytest.mark.parametrize("told", ["", "/proxy"])
@pytest.mark.parametrize("own", ["", "/api"])
def test_a_root_of_its_own_beside_one_that_is_told(tmp_path: Path, own: str, told: str) -> None:
    """The path alone counts too, whatever roots stand around it: here it begins within the prefix."""
    gateway, api, outer = Gateway(tmp_path), FastAPI(), FastAPI()
    api.root_path, outer.root_path = "/v1", own
    api.router.routes.append(Route("/autonomous/plan", RAN))
    outer.mount("", api)
    app = LicenceMiddleware(outer, Doorkeeper(gateway.point), ["/v1/autonomous"])
    check_asked_for(gateway, app, "/autonomous/plan", root=told)


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
@pytest.mark.parametrize(
    ("root", "route", "path"),
    [
        ("/api", "/v1/autonomous/plan", "/apiv1/autonomous/plan"),
        ("/api", "/v1/autonomous/plan", "/v1/public/apiv1/autonomous/plan"),
        ("/v1", "/autonomous/plan", "/v1autonomous/plan"),
        ("/v1", "/autonomous/plan", "/public/v1autonomous/plan"),
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_an_application_that_cuts_its_root_out_as_text(
    tmp_path: Path, root: str, route: str, path: str, told: bool
) -> None:
    """As Litestar does, from anywhere in a path; Quart, and a2wsgi before Flask, at its beginning."""
    gateway, ran = Gateway(tmp_path), []

    async def cuts(scope: Scope, receive: Receive, send: Send) -> None:
        if "/" + scope["path"].split(root, 1)[-1].strip("/") == route:
            ran.append(scope["path"])
        await PlainTextResponse("it ran")(scope, receive, send)

    app = LicenceMiddleware(cuts, Doorkeeper(gateway.point), ["/v1/autonomous"])
    check_asked_for(gateway, app, path, root=root if told else "", runs="/v1/public/plan")
    assert ran == []


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
@pytest.mark.parametrize(
    "path",
    [
        "/v1/autonomousplan",
        "/v1/autonomous-x/plan",
        "/api/v1/autonomousplan",
        "/v1autonomousplan",
        "/apiv1/autonomousplan",
        "/autonomousplan",
    ],
)
def test_an_application_that_is_mounted_by_the_text_of_its_path(tmp_path: Path, path: str) -> None:
    """As by hypercorn's dispatcher, and by Litestar: what is mounted at a prefix gets paths that only begin like it.
    Litestar cuts the root out as text too, also one that is set behind the middleware."""
    gateway, ran = Gateway(tmp_path), []

    async def mounts(scope: Scope, receive: Receive, send: Send) -> None:
        path = "/" + scope["path"].removeprefix("/api").replace("v1a", "v1/a").removeprefix("/")
        if path.startswith(("/v1/autonomous", "/autonomous")):
            ran.append(scope["path"])
        await PlainTextResponse("it ran")(scope, receive, send)

    app = LicenceMiddleware(mounts, Doorkeeper(gateway.point), ["/v1/autonomous"])
    check_asked_for(gateway, app, path, runs="/v1/public/plan")
    assert ran == []


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
@pytest.mark.parametrize(
    ("root", "path"),
    [
        ("/x", "/x/autonomous/plan"),
        ("/x", "/xautonomous/plan"),
        ("x;", "/x;v1/autonomous/plan"),
        ("/x", "/a/x/autonomous/"),
    ],
)
def test_a_root_that_the_caller_chose(tmp_path: Path, root: str, path: str) -> None:
    """Daphne takes the root from a header, instead of its own `--root-path /v1`; applications drop it from the path."""
    gateway = Gateway(tmp_path)
    app = LicenceMiddleware(RAN, Doorkeeper(gateway.point), ["/v1/autonomous"])
    check_asked_for(gateway, app, path, root=root, runs="/x/public/plan")


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
@pytest.mark.parametrize(
    "path",
    [
        "/v1/public/api/autonomous/plan",
        "/v1/public/apiautonomous/plan",
        "/v1/public/api/v1/api/autonomous/plan",
        "/v1/@@autonomous/plan",
        "/v1/%40@autonomous",
    ],
)
def test_a_prefix_of_which_a_part_is_dropped_on_the_way(tmp_path: Path, path: str) -> None:
    """Litestar drops a mount and leaves the root told, so that a Litestar or Quart in it drops that again, with what
    stands before; Pyramid finds the view `autonomous` of `/v1` by `@@autonomous` too."""
    gateway = Gateway(tmp_path)
    app = LicenceMiddleware(RAN, Doorkeeper(gateway.point), ["/v1/autonomous"])
    check_asked_for(gateway, app, path, runs="/v1/public/api/plan")
    check_asked_for(gateway, gateway.app, path.replace("/v1/@@", "/v1/public/@@"))
    assert gateway.upstream.count == 0


@pytest.mark.attack("9")
@pytest.mark.requirement("R02")
def test_a_root_that_is_the_whole_prefix_and_that_a_caller_takes_away(tmp_path: Path) -> None:
    """Daphne's `--root-path /v1/autonomous` is not told where a caller says another one: it is named."""
    gateway = Gateway(tmp_path)
    app = LicenceMiddleware(RAN, Doorkeeper(gateway.point), ["/v1/autonomous"], "/v1/autonomous")
    for root in ("/v1/autonomous", "/x", ""):
        check_asked_for(gateway, app, f"{root}/plan", root=root)
