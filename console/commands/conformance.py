"""`licence conformance`: every official vector file under some folders, run against `circuits`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.options import Json
from console.output import Speaker, speaking

if TYPE_CHECKING:
    from console.conformance import FolderReport

Folders = Annotated[list[Path], typer.Argument(exists=True, metavar="DIR...", help="Folders or files of vectors.")]


def conformance(folders: Folders, as_json: Json = False) -> None:
    """Run every vector file found; exit 1 when any fails, 2 when none is found."""
    with speaking(as_json) as speaker:
        from console.conformance import run

        reports: list[FolderReport] = []
        for report in run(folders):
            reports.append(report)
            _say(speaker, report)
        passed = sum(report.passed for report in reports)
        failed = sum(report.failed for report in reports)
        if as_json:
            speaker.done({"passed": passed, "failed": failed, "folders": [_as_object(report) for report in reports]})
        else:
            typer.echo(f"{passed} passed, {failed} failed")
    if not any(case.outcome in ("passed", "excepted", "unknown") for report in reports for case in report.cases):
        raise typer.Exit(2)
    if failed:
        raise typer.Exit(1)


def _say(speaker: Speaker, report: FolderReport) -> None:
    """A line for the folder, and one for every case in it that did not simply pass."""
    if speaker.as_json:
        return
    mark = "✗" if report.failed else "✓"
    what = " ".join(word for word in (report.kind, report.suite) if word)
    speaker.line(f"{mark} {report.folder}  {what}: {report.passed} passed, {report.failed} failed")
    for case in report.cases:
        if case.outcome != "passed":
            where = f"{case.file.name}: " if case.file is not None and case.file.stem not in case.name else ""
            speaker.line(f"    {case.outcome}  {where}{case.name}  {case.detail}")


def _as_object(report: FolderReport) -> dict[str, object]:
    others = [
        {"name": case.name, "outcome": str(case.outcome), "detail": case.detail, "file": str(case.file)}
        for case in report.cases
        if case.outcome != "passed"
    ]
    counts = {"passed": report.passed, "failed": report.failed}
    return {"folder": str(report.folder), "suite": report.suite, "kind": report.kind} | counts | {"others": others}
