"""The gateway's own failing, as opposed to the caller's: nothing is decided, nothing is let through.

Source: docs/gateway.md, section 1 (503, "never 403, never open").
"""

from __future__ import annotations

from circuits import CircuitError


class Unavailable(CircuitError):
    """The gateway cannot decide now (`code`: audit-unavailable, clock-went-back, no-trust, overloaded, ...)."""

    def __init__(self, code: str, sentence: str, retry_after_seconds: int = 1) -> None:
        super().__init__(code, sentence)
        self.retry_after_seconds = retry_after_seconds
