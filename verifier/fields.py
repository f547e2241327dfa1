"""HTTP header fields: what comes in from a client, what goes on upstream, what a challenge looks like.

One credential, one header: two of a kind are refused rather than chosen among. Everything that a client sends in the
gateway's own name is removed, whichever way it is spelt. Source: docs/gateway.md, section 1; RFC 9651.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import http_sf

from circuits import Malformed
from verifier.base64url import encode_base64url
from verifier.challenge import Challenge
from verifier.lease import MAX_LEASE_CHARACTERS, Lease
from verifier.problems import Headers

_NOT_PLAIN = re.compile(rb"[^a-z0-9]")  # CGI and its kind make one character of all these
_SINGLE = (b"agent-licence", b"authorization", b"dpop")
# With these some servers and frameworks route by another path than the request's, past what was decided about that.
_OTHER_PATHS = frozenset(
    b"x-original-url x-rewrite-url x-original-uri x-forwarded-uri x-vhm-root "
    b"script-name path-info x-script-name daphne-root-path".split()
)


@dataclass(frozen=True)
class Credentials:
    """What a request carries: the lease and the proof of its key, if any; whether the lease came in Authorization."""

    lease: str | None = field(repr=False)
    holder_proof: str | None = field(repr=False)
    in_authorization: bool = False


def read_credentials(headers: Headers) -> Credentials:
    """The credentials among raw `headers`. Raises `Malformed` for two of a kind or a value that is not plain ASCII."""
    found = {name: _single(headers, name) for name in _SINGLE}
    proof = found[b"dpop"]
    if found[b"agent-licence"] is not None:
        return Credentials(found[b"agent-licence"], proof)
    scheme, _, token = (found[b"authorization"] or "").partition(" ")
    if scheme.lower() == "dpop" or (scheme.lower() == "bearer" and _looks_like_lease(token)):
        return Credentials(token.strip(), proof, in_authorization=True)
    return Credentials(None, proof)


def upstream_headers(headers: Headers, lease: Lease | None, strip_authorization: bool) -> Headers:
    """`headers` without any of the gateway's own and any that names another path, plus what `lease` says."""
    kept = [(name, value) for name, value in headers if not is_ours(name) and _plain(name) not in _OTHER_PATHS]
    if strip_authorization:
        kept = [(name, value) for name, value in kept if name.lower() != b"authorization"]
    return kept if lease is None else kept + lease_headers(lease)


def lease_headers(lease: Lease) -> Headers:
    """What the provider's own service is told about a call's lease."""
    return [
        (b"agent-lease-id", lease.id.encode("ascii")),
        (b"agent-lease-root", lease.root.encode("ascii")),
        (b"agent-licence-tier", str(lease.tier).encode("ascii")),
    ]


def challenge_header(challenge: Challenge) -> tuple[bytes, bytes]:
    """`Agent-Licence-Challenge`, an item of RFC 9651: the nonce as a string of base64url, with parameters."""
    parameters: dict[str, str | int] = {
        "policy": challenge.policy_id,
        "t": challenge.time,
        "max_age": challenge.max_age,
    }
    value = http_sf.ser((encode_base64url(challenge.nonce), parameters))  # type: ignore[arg-type]
    return b"agent-licence-challenge", value.encode("ascii")


def _single(headers: Headers, name: bytes) -> str | None:
    values = [value for key, value in headers if _plain(key) == name]
    if len(values) > 1:
        raise Malformed(f"there is more than one {name.decode('ascii')} header")
    if not values:
        return None
    try:
        text = values[0].decode("ascii").strip()
    except UnicodeDecodeError:
        raise Malformed(f"the {name.decode('ascii')} header is not ASCII") from None
    if len(text) > 4 * MAX_LEASE_CHARACTERS:
        raise Malformed(f"the {name.decode('ascii')} header is too long")
    return text


def is_ours(name: bytes) -> bool:
    """Whether a header is one that only the gateway itself may set, or that is meant for it alone."""
    plain = _plain(name)
    return plain == b"dpop" or plain.startswith((b"agent-lease", b"agent-licence"))


def _plain(name: bytes) -> bytes:
    return _NOT_PLAIN.sub(b"-", name.lower())


def _looks_like_lease(token: str) -> bool:
    """A provider's API key is left alone; a compact JWT whose header begins as ours do is taken for a lease."""
    return token.count(".") == 2 and token.startswith("eyJ")
