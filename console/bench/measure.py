"""Interleaved measuring: every sample stands between samples of the yardstick, so that a slow moment hurts all alike.

A row's ratio is the median over its samples of (sample / yardstick just before and after it); its time is the median of
its samples. The yardstick is one pairing check of two pairs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

Work = Callable[[], object]


@dataclass
class Row:
    """One thing to measure: `work` does it `divisor` times; `repeats` samples in a round; `reset` runs untimed before
    each sample."""

    name: str
    work: Work
    repeats: int = 5
    divisor: int = 1
    reset: Work | None = None
    samples: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    def sample(self) -> float:
        """Microseconds of one sample."""
        if self.reset is not None:
            self.reset()
        start = time.perf_counter()
        self.work()
        return (time.perf_counter() - start) * 1e6 / self.divisor


def run_rounds(rows: list[Row], yardstick: Row, rounds: int) -> None:
    """Take `rounds` rounds of all rows; results gather in the rows."""
    for row in (yardstick, *rows):
        row.sample()  # warm-up, not counted
    for _ in range(rounds):
        for row in rows:
            for _ in range(row.repeats):
                before = [yardstick.sample() for _ in range(yardstick.repeats)]
                taken = row.sample()
                after = [yardstick.sample() for _ in range(yardstick.repeats)]
                row.samples.append(taken)
                row.ratios.append(taken / median(before + after))
                yardstick.samples += before + after


def summary(row: Row) -> dict[str, object]:
    """`name`, `median_us`, `ratio`."""
    return {"name": row.name, "median_us": round(median(row.samples), 2), "ratio": round(median(row.ratios), 4)}
