"""`python -m tests.mutation`: run every mutant, write docs/mutation.md, fail when one survives."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import Mutant, enumerate_mutants, files
from tests.mutation.report import PAGE, as_json, check_page, known_killers, survivors_in, survivors_lines, write_page
from tests.mutation.running import Results, run

POOL = ["tests/circuits", "tests/attacks", "tests/properties", "tests/differential", "tests/verifier"]


def main(
    only: Annotated[list[str] | None, typer.Option(help="Only mutants of files whose path contains this.")] = None,
    k: Annotated[str, typer.Option("-k", help="Only mutants whose name contains this.")] = "",
    json: Annotated[Path | None, typer.Option(help="Write the results here as JSON.")] = None,
    again: Annotated[Path | None, typer.Option(help="Only what survived in this JSON of an earlier run.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Only list the mutants.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only compare docs/mutation.md with the source.")] = False,
    tests: Annotated[list[str] | None, typer.Option(help="Take the tests from here instead.")] = None,
) -> None:
    """Switch every guard and every equation off in turn and see that a test fails."""
    chosen = [file for file in files() if not only or any(part in file for part in only)]
    mutants = [mutant for mutant in enumerate_mutants(chosen) if k in str(mutant)]
    if again is not None:
        left = survivors_in(again)
        mutants = [mutant for mutant in mutants if mutant.key in left]
    console = Console()
    if list_:
        for mutant in mutants:
            console.print(str(mutant), highlight=False, markup=False, soft_wrap=True)
        console.print(f"{len(mutants)} mutants")
        return
    if check:
        wrong = check_page()
        for line in wrong:
            console.print(line, markup=False, soft_wrap=True)
        raise typer.Exit(1 if wrong else 0)
    start = time.monotonic()
    results = _run(console, mutants, tests or POOL)
    whole = not only and not k and not tests and again is None
    raise typer.Exit(_judge(console, results, mutants, time.monotonic() - start, json, whole))


def _run(console: Console, mutants: list[Mutant], tests: list[str]) -> Results:
    if not console.is_terminal:
        return run(mutants, tests, known_killers(), partial(_tell, console, time.monotonic()))
    columns = TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, TextColumn("{task.fields[now]}"), console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def show(phase: str, done: int, total: int, now: str) -> None:
            if phase not in tasks or progress.tasks[tasks[phase]].finished:
                tasks[phase] = progress.add_task(phase, total=total, now="")
            progress.update(tasks[phase], completed=done, total=total, now=now)

        return run(mutants, tests, known_killers(), show)


def _tell(console: Console, start: float, phase: str, done: int, total: int, now: str) -> None:
    """Where nobody watches a bar: a line now and then."""
    if done == total or done % 50 == 0:
        console.print(f"{phase}: {done} of {total} after {time.monotonic() - start:.0f} s", highlight=False)


def _judge(
    console: Console, results: Results, mutants: list[Mutant], seconds: float, json: Path | None, whole: bool
) -> int:
    if json is not None:
        json.write_text(as_json(results, seconds), encoding="utf-8")
    survivors = [mutant for mutant in mutants if results.verdicts[mutant].killer is None]
    unexplained = [mutant for mutant in survivors if mutant.key not in EQUIVALENT]
    enumerated = {mutant.key for mutant in mutants}
    idle = [key for key in EQUIVALENT if whole and key not in enumerated]
    idle += [mutant.key for mutant in mutants if mutant.key in EQUIVALENT and mutant not in survivors]
    for name in results.broken:
        console.print(f"fails without any mutant, left out: {name}", markup=False)
    for line in survivors_lines(unexplained, results):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for key in idle:
        console.print(f"listed as equivalent and is not, or is not there: {key}", markup=False, soft_wrap=True)
    timings = ", ".join(f"{name} {took:.0f} s" for name, took in results.seconds.items())
    console.print(
        f"{len(mutants)} mutants, {len(mutants) - len(survivors)} killed,"
        f" {len(survivors) - len(unexplained)} equivalent, {len(unexplained)} survive, in {seconds:.0f} s ({timings})"
    )
    if whole and not unexplained:
        write_page(mutants, results)
        console.print(f"wrote {PAGE.name}")
    return 1 if unexplained or idle else 0


if __name__ == "__main__":
    typer.run(main)
