"""An invitation that is asked for while a wallet is reported is not made after the report."""

from __future__ import annotations

from functools import partial

import pytest

from issuer.errors import Conflict
from issuer.kyc import store
from issuer.licences.revocations import Revocations
from issuer.permits.service import Permits
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("by", ["report", "order"])
def test_no_invitation_after_the_report(issuer: IssuerUnderTest, applicant: Applicant, by: str) -> None:
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    company = {"kind": "corporate", "company": "01234567", "name": "Acme"}
    assert applicant.call("POST", "/permit", json=company).status_code == 200
    with issuer.world.database.read() as session:
        row = store.application(session, applicant.id)
    assert row is not None
    person = str(row.person_id)
    # The thief's token was looked at before; its writing waits for the lock that the report has.
    waiting = partial(Permits(issuer.world).invite, person, applicant.id)
    assert waiting()
    if by == "report":
        Revocations(issuer.world).report_lost(person, "the owner's", urgent=False)
    else:
        Revocations(issuer.world).revoke_person(person, "stolen", urgent=False)
    with pytest.raises(Conflict, match="application-over"):
        waiting()
