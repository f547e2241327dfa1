"""Builds the issuer's web application from its settings and its clock. Nothing happens on import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from issuer import problems
from issuer.assessment import routes as assessment_routes
from issuer.clock import Clock, system_clock
from issuer.crashpoints import NO_CRASH, CrashPoints
from issuer.db.base import Database
from issuer.db.migrate import upgrade
from issuer.epochs import routes as epoch_routes
from issuer.epochs.events import EpochBell
from issuer.epochs.writer import write_epochs
from issuer.insurance import routes as insurance_routes
from issuer.insurance.service import Insurance
from issuer.keys.keyring import Keyring
from issuer.kyc import routes as kyc_routes
from issuer.kyc.provider import Provider
from issuer.kyc.service import SignIns
from issuer.licences import routes as licence_routes
from issuer.openings import routes as opening_routes
from issuer.permits import routes as permit_routes
from issuer.permits.service import Permits
from issuer.settings import Settings
from issuer.terms import routes as terms_routes
from issuer.web import records
from issuer.web import routes as web_routes
from issuer.web.middleware import SecurityHeaders
from issuer.world import World

STATIC_FILES = Path(__file__).parent / "web" / "static"
ROUTERS = (
    records.router,
    epoch_routes.router,
    kyc_routes.router,
    terms_routes.router,
    assessment_routes.router,
    permit_routes.router,
    insurance_routes.router,
    licence_routes.router,
    opening_routes.router,
    web_routes.router,
)


def create_app(
    settings: Settings,
    now: Clock = system_clock,
    *,
    crash: CrashPoints = NO_CRASH,
    keyring: Keyring | None = None,
    provider_transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The issuer's ASGI application. The data directory must have been made by `issuer.setup.initialise`.

    `now` is the clock of everything; `keyring` takes the place of the key files (HSM); `provider_transport` that of the
    network on the way to identity providers (tests).
    """
    app = FastAPI(
        title="Issuer of operators' licences",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
    )
    world = World(settings, Database(settings.database_file), now, crash, keyring)
    app.state.world = world
    app.state.bell = EpochBell(settings.max_event_streams)
    app.state.provider_client = httpx.AsyncClient(
        transport=provider_transport,
        timeout=settings.provider_timeout_seconds,
        # All applicants share it, so it keeps no cookies: one's would ride on the next one's sign-in.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
    app.state.sign_ins = SignIns(world, _providers(world, app.state.provider_client))
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC_FILES))
    # The last one added stands outermost.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body_octets)
    app.add_middleware(problems.LargeBodyProblem)
    app.add_middleware(
        SecurityHeaders,
        form_targets=_origins(settings),
        https=settings.issuer_url.startswith("https://"),
    )
    return app


def _providers(world: World, client: httpx.AsyncClient) -> dict[str, Provider]:
    timeout = world.settings.provider_timeout_seconds
    return {
        config.name: Provider(config, client, world.keyring, world.now, timeout)
        for config in world.settings.identity_providers
    }


def _origins(settings: Settings) -> tuple[str, ...]:
    parts = [urlsplit(provider.issuer) for provider in settings.identity_providers]
    return tuple(sorted({f"{part.scheme}://{part.netloc}" for part in parts}))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    world: World = app.state.world
    await asyncio.to_thread(upgrade, world.database)
    before = (Insurance(world).end_lapsed, Permits(world).end_groundless)
    writer = asyncio.create_task(write_epochs(world, app.state.bell, *before))
    try:
        yield
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        await app.state.provider_client.aclose()
        world.database.dispose()
