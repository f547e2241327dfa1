"""Where proofs are checked: a few worker threads and a short queue, so that a flood of proofs cannot stall the calls.

Source: docs/threat-model.md, row 52; docs/gateway.md, section 2 (admission control).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from verifier.unavailable import Unavailable

T = TypeVar("T")
RETRY_AFTER_SECONDS = 2


class Workbench:
    """Runs at most `workers` functions at once, with at most `waiting` more in the queue."""

    def __init__(self, workers: int, waiting: int) -> None:
        self._room = workers + waiting
        self._taken = 0
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="proof")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, or what it raises.

        Raises `Unavailable` (`overloaded`) at once when the queue is full or closed, and when it is closed meanwhile.
        """
        if self._taken >= self._room:
            raise _overloaded()
        loop = asyncio.get_running_loop()
        try:
            future = self._threads.submit(work)
        except RuntimeError:  # no thread is to be had, or no more: what cannot be begun takes no room
            raise _overloaded() from None
        self._taken += 1
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise _overloaded() from None  # dropped by `close`, and still owed an answer

    def _leave(self) -> None:
        self._taken -= 1

    def close(self) -> None:
        """Waits for what runs, drops what waits."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def _overloaded() -> Unavailable:
    return Unavailable("overloaded", "Too many proofs are waiting; try again shortly.", RETRY_AFTER_SECONDS)
