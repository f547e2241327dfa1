"""A licence from application to credential, over HTTP."""

from __future__ import annotations

import pytest

from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import IssuerUnderTest


@pytest.mark.requirement("R33")
def test_a_person_gets_a_licence_that_passes_every_check_of_the_holder(
    issuer: IssuerUnderTest, ready: ReadyApplicant
) -> None:
    one = ready()
    assert one.status()["missing"] == []
    request, pending = one.request()
    answer = one.send(request)
    assert answer.status_code == 201, answer.text
    credential, membership = one.receive(pending, answer.json())
    assert credential.value("tier") == 3
    assert credential.value("jurisdiction") == "GB"
    today = issuer.clock() // 86400
    assert credential.value("good_until") == today + 365
    assert credential.value("insured_until") == today + 365
    assert credential.value("cover_band") == 3
    assert membership.epoch_number == 0
    assert one.status()["state"] == "issued"
