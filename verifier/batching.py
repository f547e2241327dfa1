"""Proofs that arrive together are checked together, which under load costs each less than half.

A thread of its own takes what waits, checks it as one batch and gives every caller its own verdict. A proof that finds
nobody waiting is checked at once; only after a batch that had company does the next one wait a few milliseconds for
more, and what arrives while a batch is checked makes up the next.

A false proof does not touch its neighbours' verdicts, but finding it costs time. So the batch shrinks by half whenever
one is found, down to single proofs, and grows by one with every batch that has a true proof and no false one: whoever
sends false proofs all the time brings the gateway back to checking one by one, and making it grow again costs a
licence. The queue is bounded; what cannot be decided is refused. A verdict goes to nobody but the caller whose
statement it is about, whatever checked the batch, and no failure of what checks one ends the thread.

A batch is small, because the curve library holds the interpreter's lock while it combines the points of a whole batch,
and the calls of the gateway stand still meanwhile: some ten milliseconds for 16 proofs. `pool` takes that elsewhere.
Source: docs/threat-model.md, row 52; docs/benchmarks.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread

from circuits import Accepted, Binding, CircuitError, Malformed, Misuse, Statement, verify, verify_batch
from verifier.unavailable import Unavailable

Item = tuple[Statement, Binding, bytes]
CheckTogether = Callable[[Sequence[Item]], list[Accepted | CircuitError]]

TOGETHER = 16
WAITING = 256
LINGER_SECONDS = 0.003
RETRY_AFTER_SECONDS = 2
_log = logging.getLogger("verifier")
# A malformed proof never enters the combination: only a false one makes a batch costly.
_CHEAP = Malformed, Unavailable


@dataclass(frozen=True, eq=False)
class _Waiting:
    item: Item
    verdict: Future[Accepted] = field(default_factory=Future)


class ProofBatcher:
    """Checks at most `together` proofs at once, with at most `waiting` in the queue; safe among threads and tasks.

    `linger_seconds` is how long a batch may wait for company under load; `check_together` what checks a batch, or
    raises `Unavailable` for all of it. Raises `Misuse` for no proof at once, or no room for any.
    """

    def __init__(
        self,
        together: int = TOGETHER,
        waiting: int = WAITING,
        linger_seconds: float = LINGER_SECONDS,
        check_together: CheckTogether = verify_batch,
    ) -> None:
        if together < 1 or waiting < 1:
            raise Misuse("at least one proof is checked, and at least one may wait")
        self._together, self._room, self._linger = together, waiting, linger_seconds
        self._check_together = check_together
        self._limit = together
        self._had_company = False
        self._closed = False
        self._queue: deque[_Waiting] = deque()
        self._changed = Condition()
        self._thread: Thread | None = None

    def submit(self, statement: Statement, binding: Binding, proof: bytes) -> Future[Accepted]:
        """The verdict to come: what `circuits.verify` returns or raises. A cancelled one is not checked.

        Raises `Unavailable` (`overloaded`) at once when the queue is full or the gateway is stopping.
        """
        one = _Waiting((statement, binding, proof))
        with self._changed:
            if self._closed or len(self._queue) >= self._room:
                raise _overloaded()
            self._start()
            self._queue.append(one)
            self._changed.notify_all()
        return one.verdict

    def verify(self, statement: Statement, binding: Binding, proof: bytes) -> Accepted:
        """As `circuits.verify`, together with what else is waiting: for worker threads. Raises also as `submit`."""
        return self.submit(statement, binding, proof).result()

    async def verify_async(self, statement: Statement, binding: Binding, proof: bytes) -> Accepted:
        """As `verify`, for tasks of an event loop. Cancelling the task gives its place up."""
        return await asyncio.wrap_future(self.submit(statement, binding, proof))

    def close(self) -> None:
        """Finishes the batch under way; what waits is refused with `Unavailable`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _start(self) -> None:
        """Starts the thread where none is alive: at first, in a forked child, or when there was none to be had."""
        if self._thread is not None and self._thread.is_alive():
            return
        thread = Thread(target=self._run, name="proof-batches", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            raise _overloaded() from None
        self._thread = thread  # only now: nobody may wait for one that never ran

    def _run(self) -> None:
        while batch := self._collect():
            self._settle(batch)
        with self._changed:
            left = list(self._queue)
            self._queue.clear()
        for one in left:
            if one.verdict.set_running_or_notify_cancel():
                one.verdict.set_exception(_overloaded())

    def _collect(self) -> list[_Waiting]:
        """The next batch; none when closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if self._had_company:
                    self._changed.wait_for(lambda: len(self._queue) >= self._limit or self._closed, self._linger)
                if self._closed:
                    return []
                taken = [self._queue.popleft() for _ in range(min(self._limit, len(self._queue)))]
            batch = [one for one in taken if one.verdict.set_running_or_notify_cancel()]
            if batch:
                return batch

    def _settle(self, batch: list[_Waiting]) -> None:
        outcomes = self._outcomes([one.item for one in batch])
        if any(isinstance(outcome, Exception) and not isinstance(outcome, _CHEAP) for outcome in outcomes):
            self._limit = max(1, self._limit // 2)
        elif any(isinstance(outcome, Accepted) for outcome in outcomes):
            # What strangers can make costs them nothing, so it must not make the next false proof dearer.
            self._limit = min(self._together, self._limit + 1)
        self._had_company = len(batch) > 1
        for one, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Accepted):
                one.verdict.set_result(outcome)
            else:
                one.verdict.set_exception(outcome)

    def _outcomes(self, items: Sequence[Item]) -> Sequence[Accepted | Exception]:
        try:
            outcomes = self._check_together(items)
            own = all(_is_about(item, outcome) for item, outcome in zip(items, outcomes, strict=True))
        except Unavailable as undecided:  # perhaps because of one of them, which is not tried again here
            code, sentence, retry_after = undecided.code, undecided.sentence, undecided.retry_after_seconds
            return [Unavailable(code, sentence, retry_after) for _ in items]
        except BaseException as failure:  # a failure of ours with one of them must not decide for its neighbours
            _log.error("checking %d proofs together failed: %s", len(items), type(failure).__name__)
            return [_outcome(item) for item in items]
        return outcomes if own else [_outcome(item) for item in items]


def _is_about(item: Item, outcome: Accepted | CircuitError) -> bool:
    """Whether a verdict is about this very statement and challenge; a refusal does not say what it is about."""
    return not isinstance(outcome, Accepted) or outcome.statement_octets == item[0].octets(item[1])


def _outcome(item: Item) -> Accepted | Exception:
    try:
        return verify(*item)
    except Exception as failure:  # handed to the one caller whose proof it was
        return failure
    except BaseException as failure:  # as which a native library tells of a panic; the thread goes on
        return Misuse(f"a proof could not be checked: {type(failure).__name__}")


def _overloaded() -> Unavailable:
    return Unavailable("overloaded", "Too many proofs are waiting; try again shortly.", RETRY_AFTER_SECONDS)
