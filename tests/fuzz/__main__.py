"""Fuzzing from the command line, from the repository's root: `python -m tests.fuzz <command>`.

list                         the targets
run SECONDS [TARGET ..]      fuzz each target for so long, one after the other; all of them by default
replay TARGET FILE ..        judge inputs again, with the traceback of what is wrong with them
keep TARGET ..               take what fuzzing found, and reaches new lines, into the committed corpus
serve                        for the tests: reads "<target> <runs>" lines, answers each with one line of JSON
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from tests.fuzz import engine

if TYPE_CHECKING:
    from tests.fuzz.target import Target

INSTRUMENTED = ["circuits", "console", "issuer", "prover", "verifier"]


def table(guided: bool) -> dict[str, Target]:
    """The targets by name, with their code instrumented for coverage where that will be used."""
    context = nullcontext()
    if guided and engine.atheris is not None:
        context = engine.atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False)
    with context:
        from circuits.curve import load

        load("reference")  # before anything imports py_ecc by itself: it must not leave its recursion limit behind
        from tests.fuzz.table import TARGETS
        from tests.fuzz.world import the_world

    _ = the_world().proofs  # made here once, and not in every child
    return {target.name: target for target in TARGETS}


def run(targets: list[Target], seconds: int) -> int:
    """The long run. Gives the number of targets in which something was found."""
    bad = 0
    for target in targets:
        outcome = engine.fuzz(target, engine.Limits(seconds=seconds))
        good = outcome.status == 0 and outcome.crash is None
        print(f"{'ok ' if good else 'BAD'} {target.name:24} {_figures(outcome.said)}", flush=True)
        if not good:
            bad += 1
            print(last_words(outcome.said))
            print(message(target.name, outcome))
    return bad


def last_words(said: str) -> str:
    """The traceback at the end of a log, without the fuzzer's progress."""
    at = max(said.rfind("Uncaught Python exception"), said.rfind("Traceback (most"), said.rfind("ERROR: libFuzzer"))
    return said[max(at, 0) :][:4000]


def message(name: str, outcome: engine.Outcome) -> str:
    """How to see again what was found."""
    if outcome.crash is None:
        return f"the child ended with status {outcome.status} and left no input"
    path = outcome.crash.relative_to(engine.ROOT) if outcome.crash.is_relative_to(engine.ROOT) else outcome.crash
    return f"see it again: python -m tests.fuzz replay {name} {path}"


def serve(targets: dict[str, Target]) -> None:
    """Answer the tests, target by target."""
    for line in sys.stdin:
        name, runs = line.split()
        outcome = engine.fuzz(targets[name], engine.Limits(runs=int(runs)))
        answer = {
            "good": outcome.status == 0 and outcome.crash is None,
            "said": last_words(outcome.said),
            "message": message(name, outcome),
            "seconds": outcome.seconds,
        }
        print(json.dumps(answer), flush=True)


def main(arguments: list[str]) -> int:
    """Gives the exit status."""
    match arguments:
        case ["list"]:
            for name in table(guided=False):
                print(name)
        case ["run", seconds, *names]:
            found = table(guided=True)
            print(engine.WHY_PLAIN or "guided by coverage")
            return 1 if run([found[name] for name in names or found], int(seconds)) else 0
        case ["replay", name, *files]:
            return _replay(table(guided=False)[name], files)
        case ["keep", *names]:
            from tests.fuzz.keep import keep

            found = table(guided=False)
            for name in names or found:
                keep(found[name])
        case ["serve"]:
            found = table(guided=True)
            print(json.dumps({"targets": list(found), "why_plain": engine.WHY_PLAIN}), flush=True)
            serve(found)
        case _:
            print(__doc__)
            return 2
    return 0


def _replay(target: Target, files: list[str]) -> int:
    from pathlib import Path

    from tests.fuzz.target import judge

    for file in files:
        judge(target, Path(file).read_bytes())
        print(f"{file}: well")
    return 0


def _figures(said: str) -> str:
    found = [line.split(":")[-1].strip() for line in said.splitlines() if "stat::" in line and "executed" in line]
    covered = [word for line in said.splitlines() if " cov: " in line for word in [line.split("cov: ")[1].split()[0]]]
    return f"{found[-1] if found else '?'} inputs, {covered[-1] if covered else '?'} counters"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
