"""A report of a lost wallet ends what that wallet has open, and not only the licence that it has."""

from __future__ import annotations

import pytest

from issuer.kyc import store
from issuer.licences.revocations import Revocations
from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

DAY = 86400


def _signed_in(issuer: IssuerUnderTest) -> Applicant:
    one = Applicant(issuer.http, issuer.world.trust)
    one.apply()
    assert one.sign_in(issuer.provider, ADA).status_code == 303
    return one


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("licensed", [False, True])
def test_a_stolen_application_brings_its_thief_no_licence(
    issuer: IssuerUnderTest, ready: ReadyApplicant, licensed: bool
) -> None:
    stolen, owner = _signed_in(issuer), ready()
    if licensed:
        assert owner.send(owner.request()[0]).status_code == 201
        owner = ready()
    assert owner.call("POST", "/lost-wallet").json()["revoked"] == int(licensed)
    issuer.clock.move(7 * DAY)
    assert stolen.accept_terms().json()["code"] == "unknown-credentials"
    assert stolen.call("POST", "/challenge").json()["code"] == "unknown-credentials"
    assert stolen.browse("GET", "/apply").status_code == 401
    assert owner.send(owner.request()[0]).status_code == 201


@pytest.mark.requirement("R13")
def test_a_stolen_wallet_takes_no_later_licence_away(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    stolen = ready()
    assert stolen.send(stolen.request()[0]).status_code == 201
    owner = ready()
    assert owner.call("POST", "/lost-wallet").json()["revoked"] == 1
    issuer.clock.move(7 * DAY)
    assert owner.send(owner.request()[0]).status_code == 201
    assert stolen.call("POST", "/lost-wallet").json()["code"] == "unknown-credentials"


def test_a_report_while_the_thief_is_being_served(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    stolen, owner = ready(), _signed_in(issuer)
    request, _ = stolen.request()

    class Meanwhile:
        def reach(self, point: str) -> None:
            if point == "challenge-taken":
                with issuer.world.database.read() as session:
                    person = store.application(session, owner.id)
                assert person is not None
                Revocations(issuer.world).report_lost(str(person.person_id), owner.id, urgent=False)

    object.__setattr__(issuer.world, "crash", Meanwhile())
    assert stolen.send(request).json()["code"] == "application-over"


def test_the_page_ends_them_too(issuer: IssuerUnderTest) -> None:
    stolen, owner = _signed_in(issuer), _signed_in(issuer)
    page = owner.browse("GET", "/apply/lost-wallet").text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    assert "are over" in owner.browse("POST", "/apply/lost-wallet", data={"csrf": csrf}).text
    assert stolen.call("GET", "").status_code == 401
    assert owner.status()["state"] == "signed-in"


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("by", ["licence", "person"])
def test_an_officers_revocation_ends_them_too(issuer: IssuerUnderTest, ready: ReadyApplicant, by: str) -> None:
    stolen, owner = _signed_in(issuer), ready()
    assert owner.send(owner.request()[0]).status_code == 201
    issuer.http.cookies.clear()
    (row,) = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    order = {by: row[by], "reason": "wallet lost", "urgent": True}
    assert issuer.http.post("/admin/revocations", json=order, headers=issuer.admin).status_code == 200
    issuer.clock.move(7 * DAY)
    assert stolen.accept_terms().json()["code"] == "unknown-credentials"
    again = ready()
    assert again.send(again.request()[0]).status_code == 201


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("by", ["thief", "permit"])
def test_an_officers_order_ends_them_where_the_licence_has_ended_before(
    issuer: IssuerUnderTest, ready: ReadyApplicant, by: str
) -> None:
    owner = ready()
    assert owner.send(owner.request()[0]).status_code == 201
    stolen = _signed_in(issuer)
    issuer.http.cookies.clear()
    (row,) = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    if by == "thief":
        assert stolen.call("POST", "/lost-wallet").json()["revoked"] == 1
    else:
        Revocations(issuer.world).revoke_permit(row["permit"], "suspended", urgent=True)
    order = {"licence": row["licence"], "reason": "wallet lost"}
    issuer.http.cookies.clear()
    assert issuer.http.post("/admin/revocations", json=order, headers=issuer.admin).json()["code"] == "licence-revoked"
    issuer.clock.move(7 * DAY)
    assert stolen.accept_terms().json()["code"] == "unknown-credentials"


@pytest.mark.parametrize("bar", [False, True])
def test_invitations_of_before_end_and_who_is_barred_makes_none(issuer: IssuerUnderTest, bar: bool) -> None:
    stolen, guest = _signed_in(issuer), Applicant(issuer.http, issuer.world.trust)
    company = {"kind": "corporate", "company": "01234567", "name": "Acme"}
    assert stolen.call("POST", "/permit", json=company).status_code == 200
    code = stolen.call("POST", "/permit/invitations").json()
    with issuer.world.database.read() as session:
        row = store.application(session, stolen.id)
    assert row is not None
    Revocations(issuer.world).revoke_person(str(row.person_id), "stolen", urgent=False, bar=bar)
    guest.apply()
    charles = SimPerson("charles", "Charles Babbage", documents=(("passport", "GBR", "987654321"),))
    assert guest.sign_in(issuer.provider, charles).status_code == 303
    assert guest.call("POST", "/permit", json=company | code).json()["code"] == "invitation"
    assert _signed_in(issuer).call("POST", "/permit/invitations").status_code == (409 if bar else 201)
