"""The page docs/mutation.md, the JSON of a run, and the comparison of the page with the source."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import groupby
from pathlib import Path

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import ROOT, Mutant, enumerate_mutants
from tests.mutation.running import Results

PAGE = ROOT / "docs" / "mutation.md"
_EQUATIONS = ("row", "claim", "coin")
# What names a mutant (as `name_of`), and what catches it; no cell has a backtick in it.
_LINE = re.compile(r"(\| `[^`]*` \| \w+ \| `[^`]*`(?: \(\d+\))? \|) (?:`[^`]*`)? \| (.*) \|$")
_TEST = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)+)(.*)`$")
_PREAMBLE = """# What each guard and each equation is caught by

Written by `make mutation`, which switches off one thing at a time, in every function of `circuits` and on the gateway's
way in, and runs the tests that reach it until one fails. A line says what is switched off, with what the code refuses
there, and one test that fails without it.

| kind | what is switched off |
|---|---|
| row | one equation of a linear relation has the coin 0 at the verifier; the prover and the octets stay as they are |
| claim | one pairing claim has the coin 0 at the verifier |
| coin | one coin of a combination is 0, or all are 1 |
| guard | the condition of a refusal never holds |
| part | one operand of such a condition (`or`, `and`, a link of a comparison, an item of `any`) is left out |
| refusal | a `raise` under a case, an `else` or behind a loop is passed over |
| check | a statement that only calls a check, or looks at a checked property, is left out |

"""


def write_page(mutants: list[Mutant], results: Results) -> None:
    """Write the page: totals, then a table for each file, equations first."""
    PAGE.write_text(page(mutants, {one: results.verdicts[one].killer for one in mutants}), encoding="utf-8")


def page(mutants: list[Mutant], killers: dict[Mutant, str | None]) -> str:
    """The text of the page."""
    kinds = Counter(mutant.kind for mutant in mutants)
    killed = sum(killer is not None for killer in killers.values())
    lines = [_PREAMBLE.rstrip(), ""]
    lines.append(
        f"{len(mutants)} mutants: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) + "."
    )
    lines.append(f"{killed} are caught by a test, {len(mutants) - killed} change nothing, with the reason below.")
    for title, part in (("Equations", True), ("Guards", False)):
        lines += ["", f"## {title}"]
        chosen = [mutant for mutant in mutants if (mutant.kind in _EQUATIONS) == part]
        for file, group in groupby(chosen, key=lambda mutant: mutant.file):
            lines += ["", f"### {file}", "", "| function | kind | switched off | refuses with | test that fails |"]
            lines.append("|---|---|---|---|---|")
            lines += [f"{name_of(mutant)} {_code(mutant.refusal)} | {_caught(mutant, killers)} |" for mutant in group]
    return "\n".join(lines) + "\n"


def name_of(mutant: Mutant) -> str:
    """The cells of a line that name the mutant: what the page and the source are compared by."""
    again = f" ({mutant.ordinal})" if mutant.ordinal > 1 else ""
    return f"| {_code(mutant.scope or 'module')} | {mutant.kind} | {_code(mutant.text)}{again} |"


def _caught(mutant: Mutant, killers: dict[Mutant, str | None]) -> str:
    killer = killers[mutant]
    return f"equivalent: {EQUIVALENT[mutant.key]}" if killer is None else _code(killer)


def _code(text: str) -> str:
    if not text:
        return ""
    return "`" + " ".join(text.split()).replace("|", "\\|").replace("`", "'") + "`"


def check_page() -> list[str]:
    """What is wrong with the page: mutants it lacks, lines about nothing, tests that are no longer there."""
    told = _told()
    there = {(mutant.file, name_of(mutant)) for mutant in enumerate_mutants()}
    wrong = [f"not in the page: {file} {name}" for file, name in sorted(there - told.keys())]
    wrong += [f"no longer in the source: {file} {name}" for file, name in sorted(told.keys() - there)]
    return wrong + [f"no such test: {caught}" for caught in told.values() if not _is_there(caught)]


def _told() -> dict[tuple[str, str], str]:
    """The page's lines: by file and `name_of`, what catches it."""
    told, file = {}, ""
    for line in PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else ():
        if line.startswith("### "):
            file = line[4:]
        elif found := _LINE.match(line):
            told[file, found[1]] = found[2]
    return told


def _is_there(caught: str) -> bool:
    """Whether the test that catches something can be read in its file, or a reason stands in its place."""
    named = _TEST.match(caught)
    if named is None:
        return caught.startswith("equivalent: ")
    path, *_, last = ROOT / named[1], *named[2].split("::")
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    return f"def {last}(" in written or (last == "runTest" and f"{named[2].split('::')[1]} = " in written)


def known_killers() -> dict[tuple[str, str, str, str, int], str]:
    """The tests that the page names, by mutant: tried first, so that the page changes as little as possible."""
    told = _told()
    named = {mutant.key: told.get((mutant.file, name_of(mutant)), "") for mutant in enumerate_mutants()}
    return {key: caught.strip("`").replace("\\|", "|") for key, caught in named.items() if _TEST.match(caught)}


def survivors_lines(survivors: list[Mutant], results: Results) -> list[str]:
    """What nobody misses, one line each."""
    lines = []
    for mutant in survivors:
        verdict = results.verdicts[mutant]
        tried = f"{verdict.tried} tests reach it{', out of time' if verdict.timed_out else ''}"
        lines.append(f"survives: {mutant} | refuses with {mutant.refusal or 'what it calls'} | {tried}")
    return lines


def as_json(results: Results, seconds: float) -> str:
    """The run as JSON."""
    rows = [
        {
            "file": mutant.file,
            "function": mutant.scope,
            "kind": mutant.kind,
            "text": mutant.text,
            "ordinal": mutant.ordinal,
            "refusal": mutant.refusal,
            "killer": verdict.killer,
            "tried": verdict.tried,
            "seconds": round(verdict.seconds, 3),
            "timed_out": verdict.timed_out,
        }
        for mutant, verdict in results.verdicts.items()
    ]
    content = {"seconds": round(seconds, 1), "phases": results.seconds, "broken": results.broken, "mutants": rows}
    return json.dumps(content, indent=1)


def survivors_in(file: Path) -> set[tuple[str, str, str, str, int]]:
    """The names of what survived in the JSON of a run."""
    rows = json.loads(file.read_text(encoding="utf-8"))["mutants"]
    names = ("file", "function", "kind", "text", "ordinal")
    return {tuple(row[name] for name in names) for row in rows if row["killer"] is None}  # type: ignore[misc]
