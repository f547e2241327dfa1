"""Interleaved measuring: peers take turns within each round, and each sample stands between samples of the yardstick.

A busy moment then falls on all alike. The ratio is of processor times, which waiting for a core does not lengthen; what
busy neighbours do to caches and clock rates, the yardstick beside the sample suffers too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.peers.checks import check_refusals
from benchmarks.peers.conversation import Conversation, PeerFailed, Timing
from benchmarks.peers.entries import Entry
from benchmarks.peers.fresh import FreshVerifier
from benchmarks.peers.yardstick import Yardstick

OPERATIONS = ("issue", "prove", "verify")
COLD = "cold"
WARM_UP_SECONDS = 15.0
_EACH_SIDE = 3


@dataclass
class Samples:
    """Of one operation of one peer: microseconds passed, and processor time in units of the yardstick beside it."""

    us: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


@dataclass
class Measured:
    """All about one peer. `octets` of each presentation; `peak_mib` of a fresh verifier, where
    the system tells."""

    entry: Entry
    version: str = ""
    refusals: dict[str, str] = field(default_factory=dict)
    samples: dict[str, Samples] = field(default_factory=lambda: {name: Samples() for name in (*OPERATIONS, COLD)})
    octets: list[int] = field(default_factory=list)
    peak_mib: float | None = None
    failed: str = ""


@dataclass
class Run:
    """One measuring: the yardstick and what it showed, where peers leave files, the most warm-ups of each operation."""

    yardstick: Yardstick
    folder: Path
    warm_ups: int = 60
    units_us: list[float] = field(default_factory=list)

    def between(self, samples: Samples, work: Callable[[], Timing]) -> Timing:
        """Take one sample of `work` between samples of the yardstick."""
        before = [self.yardstick() for _ in range(_EACH_SIDE)]
        taken = work()
        after = [self.yardstick() for _ in range(_EACH_SIDE)]
        samples.us.append(taken.us)
        samples.ratios.append(taken.cpu_us / median(before + after))
        self.units_us += before + after
        return taken


def measure(entries: Sequence[Entry], run: Run, rounds: int, repeats: int) -> list[Measured]:
    """Check, warm up and measure all peers together. One that fails says so in `failed` and takes no further part."""
    found = [Measured(entry) for entry in entries]
    with ExitStack() as stack:
        peers: list[tuple[Measured, Conversation]] = []
        for one in found:
            with _failure(one):
                log = run.folder / f"{one.entry.key}.log"
                peer = stack.enter_context(Conversation(one.entry.command, one.entry.environment, log))
                _begin(one, peer, run.warm_ups)
                peers.append((one, peer))
        for number in range(rounds):
            _say(f"round {number + 1} of {rounds}")
            first = number % max(len(peers), 1)  # nobody always follows the same one
            turn = [*peers[first:], *peers[:first]]
            _round(turn, run, repeats)
            _fresh_round(turn, run, weigh=number == rounds - 1)
    return found


def _begin(one: Measured, peer: Conversation, warm_ups: int) -> None:
    _say(f"{one.entry.title}: refusals, then warming up")
    one.version = str(peer.ask("about").get("version", ""))
    one.refusals = check_refusals(peer)
    start = time.monotonic()
    for _ in range(warm_ups):
        for operation in OPERATIONS:
            peer.timed(operation)
        if time.monotonic() - start > WARM_UP_SECONDS:
            break


def _round(peers: Sequence[tuple[Measured, Conversation]], run: Run, repeats: int) -> None:
    for _ in range(repeats):
        for operation in OPERATIONS:  # each verdict is on a presentation just made
            for one, peer in _standing(peers):
                with _failure(one):
                    _sample(one, peer, operation, run)


def _sample(one: Measured, peer: Conversation, operation: str, run: Run) -> None:
    timing = run.between(one.samples[operation], lambda: peer.timed(operation))
    if operation == "prove":
        one.octets.append(timing.octets)


def _fresh_round(peers: Sequence[tuple[Measured, Conversation]], run: Run, weigh: bool) -> None:
    """A fresh verifier of each peer; in the last round also its memory, which takes many verdicts more."""
    for one, peer in _standing(peers):
        with _failure(one):
            packed = run.folder / f"{one.entry.key}.packed"
            peer.ask("pack", path=str(packed))
            with FreshVerifier(one.entry, packed, run.folder / f"{one.entry.key}-fresh.log") as fresh:
                run.between(one.samples[COLD], fresh.first_verdict)
                one.peak_mib = fresh.peak_mib() if weigh else None


def _standing(peers: Sequence[tuple[Measured, Conversation]]) -> list[tuple[Measured, Conversation]]:
    return [pair for pair in peers if not pair[0].failed]


@contextmanager
def _failure(one: Measured) -> Iterator[None]:
    """Keep a failure for the report."""
    try:
        yield
    except PeerFailed as failure:
        one.failed = str(failure)


def _say(text: str) -> None:
    sys.stderr.write(f"→ {text}\n")
