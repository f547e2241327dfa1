"""Proof of possession of the session key: RFC 9449 (DPoP) proofs at the token endpoint and at every call.

The proof names the method and the URL, is fresh, is used once, and at a call covers the very lease. Its key's
thumbprint is what the licence presentation and the lease are bound to, so a copied lease is of no use. The proof of
each call is kept: openers check it again, so that nobody is named for somebody else's.
Source: RFC 9449, sections 4.3 and 11.1; RFC 7638.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from circuits import Malformed, Rejected
from verifier.base64url import decode_base64url
from verifier.unavailable import Unavailable

MAX_PROOF_CHARACTERS = 2048
MAX_AGE_SECONDS = 60
MAX_AHEAD_SECONDS = 30
MAX_JTI_CHARACTERS = 128
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class HolderProof:
    """A proof that was verified: the thumbprint of its key (32 octets, and as text), a digest that names its use, and
    when it says it was made (unix seconds)."""

    thumbprint: bytes
    jkt: str
    use: bytes
    issued_at: float


class ReplayCache:
    """Remembers what was used within the last `window` seconds; bounded; safe among threads.

    Two generations take turns, so that forgetting costs nothing. `check_new` raises `Rejected` (`replay`) for a second
    use and `Unavailable` (`overloaded`) when there is no room: forgetting early would let a replay through.
    """

    def __init__(self, window: int = MAX_AGE_SECONDS + MAX_AHEAD_SECONDS, capacity: int = 1_000_000) -> None:
        self._window = window
        self._capacity = capacity
        self._lock = threading.Lock()
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._turned_at = 0

    def check_new(self, use: bytes, now: int) -> None:
        """Remembers `use` (a digest) at `now` (unix seconds)."""
        with self._lock:
            if now - self._turned_at > self._window:
                gone = now - self._turned_at > 2 * self._window
                self._old = set() if gone else self._young
                self._young = set()
                self._turned_at = now
            if use in self._young or use in self._old:
                raise Rejected("replay", "This proof of the session key has been used already.")
            if len(self._young) >= self._capacity:
                raise Unavailable("overloaded", "Too many calls at once; try again shortly.", 5)
            self._young.add(use)


def check_holder_proof(text: str, method: str, url: str, now: int, covers: str | None = None) -> HolderProof:
    """The verified proof in a `DPoP` header for `method` and `url` at `now`; at a call, `covers` is the lease's digest,
    and elsewhere it covers none.

    Raises `Rejected` (`holder-proof`) for anything that RFC 9449 section 4.3 refuses. The caller still owes the
    comparison of the thumbprint and the replay cache.
    """
    if len(text) > MAX_PROOF_CHARACTERS:
        raise _refused("it is too long")
    key = _embedded_key(text)
    try:
        claims: dict[str, Any] = jwt.decode(text, key, algorithms=["ES256"]).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _refused("its signature does not verify") from None
    _check_claims(claims, method, url, now)
    if claims.get("ath") != covers:
        raise _refused("it does not cover this lease")
    jkt = key.thumbprint()
    use = hashlib.sha256(f"{jkt}.{claims['jti']}".encode()).digest()
    return HolderProof(decode_base64url(jkt, 32), jkt, use, claims["iat"])


def _embedded_key(text: str) -> ECKey:
    try:
        header = jws.extract_compact(text.encode("ascii")).headers()
        jwk = header["jwk"]
        if header.get("typ") != "dpop+jwt" or header.get("alg") != "ES256" or "crit" in header:
            raise _refused("its type or algorithm is another")
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
            raise _refused("its key is not a public P-256 key")
        return _public_key(jwk["x"], jwk["y"])
    except (JoseError, Malformed, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refused("it cannot be read") from None


@lru_cache(maxsize=4096)
def _public_key(x: str, y: str) -> ECKey:
    """The key with these coordinates; an agent calls with one key for long, so it is decoded and checked once.

    One key has one text: otherwise it would have several thumbprints.
    """
    if any(len(decode_base64url(coordinate, 32)) != 32 for coordinate in (x, y)):
        raise Malformed("a coordinate has 32 octets")
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})


def _check_claims(claims: dict[str, Any], method: str, url: str, now: int) -> None:
    jti, issued_at, target = claims.get("jti"), claims.get("iat"), claims.get("htu")
    # JSON can hold half of a surrogate pair, which no encoding takes.
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI_CHARACTERS or not _is_plain(jti):
        raise _refused("it has no identifier of 1 to 128 ASCII characters")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise _refused("it does not say when it was made")
    if not now - MAX_AGE_SECONDS <= issued_at <= now + MAX_AHEAD_SECONDS:
        raise _refused("it was not made just now")
    # A query is not compared, so none may stand beside what is signed.
    if (
        "?" in url
        or "#" in url
        or claims.get("htm") != method
        or not isinstance(target, str)
        or _target(target) != _target(url)
    ):
        raise _refused("it was made for another request")


def _target(url: str) -> tuple[str, str, int | None, str]:
    """Scheme, host, port and path, without query and fragment (RFC 9449 section 4.3, step 9)."""
    try:
        parts = urlsplit(url)
        port = _DEFAULT_PORTS.get(parts.scheme.lower()) if parts.port is None else parts.port
    except ValueError:
        raise _refused("it names no URL") from None
    # The parser drops blanks and control characters; a URL that has them is another one than it seems.
    if not _is_plain(url) or " " in url or "@" in parts.netloc:
        raise _refused("it names no plain URL")
    return parts.scheme.lower(), (parts.hostname or "").lower(), port, parts.path or "/"


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _refused(reason: str) -> Rejected:
    return Rejected("holder-proof", f"The proof of the session key is refused: {reason}.")
