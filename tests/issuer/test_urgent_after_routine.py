"""An urgent order ends leases also where the holder has just had the licence revoked by a routine report."""

from __future__ import annotations

import time

import pytest

from circuits.records import EpochRecord
from issuer.epochs.service import Epochs
from issuer.licences.revocations import Revocations, Revoked
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


class _Dies(Revocations):
    def _publish(self, count: int, urgent: bool) -> Revoked:
        raise KeyboardInterrupt


@pytest.mark.requirement("R44")
def test_the_edge_outlives_a_crash(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    """After the order is committed, before the epoch: the writer raises the floor, once."""
    one = ready()
    licence = one.send(one.request()[0]).json()["licence"]
    one.call("POST", "/lost-wallet")
    Epochs(issuer.world).publish()
    with pytest.raises(KeyboardInterrupt):
        _Dies(issuer.world).revoke_licence(licence, "misuse", urgent=True)
    for _ in range(50):
        if _newest(issuer).floor:
            break
        time.sleep(0.1)
    time.sleep(2 * issuer.settings.epoch_poll_seconds)
    assert (_newest(issuer).number, _newest(issuer).floor) == (2, 2)


@pytest.mark.requirement("R44")
def test_a_bar_by_the_licence_of_before_ends_the_one_of_now(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready()
    before = first.send(first.request()[0]).json()["licence"]
    first.call("POST", "/lost-wallet")
    issuer.clock.move(7 * 86400)
    second = ready()
    assert second.send(second.request()[0]).status_code == 201
    issuer.http.cookies.clear()
    order = {"licence": before, "reason": "misuse", "urgent": True, "bar": True}
    assert issuer.http.post("/admin/revocations", json=order, headers=issuer.admin).json()["licences"] == 1
    rows = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    assert [row["state"] for row in rows] == ["revoked", "revoked"]
