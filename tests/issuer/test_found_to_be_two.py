"""Who is found to be two persons gets no licence as the second one until an officer has looked."""

from __future__ import annotations

import pytest

from tests.issuer.conftest import ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

PASSPORT = (("passport", "GBR", "123456789"),)


@pytest.mark.requirement("R13")
def test_the_other_persons_passport_at_a_later_sign_in(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready(SimPerson("ada", "Ada Byron", documents=PASSPORT))
    assert first.send(first.request()[0]).status_code == 201
    second = ready(SimPerson("al", "Ada Lovelace", documents=()))
    again = Applicant(issuer.http, issuer.world.trust)
    again.apply()
    found = again.sign_in(issuer.provider, SimPerson("al", "Ada Lovelace", documents=PASSPORT))
    answer = second.send(second.request()[0])
    assert found.status_code == 403
    assert answer.json()["code"] == "identity-review"
    assert len(issuer.http.get("/admin/reviews", headers=issuer.admin).json()["persons"]) == 1


@pytest.mark.requirement("R13")
def test_the_other_persons_passport_at_the_first_sign_in(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready(SimPerson("ada", "Ada Byron", documents=PASSPORT))
    assert first.send(first.request()[0]).status_code == 201
    again = Applicant(issuer.http, issuer.world.trust)
    again.apply()
    found = again.sign_in(issuer.provider, SimPerson("al", "Ada Lovelace", documents=PASSPORT))
    second = ready(SimPerson("al", "Ada Lovelace", documents=()))
    answer = second.send(second.request()[0])
    assert found.status_code == 403
    assert answer.json().get("code") == "identity-review"
    assert len(issuer.http.get("/admin/reviews", headers=issuer.admin).json()["persons"]) == 1


@pytest.mark.requirement("R13")
def test_the_other_persons_passport_in_the_other_persons_application(
    issuer: IssuerUnderTest, ready: ReadyApplicant
) -> None:
    first = ready(SimPerson("ada", "Ada Byron", documents=PASSPORT))
    assert first.send(first.request()[0]).status_code == 201
    found = first.sign_in(issuer.provider, SimPerson("al", "Ada Lovelace", documents=PASSPORT))
    second = ready(SimPerson("al", "Ada Lovelace", documents=()))
    answer = second.send(second.request()[0])
    assert found.status_code == 403
    assert answer.json().get("code") == "identity-review"
    assert first.status()["identity"] == "verified"
