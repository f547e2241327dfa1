"""Why a licence was revoked does not matter: whoever had one waits for the next, with its new pseudonyms."""

from __future__ import annotations

import pytest

from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import IssuerUnderTest

DAY = 86400


def _as_officer(issuer: IssuerUnderTest, path: str, body: dict[str, object] | None = None) -> None:
    issuer.http.cookies.clear()
    answer = issuer.http.post(path, json=body, headers=issuer.admin)
    assert answer.is_success, answer.text


def _obtain(issuer: IssuerUnderTest, ready: ReadyApplicant) -> dict[str, str]:
    one = ready()
    assert one.send(one.request()[0]).status_code == 201
    issuer.http.cookies.clear()
    rows = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    return dict(next(row for row in rows if row["state"] == "live"))


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("urgent", [False, True])
@pytest.mark.parametrize(
    ("target", "reason"),
    [("licence", "wallet lost, holder called"), ("person", "at the holder's wish"), ("permit", "company closes")],
)
def test_an_officers_words_are_no_way_round_the_wait(
    issuer: IssuerUnderTest, ready: ReadyApplicant, target: str, reason: str, urgent: bool
) -> None:
    row = _obtain(issuer, ready)
    _as_officer(issuer, "/admin/revocations", {target: row[target], "reason": reason, "urgent": urgent})
    until = issuer.clock() + 7 * DAY
    issuer.clock.move(7 * DAY - 1)
    second = ready()
    refused = second.send(second.request()[0])
    assert (refused.status_code, refused.json()["code"], refused.json()["next_at"]) == (409, "replacement-wait", until)
    issuer.clock.move(1)
    assert second.send(second.request()[0]).status_code == 201


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("action", ["suspend", "end"])
def test_a_permit_that_stops_is_no_way_round_the_wait(
    issuer: IssuerUnderTest, ready: ReadyApplicant, action: str
) -> None:
    row = _obtain(issuer, ready)
    _as_officer(issuer, f"/admin/permits/{row['permit']}/{action}", {"reason": "asked for"})
    if action == "suspend":
        _as_officer(issuer, f"/admin/permits/{row['permit']}/reinstate", {"reason": "answered"})
    second = ready()
    assert second.send(second.request()[0]).json()["code"] == "replacement-wait"
    _as_officer(issuer, f"/admin/persons/{row['person']}/waive-wait")
    assert second.send(second.request()[0]).status_code == 201


def test_the_latest_of_several_revocations_counts(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    for _ in range(2):
        row = _obtain(issuer, ready)
        _as_officer(issuer, "/admin/revocations", {"licence": row["licence"], "reason": "harm"})
        issuer.clock.move(4 * DAY)
        second = ready()
        assert second.send(second.request()[0]).json()["code"] == "replacement-wait"
        issuer.clock.move(3 * DAY)
    _obtain(issuer, ready)


def test_a_licence_that_ran_out_is_renewed_without_a_wait(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready()
    request, pending = first.request()
    credential, _ = first.receive(pending, first.send(request).json())
    issuer.clock.move(400 * DAY)
    again = ready(link_secret=credential.link_secret)
    assert again.status()["missing"] == []
    assert again.send(again.request()[0]).status_code == 201
