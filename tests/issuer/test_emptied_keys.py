"""An insurer without a key on the trust list holds up nobody's cancellation."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import IssuerUnderTest

OTHER = "https://other-insurer.example"


@pytest.mark.requirement("R44")
@pytest.mark.parametrize("left", [{"keys": []}, {"keys": [{"kty": "not yet invented"}]}, {}])
def test_a_cover_ends_beside_one_by_an_insurer_whose_keys_are_gone(
    issuer: IssuerUnderTest, ready: ReadyApplicant, left: dict[str, object]
) -> None:
    key = ECKey.generate_key("P-256", {"kid": "other-1"})
    other = {"issuer": OTHER, "jwks": KeySet([key]).as_dict(private=False)}
    one, today = ready(), issuer.clock() // 86400
    permit = one.get_permit()
    good = issuer.attestation(permit, band=4)
    cheap = {"iss": OTHER, "permit": permit, "class": "autonomous", "limit_band": 0, "from_day": today,
             "until_day": today + 9, "iat": issuer.clock(), "jti": "cheap"}  # fmt: skip
    with issuer.with_settings(lambda settings: settings["insurers"].append(other)).http as http:
        one.http = http
        one.give_cover(jwt.encode({"alg": "ES256", "kid": "other-1"}, cheap, key, algorithms=["ES256"]))
        one.give_cover(good)
        assert one.send(one.request()[0]).json()["attributes"][4] == 4
    with issuer.with_settings(lambda settings: settings["insurers"][1].update(jwks=left)).http as http:
        assert http.post("/api/insurers/cancellations", json=issuer.cancellation(good)).status_code == 200
        (row,) = http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    assert row["state"] == "revoked"
