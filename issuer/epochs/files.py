"""The epochs as static files, so that any web server or CDN can serve them.

    <public>/epochs/latest.cose     the latest COSE_Sign1
    <public>/epochs/<n>.cose        each of them
    <public>/epochs/<n>.entries     the entries of an epoch that has any, S(y) || x || y of V': 128 octets each

An epoch's entries are a file of their own, so that nobody has to say how far along the list he is to get them: a place
in a list that only its server knows of would be a mark in each wallet. Everything here is made from the database and
can be made again. Entries are written before the epoch that counts them, and `latest` last, so that a reader who sees
an epoch finds what it names.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from circuits import AFFINE_ENTRY_OCTETS, decode_entries, entries_octets
from issuer.epochs import store
from issuer.epochs.models import Epoch
from issuer.errors import Unavailable
from issuer.files import write_public
from issuer.world import World

LATEST = "latest.cose"


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
            self._write_entries(last)
            self._write_epochs(last)

    def _write_entries(self, last: Epoch) -> None:
        with self._world.database.read() as session:
            counts = store.entry_counts(session, last.number)
        for number, count in counts.items():
            path = self._folder / f"{number}.entries"
            if path.exists() and path.stat().st_size == count * AFFINE_ENTRY_OCTETS:
                continue
            with self._world.database.read() as session:
                rows = store.entries_of(session, number)
            entries = decode_entries(b"".join(row.handle + (row.value or b"") for row in rows))
            write_public(path, entries_octets(entries, affine=True))
            self._world.crash.reach("entries-written")

    def _write_epochs(self, last: Epoch) -> None:
        there = {path.name for path in self._folder.iterdir()}
        for number in range(last.number + 1):
            if self._path(number).name not in there:
                with self._world.database.read() as session:
                    write_public(self._path(number), store.signed_epoch(session, number))
        latest = self._folder / LATEST
        if not latest.exists() or latest.read_bytes() != last.signed:
            write_public(latest, last.signed)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.cose"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._world.settings.data_dir / "epoch-files.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
