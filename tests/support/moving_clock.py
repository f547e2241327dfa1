"""A clock that the test moves."""

from __future__ import annotations

NOON = 1_795_176_000


class MovingClock:
    """Unix seconds, standing still until moved. Call it like a clock."""

    def __init__(self, seconds: int = NOON) -> None:
        self.seconds = seconds

    def __call__(self) -> int:
        return self.seconds

    def move(self, seconds: int) -> None:
        """Moves on, or back."""
        self.seconds += seconds
