"""A provider that answers with the ID token of a moment ago: the same result, and nothing stored twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from issuer.app import create_app
from issuer.kyc.models import Evidence, Person, Receipt
from issuer.settings import load_settings
from issuer.world import World
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import ISSUER_URL, copy_issuer
from tests.support.moving_clock import MovingClock
from tests.support.sim_provider import SimProvider


class Repeats(SimProvider):
    """Signs what it has signed before with the same signature."""

    def __init__(self, clock: MovingClock) -> None:
        super().__init__(clock)
        self._made: dict[str, str] = {}
        self.faults.id_token_claims = {"at_hash": None}

    def _signed(self, claims: dict[str, Any]) -> str:
        text = json.dumps(claims, sort_keys=True)
        if text not in self._made:
            self._made[text] = super()._signed(claims)
        return self._made[text]


@dataclass
class Asking:
    """An issuer, started."""

    http: TestClient
    world: World


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def provider(clock: MovingClock) -> Repeats:
    return Repeats(clock)


@pytest.fixture
def asking(issuer_template: Path, tmp_path: Path, clock: MovingClock, provider: Repeats) -> Iterator[Asking]:
    """An issuer that asks this provider."""
    settings = load_settings(copy_issuer(issuer_template, tmp_path / "issuer"))
    app = create_app(settings, clock, provider_transport=provider.transport())
    provider.client_keys = dict(app.state.world.keyring.client_jwks())
    with TestClient(app, base_url=ISSUER_URL, follow_redirects=False, raise_server_exceptions=False) as running:
        yield Asking(running, app.state.world)


def _counts(world: World) -> list[int | None]:
    """How many persons, receipts and pieces of evidence there are."""
    with world.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in (Person, Receipt, Evidence)]


@pytest.mark.requirement("R11")
def test_the_same_token_again_is_the_same_sign_in(asking: Asking, provider: Repeats) -> None:
    one = Applicant(asking.http, asking.world.trust)
    assert one.apply().status_code == 201
    trips = [one.to_provider(), one.to_provider()]
    for trip in trips:
        back = one.come_back(provider.authorize(trip.headers["location"], ADA))
        assert (back.status_code, back.headers.get("location")) == (303, "/apply"), back.text
    assert one.status()["identity"] == "verified"
    assert _counts(asking.world) == [1, 1, 1]


def test_another_token_is_another_receipt(asking: Asking, provider: Repeats, clock: MovingClock) -> None:
    one = Applicant(asking.http, asking.world.trust)
    one.apply()
    for _ in range(2):
        assert one.sign_in(provider, ADA).status_code == 303
        clock.move(1)
    assert _counts(asking.world) == [1, 2, 1]
