"""Batches of proofs checked by several processes, because the curve library holds the interpreter's lock.

Points do not travel between processes, so octets do: each worker reads the statement again from its octets and the
records, which it keeps, and checks its share as one batch with coins of its own. Small batches stay in the caller's
process. Give `ProofPool.verify_batch` to a `ProofBatcher` to use all cores of a busy gateway.

A process that ends in the middle may have ended because of what it was given. So its batch is decided by nobody, least
of all by the gateway's own process, and the next batch finds new processes. So does a forked child of the gateway: with
its parent's processes it would share their queues, and take the parent's verdicts for its own.
"""

from __future__ import annotations

import multiprocessing
import os
import weakref
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock, Thread
from typing import ClassVar

from circuits import (
    Accepted,
    Binding,
    CircuitError,
    Malformed,
    Misuse,
    Rejected,
    Statement,
    decode_statement,
    verify_batch,
)
from circuits.records import AccumulatorRecord, EpochRecord, EscrowRecord, IssuerRecord
from verifier.unavailable import Unavailable

SMALLEST_SHARE = 4


@dataclass(frozen=True)
class _Octets:
    """A proof as it travels: the statement octets, the proof, and the octets of the four records (no escrow: b"")."""

    statement: bytes
    proof: bytes
    issuer: bytes
    accumulator: bytes
    epoch: bytes
    escrow: bytes


_Answer = tuple[str, str] | Accepted

# In a forked child: kept for ever, because to collect one may mean to wait for a thread that only the parent has.
_of_the_parent: list[ProcessPoolExecutor] = []


class ProofPool:
    """`workers` processes, started when first used, and anew when one has died or in a child. `close` ends them."""

    _all: ClassVar[weakref.WeakSet[ProofPool]] = weakref.WeakSet()

    def __init__(self, workers: int = 2) -> None:
        if workers < 1:
            raise Misuse("a pool has at least one process")
        self._workers = workers
        self._lock = Lock()
        self._closed = self._began = self._inherited = False
        self._processes = _start(workers)
        ProofPool._all.add(self)

    def verify_batch(self, items: Sequence[tuple[Statement, Binding, bytes]]) -> list[Accepted | CircuitError]:
        """As `circuits.verify_batch`. Raises `Unavailable` when a process died: nothing is decided.

        Raises `Misuse` for no proofs, and where processes cannot begin at all (a main module that is not importable).
        Statements about a companion, a set or a document, or that the processes would not read as they are here, are
        checked in the caller's process.
        """
        count = min(self._workers, len(items) // SMALLEST_SHARE)
        shares = _shares(items, count)
        if not shares:
            return verify_batch(items)
        try:
            answers = self._answers(shares)
        except Malformed:  # one does not load: here that is said of it and of no neighbour
            return verify_batch(items)
        return [_outcome(answers[at % count][at // count]) for at in range(len(items))]

    def close(self) -> None:
        """Ends the processes; what they had not begun is not decided."""
        with self._lock:
            self._closed = True
        if not self._inherited:
            self._processes.shutdown(wait=True, cancel_futures=True)

    def _answers(self, shares: list[list[_Octets]]) -> list[list[_Answer]]:
        processes, futures = self._submit(shares)
        try:
            answers = [future.result() for future in futures]
        except (BrokenProcessPool, CancelledError):
            self._renew(processes)
            raise (_ended() if self._began else Misuse("no process can be started to check proofs")) from None
        self._began = True
        return answers

    def _submit(self, shares: list[list[_Octets]]) -> tuple[ProcessPoolExecutor, list[Future[list[_Answer]]]]:
        with self._lock:
            if self._closed:
                raise _ended()
            if self._inherited:
                self._processes, self._inherited = _start(self._workers), False
            processes = self._processes
            try:
                return processes, [processes.submit(_verify_share, one) for one in shares]
            except BrokenProcessPool:  # while nobody used it
                self._processes = _start(self._workers)
                raise _ended() from None

    def _renew(self, broken: ProcessPoolExecutor) -> None:
        """An executor that lost a process takes nothing more: another in its place, unless somebody was faster."""
        with self._lock:
            if self._processes is broken and not self._closed:
                self._processes = _start(self._workers)
        broken.shutdown(wait=False, cancel_futures=True)

    @classmethod
    def _after_fork(cls) -> None:
        # The lock may have been held by a thread that does not exist in the child: it is replaced, not taken.
        for pool in cls._all:
            pool._lock = Lock()
            if not pool._inherited:
                _of_the_parent.append(pool._processes)
            pool._inherited = True


os.register_at_fork(after_in_child=ProofPool._after_fork)


def _start(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: the caller has threads, and may hold what no other process should.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _end_with_the_gateway)


def _end_with_the_gateway() -> None:
    """In a worker: a gateway that is killed says nothing to its workers, which would wait for ever."""

    def follow() -> None:
        if gateway := multiprocessing.parent_process():
            gateway.join()
            os._exit(1)

    Thread(target=follow, daemon=True).start()


def _ended() -> Unavailable:
    return Unavailable("overloaded", "A process that checks proofs has ended.", 5)


def _travels(statement: Statement) -> bool:
    """Whether a worker can read the very same statement from octets, in which no suite is written."""
    plain = statement.companion is None and not statement.document and not statement.licence.memberships()
    return plain and _issuer(statement.issuer.octets).suite == statement.issuer.suite


def _shares(items: Sequence[tuple[Statement, Binding, bytes]], count: int) -> list[list[_Octets]]:
    """What each of `count` workers is to check; nothing where the caller's process is."""
    try:
        if count < 2 or not all(_travels(statement) for statement, _, _ in items):
            return []
        packed = [_pack(statement, binding, proof) for statement, binding, proof in items]
    except CircuitError:  # one that has no octets, or whose issuer does not load: as in `verify_batch`
        return []
    return [packed[at::count] for at in range(count)]


def _pack(statement: Statement, binding: Binding, proof: bytes) -> _Octets:
    escrow = b"" if statement.escrow is None else statement.escrow.octets
    records = statement.issuer.octets, statement.accumulator.octets, statement.epoch.octets, escrow
    return _Octets(statement.octets(binding), proof, *records)


def _outcome(answer: _Answer) -> Accepted | CircuitError:
    if isinstance(answer, Accepted):
        return answer
    code, sentence = answer
    if code == "malformed":
        return Malformed(sentence)
    return Misuse(sentence) if code == "misuse" else Rejected(code, sentence)


def _verify_share(share: list[_Octets]) -> list[_Answer]:
    """In a worker: the answers for its share. An error does not travel as itself, for its class takes two arguments."""
    items = []
    for one in share:
        issuer, accumulator, epoch = _issuer(one.issuer), _accumulator(one.accumulator), _epoch(one.epoch)
        escrow = _escrow(one.escrow) if one.escrow else None
        items.append((*decode_statement(one.statement, issuer, accumulator, epoch, escrow), one.proof))
    return [one if isinstance(one, Accepted) else (one.code, one.sentence) for one in verify_batch(items)]


# Kept, so that a worker checks a record's points and makes its tables once.
_issuer = lru_cache(maxsize=8)(IssuerRecord.decode)
_accumulator = lru_cache(maxsize=8)(AccumulatorRecord.decode)
_epoch = lru_cache(maxsize=8)(EpochRecord.decode)
_escrow = lru_cache(maxsize=8)(EscrowRecord.decode)
