"""The epochs as static files, so that any web server or CDN can serve them.

    <public>/epochs/latest.cose          the latest COSE_Sign1
    <public>/epochs/<n>.cose             each of them
    <public>/epochs/entries/<k>.80       entries 4096k.. of the whole list, S(y) || P(V')
    <public>/epochs/entries/<k>.128      the same with V' uncompressed

Everything here is made from the database and can be made again. Entries are written before the epoch that counts them,
and `latest` last, so that a reader who sees an epoch finds what it names.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from circuits import decode_entries, entries_octets
from issuer.epochs import store
from issuer.epochs.models import Epoch
from issuer.errors import Unavailable
from issuer.files import write_public
from issuer.world import World

CHUNK = 4096
LATEST = "latest.cose"
ENTRY_OCTETS = {"80": 80, "128": 128}
_BATCH = 256


class EpochFiles:
    """Brings the files up to the database."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._folder = world.settings.public_dir / "epochs"

    def write(self) -> None:
        """Writes what is missing. One process at a time (a file lock), so that `latest` never goes back."""
        with self._alone():
            with self._world.database.read() as session:
                last = store.latest(session)
            if last is None:
                raise Unavailable("no-epoch", "There is no epoch to write.")
            self._write_entries(last.total_entries)
            self._write_epochs(last)

    def _write_entries(self, total: int) -> None:
        for chunk in range(-(-total // CHUNK)):
            count = min(CHUNK, total - chunk * CHUNK)
            missing = [name for name, size in ENTRY_OCTETS.items() if _size(self._entries(chunk, name)) != count * size]
            if not missing:
                continue
            with self._world.database.read() as session:
                rows = store.entries(session, chunk * CHUNK, count)
            compressed = b"".join(row.handle + (row.value or b"") for row in rows)
            if "80" in missing:
                write_public(self._entries(chunk, "80"), compressed)
            if "128" in missing:
                self._write_affine(self._entries(chunk, "128"), compressed)
            self._world.crash.reach("entries-written")

    def _write_affine(self, path: Path, compressed: bytes) -> None:
        """Decoding a point costs 40 times more than copying it, so what the file holds already is kept."""
        known = path.read_bytes() if path.exists() else b""
        kept = min(len(known) // ENTRY_OCTETS["128"], len(compressed) // ENTRY_OCTETS["80"])
        added = decode_entries(compressed[kept * ENTRY_OCTETS["80"] :])
        write_public(path, known[: kept * ENTRY_OCTETS["128"]] + entries_octets(added, affine=True))

    def _write_epochs(self, last: Epoch) -> None:
        for number in range(last.number, -1, -1):
            if self._path(number).exists():
                break
        else:
            number = -1
        while number < last.number:
            with self._world.database.read() as session:
                found = store.epochs_after(session, number, _BATCH)
            for epoch in found:
                write_public(self._path(epoch.number), epoch.signed)
                number = epoch.number
        latest = self._folder / LATEST
        if not latest.exists() or latest.read_bytes() != last.signed:
            write_public(latest, last.signed)

    def _entries(self, chunk: int, name: str) -> Path:
        return self._folder / "entries" / f"{chunk}.{name}"

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.cose"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._world.settings.data_dir / "epoch-files.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1
