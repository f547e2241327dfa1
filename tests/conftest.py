"""What every test shares: where the official vectors are, how much Hypothesis tries, a list of what was left out."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from circuits.curve import load

load("reference")  # before anything imports py_ecc by itself: it must not leave its recursion limit behind

ROOT = Path(__file__).resolve().parents[1]
IN_CI = bool(os.environ.get("CI"))
_DESELECTED: Counter[str] = Counter()

settings.register_profile("local", deadline=None, max_examples=25)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=50,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if IN_CI else "local")


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of the drafts' official test vectors; absent, the test is left out (and fails in CI)."""
    folder = Path(os.environ.get("LICENCE_VECTORS", ROOT.parent / "shared" / "vectors"))
    if folder.is_dir():
        return folder
    reason = f"no official vectors at {folder}; set LICENCE_VECTORS to their folder"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remember, by file, what a marker expression or a -k put aside."""
    _DESELECTED.update(item.nodeid.split("::")[0] for item in items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say at the end which tests did not run, and why: a green run that left half out should not look whole."""
    lines = [
        f"  {report.nodeid}: {_reason(report)}"
        for kind in ("skipped", "xfailed")
        for report in terminalreporter.stats.get(kind, [])
    ]
    chosen = " ".join(
        f"{flag} {value!r}" for flag, value in (("-m", config.option.markexpr), ("-k", config.option.keyword)) if value
    )
    lines += [f"  {file}: {count} not chosen by {chosen or 'a plugin'}" for file, count in sorted(_DESELECTED.items())]
    if not lines:
        return
    terminalreporter.section(f"left out: {len(lines)} entries", sep="-")
    for line in lines:
        terminalreporter.write_line(line)


def _reason(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return f"known to fail: {report.wasxfail}"
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr)
