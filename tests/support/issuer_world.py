"""A whole issuer for tests: set up once, copied for each test, with a clock to move and an identity provider to
trouble."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi.testclient import TestClient
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet

from issuer.app import create_app
from issuer.crashpoints import NO_CRASH, CrashPoints
from issuer.settings import IdentityProvider, Settings, TrustedInsurer, load_settings
from issuer.setup import initialise
from issuer.world import World
from tests.support.moving_clock import NOON, MovingClock
from tests.support.sim_provider import CLIENT_ID, ISSUER, SimProvider

ISSUER_URL = "http://issuer.test"
INSURER = "https://insurer.example"
INSURER_KEY = "insurer.jwk"


def prepare_issuer(folder: Path, epoch_seconds: int = 900) -> Path:
    """Sets an issuer up in `folder` that trusts the simulated provider and one insurer. Returns its data folder."""
    key = ECKey.generate_key("P-256", {"kid": "insurer-1", "use": "sig", "alg": "ES256"})
    initialise(
        folder / "data",
        "issuer-1",
        ISSUER_URL,
        [
            IdentityProvider(name="identity", issuer=ISSUER, client_id=CLIENT_ID),
            IdentityProvider(name="other", issuer="https://other.example", client_id=CLIENT_ID),
        ],
        folder / "shares",
        insurers=[TrustedInsurer(issuer=INSURER, jwks=dict(KeySet([key]).as_dict(private=False)))],
        epoch_seconds=epoch_seconds,
        now=lambda: NOON,
    )
    (folder / INSURER_KEY).write_text(json.dumps(key.as_dict(private=True)))
    return folder / "data"


def cover_id(attestation: str) -> str:
    """The id by which its insurer cancels this cover."""
    return str(json.loads(jws.extract_compact(attestation.encode()).payload)["jti"])


@dataclass
class IssuerUnderTest:
    """A running issuer: `http` talks to it, `world` looks inside."""

    folder: Path
    settings: Settings
    clock: MovingClock
    provider: SimProvider
    other_provider: SimProvider
    http: TestClient
    world: World

    def attestation(self, permit: str, band: int = 3, until_day: int | None = None) -> str:
        """Cover for a permit, signed by the insurer."""
        return sign_attestation(self.folder, permit, self.clock(), band, until_day)

    def cancellation(self, attestation: str, from_day: int | None = None) -> dict[str, str]:
        """The body by which the insurer cancels that cover, from today on if no day is given."""
        now = self.clock()
        day = now // 86400 if from_day is None else from_day
        claims = {"iss": INSURER, "cover": cover_id(attestation), "from_day": day, "iat": now}
        return {"cancellation": sign_as_insurer(self.folder, claims, "cover-cancellation+jwt")}

    def with_settings(self, change: Callable[[dict[str, Any]], None]) -> IssuerUnderTest:
        """The issuer started anew over its data, after `change` to its settings."""
        file = self.folder / "data" / "issuer.json"
        settings = json.loads(file.read_text())
        change(settings)
        file.write_text(json.dumps(settings))
        return make_issuer(self.folder, self.clock)

    @property
    def admin(self) -> dict[str, str]:
        """The administrator's header."""
        token = (self.settings.keys_dir / "admin.token").read_text().strip()
        return {"Authorization": f"Bearer {token}"}


def sign_attestation(folder: Path, permit: str, now: int, band: int = 3, until_day: int | None = None) -> str:
    """An attestation by the insurer whose key lies in `folder`."""
    today = now // 86400
    claims = {
        "iss": INSURER,
        "permit": permit,
        "class": "autonomous",
        "limit_band": band,
        "from_day": today,
        "until_day": today + 365 if until_day is None else until_day,
        "iat": now,
        "jti": secrets.token_hex(8),
    }
    return sign_as_insurer(folder, claims)


def sign_as_insurer(folder: Path, claims: dict[str, Any], kind: str | None = None) -> str:
    """A JWT, of type `kind`, by the insurer whose key lies in `folder`."""
    key = ECKey.import_key(json.loads((folder / INSURER_KEY).read_text()))
    header = {"alg": "ES256", "kid": "insurer-1"} | ({} if kind is None else {"typ": kind})
    return jwt.encode(header, claims, key, algorithms=["ES256"])


def copy_issuer(template: Path, folder: Path) -> Path:
    """A copy of a prepared issuer, so that a test may change it."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return folder / "data"


def make_issuer(folder: Path, clock: MovingClock, crash: CrashPoints = NO_CRASH) -> IssuerUnderTest:
    """An issuer over the data in `folder`; use `http` as a context manager to start it."""
    settings = load_settings(folder / "data")
    provider, other = SimProvider(clock), SimProvider(clock, "https://other.example")
    app = create_app(settings, clock, crash=crash, provider_transport=_Routes(provider, other))
    world: World = app.state.world
    keys = world.keyring.client_jwks()
    provider.client_keys = other.client_keys = dict(keys)
    http = TestClient(app, base_url=ISSUER_URL, follow_redirects=False, raise_server_exceptions=False)
    return IssuerUnderTest(folder, settings, clock, provider, other, http, world)


class _Routes(httpx.AsyncBaseTransport):
    """The network: each host is one of the providers."""

    def __init__(self, *providers: SimProvider) -> None:
        self._by_host = {httpx.URL(provider.issuer).host: provider.transport() for provider in providers}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._by_host[request.url.host].handle_async_request(request)
