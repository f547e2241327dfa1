"""A short run of every target: the seeds and the committed corpus, then a fixed number of inputs from a fixed seed.

Guided by coverage where atheris is installed, by plain random mutation elsewhere; the summary of left-out tests says
which. `make fuzz` is the long run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fuzz import engine
from tests.fuzz.table import TARGETS
from tests.fuzz.target import Finding, Target, judge

NAMES = [target.name for target in TARGETS]
MAX_CORPUS_OCTETS = 100 * 1024


class Fuzzer:
    """The process that holds the targets, instrumented; it forks for each, so that this one stays as it is."""

    def __init__(self) -> None:
        arguments = [sys.executable, "-m", "tests.fuzz", "serve"]
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(
            arguments,
            cwd=engine.ROOT,
            stdin=pipe,
            stdout=pipe,
            stderr=null,
            text=True,
        )
        self.hello = self._read()

    def short_run(self, target: Target) -> dict[str, Any]:
        """What came of a target's short run."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{target.name} {target.runs}\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the fuzzer ended; run it by hand: python -m tests.fuzz run 1"
        answer: dict[str, Any] = json.loads(line)
        return answer


@pytest.fixture(scope="module")
def fuzzer() -> Iterator[Fuzzer]:
    started = Fuzzer()
    yield started
    started.close()


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_a_short_run(fuzzer: Fuzzer, target: Target) -> None:
    outcome = fuzzer.short_run(target)
    assert outcome["good"], f"{outcome['said']}\n{outcome['message']}"


def test_it_is_guided_by_coverage(fuzzer: Fuzzer) -> None:
    if fuzzer.hello["why_plain"]:
        pytest.skip(fuzzer.hello["why_plain"])
    assert set(fuzzer.hello["targets"]) == set(NAMES)


def test_names_are_given_once() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_the_corpus_is_small_and_belongs_to_targets() -> None:
    files = [path for path in engine.CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} <= set(NAMES)
    assert sum(path.stat().st_size for path in files) <= MAX_CORPUS_OCTETS


def _target(run: Any, **options: Any) -> Target:
    return Target("sample", run, (ValueError,), list, (), **options)


def test_the_judge_sees_an_undeclared_exception() -> None:
    def run(_: bytes) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        judge(_target(run), b"")


def test_the_judge_takes_a_declared_one() -> None:
    def run(_: bytes) -> None:
        raise UnicodeDecodeError("ascii", b"", 0, 1, "declared: a ValueError")

    judge(_target(run), b"")


def test_the_judge_sees_time() -> None:
    with pytest.raises(Finding, match="processor time"):
        judge(_target(lambda _: sum(range(3_000_000)), seconds=0.005), b"")


def test_the_judge_sees_memory() -> None:
    with pytest.raises(Finding, match="MiB"):
        judge(_target(lambda _: len(b"x" * (1 << 30)), seconds=60), b"")


def test_a_run_leaves_the_input_that_fails(tmp_path: Any) -> None:
    def run(octets: bytes) -> None:
        if len(octets) > 3:
            raise KeyError(octets)

    target = Target("sample", run, (), lambda: [b"abc"], ())
    outcome = engine.fuzz(target, engine.Limits(runs=500), tmp_path)
    assert outcome.status != 0
    assert "KeyError" in outcome.said
    assert outcome.crash is not None
    with pytest.raises(KeyError):
        judge(target, outcome.crash.read_bytes())
