"""What an insurer or a provider has signed counts no more once it is taken off its trust list."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import IssuerUnderTest

Change = Callable[[dict[str, object]], dict[str, object]]


def _with_another_key(insurer: dict[str, object]) -> dict[str, object]:
    keys = KeySet([ECKey.generate_key("P-256", {"kid": "insurer-2"})]).as_dict(private=False)
    return insurer | {"jwks": keys}


def _at_a_higher_level(provider: dict[str, object]) -> dict[str, object]:
    return provider | {"vot": ["P3"]}


@pytest.mark.parametrize(
    ("listed", "missing", "change"),
    [
        ("insurers", "cover", None),
        ("insurers", "cover", _with_another_key),
        ("identity_providers", "identity", None),
        ("identity_providers", "identity", _at_a_higher_level),
    ],
)
def test_no_licence_on_the_word_of_a_stranger(
    issuer: IssuerUnderTest, ready: ReadyApplicant, listed: str, missing: str, change: Change | None
) -> None:
    one = ready()

    def changed(settings: dict[str, Any]) -> None:
        settings[listed] = [change(party) for party in settings[listed]] if change else []

    with issuer.with_settings(changed).http as http:
        one.http = http
        assert one.status()["missing"] == [missing]
        assert one.send(one.request()[0]).status_code == 409


def test_cover_of_a_class_that_counts_no_more(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    with issuer.with_settings(lambda settings: settings.update(cover_classes=["autonomous-2"])).http as http:
        one.http = http
        assert one.status()["missing"] == ["cover"]
        assert one.give_cover(issuer.attestation(one.get_permit())).json()["code"] == "other-class"


def test_the_same_cover_signed_with_the_new_key_counts(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    before = issuer.attestation(one.get_permit())
    assert one.give_cover(before).status_code == 200
    cover = json.loads(base64.urlsafe_b64decode(before.split(".")[1] + "=="))
    key = ECKey.generate_key("P-256", {"kid": "insurer-2"})
    keys = KeySet([key]).as_dict(private=False)
    with issuer.with_settings(lambda settings: settings["insurers"][0].update(jwks=keys)).http as http:
        one.http = http
        assert one.status()["missing"] == ["cover"]
        one.give_cover(jwt.encode({"alg": "ES256", "kid": "insurer-2"}, cover, key, algorithms=["ES256"]))
        assert one.status()["missing"] == []
