"""What one fuzz target is, and how one input is judged: exceptions, oracle, time and memory.

A target's function takes octets and either returns or raises one of its declared exceptions. Anything else is a bug of
the project (or of the declaration): another exception, a `Finding` of the target's own oracle, too much processor time
or memory for one input.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

Mutator = Callable[[bytes, Random], bytes]

# What one input may make the process grow by, in KiB; an order of magnitude above what the largest honest input needs.
MAX_GROWTH_KIB = 128 * 1024


class Finding(Exception):
    """An oracle does not hold: the code accepted, gave or cost what it must not."""


@dataclass(frozen=True)
class Target:
    """One thing to fuzz.

    `run` the function; `declared` the exceptions it may raise, as its docstring says; `seeds` makes valid inputs;
    `covers` the dotted names of the functions it reaches, for the completeness test; `mutate` a mutator that knows the
    format; `max_len` octets of an input; `seconds` of processor time that one input may take; `runs` of the short run.
    """

    name: str
    run: Callable[[bytes], object]
    declared: tuple[type[Exception], ...]
    seeds: Callable[[], Iterable[bytes]]
    covers: tuple[str, ...]
    mutate: Mutator | None = None
    max_len: int = 4096
    seconds: float = 1.0
    runs: int = 1000
    warm: list[bool] = field(default_factory=list, repr=False, compare=False)


def judge(target: Target, octets: bytes) -> None:
    """Run `octets` through `target`. Returns when all is well, raises otherwise."""
    if not target.warm:
        # Tables, key schedules and caches are made by the first inputs, and are not their fault.
        target.warm.append(True)
        for seed in target.seeds():
            with suppress(Exception):  # a seed is an input too, and is judged when its turn comes
                _run(target, seed)
    peak, began = _peak_kib(), time.process_time()
    _run(target, octets)
    spent, grown = time.process_time() - began, _peak_kib() - peak
    if spent > target.seconds:
        raise Finding(f"{len(octets)} octets took {spent:.2f} s of processor time; {target.seconds} s are allowed")
    if grown > MAX_GROWTH_KIB:
        raise Finding(f"{len(octets)} octets made the process grow by {grown // 1024} MiB")


def require(holds: bool, sentence: str) -> None:
    """An oracle: raises `Finding` with `sentence` unless it holds."""
    if not holds:
        raise Finding(sentence)


def _run(target: Target, octets: bytes) -> None:
    try:
        target.run(octets)
    except target.declared:
        return


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
