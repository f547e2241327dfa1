"""An OpenID provider that can misbehave: an ASGI application with the real endpoints, and a knob for every fault.

The person's browser is played by `authorize`, which takes the URL that the relying party sends the browser to, and
gives the parameters with which it comes back.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ISSUER = "https://identity.example"
CLIENT_ID = "licence-issuer"


@dataclass(frozen=True)
class SimPerson:
    """Somebody with an account at the provider."""

    sub: str
    name: str | None = "Ada Byron"
    birthdate: str | None = "1985-12-10"
    documents: tuple[tuple[str, str, str], ...] = (("passport", "GBR", "123456789"),)
    vot: str | None = "P2"

    def info(self) -> dict[str, Any]:
        """The userinfo claims."""
        documents = [{"type": kind, "issuer": issuer, "number": number} for kind, issuer, number in self.documents]
        claims = {"sub": self.sub, "name": self.name, "birthdate": self.birthdate, "documents": documents}
        return {name: value for name, value in claims.items() if value is not None}


@dataclass
class Faults:
    """What goes wrong. Each is off by default."""

    id_token_claims: dict[str, Any] = field(default_factory=dict)
    """Claims of the ID token to change; None removes."""
    userinfo_claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "ES256"
    sign_with_stranger_key: bool = False
    tamper_signature: bool = False
    down: set[str] = field(default_factory=set)
    """Paths that refuse the connection."""
    slow: set[str] = field(default_factory=set)
    """Paths that take for ever."""
    status: dict[str, int] = field(default_factory=dict)
    """Paths that answer with this status and nothing useful."""
    raw: dict[str, bytes] = field(default_factory=dict)
    """Paths that answer with these octets."""


@dataclass(frozen=True)
class _Grant:
    person: SimPerson
    redirect_uri: str
    challenge: str
    nonce: str


class SimProvider:
    """The provider; `transport` takes the relying party's requests to it."""

    def __init__(self, now: Callable[[], int], issuer: str = ISSUER) -> None:
        self.issuer = issuer
        self.now = now
        self.faults = Faults()
        self.client_keys: dict[str, Any] = {}
        self.key = self._new_key()
        self.published = [self.key]
        self.requests: list[str] = []
        self.bodies: list[dict[str, list[str]]] = []
        self._grants: dict[str, _Grant] = {}
        self._access: dict[str, SimPerson] = {}
        self._seen_assertions: set[str] = set()
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/jwks", self._jwks),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    def transport(self) -> httpx.AsyncBaseTransport:
        """The network between relying party and provider."""
        return _FaultyTransport(self)

    def rotate(self, *, publish: bool = True) -> None:
        """A new signing key; the old one is no longer published."""
        self.key = self._new_key()
        if publish:
            self.published = [self.key]

    def authorize(self, url: str, person: SimPerson, **changes: str | None) -> dict[str, str]:
        """The person signs in and agrees. Gives the parameters of the redirection back; `changes` alter them."""
        parts = urlsplit(url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT_ID
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._grants[code] = _Grant(person, asked["redirect_uri"], asked["code_challenge"], asked["nonce"])
        answer: dict[str, str | None] = {"state": asked["state"], "code": code, "iss": self.issuer}
        return {name: value for name, value in (answer | changes).items() if value is not None}

    async def _metadata(self, _: Request) -> Response:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(document | self.faults.metadata)

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(KeySet(self.published).as_dict(private=False))

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        self.bodies.append(form)
        given = {name: values[0] for name, values in form.items()}
        if not self._client_is_known(given):
            return JSONResponse({"error": "invalid_client"}, 401)
        grant = self._grants.pop(given.get("code", ""), None)
        verifier = given.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if grant is None or grant.redirect_uri != given.get("redirect_uri") or grant.challenge != challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access_token = secrets.token_urlsafe(16)
        self._access[access_token] = grant.person
        answer = {"access_token": access_token, "token_type": "Bearer", "id_token": self._id_token(grant, access_token)}
        return JSONResponse(answer)

    async def _userinfo(self, request: Request) -> Response:
        person = self._access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if person is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(_changed(person.info(), self.faults.userinfo_claims))

    def _client_is_known(self, given: dict[str, str]) -> bool:
        token = jwt.decode(given["client_assertion"], KeySet.import_key_set(self.client_keys), algorithms=["ES256"])
        claims = token.claims
        fresh = claims["exp"] > self.now() and claims["jti"] not in self._seen_assertions
        self._seen_assertions.add(claims["jti"])
        return (
            fresh and claims["iss"] == claims["sub"] == given["client_id"] == CLIENT_ID and claims["aud"] == self.issuer
        )

    def _id_token(self, grant: _Grant, access_token: str) -> str:
        digest = hashlib.sha256(access_token.encode()).digest()
        claims = {
            "iss": self.issuer,
            "sub": grant.person.sub,
            "aud": CLIENT_ID,
            "exp": self.now() + 300,
            "iat": self.now(),
            "nonce": grant.nonce,
            "vot": grant.person.vot,
            "at_hash": base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode(),
        }
        claims = {
            name: value for name, value in _changed(claims, self.faults.id_token_claims).items() if value is not None
        }
        return self._signed(claims)

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.faults.algorithm, "kid": self.key.kid}
        if self.faults.algorithm == "none":
            parts = [
                base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
            ]
            return ".".join([*parts, ""])
        if self.faults.algorithm == "HS256":
            public = json.dumps(self.key.as_dict(private=False))
            return jwt.encode(header, claims, OctKey.import_key(public), algorithms=["HS256"])
        key = ECKey.generate_key("P-256", {"kid": self.key.kid}) if self.faults.sign_with_stranger_key else self.key
        token = jwt.encode(header, claims, key, algorithms=["ES256"])
        if self.faults.tamper_signature:
            head, body, signature = token.split(".")
            token = f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
        return token

    @staticmethod
    def _new_key() -> ECKey:
        return ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "use": "sig", "alg": "ES256"})


class _FaultyTransport(httpx.AsyncBaseTransport):
    def __init__(self, provider: SimProvider) -> None:
        self._provider = provider
        self._inner = httpx.ASGITransport(provider.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path, faults = request.url.path, self._provider.faults
        self._provider.requests.append(path)
        if path in faults.down:
            raise httpx.ConnectError("refused", request=request)
        if path in faults.slow:
            await asyncio.sleep(60)
        if path in faults.status:
            return httpx.Response(faults.status[path], json={"error": "server_error"}, request=request)
        if path in faults.raw:
            return httpx.Response(200, content=faults.raw[path], request=request)
        return await self._inner.handle_async_request(request)


def _changed(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (claims | changes).items() if value is not None}
