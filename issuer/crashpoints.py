"""Named points between two durable steps, where a test may make the process die. In production each is a no-op.

The hook is an object passed to `create_app`, never a setting or an environment variable: nobody can switch it on from
outside.
"""

from __future__ import annotations

from typing import Protocol


class CrashPoints(Protocol):
    """Told the name of each point as it is passed."""

    def reach(self, point: str) -> None:
        """May not return."""


class NoCrash:
    """The production hook: does nothing."""

    __slots__ = ()

    def reach(self, point: str) -> None:
        del point


NO_CRASH: CrashPoints = NoCrash()
