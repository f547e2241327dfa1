"""A running issuer per test, and people who are ready to apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest, copy_issuer, make_issuer, prepare_issuer
from tests.support.moving_clock import MovingClock
from tests.support.sim_provider import SimPerson

ADA = SimPerson("ada")
ReadyApplicant = Callable[..., Applicant]


@pytest.fixture(scope="session")
def issuer_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An issuer that has just been set up; copy it, never change it."""
    folder = tmp_path_factory.mktemp("issuer-template")
    prepare_issuer(folder)
    return folder


@pytest.fixture
def issuer(issuer_template: Path, tmp_path: Path) -> Iterator[IssuerUnderTest]:
    """An issuer, started."""
    copy_issuer(issuer_template, tmp_path / "issuer")
    running = make_issuer(tmp_path / "issuer", MovingClock())
    with running.http:
        yield running


@pytest.fixture
def applicant(issuer: IssuerUnderTest) -> Applicant:
    """Somebody who has opened an application and not signed in."""
    one = Applicant(issuer.http, issuer.world.trust)
    assert one.apply().status_code == 201
    return one


@pytest.fixture
def ready(issuer: IssuerUnderTest) -> ReadyApplicant:
    """Makes people who have done every step but the last."""

    def make(person: SimPerson = ADA, **options: object) -> Applicant:
        one = Applicant(issuer.http, issuer.world.trust, **options)  # type: ignore[arg-type]
        assert one.apply().status_code == 201
        assert one.sign_in(issuer.provider, person).status_code == 303
        one.accept_terms()
        if "assessment" in one.status()["missing"]:
            one.pass_assessment(issuer.world)
        permit = one.get_permit()
        assert one.give_cover(issuer.attestation(permit)).status_code == 200
        return one

    return make
