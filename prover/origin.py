"""Origins: who is at the other end of a connection, as far as TLS has authenticated it.

A proof is made out to an origin, and a lease is sent to one; both are compared as strings of this one form. Plain
`http` counts as authenticated on the loopback interface only. Source: [RFC6454 4].
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from prover.errors import TrustError

_DEFAULT_PORTS = {"https": 443, "http": 80}


def origin_of(url: str) -> str:
    """The origin of `url`: lower case, no default port, e.g. `https://api.example` or `http://127.0.0.1:9001`.

    Raises `TrustError` (`bad-origin`) for a URL without host, with a user name, or of another scheme.
    """
    parts = _split(url)
    host = parts.hostname
    if parts.scheme not in _DEFAULT_PORTS or not host or parts.username is not None or parts.password is not None:
        raise _bad(url)
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    return (
        f"{parts.scheme}://{shown}"
        if port in (None, _DEFAULT_PORTS[parts.scheme])
        else (f"{parts.scheme}://{shown}:{port}")
    )


def check_authenticated(url: str) -> str:
    """The origin of `url`, if a connection to it is authenticated: https, or http to a loopback address.

    Raises `TrustError` (`bad-origin`, `unauthenticated-origin`).
    """
    origin = origin_of(url)
    if origin.startswith("http://") and not _is_loopback(_split(url).hostname or ""):
        raise TrustError(
            "unauthenticated-origin", f"{origin} is not authenticated: it is plain http.", "Use its https address."
        )
    return origin


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise _bad(url) from None
    return parts


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bad(url: str) -> TrustError:
    return TrustError("bad-origin", f"{url!r} is not the address of a service.", "Give an https address.")
