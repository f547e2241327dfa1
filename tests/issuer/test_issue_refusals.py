"""What stands between a request and a licence: each missing thing refused with its own code, and nothing signed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from circuits import IssueRequest, register, request_licence
from issuer.licences.models import Issue, Licence
from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant, b64
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

BOB = SimPerson("bob", name="Bob", birthdate="1990-01-01", documents=(("passport", "GBR", "555"),))


def _rows(issuer: IssuerUnderTest) -> tuple[int, int]:
    with issuer.world.database.read() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Licence, Issue))  # type: ignore[return-value]


def _refused(issuer: IssuerUnderTest, answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert _rows(issuer) == (0, 0)


def test_before_the_sign_in(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    _refused(issuer, applicant.call("POST", "/challenge"), 409, "not-signed-in")
    request, _ = applicant.request(bytes(32), bytes(32))
    _refused(issuer, applicant.send(request), 409, "not-signed-in")


@pytest.mark.requirement("R29")
@pytest.mark.requirement("R19")
@pytest.mark.requirement("R44")
def test_each_step_is_asked_for_in_turn(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    assert applicant.status()["missing"] == ["terms", "assessment", "permit", "cover"]
    _refused(issuer, applicant.send(applicant.request()[0]), 409, "terms-not-accepted")
    assert applicant.accept_terms().status_code == 200
    _refused(issuer, applicant.send(applicant.request()[0]), 409, "assessment-not-passed")
    applicant.pass_assessment(issuer.world)
    _refused(issuer, applicant.send(applicant.request()[0]), 409, "no-permit")
    permit = applicant.get_permit()
    _refused(issuer, applicant.send(applicant.request()[0]), 409, "no-cover")
    assert applicant.give_cover(issuer.attestation(permit)).status_code == 200
    assert applicant.send(applicant.request()[0]).status_code == 201


@pytest.mark.requirement("R29")
def test_other_terms_than_those_in_force(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    applicant.sign_in(issuer.provider, ADA)
    answer = applicant.call("POST", "/terms", json={"hash": b64(bytes(32))})
    _refused(issuer, answer, 409, "terms-changed")
    assert applicant.status()["steps"]["terms"] is False


@pytest.mark.requirement("R11")
def test_an_identity_check_that_is_too_old(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    issuer.clock.move(issuer.settings.receipt_max_age_days * 86400)
    fresh = Applicant(issuer.http, issuer.world.trust)
    fresh.apply()
    _refused(issuer, one.call("POST", "/challenge"), 401, "unknown-credentials")
    assert fresh.sign_in(issuer.provider, ADA).status_code == 303
    assert "identity" not in fresh.status()["missing"]


@pytest.mark.attack("27")
@pytest.mark.attack("I1")
def test_a_request_for_another_challenge(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    old, _ = one.request()
    one.call("POST", "/challenge")
    answer = one.send(old)
    assert answer.status_code == 400
    assert _rows(issuer) == (0, 0)
    _refused(issuer, one.send(old), 409, "no-challenge")


@pytest.mark.attack("27")
@pytest.mark.parametrize("missing", ["commitment", "proof", "tier"])
def test_a_member_is_missing(issuer: IssuerUnderTest, ready: ReadyApplicant, missing: str) -> None:
    one = ready()
    request, _ = one.request()
    body = {"tier": 3, "commitment": b64(request.commitment), "proof": b64(request.proof)}
    del body[missing]
    _refused(issuer, one.call("POST", "/licence", json=body), 400, "malformed")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tier", 1),
        ("tier", 4),
        ("tier", "3"),
        ("commitment", "A" * 191),
        ("proof", "!" * 214),
        ("proof", None),
        ("extra", 1),
    ],
)
def test_a_member_is_wrong(issuer: IssuerUnderTest, ready: ReadyApplicant, name: str, value: Any) -> None:
    one = ready()
    request, _ = one.request()
    body = {"tier": 3, "commitment": b64(request.commitment), "proof": b64(request.proof), name: value}
    answer = one.call("POST", "/licence", json=body)
    _refused(issuer, answer, 400, "malformed")


@pytest.mark.attack("I2")
@pytest.mark.attack("I9")
def test_a_commitment_to_another_secret_than_was_registered(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    genuine = one.registration
    one.registration = register(issuer.world.trust.issuer)
    request, _ = one.request()
    one.registration = genuine
    answer = one.send(request)
    assert answer.status_code == 400
    assert _rows(issuer) == (0, 0)


@pytest.mark.attack("I1")
def test_another_persons_proof(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one, other = ready(), ready(BOB)
    challenge, _ = other.request()
    one.call("POST", "/challenge")
    assert one.send(challenge).status_code == 400
    assert _rows(issuer) == (0, 0)


def test_damaged_points_and_scalars(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    for octets in (b"\xff" * 144, bytes(144), b"\xc0" + bytes(143)):
        request, _ = one.request()
        assert one.send(IssueRequest(octets, request.proof)).status_code == 400
    request, _ = one.request()
    assert one.send(IssueRequest(request.commitment, b"\xff" * 160)).status_code == 400
    assert _rows(issuer) == (0, 0)


@pytest.mark.attack("I3")
@pytest.mark.parametrize(
    "point", [b"\xc0" + bytes(47), b"\xff" * 48, bytes(48), b"\xe0" + bytes(47), b"\xc0" + bytes(46) + b"\x01"]
)
def test_a_registration_that_is_no_point(issuer: IssuerUnderTest, point: bytes) -> None:
    answer = issuer.http.post(
        "/api/applications", json={"registration": b64(point), "salt": b64(bytes(32)), "refresh": False}
    )
    assert answer.status_code == 400
    assert answer.json()["code"] in ("malformed", "bad-registration")


def test_a_registration_of_another_person(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    request, _ = one.request()
    assert one.send(request).status_code == 201
    thief = Applicant(issuer.http, issuer.world.trust)
    thief.registration = one.registration
    thief.apply()
    assert thief.sign_in(issuer.provider, BOB).status_code == 303
    thief.accept_terms()
    thief.pass_assessment(issuer.world)
    thief.give_cover(issuer.attestation(thief.get_permit()))
    request, _ = thief.request()
    answer = thief.send(request)
    assert (answer.status_code, answer.json()["code"]) == (403, "registration-in-use")


def test_a_challenge_that_is_over(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    request, _ = one.request()
    issuer.clock.move(issuer.settings.challenge_seconds)
    _refused(issuer, one.send(request), 409, "no-challenge")


def test_a_second_request_after_the_licence(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    first, _ = one.request()
    challenge = one.call("POST", "/challenge").json()
    assert one.send(first).json()["code"] in ("bad-request", "bad-commitment")
    request, _ = one.request()
    assert one.send(request).status_code == 201
    assert one.call("POST", "/challenge").json()["code"] == "already-issued"
    other, _ = request_licence(issuer.world.trust.issuer, one.registration, bytes(32), bytes(32))
    assert one.send(other).json()["code"] == "already-issued"
    assert one.send(request, tier=2).json()["code"] == "already-issued"
    assert challenge


def test_other_peoples_applications_are_not_there(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one, other = ready(), Applicant(issuer.http, issuer.world.trust)
    other.apply()
    mine, one.id = one.id, other.id
    assert one.call("GET", "").json()["code"] == "unknown-application"
    one.id = "nothing"
    assert one.call("GET", "").json()["code"] == "unknown-application"
    one.id, one.token = mine, "wrong"
    assert one.call("GET", "").status_code == 401


def test_permit_that_was_suspended(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    permit = one.status()["steps"]["permit"]
    issuer.http.post(f"/admin/permits/{permit}/suspend", json={"reason": "harm"}, headers=issuer.admin)
    answer = one.send(one.request()[0])
    assert answer.json()["code"] == "no-permit"
    assert _rows(issuer) == (0, 0)
