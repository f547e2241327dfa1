"""Cancelled cover is no way round the wait for a new pseudonym: a policy is easily cancelled, and a new one bought."""

from __future__ import annotations

import pytest

from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import IssuerUnderTest

DAY = 86400


@pytest.mark.requirement("R13")
def test_cancelling_the_cover_is_no_way_round_the_wait(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready()
    attestation = issuer.attestation(first.get_permit(), band=4)
    assert first.give_cover(attestation).status_code == 200
    assert first.send(first.request()[0]).status_code == 201
    ended = issuer.http.post("/api/insurers/cancellations", json=issuer.cancellation(attestation))
    assert ended.status_code == 200
    issuer.clock.move(60)
    second = ready()
    assert second.give_cover(issuer.attestation(second.get_permit(), band=4)).status_code == 200
    assert second.send(second.request()[0]).json()["code"] == "replacement-wait"
    issuer.clock.move(7 * DAY)
    assert second.send(second.request()[0]).status_code == 201
