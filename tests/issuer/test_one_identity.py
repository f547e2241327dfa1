"""One identity, one licence: who is recognised, who is refused, who is looked at by a human."""

from __future__ import annotations

import pytest

from issuer.kyc import store as kyc_store
from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

pytestmark = pytest.mark.requirement("R13")
DRIVER = ("driving_licence", "GB", "BYRON 812105 A99QX")


def _another(issuer: IssuerUnderTest) -> Applicant:
    one = Applicant(issuer.http, issuer.world.trust)
    assert one.apply().status_code == 201
    return one


@pytest.mark.attack("29")
@pytest.mark.requirement("R12")
def test_the_same_passport_at_another_provider(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    second = _another(issuer)
    elsewhere = SimPerson("0815", documents=(("Passport", "GB", "12345-6789"),))
    answer = second.sign_in(issuer.other_provider, elsewhere, "other")
    assert "<code>duplicate-identity</code>" in answer.text
    assert second.status()["identity"] == "duplicate"
    assert second.call("POST", "/challenge").json()["code"] == "not-signed-in"


@pytest.mark.attack("30")
def test_a_renewed_passport_with_the_same_driver_number(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    first = SimPerson("ada", documents=(("passport", "GBR", "111111111"), DRIVER))
    assert applicant.sign_in(issuer.provider, first).status_code == 303
    renewed = SimPerson(
        "ada-again",
        name="A. Byron",
        documents=(("passport", "GBR", "222222222"), ("driving_licence", "DVLA", "BYRON812105A99QX 42")),
    )
    second = _another(issuer)
    assert "<code>duplicate-identity</code>" in second.sign_in(issuer.provider, renewed).text


@pytest.mark.attack("31")
def test_a_namesake_with_the_same_birth_date_goes_to_review(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    second = _another(issuer)
    namesake = SimPerson("other-ada", name="byron  Àda", documents=(("passport", "GBR", "987654321"),))
    assert second.sign_in(issuer.provider, namesake).status_code == 303
    assert second.status()["identity"] == "review"
    assert "identity" in second.status()["missing"]
    persons = issuer.http.get("/admin/reviews", headers=issuer.admin).json()["persons"]
    assert len(persons) == 1
    decided = issuer.http.post(f"/admin/reviews/{persons[0]}", json={"accept": True}, headers=issuer.admin)
    assert decided.status_code == 204
    assert second.status()["identity"] == "verified"
    again = issuer.http.post(f"/admin/reviews/{persons[0]}", json={"accept": True}, headers=issuer.admin)
    assert again.json()["code"] == "unknown-review"


def test_a_namesake_who_is_the_same_person_is_refused_for_good(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    applicant.sign_in(issuer.provider, ADA)
    second, namesake = _another(issuer), SimPerson("other-ada", documents=(("passport", "GBR", "987654321"),))
    second.sign_in(issuer.provider, namesake)
    person = issuer.http.get("/admin/reviews", headers=issuer.admin).json()["persons"][0]
    issuer.http.post(f"/admin/reviews/{person}", json={"accept": False}, headers=issuer.admin)
    assert second.status()["identity"] == "duplicate"
    third = _another(issuer)
    assert "<code>duplicate-identity</code>" in third.sign_in(issuer.provider, namesake).text


def test_the_same_person_may_come_back(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    second = _another(issuer)
    assert second.sign_in(issuer.provider, ADA).status_code == 303
    assert second.status()["identity"] == "verified"


def test_no_second_live_licence(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready()
    request, _ = first.request()
    assert first.send(request).status_code == 201
    second = ready()
    request, _ = second.request()
    answer = second.send(request)
    assert answer.status_code == 409
    assert answer.json()["code"] == "already-licensed"


def test_documents_without_overlap_are_different_people(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    applicant.sign_in(issuer.provider, ADA)
    second = _another(issuer)
    bob = SimPerson("bob", name="Bob", birthdate="1990-01-01", documents=(("passport", "GBR", "123456780"),))
    assert second.sign_in(issuer.provider, bob).status_code == 303
    assert second.status()["identity"] == "verified"


@pytest.mark.parametrize("target", ["licence", "person"])
def test_a_barred_person_gets_no_other_licence_until_an_officer_agrees(
    issuer: IssuerUnderTest, ready: ReadyApplicant, target: str
) -> None:
    first = ready()
    first.send(first.request()[0])
    row = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"][0]
    body = {target: row[target], "reason": "harm", "urgent": True, "bar": True}
    assert issuer.http.post("/admin/revocations", json=body, headers=issuer.admin).json()["licences"] == 1
    second = ready()
    assert second.status()["identity"] == "barred"
    answer = second.send(second.request()[0])
    assert (answer.status_code, answer.json()["code"]) == (403, "barred")
    assert "was revoked" in second.browse("GET", "/apply").text
    issuer.http.cookies.clear()
    issuer.http.post(f"/admin/reviews/{row['person']}", json={"accept": True}, headers=issuer.admin)
    assert second.send(second.request()[0]).json()["code"] == "replacement-wait"
    issuer.http.cookies.clear()
    issuer.http.post(f"/admin/persons/{row['person']}/waive-wait", headers=issuer.admin)
    assert second.send(second.request()[0]).status_code == 201


def test_accounts_are_told_apart_exactly_as_their_provider_writes_them(
    issuer: IssuerUnderTest, applicant: Applicant
) -> None:
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    stranger = _another(issuer)
    other = SimPerson(f" {ADA.sub}", "Charles Babbage", documents=(("passport", "GBR", "987654321"),))
    assert stranger.sign_in(issuer.provider, other).status_code == 303
    with issuer.world.database.read() as session:
        persons = {row.person_id for one in (applicant, stranger) if (row := kyc_store.application(session, one.id))}
    assert len(persons) == 2


def test_a_card_that_another_provider_writes_in_its_own_digits(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    card = SimPerson("ali", "Ali Hassan", documents=(("id card", "EG", "29001011234567"),))
    assert applicant.sign_in(issuer.provider, card).status_code == 303
    written = card.documents[0][2].translate({ord(str(digit)): 0x660 + digit for digit in range(10)})
    same = SimPerson("0815", "\u0639\u0644\u064a \u062d\u0633\u0646", documents=(("identityCard", "EGY", written),))
    answer = _another(issuer).sign_in(issuer.other_provider, same, "other")
    assert "<code>duplicate-identity</code>" in answer.text
