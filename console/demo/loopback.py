"""HTTP between the demonstration's own processes: plain, on the loopback interface, never through a proxy.

Loading a machine's certificate authorities takes a tenth of a second for each client, and nothing here speaks TLS. So
these clients trust no authority at all: an https address would be refused, not let through.
"""

from __future__ import annotations

import ssl
from typing import Any

import httpx

TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TIMEOUT_SECONDS = 30.0


def loopback_client(**options: Any) -> httpx.Client:
    """A client for loopback addresses; `options` as of `httpx.Client`."""
    return httpx.Client(**({"timeout": TIMEOUT_SECONDS} | options), verify=TRUSTS_NOBODY, trust_env=False)
