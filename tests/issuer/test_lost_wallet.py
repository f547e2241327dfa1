"""What nobody gains by giving a licence up: a new pseudonym in the same period, or the end of everybody's leases."""

from __future__ import annotations

import httpx
import pytest

from circuits.records import EpochRecord
from issuer.epochs.service import Epochs
from issuer.permits.service import Permits
from tests.issuer.conftest import ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

DAY = 86400


def _lose(ready: ReadyApplicant, **body: bool) -> tuple[Applicant, httpx.Response]:
    """Somebody obtains a licence and reports the wallet lost; the report's answer."""
    first = ready()
    answer = first.send(first.request()[0])
    assert answer.status_code == 201, answer.text
    return first, first.call("POST", "/lost-wallet", json=body)


def _newest(issuer: IssuerUnderTest) -> EpochRecord:
    return EpochRecord.decode(Epochs(issuer.world).latest().record)


def _person(issuer: IssuerUnderTest) -> str:
    rows = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    return str(rows[0]["person"])


def _waive(issuer: IssuerUnderTest, person: str, headers: dict[str, str]) -> int:
    issuer.http.cookies.clear()
    return issuer.http.post(f"/admin/persons/{person}/waive-wait", headers=headers).status_code


@pytest.mark.requirement("R13")
def test_a_new_licence_waits_until_the_pseudonyms_period_is_over(
    issuer: IssuerUnderTest, ready: ReadyApplicant
) -> None:
    _lose(ready)
    until = issuer.clock() + 7 * DAY
    second = ready()
    refused = second.send(second.request()[0])
    assert (refused.status_code, refused.json()["code"], refused.json()["next_at"]) == (409, "replacement-wait", until)
    status = second.status()
    assert (status["missing"], status["next_at"]) == (["replacement"], until)
    assert "waits until" in second.browse("GET", "/apply").text
    issuer.clock.move(7 * DAY - 1)
    assert second.send(second.request()[0]).json()["code"] == "replacement-wait"
    issuer.clock.move(1)
    assert second.status()["missing"] == []
    assert second.send(second.request()[0]).status_code == 201


@pytest.mark.requirement("R13")
def test_giving_up_the_permit_is_no_way_round_the_wait(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready()
    first.send(first.request()[0])
    person = _person(issuer)
    Permits(issuer.world).leave(person)
    second = ready()
    assert second.send(second.request()[0]).json()["code"] == "replacement-wait"


def test_the_wait_binds_the_person_and_nobody_else(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    _lose(ready)
    bob = ready(SimPerson("bob", name="Bob", birthdate="1990-01-01", documents=(("passport", "GBR", "123456780"),)))
    assert bob.send(bob.request()[0]).status_code == 201


def test_an_officer_may_waive_one_wait(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    _lose(ready)
    person = _person(issuer)
    assert _waive(issuer, "nobody", issuer.admin) == 404
    assert _waive(issuer, person, {}) == 401
    assert _waive(issuer, person, issuer.admin) == 204
    issuer.clock.move(60)
    second = ready()
    assert second.send(second.request()[0]).status_code == 201
    second.call("POST", "/lost-wallet")
    third = ready()
    assert third.send(third.request()[0]).json()["code"] == "replacement-wait"


def test_a_lost_wallet_is_revoked_by_the_next_routine_epoch(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    _, lost = _lose(ready)
    assert lost.json() == {"revoked": 1, "epoch": 1}
    assert _newest(issuer).number == 0
    issuer.clock.move(issuer.settings.epoch_seconds)
    Epochs(issuer.world).publish_if_due()
    epoch = _newest(issuer)
    assert (epoch.number, epoch.floor, epoch.entries_count) == (1, 0, 1)


def test_a_holder_may_ask_for_an_urgent_epoch_once_in_thirty_days(
    issuer: IssuerUnderTest, ready: ReadyApplicant
) -> None:
    _, lost = _lose(ready, urgent=True)
    asked = issuer.clock()
    assert lost.json() == {"revoked": 1, "epoch": 1}
    assert _newest(issuer).floor == 1
    issuer.clock.move(8 * DAY)
    second, refused = _lose(ready, urgent=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "urgent-used")
    assert refused.json()["next_at"] == asked + 30 * DAY
    assert second.call("POST", "/lost-wallet").json()["revoked"] == 1
    assert _newest(issuer).floor == 1
    issuer.clock.move(22 * DAY)
    assert _lose(ready, urgent=True)[1].json()["revoked"] == 1
    newest = _newest(issuer)
    assert newest.floor == newest.number > 1


@pytest.mark.parametrize("body", [{"urgent": "yes"}, {"urgency": True}, []])
def test_an_odd_report_is_refused(ready: ReadyApplicant, body: object) -> None:
    assert ready().call("POST", "/lost-wallet", json=body).json()["code"] == "malformed"
