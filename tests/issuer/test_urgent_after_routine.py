"""An urgent order ends leases also where the holder has just had the licence revoked by a routine report."""

from __future__ import annotations

import pytest

from circuits.records import EpochRecord
from issuer.epochs.service import Epochs
from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import IssuerUnderTest


def _newest(issuer: IssuerUnderTest) -> EpochRecord:
    return EpochRecord.decode(Epochs(issuer.world).latest().record)


@pytest.mark.requirement("R44")
@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("what", ["licence", "person", "permit", "suspend"])
def test_a_routine_report_takes_no_officers_order_its_edge(
    issuer: IssuerUnderTest, ready: ReadyApplicant, what: str, published: bool
) -> None:
    one = ready()
    assert one.send(one.request()[0]).status_code == 201
    assert one.call("POST", "/lost-wallet").json()["revoked"] == 1
    if published:
        Epochs(issuer.world).publish()
        assert _newest(issuer).floor == 0
    issuer.http.cookies.clear()
    (row,) = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    if what == "suspend":
        issuer.http.post(f"/admin/permits/{row['permit']}/suspend", json={"reason": "misuse"}, headers=issuer.admin)
    else:
        order = {what: row[what], "reason": "misuse", "urgent": True}
        issuer.http.post("/admin/revocations", json=order, headers=issuer.admin)
    newest = _newest(issuer)
    assert newest.floor == newest.number == 1 + published


def test_a_report_is_no_way_round_a_bar(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    assert one.send(one.request()[0]).status_code == 201
    one.call("POST", "/lost-wallet")
    issuer.http.cookies.clear()
    (row,) = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    order = {"licence": row["licence"], "reason": "misuse", "bar": True}
    assert issuer.http.post("/admin/revocations", json=order, headers=issuer.admin).json()["licences"] == 0
    issuer.clock.move(7 * 86400)
    again = ready()
    assert again.send(again.request()[0]).json()["code"] == "barred"
