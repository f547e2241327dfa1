"""Whoever stops a permit may die before its licences are revoked: they end all the same."""

from __future__ import annotations

import time

import pytest

from issuer.errors import Conflict
from issuer.permits.service import Permits
from issuer.permits.states import PermitAction
from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest


class _Dies:
    def revoke_permit(self, permit_id: str, reason: str, *, urgent: bool) -> object:
        raise KeyboardInterrupt

    def revoke_leaver(self, person_id: str, reason: str) -> object:
        raise KeyboardInterrupt


def _ends(issuer: IssuerUnderTest) -> object:
    """Why the licence was revoked, once it is."""
    issuer.http.cookies.clear()
    for _ in range(50):
        (row,) = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
        if row["state"] == "revoked":
            return row["reason"]
        time.sleep(0.1)
    raise AssertionError("the licence lives on")


@pytest.mark.requirement("R44")
@pytest.mark.parametrize("action", [PermitAction.SUSPEND, PermitAction.END])
def test_a_crash_between_the_permit_and_its_licences(
    issuer: IssuerUnderTest, ready: ReadyApplicant, action: PermitAction
) -> None:
    one = ready()
    assert one.send(one.request()[0]).status_code == 201
    with pytest.raises(KeyboardInterrupt):
        Permits(issuer.world, revoker=_Dies()).act(one.get_permit(), action, "a complaint")
    assert _ends(issuer) == "a complaint"


@pytest.mark.requirement("R44")
def test_reinstating_after_the_crash_brings_none_back(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    """After a restart, before the writer's first look."""
    one = ready()
    assert one.send(one.request()[0]).status_code == 201
    permit = one.get_permit()
    with pytest.raises(KeyboardInterrupt):
        Permits(issuer.world, revoker=_Dies()).act(permit, PermitAction.SUSPEND, "a complaint")
    Permits(issuer.world).act(permit, PermitAction.REINSTATE, "answered")
    assert _ends(issuer) == "a complaint"


@pytest.mark.requirement("R44")
@pytest.mark.parametrize(("kind", "why"), [("sole", "own wish"), ("corporate", "left the permit")])
def test_a_crash_between_leaving_and_the_licence(
    issuer: IssuerUnderTest, applicant: Applicant, kind: str, why: str
) -> None:
    applicant.sign_in(issuer.provider, ADA)
    applicant.accept_terms()
    applicant.pass_assessment(issuer.world)
    wanted = {"kind": kind} | ({"company": "01234567", "name": "Acme"} if kind == "corporate" else {})
    permit = str(applicant.call("POST", "/permit", json=wanted).json()["permit"])
    applicant.give_cover(issuer.attestation(permit))
    assert applicant.send(applicant.request()[0]).status_code == 201
    issuer.http.cookies.clear()
    (row,) = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    permits = Permits(issuer.world, revoker=_Dies())
    with pytest.raises(KeyboardInterrupt):
        permits.leave(str(row["person"]))
    assert _ends(issuer) == why
    with pytest.raises(Conflict, match="no-permit"):
        permits.leave(str(row["person"]))
