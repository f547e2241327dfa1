"""What time it is for a command: the machine's clock, moved by the offset that a clock file holds.

The file holds one whole number of seconds, which may be negative. It is read at every question, so that a running
server follows it: this is how the demonstration lets a day of cooling-off pass. A deployment gives no clock file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from console.output import Failure


def clock_of(path: Path | None) -> Callable[[], int]:
    """The clock to hand to a role: unix seconds.

    :param path: file with the offset in seconds; None means the machine's own clock.
    :raises Failure: at a reading, when the file is missing or holds no whole number.
    """
    if path is None:
        return _machine_clock

    def moved_clock() -> int:
        return int(time.time()) + read_offset(path)

    return moved_clock


def read_offset(path: Path) -> int:
    """The offset in seconds that the file holds.

    :raises Failure: when it is missing or holds no whole number.
    """
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        sentence = f"{path} is no clock file: it must hold one whole number of seconds"
        raise Failure("clock-file", sentence, "write 0 into it, or leave --clock-file out") from error


def write_offset(path: Path, offset_seconds: int) -> None:
    """Set the offset at once and whole: a reader sees the old number or the new one."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(str(offset_seconds), encoding="ascii")
    os.replace(beside, path)


def _machine_clock() -> int:
    return int(time.time())
