"""Days and periods as functions of a time that the caller gives: nothing here reads a clock.

A day is its number since 1970-01-01 UTC. A period is the label under which a pseudonym stays the same.
Source: [PROTOCOL 5].
"""

from __future__ import annotations

from datetime import date

from circuits.errors import Misuse

SECONDS_PER_DAY = 86400
PERIODS = ("day", "week")
_EPOCH_ORDINAL = 719163
_LAST_DAY = 2932896  # 9999-12-31


def day_number(time: int) -> int:
    """The day of `time` (unix seconds), counted from 1970-01-01 UTC. Raises `Misuse` before that day or after 9999."""
    day = time // SECONDS_PER_DAY
    if not 0 <= day <= _LAST_DAY:
        raise Misuse("a time outside the years 1970 to 9999")
    return day


def period_label(time: int, period: str) -> str:
    """`2026-11-21` for the period `day`, `2026-47` (ISO year and week) for `week`; else `Misuse`."""
    day = date.fromordinal(_EPOCH_ORDINAL + day_number(time))
    if period == "day":
        return day.isoformat()
    if period == "week":
        iso = day.isocalendar()
        return f"{iso.year:04d}-{iso.week:02d}"
    raise Misuse(f"no period is called {period!r}")
