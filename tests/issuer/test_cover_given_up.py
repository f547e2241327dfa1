"""Cancelled cover is no way round the wait for a new pseudonym: a policy is easily cancelled, and a new one bought."""

from __future__ import annotations

import json

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import INSURER, INSURER_KEY, IssuerUnderTest, cover_id

DAY = 86400


def _cancellation(issuer: IssuerUnderTest, attestation: str) -> str:
    key = ECKey.import_key(json.loads((issuer.folder / INSURER_KEY).read_text()))
    today = issuer.clock() // DAY
    claims = {"iss": INSURER, "cover": cover_id(attestation), "from_day": today, "iat": issuer.clock()}
    header = {"alg": "ES256", "kid": "insurer-1", "typ": "cover-cancellation+jwt"}
    return jwt.encode(header, claims, key, algorithms=["ES256"])


@pytest.mark.requirement("R13")
def test_cancelling_the_cover_is_no_way_round_the_wait(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready()
    attestation = issuer.attestation(first.get_permit(), band=4)
    assert first.give_cover(attestation).status_code == 200
    assert first.send(first.request()[0]).status_code == 201
    ended = issuer.http.post("/api/insurers/cancellations", json={"cancellation": _cancellation(issuer, attestation)})
    assert ended.status_code == 200
    issuer.clock.move(60)
    second = ready()
    assert second.give_cover(issuer.attestation(second.get_permit(), band=4)).status_code == 200
    assert second.send(second.request()[0]).json()["code"] == "replacement-wait"
    issuer.clock.move(7 * DAY)
    assert second.send(second.request()[0]).status_code == 201
