"""An invitation that is asked for while a wallet is reported is not made after the report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy.orm import Session

from issuer.db.base import Database
from issuer.errors import Conflict
from issuer.kyc import store
from issuer.licences.revocations import Revocations
from issuer.permits.service import Permits
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest


class Queue(Database):
    """The same database, whose write lock somebody else has `first`."""

    def __init__(self, database: Database, first: Callable[[], None]) -> None:
        self._database = database
        self._first = first

    def read(self) -> AbstractContextManager[Session]:
        return self._database.read()

    def write(self) -> AbstractContextManager[Session]:
        self._first()
        return self._database.write()


def founder(issuer: IssuerUnderTest, applicant: Applicant) -> str:
    """Ada's id, whose company has a permit."""
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    company = {"kind": "corporate", "company": "01234567", "name": "Acme"}
    assert applicant.call("POST", "/permit", json=company).status_code == 200
    with issuer.world.database.read() as session:
        row = store.application(session, applicant.id)
    assert row is not None
    return str(row.person_id)


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("by", ["report", "order"])
def test_no_invitation_after_the_report(issuer: IssuerUnderTest, applicant: Applicant, by: str) -> None:
    person = founder(issuer, applicant)
    # The thief's token was looked at before; its writing waits for the lock that the report has.
    waiting = partial(Permits(issuer.world).invite, person, applicant.id)
    assert waiting()
    if by == "report":
        Revocations(issuer.world).report_lost(person, "the owner's", urgent=False)
    else:
        Revocations(issuer.world).revoke_person(person, "stolen", urgent=False)
    with pytest.raises(Conflict, match="application-over"):
        waiting()


@pytest.mark.requirement("R13")
def test_no_invitation_that_waited_into_the_next_second(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    person = founder(issuer, applicant)

    def report() -> None:
        issuer.clock.move(1)
        Revocations(issuer.world).report_lost(person, "the owner's", urgent=False)

    with pytest.raises(Conflict, match="application-over"):
        Permits(replace(issuer.world, database=Queue(issuer.world.database, report))).invite(person, applicant.id)
