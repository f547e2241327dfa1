"""Whom an officer refuses as one person again keeps no licence as the second one."""

from __future__ import annotations

import pytest

from tests.issuer.conftest import ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

PASSPORT = (("passport", "GBR", "123456789"),)


def _in_review(issuer: IssuerUnderTest, ready: ReadyApplicant) -> str:
    """A person with a second licence, who has then shown the first one's passport."""
    for person in (SimPerson("ada", "Ada Byron", documents=PASSPORT), SimPerson("al", "Ada Lovelace", documents=())):
        one = ready(person)
        assert one.send(one.request()[0]).status_code == 201
    again = Applicant(issuer.http, issuer.world.trust)
    again.apply()
    assert again.sign_in(issuer.provider, SimPerson("al", "Ada Lovelace", documents=PASSPORT)).status_code == 403
    issuer.http.cookies.clear()
    (second,) = issuer.http.get("/admin/reviews", headers=issuer.admin).json()["persons"]
    return str(second)


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("accept", [False, True])
def test_a_second_licence_ends_with_the_officers_refusal(
    issuer: IssuerUnderTest, ready: ReadyApplicant, accept: bool
) -> None:
    second = _in_review(issuer, ready)
    decided = issuer.http.post(f"/admin/reviews/{second}", json={"accept": accept}, headers=issuer.admin)
    assert decided.status_code == 204
    rows = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    assert {row["person"] == second: row["state"] for row in rows} == {
        False: "live",
        True: "live" if accept else "revoked",
    }


@pytest.mark.requirement("R13")
def test_a_bar_that_is_lifted_does_not_lift_the_refusal(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    second = _in_review(issuer, ready)
    issuer.http.post(f"/admin/reviews/{second}", json={"accept": False}, headers=issuer.admin)
    order = {"person": second, "reason": "misuse", "bar": True}
    issuer.http.post("/admin/revocations", json=order, headers=issuer.admin)
    lifted = issuer.http.post(f"/admin/reviews/{second}", json={"accept": True}, headers=issuer.admin)
    assert lifted.json()["code"] == "unknown-review"


@pytest.mark.requirement("R13")
def test_invitations_of_whom_an_officer_refuses_end(issuer: IssuerUnderTest) -> None:
    def signed_in(person: SimPerson) -> Applicant:
        one = Applicant(issuer.http, issuer.world.trust)
        one.apply()
        one.sign_in(issuer.provider, person)
        return one

    signed_in(SimPerson("ada", "Ada Byron", documents=PASSPORT))
    second = signed_in(SimPerson("al", "Ada Lovelace", documents=()))
    company = {"kind": "corporate", "company": "01234567", "name": "Acme"}
    assert second.call("POST", "/permit", json=company).status_code == 200
    code = second.call("POST", "/permit/invitations").json()
    signed_in(SimPerson("al", "Ada Lovelace", documents=PASSPORT))
    issuer.http.cookies.clear()
    (person,) = issuer.http.get("/admin/reviews", headers=issuer.admin).json()["persons"]
    issuer.http.post(f"/admin/reviews/{person}", json={"accept": False}, headers=issuer.admin)
    guest = signed_in(SimPerson("charles", "Charles Babbage", documents=(("passport", "GBR", "987654321"),)))
    assert guest.call("POST", "/permit", json=company | code).json()["code"] == "invitation"
