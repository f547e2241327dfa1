"""Talks to one OpenID provider: discovery, keys, token and userinfo, each capped in time and octets.

Nothing is decided about a person here; whatever goes wrong at the provider is Unavailable, and nothing has been stored.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from issuer.clock import Clock
from issuer.errors import Denied, Unavailable
from issuer.keys.keyring import Keyring
from issuer.kyc.claims import ProviderMetadata, TokenAnswer
from issuer.settings import IdentityProvider

MAX_ANSWER_OCTETS = 256 * 1024
METADATA_SECONDS = 600
KEYS_REFETCH_SECONDS = 5
ASSERTION_SECONDS = 60
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Model = TypeVar("Model", bound=BaseModel)


@dataclass
class _Cached:
    metadata: ProviderMetadata
    keys: KeySet
    fetched_at: int


class Provider:
    """One provider, with its metadata and keys remembered for ten minutes. One object per process and provider."""

    def __init__(
        self, config: IdentityProvider, client: httpx.AsyncClient, keyring: Keyring, now: Clock, timeout: float
    ) -> None:
        self.config = config
        self._client = client
        self._keyring = keyring
        self._now = now
        self._timeout = timeout
        self._cached: _Cached | None = None

    async def metadata(self) -> ProviderMetadata:
        """The discovery document, checked. Raises Unavailable("provider-unavailable" | "provider-answer")."""
        return (await self._remembered()).metadata

    async def keys(self) -> KeySet:
        """The provider's signing keys."""
        return (await self._remembered()).keys

    async def newer_keys(self) -> KeySet:
        """The keys fetched again: called once when a token names an unknown key (rotation). Not oftener than every 5
        s."""
        cached = await self._remembered()
        if not 0 <= self._now() - cached.fetched_at < KEYS_REFETCH_SECONDS:
            cached.keys, cached.fetched_at = await self._fetch_keys(cached.metadata), self._now()
        return cached.keys

    async def exchange(self, code: str, code_verifier: str, redirect_uri: str) -> TokenAnswer:
        """Trades the code for tokens. Raises Denied("sign-in-code") when the provider refuses it, Unavailable else."""
        endpoint = (await self.metadata()).token_endpoint
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        auth: httpx.BasicAuth | None = None
        if self.config.client_auth == "private_key_jwt":
            form |= {
                "client_id": self.config.client_id,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self._assertion(),
            }
        else:
            auth = httpx.BasicAuth(self.config.client_id, self._keyring.client_secret().expose())
        request = self._request("POST", endpoint, data=form, headers={"Accept": "application/json"})
        status, octets = await self._send(request, auth)
        if 400 <= status < 500:
            raise Denied("sign-in-code", "The identity provider did not accept this sign-in; start again.")
        if status != 200:
            raise _down()
        answer = _parse(TokenAnswer, octets)
        if answer.token_type.lower() != "bearer":
            raise _odd()
        return answer

    async def userinfo(self, access_token: str) -> dict[str, Any]:
        """The userinfo claims. Raises Unavailable("provider-unavailable" | "provider-answer")."""
        endpoint = (await self.metadata()).userinfo_endpoint
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        status, octets = await self._send(self._request("GET", endpoint, headers=headers))
        if status != 200:
            raise _down()
        claims = _json(octets)
        if not isinstance(claims, dict):
            raise _odd()
        return claims

    async def _remembered(self) -> _Cached:
        cached = self._cached
        if cached is None or not 0 <= self._now() - cached.fetched_at < METADATA_SECONDS:
            metadata = _parse(
                ProviderMetadata, await self._get(f"{self.config.issuer.rstrip('/')}/.well-known/openid-configuration")
            )
            self._check_metadata(metadata)
            cached = self._cached = _Cached(metadata, await self._fetch_keys(metadata), self._now())
        return cached

    def _check_metadata(self, metadata: ProviderMetadata) -> None:
        if metadata.issuer != self.config.issuer or "S256" not in metadata.code_challenge_methods_supported:
            raise _odd()
        secure = urlsplit(self.config.issuer).scheme == "https"
        urls = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.userinfo_endpoint, metadata.jwks_uri)
        try:
            schemes = {urlsplit(url).scheme for url in urls}
        except ValueError:
            raise _odd() from None
        if secure and schemes != {"https"}:
            raise _odd()

    async def _fetch_keys(self, metadata: ProviderMetadata) -> KeySet:
        try:
            return KeySet.import_key_set(_json(await self._get(metadata.jwks_uri)))
        except (JoseError, KeyError, TypeError, ValueError, AttributeError):
            raise _odd() from None

    async def _get(self, url: str) -> bytes:
        status, octets = await self._send(self._request("GET", url, headers={"Accept": "application/json"}))
        if status != 200:
            raise _down()
        return octets

    def _request(self, method: str, url: str, **parts: Any) -> httpx.Request:
        """A request to where, and with what, the provider has said; that need not make one."""
        try:
            return self._client.build_request(method, url, **parts)
        except (httpx.InvalidURL, ValueError):
            raise _odd() from None

    async def _send(self, request: httpx.Request, auth: httpx.Auth | None = None) -> tuple[int, bytes]:
        """One request within the time limit as a whole (a slow drip counts too), and its answer within the octet
        limit."""
        request.headers["Accept-Encoding"] = "identity"
        try:
            with anyio.fail_after(self._timeout):
                response = await self._client.send(request, auth=auth, stream=True, follow_redirects=False)
                try:
                    if response.headers.get("Content-Encoding", "identity") != "identity":
                        raise _odd()  # a kilobyte can stand for a gigabyte, which no limit on what has come would see
                    octets = bytearray()
                    async for part in response.aiter_bytes():
                        octets += part
                        if len(octets) > MAX_ANSWER_OCTETS:
                            raise _odd()
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError, OSError):
            raise _down() from None
        return response.status_code, bytes(octets)

    def _assertion(self) -> str:
        now = self._now()
        return self._keyring.client_assertion(
            {
                "iss": self.config.client_id,
                "sub": self.config.client_id,
                "aud": self.config.issuer,
                "iat": now,
                "exp": now + ASSERTION_SECONDS,
                "jti": secrets.token_urlsafe(16),
            }
        )


def _parse(model: type[Model], octets: bytes) -> Model:
    try:
        return model.model_validate(_json(octets))
    except ValidationError:
        raise _odd() from None


def _json(octets: bytes) -> Any:
    try:
        return json.loads(octets)
    except (ValueError, RecursionError):
        raise _odd() from None


def _down() -> Unavailable:
    return Unavailable(
        "provider-unavailable", "The identity provider does not answer; nothing was stored. Try again later."
    )


def _odd() -> Unavailable:
    return Unavailable(
        "provider-answer", "The identity provider gave an answer that cannot be used; nothing was stored."
    )
