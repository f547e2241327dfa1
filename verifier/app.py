"""The gateway as one ASGI application: middleware, endpoints, reverse proxy, epoch source.

`create_gateway` reads what it needs from disk at once, so that a gateway which cannot keep its audit trail, its marks
or its pinned trust does not start at all. Source: docs/architecture.md, 2; requirement R51.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

import circuits
from circuits import CircuitError, Misuse, Rejected
from verifier.asgi import Doorkeeper, LicenceMiddleware
from verifier.authoriser import Authoriser
from verifier.batching import ProofBatcher
from verifier.challenge import ChallengeStore, MemoryChallengeStore
from verifier.decision import DecisionPoint, Parts, Terms, open_decision_point
from verifier.evidence import EvidenceLog
from verifier.killswitch import KillSwitch
from verifier.leasekeys import LeaseKeyRing
from verifier.paths import lies_under, read_path
from verifier.policy import Policy
from verifier.problems import problem_for
from verifier.proxy import Upstream, upstream_transport
from verifier.punctual import PunctualProtocol
from verifier.settings import Settings
from verifier.sources import EpochSource
from verifier.steady import SteadyClock
from verifier.trust import TrustedState, load_bundle_octets
from verifier.verify import CheckProof
from verifier.workbench import Workbench

TICK_SECONDS = 5.0
_log = logging.getLogger("verifier")


@dataclass(frozen=True)
class Connections:
    """How the gateway reaches the world; the defaults are the network. Tests put their own transports here."""

    upstream: httpx.AsyncBaseTransport | None = None
    issuer: httpx.AsyncBaseTransport | None = None
    challenges: ChallengeStore | None = None


def system_now() -> int:
    """Unix seconds by the system's clock."""
    return int(time.time())


def open_point(
    settings: Settings,
    now: Callable[[], int],
    challenges: ChallengeStore | None = None,
    check_proof: CheckProof = circuits.verify,
) -> DecisionPoint:
    """The decision point of `settings`, with its state from disk.

    Raises `Misuse`, `Rejected`, `Malformed` or `OSError` when the gateway must not start: other trust than pinned,
    marks that cannot be read, an audit trail that cannot be written or does not chain.
    """
    folder = settings.state_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    evidence = EvidenceLog(folder / "evidence")  # its lock first: what is read below nobody else writes any more
    try:
        clock = SteadyClock(now, folder / "time")
        trust = TrustedState(load_bundle_octets(settings.trust_path), settings.trust_hash, folder)
        record = trust.bundle.policies[0] if settings.policy_id is None else trust.bundle.policy(settings.policy_id)
        current = trust.view.current
        keys = LeaseKeyRing(folder / "lease-keys.json", clock.read(), 0 if current is None else current.record.number)
        parts = Parts(
            clock=clock,
            trust=trust,
            policy=Policy(record),
            challenges=challenges or MemoryChallengeStore(settings.challenge_capacity),
            keys=keys,
            killswitch=KillSwitch(folder / "denied.json"),
            evidence=evidence,
            check_proof=check_proof,
        )
        return open_decision_point(Terms(settings.origin, settings.resource, settings.holder_proof_required), parts)
    except BaseException:
        evidence.close()
        raise


def create_gateway(
    settings: Settings, now: Callable[[], int] = system_now, connections: Connections | None = None
) -> Starlette:
    """The gateway; `app.state.point` is its decision point, `app.state.source` its epoch source.

    Raises as `open_point` does.
    """
    world = connections or Connections()
    batcher = ProofBatcher(settings.proof_workers, settings.proof_workers)
    point = open_point(settings, now, world.challenges, batcher.verify)
    bench = Workbench(settings.proof_workers, settings.proofs_waiting)
    service = world.upstream or upstream_transport()
    issuer_client = httpx.AsyncClient(transport=world.issuer, timeout=5.0, trust_env=False)
    issuer_url = settings.issuer_url or point.bundle.issuer_url
    source = EpochSource(issuer_client, issuer_url, point.offer_epoch, settings.poll_seconds)
    routes = Authoriser(point, bench, settings.admin_token).routes()
    upstream = _OnlyUnder(Upstream(service, settings.upstream_url), settings.prefixes)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with service, issuer_client:
            tasks = [asyncio.create_task(source.run()), asyncio.create_task(keep_house(point))]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                bench.close()
                batcher.close()
                point.evidence.close()

    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={CircuitError: _answer_error})
    # Whatever is no endpoint of ours, however it is spelt, goes through the middleware.
    app.router.redirect_slashes = False
    app.router.default = LicenceMiddleware(upstream, Doorkeeper(point), (settings.protected_prefix,))
    app.state.point = point
    app.state.source = source
    return app


async def keep_house(point: DecisionPoint) -> None:
    """Ticks every few seconds until cancelled; what goes wrong is logged and tried again."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            point.tick()
        except Exception as error:
            _log.error("housekeeping failed: %s", error)


def server_options() -> dict[str, Any]:
    """Limits for uvicorn, so that slow or oversized requests do not starve others (docs/threat-model.md, row 52).

    What they do not do is count by address: that many connections at once come from one caller is for the server in
    front to see (docs/operations.md, section 3).
    """
    return {
        "http": PunctualProtocol,
        "ws": "none",
        "h11_max_incomplete_event_size": 16 * 1024,
        "limit_concurrency": 2000,
        "backlog": 2048,
        "timeout_keep_alive": 15,
        "timeout_graceful_shutdown": 5,
        "server_header": False,
        "proxy_headers": False,
        "access_log": False,
    }


class _OnlyUnder:
    """Forwards what lies under the known prefixes; anything else is not there."""

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self._app = app
        self._prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not lies_under(read_path(scope["raw_path"]), self._prefixes):
            raise Rejected("not-found", "There is nothing here.")
        await self._app(scope, receive, send)


async def _answer_error(_: Request, error: Exception) -> Response:
    failure = error if isinstance(error, CircuitError) else Misuse("an unknown error")
    problem = problem_for(failure)
    response = Response(problem.body, problem.status)
    response.raw_headers = list(problem.headers)
    return response
