"""Leaving a permit sheds no suspension."""

from __future__ import annotations

import pytest

from issuer.errors import Conflict
from issuer.permits.service import Permits
from issuer.permits.states import PermitAction
from tests.issuer.conftest import ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest


def _licensed(issuer: IssuerUnderTest, ready: ReadyApplicant) -> tuple[Applicant, str]:
    one = ready()
    assert one.send(one.request()[0]).status_code == 201
    return one, str(_row(issuer)["person"])


def _row(issuer: IssuerUnderTest) -> dict[str, object]:
    issuer.http.cookies.clear()
    rows = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    return dict(rows[0])


@pytest.mark.requirement("R34")
def test_a_suspended_sole_permit_is_not_left(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one, person = _licensed(issuer, ready)
    permits, permit = Permits(issuer.world), one.get_permit()
    permits.act(permit, PermitAction.SUSPEND, "complaint")
    with pytest.raises(Conflict, match="permit-suspended"):
        permits.leave(person)
    assert one.call("POST", "/permit", json={"kind": "sole"}).json()["code"] == "permit-suspended"
    permits.act(permit, PermitAction.REINSTATE, "answered")
    permits.leave(person)
    assert one.get_permit() != permit
