"""What makes Authlib's server the demonstration's identity provider: its client, codes, tokens and checks.

One client, known by its key (private_key_jwt); codes good once and for a minute; PKCE with S256 and not optional; ID
tokens by the provider's own clock; RFC 9207. Everything is in memory.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import rfc6749, rfc7523, rfc7636
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import OpenIDCode
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console.demo.people import Account

ALGORITHM = "ES256"
PRIVATE_KEY_JWT = "private_key_jwt"
CODE_LIFETIME_SECONDS = 60
TOKEN_LIFETIME_SECONDS = 300
SCOPES = ("openid", "identity")


@dataclass(frozen=True)
class Client(rfc6749.ClientMixin):  # type: ignore[misc]
    """The one relying party: the issuer."""

    client_id: str
    redirect_uri: str
    keys: KeySet

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(word for word in (scope or "openid").split() if word in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        del client_secret
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        del endpoint
        return method == PRIVATE_KEY_JWT

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass(frozen=True)
class Code:
    """An authorization code, what was asked with it, and who signed in."""

    code: str
    account: Account
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    signed_in_at: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.signed_in_at

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> list[str]:
        return ["pwd"]


class Answer(Response):
    """A response whose Location Authlib's RFC 9207 extension can read and extend."""

    @property
    def location(self) -> str | None:
        return self.headers.get("location")

    @location.setter
    def location(self, value: str) -> None:
        self.headers["location"] = value


class Memory:
    """What the provider remembers while it runs: its key, open codes, and whom each access token is for."""

    def __init__(self, issuer: str, client: Client, now: Callable[[], int]) -> None:
        self.issuer = issuer
        self.client = client
        self.now = now
        self.key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM, "kid": secrets.token_hex(4)})
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, tuple[Account, str, int]] = {}
        self.seen_nonces: set[str] = set()
        self.seen_assertions: set[str] = set()


class AsAuthlibPayload(rfc6749.OAuth2Payload):  # type: ignore[misc]
    """A query or form as Authlib reads it."""

    def __init__(self, values: QueryParams | FormData) -> None:
        self._data = {name: str(value) for name, value in values.items()}
        self._datalist = {name: [str(value) for value in values.getlist(name)] for name in values}

    @property
    def data(self) -> dict[str, str]:
        return self._data

    @property
    def datalist(self) -> dict[str, list[str]]:
        return self._datalist


class AsAuthlibRequest(rfc6749.OAuth2Request):  # type: ignore[misc]
    """A Starlette request as Authlib reads it: a query when authorising, a form when asking for a token."""

    def __init__(self, request: Request, values: QueryParams | FormData) -> None:
        super().__init__(request.method, str(request.url), headers=request.headers)
        self.payload = AsAuthlibPayload(values)

    @property
    def args(self) -> dict[str, str]:
        return self.payload.data

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data


class Server(rfc6749.AuthorizationServer):  # type: ignore[misc]
    """Authlib's authorization server, answering with Starlette responses."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(scopes_supported=list(SCOPES))
        self.memory = memory

        def new_token(**_: Any) -> str:
            return secrets.token_urlsafe(32)

        self.register_token_generator("default", BearerTokenGenerator(new_token, None, TOKEN_LIFETIME_SECONDS))

    def query_client(self, client_id: str) -> Client | None:
        return self.memory.client if client_id == self.memory.client.client_id else None

    def save_token(self, token: dict[str, Any], request: AsAuthlibRequest) -> None:
        expires_at = self.memory.now() + TOKEN_LIFETIME_SECONDS
        self.memory.tokens[token["access_token"]] = (request.user, token["scope"], expires_at)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens here."""

    def create_oauth2_request(self, request: AsAuthlibRequest) -> AsAuthlibRequest:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        if isinstance(body, dict):
            return _with_headers(Answer(JSONResponse(body).body, status), headers)
        return _with_headers(Answer(body, status), headers)


def _with_headers(answer: Answer, headers: list[tuple[str, str]]) -> Answer:
    for name, value in headers:
        answer.headers[name] = value
    return answer


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes kept in memory, good once and for a minute."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PRIVATE_KEY_JWT,)

    def save_authorization_code(self, code: str, request: AsAuthlibRequest) -> None:
        asked = request.payload.data
        memory: Memory = self.server.memory
        memory.codes[code] = Code(
            code=code,
            account=request.user,
            redirect_uri=asked["redirect_uri"],
            scope=request.scope,
            nonce=asked["nonce"],
            code_challenge=asked["code_challenge"],
            code_challenge_method=asked["code_challenge_method"],
            signed_in_at=memory.now(),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        del client
        memory: Memory = self.server.memory
        found = memory.codes.pop(code, None)
        return found if found and memory.now() <= found.signed_in_at + CODE_LIFETIME_SECONDS else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Already gone: taken out when it was looked up, so that two callers cannot both use it."""

    def authenticate_user(self, authorization_code: Code) -> Account:
        return authorization_code.account


class ClientAssertion(rfc7523.JWTBearerClientAssertion):  # type: ignore[misc]
    """private_key_jwt: the client signs for itself, by the provider's own clock, and each assertion is good once."""

    CLIENT_AUTH_METHOD = PRIVATE_KEY_JWT

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self.memory = memory

    def resolve_client_public_key(self, client: Client) -> KeySet:
        return client.keys

    def verify_claims(self, claims: dict[str, Any]) -> None:
        audiences = [self.memory.issuer, f"{self.memory.issuer}/token"]
        registry = jwt.JWTClaimsRegistry(
            now=self.memory.now(),
            leeway=self.leeway,
            iss={"essential": True, "value": self.memory.client.client_id},
            sub={"essential": True, "value": self.memory.client.client_id},
            aud={"essential": True, "values": audiences},
            exp={"essential": True},
            jti={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise rfc6749.InvalidClientError(description=str(error)) from error
        if claims["jti"] in self.memory.seen_assertions:
            raise rfc6749.InvalidClientError(description="JWT ID is used before.")
        self.memory.seen_assertions.add(claims["jti"])


class Pkce(rfc7636.CodeChallenge):  # type: ignore[misc]
    """PKCE, S256 only, and not optional."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        if (
            "code_challenge" not in grant.request.payload.data
            or "code_challenge_method" not in grant.request.payload.data
        ):
            raise rfc6749.InvalidRequestError("Missing 'code_challenge'")
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(OpenIDCode):  # type: ignore[misc]
    """ID tokens by the provider's own clock."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(require_nonce=True)
        self.memory = memory

    def exists_nonce(self, nonce: str, request: AsAuthlibRequest) -> bool:
        # Authlib asks when the page is shown and again when its form comes back.
        if request.method == "GET":
            return nonce in self.memory.seen_nonces
        self.memory.seen_nonces.add(nonce)
        return False

    def resolve_client_private_key(self, client: Client) -> ECKey:
        del client
        return self.memory.key

    def get_client_algorithm(self, client: Client) -> str:
        del client
        return ALGORITHM

    def get_encode_header(self, client: Client) -> dict[str, str]:
        del client
        return {"alg": ALGORITHM, "kid": str(self.memory.key.kid)}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        now = self.memory.now()
        return {"iss": self.memory.issuer, "aud": client.client_id, "iat": now, "exp": now + TOKEN_LIFETIME_SECONDS}

    def generate_user_info(self, user: Account, scope: str) -> dict[str, Any]:
        claims = {"sub": user.subject, "vot": user.vot}
        return claims | {"name": user.name, "birthdate": user.birthdate} if "identity" in scope.split() else claims


class NamesItself(IssuerParameter):  # type: ignore[misc]
    """RFC 9207: the provider says who it is in every authorization response."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def get_issuer(self) -> str:
        return self.issuer
