"""Records presentations as a gateway sees them: every octet of them, their length, and how long each step took.

Each wallet is equally warm. In life each has a machine of its own; here all share the caches of one, and who has just
presented finds more of its tables there. That made holder 0, who makes half of all presentations, 0.3 % faster: five
standard errors in 4,000 presentations, which says nothing about who it is. So a presentation that is recorded follows
a few of the same wallet that are not, which touch most of what its tables hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from circuits import finish, prepare, verify
from circuits.entropy import Entropy
from tests.zero_knowledge.distinguish import Numbers, Octets, among_neighbours, octet_matrix
from tests.zero_knowledge.entropy import Seeded
from tests.zero_knowledge.stage import Stage, binding
from tests.zero_knowledge.transcripts import Transcript, transcript_of

WARMING = 16
"""Proofs before the first recorded one of all: every table of a wallet is made by then."""
AHEAD = 6
"""Proofs of the same wallet right before each recorded one."""


@dataclass(frozen=True)
class Way:
    """How a wallet behaves. The honest one: a context of its own for each presentation, good randomness, nothing added.

    `context` of presentation i; `entropy` of presentation i by holder h; `added(h)` octets put behind the envelope;
    `loops(h)` turns of an idle loop while it answers.
    """

    context: Callable[[int], str] = lambda number: f"week {number}"
    entropy: Callable[[int, int], Entropy] = lambda number, holder: Seeded(f"presentation {number} of {holder}")
    added: Callable[[int], bytes] = lambda holder: b""
    loops: Callable[[int], int] = lambda holder: 0


HONEST = Way()


@dataclass(frozen=True)
class Recording:
    """`holders` who made each; `rows` the octets sent; `numbers` lengths and times; `transcripts` for closer views."""

    holders: NDArray[np.int64]
    rows: list[bytes]
    numbers: Numbers
    transcripts: list[Transcript]

    @property
    def octets(self) -> Octets:
        """One line per presentation."""
        return octet_matrix(self.rows)

    def first(self, count: int) -> Recording:
        """The first so many."""
        return Recording(self.holders[:count], self.rows[:count], self.numbers[:count], self.transcripts[:count])


def schedule(holders: int, of_one: int, of_each_other: int, seed: int) -> list[int]:
    """Who presents when: holder 0 `of_one` times, every other `of_each_other` times, in random order."""
    turns = [0] * of_one + [other for other in range(1, holders) for _ in range(of_each_other)]
    return [int(turn) for turn in np.random.default_rng(seed).permutation(turns)]


def record(stage: Stage, turns: Sequence[int], way: Way = HONEST) -> Recording:
    """Every holder of `turns` presents, and the verifier accepts each presentation."""
    rows, times, transcripts = [], [], []
    for place, number in enumerate(turns):
        row, spent, transcript = _present(stage, place, number, way)
        rows.append(row)
        times.append(spent)
        transcripts.append(transcript)
    seconds = np.array(times, dtype=np.float64)
    lengths = np.array([[len(row)] for row in rows], dtype=np.float64)
    smooth = np.array([among_neighbours(column) for column in seconds.T]).T
    return Recording(np.array(turns), rows, np.hstack([lengths, seconds, smooth]), transcripts)


def warm(stage: Stage) -> None:
    """Every wallet makes the tables that it makes in its first proofs."""
    statement = stage.statement("warming")
    for holder in stage.holders:
        for _ in range(WARMING):
            prepare(statement, holder.credential, holder.membership, stage.table).discard()


def _present(stage: Stage, place: int, number: int, way: Way) -> tuple[bytes, list[int], Transcript]:
    holder, statement, bound = stage.holders[number], stage.statement(way.context(place)), binding(f"nonce {place}")
    for _ in range(AHEAD):
        prepare(statement, holder.credential, holder.membership, stage.table).discard()
    entropy = way.entropy(place, number)
    start = perf_counter_ns()
    prepared = prepare(statement, holder.credential, holder.membership, stage.table, entropy)
    ready = perf_counter_ns()
    proof = finish(prepared, bound)
    for _ in range(way.loops(number)):
        pass
    answered = perf_counter_ns()
    verify(statement, bound, proof)
    verified = perf_counter_ns()
    spent = [ready - start, answered - ready, verified - answered]
    return statement.present(bound, proof) + way.added(number), spent, transcript_of(statement, bound, proof)
