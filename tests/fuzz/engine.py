"""Runs targets: under atheris (libFuzzer, guided by coverage) where it is installed, else by plain random mutation.

The process that calls this module has imported the targets and forks for each one, so that the world they share is
made once. A child that finds something leaves the input in a folder and its last words on standard error.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz import mutate
from tests.fuzz.scratch import remove_scratch
from tests.fuzz.target import Target, judge

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).resolve().parent / "corpus"
BUILD = ROOT / "build" / "fuzz"
MAX_MEMORY_MIB = 3072
_SEED = 1
_INTERESTING = 256
_FOUND = 77

try:
    import atheris as atheris  # type: ignore[import-untyped]

    WHY_PLAIN = ""
except ImportError as error:  # no wheel for this Python or platform
    atheris = None
    WHY_PLAIN = f"plain random mutation, not guided by coverage: {error}"


@dataclass(frozen=True)
class Limits:
    """How long one target is fuzzed: `runs` inputs (0: no limit), or `seconds` of wall clock (0: no limit)."""

    runs: int = 0
    seconds: int = 0


@dataclass(frozen=True)
class Outcome:
    """`crash` the input that was found, if any; `said` the last words of the child; `status` its exit status;
    `seconds` of processor time that it took."""

    status: int
    said: str
    crash: Path | None
    seconds: float


def corpus_of(target: Target) -> list[Path]:
    """The committed inputs of a target, in order of name."""
    return sorted(path for path in (CORPUS / target.name).glob("*") if path.is_file())


def replay(target: Target) -> int:
    """Judge every seed and every committed input; gives their number. Raises what the first bad one raises."""
    count = 0
    for octets in inputs_of(target):
        judge(target, octets)
        count += 1
    return count


def inputs_of(target: Target) -> Iterator[bytes]:
    """Seeds made now, then committed inputs."""
    yield from target.seeds()
    for path in corpus_of(target):
        yield path.read_bytes()


def fuzz(target: Target, limits: Limits, folder: Path = BUILD) -> Outcome:
    """Fuzz one target in a child of this process; its inputs and crashes go to `folder`/<name>."""
    crashes, log = folder / target.name / "crashes", folder / target.name / "log"
    crashes.mkdir(parents=True, exist_ok=True)
    for old in crashes.iterdir():
        old.unlink()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _child(target, limits, crashes, log)
    _, waited, used = os.wait4(child, 0)
    remove_scratch(child)
    fresh = sorted(crashes.iterdir())
    said = log.read_bytes()[-20_000:].decode(errors="replace")
    return Outcome(os.waitstatus_to_exitcode(waited), said, fresh[0] if fresh else None, used.ru_utime + used.ru_stime)


def _child(target: Target, limits: Limits, crashes: Path, log: Path) -> None:
    """Never returns."""
    status = 1
    try:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        # Whoever started this may have put something else in the place of both.
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if atheris is None or not limits.runs + limits.seconds:
            status = _plain(target, limits, crashes)
        else:
            _guided(target, limits, crashes)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _guided(target: Target, limits: Limits, crashes: Path) -> None:
    """libFuzzer's own loop; ends the process."""
    found = crashes.parent / "corpus"
    found.mkdir(exist_ok=True)
    for octets in inputs_of(target):
        (found / hashlib.sha1(octets, usedforsecurity=False).hexdigest()).write_bytes(octets)
    arguments = [
        target.name,
        f"-runs={limits.runs or -1}",
        f"-max_total_time={limits.seconds}",
        f"-seed={_SEED}",
        f"-max_len={target.max_len}",
        f"-timeout={int(10 + 10 * target.seconds)}",
        f"-rss_limit_mb={MAX_MEMORY_MIB}",
        f"-artifact_prefix={crashes}/",
        "-print_final_stats=1",
        "-report_slow_units=3600",  # time is judged by the processor's clock, in `judge`
        "-len_control=0",
        str(found),
    ]

    def one(octets: bytes) -> None:
        if not _is_well(target, octets, crashes):
            os._exit(_FOUND)

    def mutated(octets: bytes, max_size: int, seed: int) -> bytes:
        rng = Random(seed)  # noqa: S311
        if target.mutate is not None and rng.random() < 0.6:
            return target.mutate(octets, rng)[:max_size]
        return bytes(atheris.Mutate(octets, max_size))

    atheris.Setup(arguments, one, custom_mutator=mutated, internal_libfuzzer=True)
    atheris.Fuzz()


def _plain(target: Target, limits: Limits, crashes: Path) -> int:
    rng = Random(_SEED)  # noqa: S311
    pool = list(inputs_of(target))
    for _ in range(limits.runs or limits.seconds * 100):
        change = target.mutate if target.mutate is not None and rng.random() < 0.6 else mutate.octets
        octets = change(rng.choice(pool), rng)[: target.max_len]
        if not _is_well(target, octets, crashes):
            return _FOUND
        if len(pool) < _INTERESTING:
            pool.append(octets)
    return 0


def _is_well(target: Target, octets: bytes, crashes: Path) -> bool:
    """Judge one input; a bad one is kept, and said what is wrong with it."""
    try:
        judge(target, octets)
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        (crashes / f"crash-{hashlib.sha1(octets, usedforsecurity=False).hexdigest()}").write_bytes(octets)
        return False
    return True
