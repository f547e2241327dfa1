"""A cancelled cover ends the licences that say more than the cover left bears out, and no others."""

from __future__ import annotations

import pytest

from circuits.records import EpochRecord
from issuer.epochs.service import Epochs
from issuer.insurance.service import Insurance
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.moving_clock import NOON

DAY = 86400
TODAY = NOON // DAY


def _with_cover(issuer: IssuerUnderTest, band: int, until_day: int = TODAY + 365) -> tuple[Applicant, str]:
    """Somebody who has done every step but the last, under one cover; and the attestation of it."""
    one = Applicant(issuer.http, issuer.world.trust)
    one.apply()
    assert one.sign_in(issuer.provider, ADA).status_code == 303
    one.accept_terms()
    one.pass_assessment(issuer.world)
    one.get_permit()
    return one, _cover(issuer, one, band, until_day)


def _cover(issuer: IssuerUnderTest, one: Applicant, band: int, until_day: int = TODAY + 365) -> str:
    attestation = issuer.attestation(one.get_permit(), band, until_day)
    assert one.give_cover(attestation).status_code == 200
    return attestation


def _issue(one: Applicant) -> None:
    answer = one.send(one.request()[0])
    assert answer.status_code == 201, answer.text


def _cancel(issuer: IssuerUnderTest, attestation: str, from_day: int = TODAY) -> None:
    answer = issuer.http.post("/api/insurers/cancellations", json=issuer.cancellation(attestation, from_day))
    assert answer.status_code == 200, answer.text


def _outcome(issuer: IssuerUnderTest) -> tuple[str, int]:
    """The state of the one licence, and the floor of the newest epoch."""
    issuer.http.cookies.clear()
    (row,) = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    return row["state"], EpochRecord.decode(Epochs(issuer.world).latest().record).floor


@pytest.mark.requirement("R44")
def test_a_licence_outlives_a_cover_that_it_never_rested_on(issuer: IssuerUnderTest) -> None:
    one, _ = _with_cover(issuer, band=3)
    _issue(one)
    better = _cover(issuer, one, band=4)
    _cancel(issuer, better)
    assert _outcome(issuer) == ("live", 0)
    assert one.status()["steps"]["cover"] == {"band": 3, "until_day": TODAY + 365}


@pytest.mark.requirement("R44")
@pytest.mark.parametrize(
    ("band", "until_day", "expected"),
    [
        (4, TODAY + 365, ("live", 0)),
        (5, TODAY + 400, ("live", 0)),
        (3, TODAY + 400, ("revoked", 1)),
        (5, TODAY + 364, ("revoked", 1)),
        (None, None, ("revoked", 1)),
    ],
)
def test_what_is_left_bears_the_licence_out_or_it_ends_at_once(
    issuer: IssuerUnderTest, band: int | None, until_day: int | None, expected: tuple[str, int]
) -> None:
    one, lost = _with_cover(issuer, band=4)
    _issue(one)
    if band is not None and until_day is not None:
        _cover(issuer, one, band, until_day)
    _cancel(issuer, lost)
    assert _outcome(issuer) == expected


def test_two_covers_do_not_add_up(issuer: IssuerUnderTest) -> None:
    one, lost = _with_cover(issuer, band=4)
    _issue(one)
    _cover(issuer, one, band=4, until_day=TODAY + 10)
    _cover(issuer, one, band=3, until_day=TODAY + 365)
    _cancel(issuer, lost)
    assert _outcome(issuer) == ("revoked", 1)


def test_a_refreshed_licence_rests_on_the_cover_of_its_refresh(issuer: IssuerUnderTest) -> None:
    one, _ = _with_cover(issuer, band=3)
    request, pending = one.request()
    credential, _ = one.receive(pending, one.send(request).json())
    better = _cover(issuer, one, band=4)
    again = Applicant(issuer.http, issuer.world.trust, credential.link_secret)
    again.apply()
    assert again.sign_in(issuer.provider, ADA).status_code == 303
    again.accept_terms()
    _issue(again)
    _cancel(issuer, better)
    assert _outcome(issuer) == ("revoked", 1)


def test_a_licence_that_ended_with_its_cover_is_not_revoked_for_it(issuer: IssuerUnderTest) -> None:
    one, cover = _with_cover(issuer, band=3)
    _cancel(issuer, cover, TODAY + 10)
    _issue(one)
    issuer.clock.move(10 * DAY)
    Insurance(issuer.world).end_lapsed()
    assert _outcome(issuer) == ("live", 0)
    assert one.status()["missing"] == ["cover"]


def test_a_licence_that_cannot_be_read_ends(issuer: IssuerUnderTest) -> None:
    one, lost = _with_cover(issuer, band=4)
    _issue(one)
    _cover(issuer, one, band=5)
    with issuer.world.database.write() as session:
        session.connection().exec_driver_sql("UPDATE issues SET attributes = x'80'")
    _cancel(issuer, lost)
    assert _outcome(issuer) == ("revoked", 1)
