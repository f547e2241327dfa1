"""The agent's ephemeral key at one gateway, and its proofs of possession.

One ES256 key per gateway origin, process and day, in memory only: a key shown to two gateways, or with two periods'
pseudonyms, would link them. A lease is bound to the key's thumbprint, so a lease that leaks is of no use without it.
Source: [RFC9449 4.2], [RFC7638].
"""

from __future__ import annotations

import hashlib
import secrets

from joserfc import jwt
from joserfc.jwk import ECKey

from circuits import Secret
from prover.issuer_client import from_base64url, to_base64url

_JTI_OCTETS = 16


class HolderKey:
    """An ephemeral P-256 key."""

    __slots__ = ("_header", "_key", "_thumbprint")

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256")
        self._header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._key.as_dict(private=False)}
        self._thumbprint = from_base64url(self._key.thumbprint(), 32)

    def __repr__(self) -> str:
        return f"HolderKey({to_base64url(self._thumbprint)})"

    @property
    def thumbprint(self) -> bytes:
        """The SHA-256 thumbprint of the public key, 32 octets. Source: [RFC7638]."""
        return self._thumbprint

    def proof(self, method: str, url: str, now: int, lease: Secret[str] | None) -> str:
        """The value of a `DPoP` header for one request at `now` (unix seconds, the gateway's); covers `lease`, if any.

        Source: [RFC9449 4.2]: htu is the URL without query and fragment.
        """
        claims: dict[str, object] = {
            "htm": method.upper(),
            "htu": url.partition("#")[0].partition("?")[0],
            "iat": now,
            "jti": to_base64url(secrets.token_bytes(_JTI_OCTETS)),
        }
        if lease is not None:
            claims["ath"] = to_base64url(hashlib.sha256(lease.expose().encode("ascii")).digest())
        return jwt.encode(self._header, claims, self._key, algorithms=["ES256"])
