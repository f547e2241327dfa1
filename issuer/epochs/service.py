"""Makes epochs: the one writer of the revocation list.

An epoch is decided in one transaction under the database's write lock: the revocations that wait become entries of the
list, the record is chained to the one before and signed, and all of it is committed. Only then are files written, and
whatever a crash or a full disk left out is written at the next sight: files follow the database, never the other way
round. So numbers only grow, however many processes run and wherever one dies. Source: [ISSUING 4], [PROTOCOL 4].
"""

from __future__ import annotations

import hashlib
import logging

from sqlalchemy.orm import Session

from circuits import RevocationEntry, entries_octets
from circuits.records import GENESIS, EpochRecord
from issuer.epochs import store
from issuer.epochs.files import LATEST, EpochFiles
from issuer.epochs.models import Epoch
from issuer.errors import Delayed, Extra, Unavailable
from issuer.world import World

LOG = logging.getLogger("issuer.epochs")


class Epochs:
    """The epochs of this issuer's accumulator."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._files = EpochFiles(world)

    def begin(self) -> int:
        """Publishes epoch 0 of a new issuer, or nothing where there is one. Returns the latest number."""
        with self._world.database.write() as session:
            number = store.latest_number(session)
            if number is None:
                number = self._add(session, None)
        self._files.write()
        return number

    def publish(self) -> int:
        """Publishes an epoch now, with every revocation that waits. Returns its number.

        It is an urgent one (its floor rises to its own number, so that older leases end) when an urgent revocation is
        among them, or was made urgent after it was published; otherwise it repeats the floor. Raises
        Delayed("publication-waits").
        """
        with self._world.database.write() as session:
            number = self._add(session, _known(store.latest(session)))
        self._write_files(number)
        return number

    def publish_if_due(self) -> int | None:
        """Publishes when an urgent revocation waits or the last epoch is `epoch_seconds` old. Returns the number, or
        None.

        Looks twice: a cheap look without the lock, and the decision under it, so that two writers make one epoch.
        Raises Delayed("publication-waits").
        """
        with self._world.database.read() as session:
            if not self._is_due(session):
                return None
        with self._world.database.write() as session:
            if not self._is_due(session):
                return None
            number = self._add(session, _known(store.latest(session)))
        self._write_files(number)
        return number

    def recover(self) -> None:
        """After a start: writes every file that is missing or behind the database."""
        self._files.write()

    def catch_up(self) -> None:
        """Writes the files of an epoch that was committed and not written, here or by another thread or process.

        Cheap where nothing is missing: the newest epoch's file is written last, so it speaks for all of them.
        """
        latest = self._world.settings.public_dir / "epochs" / LATEST
        if not latest.exists() or latest.read_bytes() != self.latest().signed:
            self._files.write()

    def latest(self) -> Epoch:
        """The latest epoch. Raises Unavailable("no-epoch") before set-up has made the first."""
        with self._world.database.read() as session:
            return _known(store.latest(session))

    def after(self, number: int, limit: int = 16) -> list[Epoch]:
        """Epochs later than `number`, oldest first."""
        with self._world.database.read() as session:
            return list(store.epochs_after(session, number, limit))

    def record(self, number: int) -> EpochRecord:
        """The record of epoch `number`. Raises Unavailable("no-epoch")."""
        with self._world.database.read() as session:
            return EpochRecord.decode(_known(store.epoch(session, number)).record)

    def _write_files(self, number: int) -> None:
        """Tells the world of an epoch that is committed. Raises Delayed("publication-waits") where the disk refuses."""
        self._world.crash.reach("epoch-committed")
        try:
            self._files.write()
        except OSError as error:
            raise publication_waits(epoch=number) from error

    def _is_due(self, session: Session) -> bool:
        last = _known(store.latest(session))
        heartbeat = last.not_before + self._world.settings.epoch_seconds
        return store.urgent_waiting(session, last.floor) or self._world.now() >= heartbeat

    def _add(self, session: Session, last: Epoch | None) -> int:
        """Adds the next epoch within the caller's transaction, and returns its number."""
        trust = self._world.trust
        before = EpochRecord.decode(last.record) if last else None
        number = before.number + 1 if before else 0
        waiting = store.unpublished(session)
        urgent = store.urgent_waiting(session, last.floor if last else 0)
        value = before.value if before else trust.accumulator.start_value
        total = last.total_entries if last else 0
        added: list[RevocationEntry] = []
        for revocation in waiting:
            entry = self._world.keyring.revoke(trust.accumulator, value, int.from_bytes(revocation.handle, "big"))
            added.append(entry)
            value = entry.value
            revocation.position, revocation.value = total + len(added) - 1, entry.value
        # A clock that went back must not make the chain go back: the later of the two times is taken.
        not_before = max(self._world.now(), before.not_before if before else 0)
        record = EpochRecord(
            accumulator_hash=trust.accumulator.hash,
            number=number,
            value=value,
            not_before=not_before,
            # When the next one really comes: holders who waited longer would be known by the epochs that they show.
            next_update=not_before + self._world.settings.epoch_seconds,
            floor=number if urgent else (before.floor if before else 0),
            previous=before.hash if before else GENESIS,
            entries_hash=hashlib.sha256(entries_octets(added) if added else b"").digest(),
            entries_count=len(added),
        )
        store.add_epoch(session, _row(record, self._world.keyring.sign_epoch(record.octets), total + len(added)))
        for revocation in waiting:
            revocation.epoch_number = number
        LOG.info("epoch %d: %d entries%s", number, len(added), ", urgent" if urgent else "")
        return number


def publication_waits(**extra: Extra) -> Delayed:
    """What a caller is told whose decision is committed when the epoch that tells of it cannot be made or written."""
    return Delayed(
        "publication-waits",
        "What was decided is committed and stands. The world could not be told of it yet; that happens as soon as the "
        "disk takes it, without another request.",
        **extra,
    )


def _row(record: EpochRecord, signed: bytes, total_entries: int) -> Epoch:
    return Epoch(
        number=record.number,
        record=record.octets,
        signed=signed,
        not_before=record.not_before,
        next_update=record.next_update,
        floor=record.floor,
        total_entries=total_entries,
    )


def _known(epoch: Epoch | None) -> Epoch:
    if epoch is None:
        raise Unavailable("no-epoch", "There is no such epoch.")
    return epoch
