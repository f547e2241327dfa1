"""Small files that survive a crash whole: either the old content is there or the new one, never a part.

Written to a neighbour, flushed to the disk, renamed over the old one, and the folder flushed too. Mode 0600.
"""

from __future__ import annotations

import os
from pathlib import Path

MAX_STATE_OCTETS = 16 * 1024 * 1024


def write_durably(path: Path, octets: bytes) -> None:
    """Replaces the content of `path` with `octets` so that a crash leaves one or the other. Raises `OSError`."""
    neighbour = path.with_name(path.name + ".new")
    descriptor = os.open(neighbour, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    os.replace(neighbour, path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Makes renames and new files in `folder` durable. Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bounded(path: Path, max_octets: int = MAX_STATE_OCTETS) -> bytes:
    """The content of `path`. Raises `FileNotFoundError`, `OSError`, and `ValueError` when it is longer than the cap."""
    with path.open("rb") as file:
        octets = file.read(max_octets + 1)
    if len(octets) > max_octets:
        raise ValueError(f"{path.name} is longer than {max_octets} octets")
    return octets
