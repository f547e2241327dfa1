"""Batches of proofs checked by several processes, because the curve library holds the interpreter's lock.

Points do not travel between processes, so octets do: each worker reads the statement again from its octets and the
records, which it keeps, and checks its share as one batch with coins of its own. Small batches stay in the caller's
process. Give `ProofPool.verify_batch` to a `ProofBatcher` to use all cores of a busy gateway.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache

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


class ProofPool:
    """`workers` processes, started when first used. `close` ends them."""

    def __init__(self, workers: int = 2) -> None:
        if workers < 1:
            raise Misuse("a pool has at least one process")
        self._workers = workers
        # Spawned, not forked: the caller has threads, and may hold what no other process should.
        self._processes = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))

    def verify_batch(self, items: Sequence[tuple[Statement, Binding, bytes]]) -> list[Accepted | CircuitError]:
        """As `circuits.verify_batch`. Raises `Misuse` for none, `Unavailable` when a process died: nothing is decided.

        Statements about a companion, a set or a document are checked in the caller's process.
        """
        count = min(self._workers, len(items) // SMALLEST_SHARE)
        if count < 2 or not all(_travels(statement) for statement, _, _ in items):
            return verify_batch(items)
        packed = [_pack(statement, binding, proof) for statement, binding, proof in items]
        shares = [packed[at::count] for at in range(count)]
        try:
            answers = [future.result() for future in [self._processes.submit(_verify_share, one) for one in shares]]
        except BrokenProcessPool:
            raise Unavailable("overloaded", "A process that checks proofs has ended.", 5) from None
        return [_outcome(answers[at % count][at // count]) for at in range(len(items))]

    def close(self) -> None:
        """Ends the processes."""
        self._processes.shutdown(wait=True, cancel_futures=True)


def _travels(statement: Statement) -> bool:
    return statement.companion is None and not statement.document and not statement.licence.memberships()


def _pack(statement: Statement, binding: Binding, proof: bytes) -> _Octets:
    escrow = b"" if statement.escrow is None else statement.escrow.octets
    records = statement.issuer.octets, statement.accumulator.octets, statement.epoch.octets, escrow
    return _Octets(statement.octets(binding), proof, *records)


def _outcome(answer: _Answer) -> Accepted | CircuitError:
    if isinstance(answer, Accepted):
        return answer
    code, sentence = answer
    return Malformed(sentence) if code == "malformed" else Rejected(code, sentence)


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
