"""Time as a parameter: every part of the issuer takes its clock from here, so that tests and the demo can move it."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]


def system_clock() -> int:
    """Unix seconds of the machine's clock, rounded down."""
    return int(time.time())
