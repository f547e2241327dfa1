"""The gateway's sense of time: it never goes back, and a wall clock that does is an alarm.

A wall clock set back by an hour would make every lease an hour longer. So the highest time ever seen is kept, on disk
too; a clock up to a minute behind it is read as standing still, one further behind refuses everything.
Source: docs/threat-model.md, row 46; docs/gateway.md, section 2.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from circuits import Misuse
from verifier.durable import read_bounded, write_durably
from verifier.unavailable import Unavailable

MAX_STEP_BACK_SECONDS = 60
PERSIST_EVERY_SECONDS = 30


class SteadyClock:
    """Unix seconds from `now`, made monotone and remembered in `path`.

    Raises `Misuse` when the file exists and is not a time.
    """

    def __init__(self, now: Callable[[], int], path: Path) -> None:
        self._now = now
        self._path = path
        self._lock = threading.Lock()
        self._kept = _read_time(path)
        self._highest = self._kept

    def read(self) -> int:
        """The time (unix seconds). Raises `Unavailable` (`clock-went-back`) when the wall clock fell over a minute."""
        wall = int(self._now())
        with self._lock:
            if wall < self._highest - MAX_STEP_BACK_SECONDS:
                raise Unavailable(
                    "clock-went-back", "The gateway's clock went back; nothing is decided until it is right.", 30
                )
            self._highest = max(self._highest, wall)
            return self._highest

    def persist(self) -> None:
        """Keeps the highest time on disk, at most every half minute. Raises `OSError`."""
        with self._lock:
            highest = self._highest
            if highest - self._kept < PERSIST_EVERY_SECONDS:
                return
            self._kept = highest
        write_durably(self._path, str(highest).encode("ascii"))


def _read_time(path: Path) -> int:
    try:
        text = read_bounded(path, 32).decode("ascii")
        return int(text)
    except FileNotFoundError:
        return 0
    except ValueError:
        raise Misuse(
            f"{path.name} does not hold a time; it guards against a clock set back, so it is not ignored"
        ) from None
