"""Interleaved measuring: every sample stands between samples of the yardstick, so that a slow moment hurts all alike.

A row's ratio is the median over its samples of (sample / yardstick just before and after it); its time is the median of
its samples. The yardstick is one pairing check of two pairs. What runs on one core is measured in this process's own
processor time, so that others on the machine do not count; what asks other processes, by the clock on the wall.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from circuits.curve import default

Work = Callable[[], object]


@dataclass
class Row:
    """One thing to measure: `work` does it `divisor` times; `repeats` samples in a round; `reset` runs untimed before
    each sample. `target` is what the ratio, or with `in_seconds` the time, should not exceed; None where there is none.
    `wall` for what does not run in this process alone.
    """

    name: str
    what: str
    work: Work
    repeats: int = 5
    divisor: int = 1
    reset: Work | None = None
    target: float | None = None
    in_seconds: bool = False
    wall: bool = False
    samples: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    def sample(self, wall: bool = False) -> float:
        """Microseconds of one sample: processor time, or by the clock on the wall."""
        clock = time.perf_counter if wall else time.process_time
        if self.reset is not None:
            self.reset()
        start = clock()
        self.work()
        return (clock() - start) * 1e6 / self.divisor

    def summary(self) -> dict[str, Any]:
        """`name`, `what`, `median_us`, `ratio`, `target` and whether it is `met` (both None where there is none)."""
        time_us, ratio = median(self.samples), median(self.ratios)
        reached = time_us / 1e6 if self.in_seconds else ratio
        return {
            "name": self.name,
            "what": self.what,
            "median_us": round(time_us, 2),
            "ratio": round(ratio, 4),
            "target": self.target,
            "target_unit": "seconds" if self.in_seconds else "pairing checks",
            "met": None if self.target is None else reached <= self.target,
        }


def yardstick() -> Row:
    """One pairing check of two pairs."""
    curve = default()
    generator, key = curve.g1_generator(), curve.multiply_g2(curve.g2_generator(), 0x1234567 << 200)
    point = curve.multiply(generator, 0x1234567 << 200)
    pairs = [(point, curve.g2_generator()), (curve.negate(generator), key)]
    return Row("unit", "one pairing check of two pairs", lambda: curve.pairing_product_is_one(pairs), repeats=2)


def run_rounds(rows: list[Row], unit: Row, rounds: int) -> None:
    """Take `rounds` rounds of all rows; results gather in the rows."""
    for row in (unit, *rows):
        row.sample()  # warm-up, not counted
    for _ in range(rounds):
        for row in rows:
            for _ in range(row.repeats):
                before = [unit.sample(row.wall) for _ in range(unit.repeats)]
                taken = row.sample(row.wall)
                after = [unit.sample(row.wall) for _ in range(unit.repeats)]
                row.samples.append(taken)
                row.ratios.append(taken / median(before + after))
                unit.samples += before + after
