"""How long a caller waits for a verdict when many come at once: one by one, together, together on two processes.

Each round a number of callers hand in a proof at the same moment, as tasks of one event loop, and each notes when its
own verdict came.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from statistics import median, quantiles
from typing import Any

from circuits import Accepted, Binding, Statement, verify
from console.bench.measure import Row
from verifier.batching import ProofBatcher
from verifier.pool import ProofPool

Item = tuple[Statement, Binding, bytes]
Check = Callable[[Item], Awaitable[Accepted]]
CALLERS = {1: 40, 8: 12, 64: 4, 256: 2}
_ONE_BY_ONE_THREADS = 2


def measure_waits(
    many: list[Item], pool: ProofPool, unit: Row, callers: Mapping[int, int] = CALLERS
) -> list[dict[str, Any]]:
    """Rows for each number of `callers`, over that many rounds, and each way.

    {"callers", "way", "p50_us", "p99_us", "p50", "p99", "per_second"}; p50 and p99 in pairing checks.
    """
    return asyncio.run(_measure(many, pool, unit, callers))


async def _measure(many: list[Item], pool: ProofPool, unit: Row, levels: Mapping[int, int]) -> list[dict[str, Any]]:
    threads = ThreadPoolExecutor(_ONE_BY_ONE_THREADS)
    batcher = ProofBatcher()
    two_processes = ProofBatcher(check_together=pool.verify_batch)
    loop = asyncio.get_running_loop()
    ways: dict[str, Check] = {
        "one by one": lambda item: loop.run_in_executor(threads, lambda: verify(*item)),
        "together": lambda item: batcher.verify_async(*item),
        "together, two processes": lambda item: two_processes.verify_async(*item),
    }
    try:
        return [row for callers, rounds in levels.items() for row in await _level(ways, many, unit, callers, rounds)]
    finally:
        threads.shutdown()
        batcher.close()
        two_processes.close()


async def _level(
    ways: dict[str, Check], many: list[Item], unit: Row, callers: int, rounds: int
) -> list[dict[str, Any]]:
    waits: dict[str, list[float]] = {way: [] for way in ways}
    ratios: dict[str, list[float]] = {way: [] for way in ways}
    spans: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, check in ways.items():
            before = [unit.sample(wall=True) for _ in range(unit.repeats)]
            taken = await _burst(check, [many[at % len(many)] for at in range(callers)])
            one = median([*before, *(unit.sample(wall=True) for _ in range(unit.repeats))])
            waits[way] += taken
            ratios[way] += [wait / one for wait in taken]
            spans[way].append(max(taken))
    return [_row(way, callers, waits[way], ratios[way], spans[way]) for way in ways]


async def _burst(check: Check, items: list[Item]) -> list[float]:
    """Microseconds until each verdict."""
    start = time.perf_counter()

    async def one(item: Item) -> float:
        await check(item)
        return (time.perf_counter() - start) * 1e6

    return await asyncio.gather(*(one(item) for item in items))


def _row(way: str, callers: int, waits: list[float], ratios: list[float], spans: list[float]) -> dict[str, Any]:
    return {
        "callers": callers,
        "way": way,
        "p50_us": round(median(waits)),
        "p99_us": round(_p99(waits)),
        "p50": round(median(ratios), 1),
        "p99": round(_p99(ratios), 1),
        "per_second": round(callers * 1e6 / median(spans)),
    }


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]
