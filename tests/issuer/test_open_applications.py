"""Nobody needs an account to open an application, so those that nobody signs in for are bounded and soon forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from issuer.kyc.models import Application, SignIn
from issuer.settings import SETTINGS_FILE
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest, copy_issuer, make_issuer
from tests.support.moving_clock import MovingClock

CAP = 4


@pytest.fixture
def small(issuer_template: Path, tmp_path: Path) -> Iterator[IssuerUnderTest]:
    """An issuer that lets few applications wait."""
    file = copy_issuer(issuer_template, tmp_path / "issuer") / SETTINGS_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"max_open_applications": CAP, "max_round_trips": 2}))
    running = make_issuer(tmp_path / "issuer", MovingClock())
    with running.http:
        yield running


def _open(issuer: IssuerUnderTest) -> tuple[Applicant, httpx.Response]:
    one = Applicant(issuer.http, issuer.world.trust)
    return one, one.apply()


def _count(issuer: IssuerUnderTest, table: type[Application] | type[SignIn]) -> int:
    with issuer.world.database.read() as session:
        return session.query(table).count()


def test_applications_that_nobody_signs_in_for_are_bounded_and_expire(small: IssuerUnderTest) -> None:
    one, _ = _open(small)
    for _ in range(CAP - 1):
        assert _open(small)[1].status_code == 201
    refused = _open(small)[1]
    assert (refused.status_code, refused.json()["code"]) == (503, "too-many-applications")
    assert int(refused.headers["retry-after"]) > 0
    assert one.sign_in(small.provider, ADA).status_code == 303, "who has applied is not disturbed"
    assert _open(small)[1].status_code == 201, "an application that somebody signed in for is not counted"
    assert _open(small)[1].status_code == 503
    small.clock.move(small.settings.sign_in_seconds)
    assert _open(small)[1].status_code == 201
    assert _count(small, Application) == 2
    assert one.status()["state"] == "signed-in"


def test_sign_ins_under_way_are_bounded_for_each_application(small: IssuerUnderTest) -> None:
    one, _ = _open(small)
    there = [one.to_provider() for _ in range(3)]
    assert [answer.status_code for answer in there] == [303, 303, 503]
    assert "<code>too-many-sign-ins</code>" in there[2].text
    assert _count(small, SignIn) == 2
    small.clock.move(small.settings.sign_in_round_trip_seconds)
    assert one.to_provider().status_code == 303
