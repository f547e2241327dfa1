"""The demonstration's identity provider, over its real endpoints: the code flow, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.testclient import TestClient

from console.demo.openid import Client
from console.demo.people import ADA
from console.demo.provider import create_provider

ISSUER = "http://127.0.0.1:9000"
REDIRECT = "http://127.0.0.1:9001/sign-in/callback"
NOW = 1_800_000_000


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class RelyingParty:
    """The issuer's side of the flow, as small as it can be."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "rp", "alg": "ES256", "use": "sig"})
        client = Client("issuer", REDIRECT, KeySet([self.key]))
        self.http = TestClient(create_provider(ISSUER, client, lambda: NOW), base_url=ISSUER, follow_redirects=False)
        self.verifier = secrets.token_urlsafe(48)
        self.nonce = secrets.token_urlsafe(16)

    def query(self, **changes: str) -> dict[str, str]:
        asked = {
            "response_type": "code",
            "client_id": "issuer",
            "redirect_uri": REDIRECT,
            "scope": "openid identity",
            "state": "st",
            "nonce": self.nonce,
            "code_challenge": _s256(self.verifier),
            "code_challenge_method": "S256",
        } | changes
        return {name: value for name, value in asked.items() if value}

    def sign_in(self, password: str = ADA.password, **changes: str) -> Any:
        form = {"login": ADA.login, "password": password, "decision": "allow"}
        return self.http.post("/authorize", params=self.query(**changes), data=form)

    def code(self) -> str:
        return parse_qs(urlsplit(self.sign_in().headers["location"]).query)["code"][0]

    def token(self, code: str, **changes: str) -> Any:
        claims = {
            "iss": "issuer",
            "sub": "issuer",
            "aud": ISSUER,
            "exp": NOW + 60,
            "iat": NOW,
            "jti": secrets.token_hex(),
        }
        assertion = jwt.encode({"alg": "ES256", "kid": "rp"}, claims, self.key)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
            "client_id": "issuer",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        } | changes
        return self.http.post("/token", data=form)


@pytest.fixture
def party() -> RelyingParty:
    return RelyingParty()


def test_a_sign_in_yields_an_id_token_that_carries_the_nonce_and_a_userinfo_with_documents(party: RelyingParty) -> None:
    answer = party.sign_in()
    came_back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert came_back["state"] == ["st"]
    assert came_back["iss"] == [ISSUER]
    tokens = party.token(came_back["code"][0]).json()
    keys = KeySet.import_key_set(party.http.get("/jwks").json())
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "issuer", ADA.subject)
    assert (claims["nonce"], claims["vot"], claims["iat"]) == (party.nonce, "P2", NOW)
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    info = party.http.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"}).json()
    assert info["name"] == ADA.name
    assert info["documents"] == [document.claim() for document in ADA.documents]


def test_the_page_asks_again_after_a_wrong_password(party: RelyingParty) -> None:
    assert party.http.get("/authorize", params=party.query()).status_code == 200
    answer = party.sign_in(password="wrong")
    assert answer.status_code == 401
    assert "do not go together" in answer.text


def test_a_code_is_good_once(party: RelyingParty) -> None:
    code = party.code()
    assert party.token(code).status_code == 200
    assert party.token(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:9001/elsewhere"}, "invalid_grant"),
        ({"client_assertion": "e30.e30.AAAA"}, "invalid_client"),
        ({"client_assertion": ""}, "invalid_client"),
    ],
)
def test_the_token_endpoint_refuses(party: RelyingParty, changes: dict[str, str], error: str) -> None:
    assert party.token(party.code(), **changes).json()["error"] == error


@pytest.mark.parametrize("without", ["code_challenge", "code_challenge_method", "nonce"])
def test_an_authorization_request_without_pkce_or_nonce_gets_no_code(party: RelyingParty, without: str) -> None:
    answer = party.sign_in(**{without: ""})
    assert "code=" not in answer.headers.get("location", "")
    assert "invalid_request" in answer.headers.get("location", "") + answer.text


def test_a_foreign_redirect_uri_is_not_redirected_to(party: RelyingParty) -> None:
    answer = party.sign_in(redirect_uri="http://127.0.0.1:6666/thief")
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_saying_no_gives_access_denied(party: RelyingParty) -> None:
    answer = party.http.post("/authorize", params=party.query(), data={"decision": "deny"})
    assert "error=access_denied" in answer.headers["location"]
