"""Leases: signed permission to call for at most 15 minutes, bound to a session key. Stateless.

An ES256 JWT of type at+jwt (RFC 9068) with scalar claims at the top, so that simple gateways can match them. It names
no operator, insurer or licence. `check` says whether a lease was made here and runs now; whether it was stopped since
is the kill switch's to say, at every call. Verified leases are remembered by their hash, which spares the signature
check and nothing else. Source: docs/gateway.md, section 1; requirement R61.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError

from circuits import Rejected, cached_property
from verifier.base64url import encode_base64url
from verifier.leasekeys import LeaseKeyRing
from verifier.policy import MAX_LEASE_SECONDS
from verifier.verdict import Verified
from verifier.verify import NO_SESSION_KEY

MAX_LEASE_CHARACTERS = 4096
SKEW_SECONDS = 30
_TEXTS = ("iss", "aud", "jti", "sub", "scope", "policy", "rid")
_NUMBERS = ("iat", "exp", "rev", "tier")
_CLAIMS = frozenset((*_TEXTS, *_NUMBERS, "insured", "dep", "client_id", "cnf"))


@dataclass(frozen=True)
class Lease:
    """A lease that was verified: times in unix seconds, `jkt` the session key's thumbprint (None: bearer).

    `kid` names the key that signed it. Without a session key the text is the permission itself: it stays out of logs.
    """

    text: str = field(repr=False)
    kid: str
    id: str
    root: str
    pseudonym: str
    scope: str
    policy_id: str
    tier: int
    epoch_number: int
    issued_at: int
    expires_at: int
    jkt: str | None
    claims: dict[str, Any] = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text, unpadded base64url: what a proof of the session key covers (`ath`, RFC 9449)."""
        return encode_base64url(hashlib.sha256(self.text.encode("ascii")).digest())


class LeaseOffice:
    """Makes and checks the leases of one gateway, whose `origin` is both their issuer and their audience."""

    def __init__(self, origin: str, keys: LeaseKeyRing, cache_capacity: int = 10_000) -> None:
        self._origin = origin
        self._keys = keys
        self._lock = threading.Lock()
        self._capacity = cache_capacity
        self._known: OrderedDict[bytes, Lease] = OrderedDict()

    def issue(self, verified: Verified, lease_seconds: int, now: int, root: str | None = None) -> Lease:
        """A new lease for a verified presentation, for `lease_seconds` (at most 900); `root` is kept at a renewal."""
        key = self._keys.signing
        lease_id = encode_base64url(secrets.token_bytes(16))
        jkt = None if verified.session_thumbprint == NO_SESSION_KEY else encode_base64url(verified.session_thumbprint)
        claims: dict[str, Any] = {
            "iss": self._origin,
            "aud": self._origin,
            "iat": now,
            "exp": now + min(lease_seconds, MAX_LEASE_SECONDS),
            "jti": lease_id,
            "sub": encode_base64url(verified.pseudonym),
            "scope": verified.scope,
            "tier": verified.tier,
            "insured": verified.insured,
            "policy": verified.policy_id,
            "rev": verified.epoch_number,
            "rid": root or lease_id,
            "dep": 0,
        }
        if jkt is not None:
            claims |= {"client_id": jkt, "cnf": {"jkt": jkt}}
        header = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
        return _lease(jwt.encode(header, claims, key.key, algorithms=["ES256"]), key.kid, claims)

    def check(self, text: str, now: int) -> Lease:
        """The lease in `text`, if it was made here and runs at `now` (unix seconds), give or take 30 seconds.

        Raises `Rejected`: `malformed-lease`, `unknown-key`, `bad-signature`, `wrong-audience`, `lease-too-long`,
        `lease-from-future`, `lease-expired`.
        """
        if len(text) > MAX_LEASE_CHARACTERS or not text.isascii():
            raise _malformed()
        digest = hashlib.sha256(text.encode("ascii")).digest()
        lease = self._known.get(digest)
        if lease is None:
            lease = self._verified(text, now)
            self._remember(digest, lease)
        self._keys.find(lease.kid, now).check_made(lease.issued_at, lease.epoch_number)
        _check_times(lease, now)
        return lease

    def _verified(self, text: str, now: int) -> Lease:
        kid, unverified = _read_unverified(text)
        if unverified.get("aud") != self._origin or unverified.get("iss") != self._origin:
            raise Rejected("wrong-audience", "The lease was made for another gateway.")
        key = self._keys.find(kid, now)
        try:
            claims = jwt.decode(text, key.key, algorithms=["ES256"]).claims
        except BadSignatureError:
            raise Rejected("bad-signature", "The lease's signature does not verify.") from None
        except (JoseError, ValueError, TypeError, RecursionError):
            raise _malformed() from None
        return _lease(text, kid, claims)

    def _remember(self, digest: bytes, lease: Lease) -> None:
        with self._lock:
            if len(self._known) >= self._capacity:
                self._known.popitem(last=False)
            self._known[digest] = lease


def _read_unverified(text: str) -> tuple[str, dict[str, Any]]:
    """Key id and claims before any check: good for choosing the key and the reason of a refusal, for nothing else."""
    try:
        parts = jws.extract_compact(text.encode("ascii"))
        header = parts.headers()
        claims = json.loads(parts.payload)
        kid = header["kid"]
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        raise _malformed() from None
    if header.get("typ") != "at+jwt" or not isinstance(kid, str) or not isinstance(claims, dict) or "crit" in header:
        raise _malformed()
    return kid, claims


def _lease(text: str, kid: str, claims: dict[str, Any]) -> Lease:
    """What `claims` say. JSON can hold texts that no header or answer can, so texts are plain ASCII, like our own."""
    texts, numbers = [claims.get(name) for name in _TEXTS], [claims.get(name) for name in (*_NUMBERS, "dep")]
    if "cnf" in claims or "client_id" in claims:
        texts += [_bound_key(claims.get("cnf")), claims.get("client_id")]
    if not claims.keys() <= _CLAIMS or not isinstance(claims.get("insured"), bool):
        raise _malformed()
    if not all(isinstance(value, str) and value.isascii() and value.isprintable() for value in texts):
        raise _malformed()
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in numbers):
        raise _malformed()
    return Lease(
        text=text,
        kid=kid,
        id=claims["jti"],
        root=claims["rid"],
        pseudonym=claims["sub"],
        scope=claims["scope"],
        policy_id=claims["policy"],
        tier=claims["tier"],
        epoch_number=claims["rev"],
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        jkt=claims["cnf"]["jkt"] if "cnf" in claims else None,
        claims=claims,
    )


def _bound_key(confirmation: Any) -> Any:
    if not isinstance(confirmation, dict) or confirmation.keys() != {"jkt"}:
        raise _malformed()
    return confirmation["jkt"]


def _check_times(lease: Lease, now: int) -> None:
    if lease.expires_at - lease.issued_at > MAX_LEASE_SECONDS:
        raise Rejected("lease-too-long", "The lease runs for more than 900 seconds.")
    if lease.issued_at > now + SKEW_SECONDS:
        raise Rejected("lease-from-future", "The lease begins in the future.")
    if now > lease.expires_at + SKEW_SECONDS:
        raise Rejected("lease-expired", "The lease has expired; prove the licence again.")


def _malformed() -> Rejected:
    return Rejected("malformed-lease", "The lease cannot be read.")
