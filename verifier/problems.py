"""How a refusal looks in HTTP: the only file with status codes.

A caller's fault is 4xx with a stable code, the gateway's own failing is 503 and lets nothing through. The code is in
the body (RFC 9457) and in `Agent-Licence-Error`, because several gateways drop the bodies of a decision point.
Source: docs/gateway.md, section 1; docs/threat-model.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from circuits import CircuitError, Malformed, Misuse
from verifier.unavailable import Unavailable

Headers = list[tuple[bytes, bytes]]

_STATUS = {
    "lease-required": 401,
    "malformed-lease": 401,
    "admin-token": 401,
    "too-large": 413,
    "too-slow": 408,
    "invalid-request": 400,
    "unsupported-grant": 400,
    "not-found": 404,
}
_OAUTH_ERROR = {
    "unsupported-grant": "unsupported_grant_type",
    "holder-proof": "invalid_dpop_proof",
    "overloaded": "temporarily_unavailable",
    "predicate": "access_denied",
    "predicate-mismatch": "access_denied",
    "revoked": "access_denied",
    "admin-token": "invalid_client",
}
# A fresh proof mends these, so the answer carries a fresh challenge.
MENDED_BY_PROOF = frozenset({"lease-required", "malformed-lease", "lease-expired", "unknown-key", "floor"})


@dataclass(frozen=True)
class Problem:
    """An answer that refuses: `status`, `code`, `headers` and the JSON `body`."""

    status: int
    code: str
    headers: Headers
    body: bytes


def problem_for(error: CircuitError, extra: Headers | None = None, oauth: bool = False) -> Problem:
    """The answer to `error`, with `extra` headers; `oauth` adds the member that RFC 6749 section 5.2 wants."""
    status = status_for(error)
    code = error.code
    content: dict[str, object] = {
        "type": f"urn:operator-licence:problem:{code}",
        "title": code.replace("-", " "),
        "status": status,
        "detail": "The gateway failed." if isinstance(error, Misuse) else error.sentence,
        "code": code,
    }
    if oauth:
        content["error"] = _oauth_error(status, code)
        content["error_description"] = content["detail"]
    body = json.dumps(content).encode("utf-8")
    headers: Headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"cache-control", b"no-store"),
        (b"agent-licence-error", code.encode("ascii")),
    ]
    if status == 403 and code not in MENDED_BY_PROOF:
        headers.append((b"x-should-retry", b"false"))
    if isinstance(error, Unavailable):
        headers.append((b"retry-after", str(error.retry_after_seconds).encode("ascii")))
    return Problem(status, code, headers + (extra or []), body)


def _oauth_error(status: int, code: str) -> str:
    if status >= 500:
        return _OAUTH_ERROR.get(code, "server_error")
    return _OAUTH_ERROR.get(code, "invalid_request" if status in (400, 408, 413) else "invalid_grant")


def status_for(error: CircuitError) -> int:
    """The HTTP status of `error`. What is not listed is refused with 403."""
    if isinstance(error, Misuse):
        return 500
    if isinstance(error, Unavailable):
        return 502 if error.code == "upstream-unavailable" else 503
    if isinstance(error, Malformed):
        return 400
    return _STATUS.get(error.code, 403)
