"""A cancelled cover is not had again under the other signature that anybody makes of an ECDSA signature."""

from __future__ import annotations

import base64

import pytest

from tests.issuer.test_cover_rests import _cancel, _issue, _outcome, _with_cover
from tests.support.issuer_world import IssuerUnderTest

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _signed_otherwise(attestation: str) -> str:
    """The same text with the signature (r, -s) in the place of (r, s)."""
    signed, _, signature = attestation.rpartition(".")
    octets = base64.urlsafe_b64decode(signature + "==")
    other = (P256_ORDER - int.from_bytes(octets[32:], "big")).to_bytes(32, "big")
    return f"{signed}.{base64.urlsafe_b64encode(octets[:32] + other).rstrip(b'=').decode()}"


@pytest.mark.requirement("R44")
def test_two_signatures_of_one_attestation_are_one_cover(issuer: IssuerUnderTest) -> None:
    one, attestation = _with_cover(issuer, band=4)
    again = _signed_otherwise(attestation)
    assert one.give_cover(again).json()["cover"] == one.give_cover(attestation).json()["cover"]
    _issue(one)
    _cancel(issuer, attestation)
    assert _outcome(issuer) == ("revoked", 1)
    assert one.give_cover(again).json()["code"] == "cover-cancelled"
