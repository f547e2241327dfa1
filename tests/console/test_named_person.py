"""Whom an opening names: on a token of the provider that the opener trusts, about a person whom it has looked at."""

from __future__ import annotations

import secrets

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from circuits import IssueRequest, registration_nonce
from console.opening import ArchiveRow, Evidence, TrustedProvider, person_of
from console.output import Failure

POINT, SALT = bytes(48), secrets.token_bytes(32)
ROW = ArchiveRow(POINT, 1, 1, IssueRequest(bytes(144), bytes(160)), (b"", b""), b"", b"", b"", "row")
KEY = ECKey.generate_key("P-256", {"kid": "k"})
PROVIDER = TrustedProvider("https://idp.example", "issuer", dict(KeySet([KEY]).as_dict(private=False)), ("P2",))
CLAIMS = {
    "iss": "https://idp.example",
    "sub": "s",
    "aud": "issuer",
    "vot": "P2",
    "nonce": registration_nonce(POINT, SALT),
    "name": "Ada",
}


def _name(**changes: object) -> object:
    token = jwt.encode({"alg": "ES256", "kid": "k"}, CLAIMS | changes, KEY, algorithms=["ES256"])
    return person_of(ROW, Evidence(token, SALT, {}), PROVIDER)["name"]


@pytest.mark.parametrize(
    "changes",
    [{}, {"aud": ["issuer"]}, {"aud": ["other", "issuer"], "azp": "issuer"}, {"azp": "issuer"}, {"vot": "P2.Cl.Cm"}],
)
def test_what_the_issuer_takes_at_a_sign_in_names_a_person(changes: dict[str, object]) -> None:
    assert _name(**changes) == "Ada"


@pytest.mark.parametrize(
    "changes",
    [{"vot": level} for level in ("P0", "P1.Cl", "", None, 2)]
    + [{"azp": "other"}, {"aud": ["other", "issuer"], "azp": "other"}, {"aud": ["other", "issuer"]}]
    + [{"aud": "other"}, {"aud": ["other"]}, {"aud": None}, {"iss": "https://other.example"}, {"nonce": "n"}],
)
def test_anything_else_names_nobody(changes: dict[str, object]) -> None:
    with pytest.raises(Failure, match="evidence"):
        _name(**changes)
