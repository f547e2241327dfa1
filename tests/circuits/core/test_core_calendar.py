"""Days and periods, compared with the standard library's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from circuits import Misuse, day_number, period_label

LAST_SECOND = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


@given(st.integers(0, LAST_SECOND))
@example(0)
@example(LAST_SECOND)
@example(int(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()))
@example(int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()))
@example(int(datetime(2024, 12, 30, tzinfo=UTC).timestamp()))
def test_labels_are_the_calendars(time: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time)
    assert day_number(time) == (moment.date() - date(1970, 1, 1)).days
    assert period_label(time, "day") == moment.date().isoformat()
    year, week, _ = moment.isocalendar()
    assert period_label(time, "week") == f"{year:04d}-{week:02d}"


@given(st.integers(0, LAST_SECOND // 86_400 - 1))
def test_a_week_has_seven_days(day: int) -> None:
    labels = {period_label(day * 86_400, "week"), period_label((day + 1) * 86_400, "week")}
    monday = (day + 1 + 3) % 7 == 0  # day 0 was a Thursday
    assert len(labels) == (2 if monday else 1)


def test_midnight() -> None:
    assert day_number(86_399) == 0
    assert day_number(86_400) == 1
    assert period_label(1_794_000_000, "week") == "2026-45"


@pytest.mark.parametrize("time", [-1, -86_400, LAST_SECOND + 1, 2**63])
def test_times_outside(time: int) -> None:
    with pytest.raises(Misuse):
        day_number(time)
    with pytest.raises(Misuse):
        period_label(time, "week")


@pytest.mark.parametrize("period", ["", "month", "Week", "year"])
def test_periods_that_are_none(period: str) -> None:
    with pytest.raises(Misuse):
        period_label(0, period)
