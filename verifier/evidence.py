"""The audit trail: an append-only file of what was accepted, which anybody can check again years later.

One JSON object per line. Each line carries its number and the SHA-256 of the line before it, so that nothing inside can
be changed, dropped or swapped unseen; a new segment begins with the hash of the last line of the one before. Kinds:
`open` (a start), `trust` (the pinned bundle), `epoch` (each signed epoch believed), `presentation` (statement octets,
proof, pseudonym, epoch, lease, time: with the two before, all that an opener needs to verify it again offline), `call`
(with the proof of the session key that the presentation is bound to, so that a call cannot be put under another's) and
`denial`. No name, no address, no request content. Presentations are on the disk before their lease is given
out; calls are handed to the operating system before the call goes on. It cannot be switched off, and while it cannot
be written nothing passes.

A crash may leave a last line torn: it is set aside in a `.torn` file and the chain goes on before it. Anything else
that does not chain stops the start. Source: requirements R50, R51, R54; docs/threat-model.md, row 51.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from circuits import Rejected
from verifier.base64url import encode_base64url
from verifier.durable import flush_folder
from verifier.holder import MAX_PROOF_CHARACTERS
from verifier.lease import Lease
from verifier.trust import SignedEpoch
from verifier.unavailable import Unavailable
from verifier.verdict import Verified

SEGMENT_OCTETS = 64 * 1024 * 1024
MAX_LINE_OCTETS = 256 * 1024
START = "0" * 64


class EvidenceLog:
    """Appends to numbered segments in `folder`, which one process at a time may do, and no child forked from it.

    Raises `OSError` when they cannot be written (`BlockingIOError` while another process has them), `Rejected`
    (`audit-broken`) when they do not chain.
    """

    _all: ClassVar[weakref.WeakSet[EvidenceLog]] = weakref.WeakSet()

    def __init__(self, folder: Path, segment_octets: int = SEGMENT_OCTETS) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._guard = _lock_folder(folder)
        self._folder = folder
        self._segment_octets = segment_octets
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._torn = False
        try:
            segments = _segments(folder)
            self._segment = int(segments[-1].stem) if segments else 1
            self._next, self._head, self._length = _recover(segments)
            self._file = os.open(self._path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            flush_folder(folder)
            self._append("open", 0, {}, flush=True)
        except BaseException:
            os.close(self._guard)
            raise
        EvidenceLog._all.add(self)

    @property
    def head(self) -> str:
        """SHA-256 (hex) of the last line: whoever keeps it can tell later whether the end was cut off."""
        return self._head

    def record_trust(self, bundle_octets: bytes, now: int) -> None:
        """The trust bundle that everything after is verified against. Raises `Unavailable` (`audit-unavailable`)."""
        self._append("trust", now, {"bundle": encode_base64url(bundle_octets)}, flush=True)

    def record_epoch(self, epoch: SignedEpoch, now: int) -> None:
        """A signed epoch that is believed. Raises `Unavailable`."""
        self._append("epoch", now, {"number": epoch.record.number, "cose": encode_base64url(epoch.octets)}, flush=True)

    def record_presentation(self, verified: Verified, lease: Lease, now: int) -> None:
        """An accepted presentation and the lease it earned; on the disk when this returns. Raises `Unavailable`."""
        fields = {
            "statement": encode_base64url(verified.statement_octets),
            "proof": encode_base64url(verified.proof),
            "proof_hash": encode_base64url(verified.proof_hash),
            "pseudonym": encode_base64url(verified.pseudonym),
            "epoch": verified.epoch_number,
            "policy": encode_base64url(verified.policy_hash),
            "lease": lease.id,
            "root": lease.root,
            "expires_at": lease.expires_at,
        }
        self._append("presentation", now, fields, flush=True)

    def record_call(self, lease: Lease, method: str, path: str, holder_proof: str | None, now: int) -> None:
        """A call that is let through: lease, method, path (no query), and the checked `holder_proof`, which names both
        and is none under a lease without a session key; with the digest that it covers, for who has a lease can write
        its signature in two ways, and both are good. Raises `Unavailable`."""
        call = {"lease": lease.id, "method": method[:MAX_PROOF_CHARACTERS], "path": path[:MAX_PROOF_CHARACTERS]}
        proved = {} if lease.jkt is None else {"holder_proof": holder_proof, "lease_digest": lease.digest}
        self._append("call", now, call | proved, flush=False)

    def check_ours(self) -> None:
        """Raises `Unavailable` when nothing can be recorded any more: closed, or in a forked child."""
        if self._file < 0:
            raise _unavailable()

    def record_denial(self, kind: str, value: str, reason: str, now: int) -> None:
        """A stop by this gateway's operator, or by a lease's own holder. Raises `Unavailable`."""
        self._append("denial", now, {"denied": kind, "value": value, "reason": reason}, flush=True)

    def close(self) -> None:
        """Flushes and closes the file; nothing can be recorded afterwards."""
        with self._lock, self._flushing:
            if self._file >= 0:
                os.fsync(self._file)
                os.close(self._file)
                os.close(self._guard)
                self._file = self._guard = -1

    def _append(self, kind: str, now: int, fields: Mapping[str, Any], flush: bool) -> None:
        with self._lock:
            row = {"n": self._next, "prev": self._head, "at": now, "kind": kind, **fields}
            line = json.dumps(row, separators=(",", ":"), sort_keys=True).encode("utf-8") + b"\n"
            try:
                if self._torn:
                    os.ftruncate(self._file, self._length)
                    self._torn = False
                if self._length + len(line) > self._segment_octets and self._length:
                    self._begin_segment()
                self._write(line)
            except OSError as error:
                self._undo()
                raise _unavailable() from error
            self._length += len(line)
            self._next += 1
            self._head = hashlib.sha256(line).hexdigest()
            file = self._file
        if flush:
            self._flush(file)

    def _write(self, line: bytes) -> None:
        if os.write(self._file, line) != len(line):
            raise OSError("the disk took a part of the line only")

    def _flush(self, file: int) -> None:
        """Waits for the disk outside the lock, so that no call waits too. A segment left behind was flushed."""
        with self._flushing:
            if file != self._file:
                return
            try:
                os.fsync(file)
            except OSError as error:
                raise _unavailable() from error

    def _undo(self) -> None:
        """Takes back a line written in part; while even that fails, nothing more is appended after it."""
        try:
            os.ftruncate(self._file, self._length)
            self._torn = False
        except OSError:
            self._torn = True

    def _begin_segment(self) -> None:
        os.fsync(self._file)
        path = self._path(self._segment + 1)
        fresh = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        flush_folder(self._folder)
        with self._flushing:
            os.close(self._file)
            self._file, self._segment, self._length = fresh, self._segment + 1, 0

    def _path(self, number: int | None = None) -> Path:
        return self._folder / f"{self._segment if number is None else number:08d}.jsonl"

    @classmethod
    def _after_fork(cls) -> None:
        # A child inherits the folder's lock, and has nonces and denials of its own: it gets no further than the trail.
        for log in cls._all:
            log._lock, log._flushing = threading.Lock(), threading.Lock()
            for descriptor in (log._file, log._guard):
                with suppress(OSError):
                    os.close(descriptor)
            log._file = log._guard = -1


def _unavailable() -> Unavailable:
    return Unavailable("audit-unavailable", "The audit trail cannot be written, so nothing passes.", 30)


def read_evidence(folder: Path) -> Iterator[dict[str, Any]]:
    """All records in order, each verified against the one before; holds one line at a time.

    Raises `Rejected` (`audit-broken`) where the chain does not hold, `OSError`.
    """
    expected, head = 0, START
    for path in _segments(folder):
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE_OCTETS + 1):
                row = _parse(line)
                _check_link(row, expected, head, path)
                expected, head = expected + 1, hashlib.sha256(line).hexdigest()
                yield row


def _lock_folder(folder: Path) -> int:
    """A descriptor that holds the folder's lock until it is closed, also by a crash."""
    guard = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(guard)
        raise
    return guard


def _segments(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.jsonl") if path.stem.isdigit())


def _recover(segments: list[Path]) -> tuple[int, str, int]:
    """Number, previous hash and length to go on with, from the last segment that has a line, its torn end set aside."""
    if not segments:
        return 0, START, 0
    path = segments[-1]
    expected, head, length = _start_of(segments)
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE_OCTETS + 1):
            if not line.endswith(b"\n"):
                if b"\n" in file.read():
                    raise Rejected("audit-broken", f"There are records after a hole in {path.name}.")
                _set_aside(path, length)
                break
            _check_link(_parse(line), expected, head, path)
            expected, head, length = expected + 1, hashlib.sha256(line).hexdigest(), length + len(line)
    return expected, head, length


def _start_of(segments: list[Path]) -> tuple[int, str, int]:
    if len(segments) == 1:
        return 0, START, 0
    last = b""
    with segments[-2].open("rb") as file:
        while line := file.readline(MAX_LINE_OCTETS + 1):
            last = line
    number = _parse(last).get("n")
    if type(number) is not int:
        raise Rejected("audit-broken", f"The last line of {segments[-2].name} has no number.")
    return number + 1, hashlib.sha256(last).hexdigest(), 0


def _set_aside(path: Path, length: int) -> None:
    """Moves what follows `length` octets into a `.torn` file: evidence of a crash is kept, and not believed."""
    with path.open("r+b") as file:
        file.seek(length)
        torn = file.read()
        with path.with_suffix(f".{length}.torn").open("wb") as aside:
            aside.write(torn)
            aside.flush()
            os.fsync(aside.fileno())
        file.truncate(length)
        file.flush()
        os.fsync(file.fileno())


def _parse(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if not isinstance(row, dict) or not line.endswith(b"\n"):
            raise ValueError("not a record")
    except (ValueError, RecursionError):
        raise Rejected("audit-broken", "A line of the audit trail cannot be read.") from None
    return row


def _check_link(row: Mapping[str, Any], expected: int, head: str, path: Path) -> None:
    if row.get("n") != expected or row.get("prev") != head:
        raise Rejected("audit-broken", f"The audit trail's chain does not hold in {path.name}, record {expected}.")


os.register_at_fork(after_in_child=EvidenceLog._after_fork)
