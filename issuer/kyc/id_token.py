"""The checks of an ID token, each with its own code: [OIDC 3.1.3.7] and the level of confidence of RFC 8485.

A check raises Denied; the claims come back only when every one of them held.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import (
    ClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import KeySet

from issuer.errors import Denied
from issuer.settings import IdentityProvider

MAX_AGE_SECONDS = 600
_HASHES = {"256": hashlib.sha256}


@dataclass(frozen=True)
class Expected:
    """What the token must say: `nonce` is the hash of the holder's registration, `now` unix seconds."""

    provider: IdentityProvider
    nonce: str
    access_token: str
    now: int
    skew_seconds: int


class UnknownKey(Exception):
    """The token names a key that is not in the set: the caller fetches the set once more."""


def check_id_token(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of a token that passed every check. Raises UnknownKey, or Denied with the code of the first that
    failed."""
    header, claims = _check_signature(token, keys, expected.provider)
    _check_claims(claims, expected)
    _check_authorised_party(claims, expected.provider)
    _check_at_hash(claims, header, expected.access_token)
    _check_assurance(claims, expected.provider)
    return claims


def _check_signature(token: str, keys: KeySet, provider: IdentityProvider) -> tuple[dict[str, Any], dict[str, Any]]:
    header = _header(token)
    if header.get("alg") not in provider.id_token_algorithms:
        raise Denied("id-token-alg", "The identity provider's token is signed with an algorithm that is not accepted.")
    if "kid" in header and header["kid"] not in [key.kid for key in keys.keys]:
        raise UnknownKey
    try:
        decoded = jwt.decode(token, keys, algorithms=list(provider.id_token_algorithms))
    except UnsupportedAlgorithmError:
        raise Denied(
            "id-token-alg", "The identity provider's token is signed with an algorithm that is not accepted."
        ) from None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Denied("id-token-signature", "The identity provider's token does not verify.") from None
    return dict(decoded.header), decoded.claims


def _header(token: str) -> dict[str, Any]:
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Denied("id-token-malformed", "The identity provider's token cannot be read.") from None


def _check_claims(claims: dict[str, Any], expected: Expected) -> None:
    registry = jwt.JWTClaimsRegistry(
        now=expected.now,
        leeway=expected.skew_seconds,
        iss={"essential": True, "value": expected.provider.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": expected.provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": expected.nonce},
    )
    try:
        registry.validate(claims)
    except MissingClaimError as error:
        name = sorted(str(error.claim).split(","))[0]
        raise Denied(f"id-token-{name}", "The identity provider's token lacks a claim.") from None
    except ClaimError as error:
        raise Denied(f"id-token-{error.claim}", "The identity provider's token is not for this sign-in.") from None
    if not isinstance(claims["nonce"], str):
        raise Denied("id-token-nonce", "The identity provider's token is not for this sign-in.")
    if claims["iat"] < expected.now - MAX_AGE_SECONDS - expected.skew_seconds:
        raise Denied("id-token-iat", "The identity provider's token is too old.")


def _check_authorised_party(claims: dict[str, Any], provider: IdentityProvider) -> None:
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    party = claims.get("azp")
    if (several and party is None) or (party is not None and party != provider.client_id):
        raise Denied("id-token-azp", "The identity provider's token was made for another party.")


def _check_at_hash(claims: dict[str, Any], header: dict[str, Any], access_token: str) -> None:
    given = claims.get("at_hash")
    if given is None:
        return
    digest = _HASHES[str(header["alg"])[-3:]](access_token.encode()).digest()
    if given != base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode():
        raise Denied("id-token-at-hash", "The identity provider's two tokens do not belong together.")


def _check_assurance(claims: dict[str, Any], provider: IdentityProvider) -> None:
    level = claims.get("vot")
    parts = level.split(".") if isinstance(level, str) else []
    if not any(part in provider.vot for part in parts):
        raise Denied(
            "assurance-too-low", "The identity provider has not checked your identity well enough for a licence."
        )


def level_of(claims: dict[str, Any], provider: IdentityProvider) -> str:
    """The accepted level that the token states."""
    return next(part for part in str(claims["vot"]).split(".") if part in provider.vot)
