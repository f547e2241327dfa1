"""Days and periods of a time."""

from __future__ import annotations

from console.conformance.frozen.recipes.topic import Topic, text

_LAST = 253_402_300_799  # the last second of 9999
_TIMES = (
    ("first-second", 0, "1970-01-01, a Thursday of week 1"),
    ("last-second-of-a-day", 86399, "one second before midnight"),
    ("midnight", 86400, "midnight belongs to the new day"),
    ("now", 1_794_000_000, "2026-11-06"),
    ("leap-day", 1_709_164_800, "2024-02-29"),
    ("week-of-the-next-year", 1_735_603_200, "2024-12-31 is in the first week of 2025"),
    ("week-of-the-year-before", 1_609_459_200, "2021-01-01 is in week 53 of 2020"),
    ("last-second", _LAST, "9999-12-31"),
)


def recipe(topic: Topic) -> None:
    """The labels of some times, and times without one."""
    for name, time, comment in _TIMES:
        topic.accept(f"day/{name}", "day-number", comment, {"time": str(time)})
        for period in ("day", "week"):
            own = {"time": str(time), "period": text(period)}
            topic.accept(f"{period}-period/{name}", "period-label", comment, own)
    for name, time, comment in (("before-1970", -1, "before the first day"), ("year-10000", _LAST + 1, "after 9999")):
        topic.refuse(f"day/{name}", "day-number", comment, "misuse", {"time": str(time)})
        topic.refuse(
            f"week-period/{name}", "period-label", comment, "misuse", {"time": str(time), "period": text("week")}
        )
    topic.refuse("month", "period-label", "a period of no known name", "misuse", {"time": "0", "period": text("month")})
