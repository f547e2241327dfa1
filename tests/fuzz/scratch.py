"""A folder for the files of one process, in memory where the system has such a place; removed by who started it."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

_MEMORY = Path("/dev/shm")


def _home() -> Path:
    return _MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir())


@lru_cache(maxsize=1)
def scratch() -> Path:
    """The folder of this process."""
    return Path(tempfile.mkdtemp(prefix=f"licence-fuzz-{os.getpid()}-", dir=_home()))


def remove_scratch(process: int) -> None:
    """Remove what a process that has ended left behind."""
    for folder in _home().glob(f"licence-fuzz-{process}-*"):
        shutil.rmtree(folder, ignore_errors=True)
