"""Runs the tests once to learn which of them make each guard fire, then once more against each mutant.

Two workers are forked from one process that has imported everything. Each runs its share of the tests with probes in
the code, keeps its session fixtures, and from then on forks a child for each mutant: the child changes the code, runs
the tests that made this guard fire until one of them fails, or takes far longer than it did, and is gone. A test counts
only when it passes in such a child without any mutant, so nothing is killed by the forking itself. Where an earlier run
says which test fails, that one is tried first, and all the others only for what is left. What is listed as equivalent
meets the killers of the rest.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import ROOT, Mutant, files
from tests.mutation.switching import Hit, Live, Probes, forget_caches, live_functions, switch_off

WORKERS = 2
LONGEST_CHILD_SECONDS = 240.0
PATIENCE_SECONDS, PATIENCE_FACTOR = 5.0, 10
SLOW_SECONDS = 3.0
EXAMPLES = 25


@dataclass
class TestRun:
    """One test of the baseline."""

    __test__ = False
    seconds: float
    passed: bool
    hits: set[Hit] = field(repr=False)


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant: the test that fails, or None; how many were tried; whether it ran out of time."""

    killer: str | None
    tried: int
    seconds: float
    timed_out: bool = False


@dataclass
class Results:
    """All of a run, by mutant; `broken` are tests that fail without any mutant and were left out."""

    verdicts: dict[Mutant, Verdict] = field(default_factory=dict)
    runs: dict[str, TestRun] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


Progress = Callable[[str, int, int, str], None]


class Harness:
    """A pytest plugin that takes the run loop over. `known` are the killers of an earlier run, tried first."""

    def __init__(self, mutants: list[Mutant], known: dict[tuple[Any, ...], str], progress: Progress) -> None:
        self.results = Results()
        self._mutants = mutants
        self._known = known
        self._progress = progress

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """The same examples every time, few of them, and none remembered."""
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "mutation", deadline=None, derandomize=True, database=None, max_examples=EXAMPLES, phases=phases
        )
        hypothesis.settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The whole of it."""
        for file in files():
            importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        items = {item.nodeid: item for item in session.items}
        live = live_functions()
        known = {self._known[mutant.key] for mutant in self._mutants if mutant.key in self._known} & set(items)
        with _crew(session, items, live) as workers:
            if known:
                self._baseline(workers, known)
                first = [one for one in self._mutants if one.key in EQUIVALENT or self._known.get(one.key) in known]
                self._against_mutants(workers, first)
            left = [mutant for mutant in self._mutants if not self._is_settled(mutant)]
            if left:
                self._baseline(workers, set(items) - known)
                self._against_mutants(workers, left)
        return True

    def _is_settled(self, mutant: Mutant) -> bool:
        verdict = self.results.verdicts.get(mutant)
        return verdict is not None and (verdict.killer is not None or mutant.key in EQUIVALENT)

    def _baseline(self, workers: list[Connection], names: set[str]) -> None:
        modules: dict[str, list[str]] = defaultdict(list)
        for name in sorted(names):
            modules[name.split("::")[0]].append(name)
        start = time.monotonic()
        for worker in workers:
            worker.send(("probe",))
            worker.recv()
        tasks = [("baseline", names) for names in sorted(modules.values(), key=len, reverse=True)]
        for done, (_, answer) in enumerate(_share(workers, tasks), 1):
            self.results.runs.update(answer)
            self._progress("tests", done, len(tasks), "")
        self.results.broken = sorted(name for name, run in self.results.runs.items() if not run.passed)
        for worker in workers:
            worker.send(("settle",))
            worker.recv()
        self._took("tests", start)

    def _took(self, phase: str, start: float) -> None:
        self.results.seconds[phase] = self.results.seconds.get(phase, 0.0) + time.monotonic() - start

    def _against_mutants(self, workers: list[Connection], mutants: list[Mutant]) -> None:
        start = time.monotonic()
        waiting = list(mutants)
        while waiting:
            choice = _Choice({name: run for name, run in self.results.runs.items() if run.passed}, self._known)
            tasks = [("mutant", mutant, self._limits(choice.tests(mutant))) for mutant in waiting]
            for done, ((_, mutant, _), verdict) in enumerate(_share(workers, tasks), 1):
                self.results.verdicts[mutant] = verdict
                self._progress("mutants", done, len(tasks), f"{mutant.file} {mutant.scope}")
            waiting = self._doubtful(workers)
        self._took("mutants", start)

    def _limits(self, names: list[str]) -> dict[str, float]:
        """How many seconds each test may take before it counts as failed."""
        return {name: PATIENCE_SECONDS + PATIENCE_FACTOR * self.results.runs[name].seconds for name in names}

    def _doubtful(self, workers: list[Connection]) -> list[Mutant]:
        """Mutants whose killer fails in a child without them, too; that test is left out from now on."""
        killers = sorted({verdict.killer for verdict in self.results.verdicts.values() if verdict.killer})
        tasks = [("mutant", None, self._limits([name])) for name in killers if name not in self._trusted]
        false: set[str] = set()
        for done, ((_, _, limits), verdict) in enumerate(_share(workers, tasks), 1):
            self._progress("checking the tests", done, len(tasks), "")
            (false if verdict.killer is not None else self._trusted).update(limits)
        for name in false:
            self.results.runs[name].passed = False
            self.results.broken.append(name)
        return [mutant for mutant, verdict in self.results.verdicts.items() if verdict.killer in false]

    _trusted: set[str] = set()  # noqa: RUF012


class _Choice:
    """Which tests are tried against a mutant, in which order: those that make few other guards fire come first."""

    def __init__(self, runs: dict[str, TestRun], known: dict[tuple[Any, ...], str]) -> None:
        self._runs = runs
        self._known = known
        self._by_hit: dict[Hit, list[str]] = defaultdict(list)
        for name, run in runs.items():
            for hit in run.hits:
                self._by_hit[hit].append(name)
        self._fired = {name: sum(what == "fired" for _, what, _ in run.hits) for name, run in runs.items()}

    def tests(self, mutant: Mutant) -> list[str]:
        """Names, the best first."""
        found = self._candidates(mutant)
        known = self._known.get(mutant.key)
        ordered = sorted(found, key=self._rank)
        if known in found:
            ordered.insert(0, known)
        return list(dict.fromkeys(ordered))

    def _candidates(self, mutant: Mutant) -> set[str]:
        match mutant.kind:
            case "row" | "claim" | "coin":
                weighed = mutant.file.startswith("circuits/predicates/")
                where = "circuits/presentation.py" if weighed else mutant.file
                hits = (hit for hit in self._by_hit if hit[:2] == (where, "fired"))
                return {name for hit in hits for name in self._by_hit[hit]}
            case _:
                node = mutant.owner
                found = set(self._by_hit[mutant.file, "fired", node])
                if not mutant.fires_less:
                    found |= set(self._by_hit[mutant.file, "asked", node])
                return found

    def _rank(self, name: str) -> tuple[bool, bool, int, str]:
        slow = self._runs[name].seconds > SLOW_SECONDS
        return slow, "everything_on" not in name, self._fired[name], name


@contextlib.contextmanager
def _crew(session: pytest.Session, items: dict[str, pytest.Item], live: Live) -> Iterator[list[Connection]]:
    """The workers, as connections."""
    ends: list[Connection] = []
    children = []
    for _ in range(WORKERS):
        ours, theirs = Pipe()
        child = os.fork()
        if child == 0:
            ours.close()
            _Worker(session, items, live, theirs).serve()
        theirs.close()
        ends.append(ours)
        children.append(child)
    try:
        yield ends
    finally:
        for end in ends:
            end.close()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)


def _share(workers: list[Connection], tasks: list[tuple[Any, ...]]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each task with its answer, as they come; a worker that is done takes the next."""
    waiting = list(reversed(tasks))
    busy: dict[Any, tuple[Any, ...]] = {}
    for worker in workers:
        if waiting:
            busy[worker] = waiting.pop()
            worker.send(busy[worker])
    while busy:
        ready: Any
        for ready in wait(list(busy)):
            answer, task = ready.recv(), busy.pop(ready)
            if waiting:
                busy[ready] = waiting.pop()
                ready.send(busy[ready])
            yield task, answer


class _Worker:
    """One forked process; `serve` never returns."""

    def __init__(self, session: pytest.Session, items: dict[str, pytest.Item], live: Live, end: Connection) -> None:
        self._session, self._items, self._live, self._end = session, items, live, end

    def serve(self) -> None:
        """Do what is asked until the other end is closed."""
        silent = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(silent, number)
        code = 1
        with contextlib.suppress(EOFError):
            while True:
                match self._end.recv():
                    case ("probe",):
                        self._probes = Probes(self._live)
                        self._end.send(True)
                    case "baseline", names:
                        self._end.send({name: self._baseline(name) for name in names})
                    case ("settle",):
                        Probes.remove(self._live)
                        gc.collect()
                        gc.freeze()
                        self._end.send(True)
                    case "mutant", mutant, limits:
                        self._end.send(self._against(mutant, limits))
                    case other:
                        raise AssertionError(other)
        with contextlib.suppress(BaseException):
            self._session._setupstate.teardown_exact(None)
            code = 0
        os._exit(code)

    def _baseline(self, name: str) -> TestRun:
        self._probes.hits = set()
        start = time.monotonic()
        passed = self._passes(name)
        return TestRun(time.monotonic() - start, passed, self._probes.hits)

    def _passes(self, name: str) -> bool:
        item = self._items[name]
        reports = runtestprotocol(item, log=False, nextitem=self._session)  # type: ignore[arg-type]
        return all(report.outcome != "failed" for report in reports) and any(
            report.when == "call" and report.outcome == "passed" for report in reports
        )

    def _against(self, mutant: Mutant | None, limits: dict[str, float]) -> Verdict:
        """In a child: the first of the tests that fails, or takes longer than its limit."""
        start = time.monotonic()
        if not limits:
            return Verdict(None, 0, 0.0)
        ours, theirs = Pipe(duplex=False)
        child = os.fork()
        if child == 0:
            self._end.close()
            ours.close()
            self._child(mutant, list(limits), theirs)
        theirs.close()
        tried, killer, running = 0, None, None
        until = start + LONGEST_CHILD_SECONDS
        try:
            while time.monotonic() < until:
                if not ours.poll(limits.get(running or "", PATIENCE_SECONDS)):
                    killer = running
                    break
                what, name = ours.recv()
                if what == "runs":
                    tried, running = tried + 1, name
                else:
                    killer = name
                    break
        except EOFError:
            killer = running  # the child died in this test
        late = killer is None and time.monotonic() >= until
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return Verdict(killer, tried, time.monotonic() - start, late)

    def _child(self, mutant: Mutant | None, names: list[str], end: Connection) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if mutant is None:
            forget_caches()
        else:
            switch_off(self._live, mutant)
        for name in names:
            end.send(("runs", name))
            if not self._passes(name):
                end.send(("killed", name))
                os._exit(0)
        end.send(("survives", None))
        os._exit(0)


def run(mutants: list[Mutant], tests: list[str], known: dict[tuple[Any, ...], str], progress: Progress) -> Results:
    """Collect the tests and do the whole run. Raises `RuntimeError` when they cannot be collected."""
    harness = Harness(mutants, known, progress)
    os.chdir(ROOT)
    options = ["-qq", "-s", "--no-header", "--no-summary", "-p", "no:cacheprovider", "--timeout=40"]
    code = pytest.main([*options, *tests], plugins=[harness])
    if not harness.results.verdicts:
        raise RuntimeError(f"the tests were not run (pytest says {code})")
    return harness.results
