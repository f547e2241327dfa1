"""What a conformance run says: one result per case, gathered per folder.

An upstream defect is never passed in silence: the case, right in all else, is `excepted`, with its reason. A JSON file
of an unknown kind is `unknown`, and counts as a failure of the run. What could not be checked, a text beside the
vectors say, is `skipped`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """How one case ended."""

    PASSED = "passed"
    FAILED = "failed"
    EXCEPTED = "excepted"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CaseResult:
    """One case of one vector file. `file` is set by the runner where a checker does not know it."""

    file: Path | None
    name: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class FolderReport:
    """All results of one kind in one folder. `suite` and `kind` are as recognised from the content.

    `passed` counts the passed and the excepted cases; `failed` the failed and the unknown; what was skipped counts in
    neither. `cases` tells which is which.
    """

    folder: Path
    suite: str
    kind: str
    passed: int
    failed: int
    cases: list[CaseResult] = field(default_factory=list)
