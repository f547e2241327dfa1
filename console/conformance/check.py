"""The checking of one case: what it is checked against, and a list of everything found wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from circuits.errors import CircuitError, Rejected
from circuits.suite import Suite
from console.conformance.report import CaseResult, Outcome
from console.conformance.shapes import VectorFile


@dataclass(frozen=True)
class Setting:
    """What a file is checked with: its suite, and what the files around it say.

    `messages` and `committed` are the folder's shared lists, None where there are none; `siblings` the files of the
    same shape in the folder; `all_files` every file of it.
    """

    suite: Suite
    messages: list[bytes] | None
    committed: list[bytes] | None
    siblings: Sequence[VectorFile]
    all_files: Sequence[VectorFile]


@dataclass
class Check:
    """Gathers what is wrong with a case, and the upstream defects that were excepted."""

    problems: list[str] = field(default_factory=list)
    excepted: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)

    def equal(self, what: str, published: object, computed: object) -> None:
        """Note a problem unless the two are the same."""
        if published != computed:
            self.problems.append(f"{what} is not what is computed")

    def require(self, condition: bool, problem: str) -> None:
        """Note the problem unless the condition holds."""
        if not condition:
            self.problems.append(problem)

    def accepted(self, what: str, attempt: Callable[[], object]) -> None:
        """Note a problem if the attempt is refused."""
        try:
            attempt()
        except CircuitError as error:
            self.problems.append(f"{what} is refused ({error})")

    def refused(self, what: str, attempt: Callable[[], object]) -> None:
        """Note a problem unless the attempt is refused as false: a refusal of its encoding would show nothing."""
        try:
            attempt()
        except Rejected:
            return
        except CircuitError as error:
            self.problems.append(f"{what} is refused for its encoding alone ({error})")
            return
        self.problems.append(f"{what} is accepted")

    def result(self, path: Path, name: str) -> CaseResult:
        """How the case ended."""
        if self.problems:
            return CaseResult(path, name, Outcome.FAILED, "; ".join(self.problems))
        if self.excepted:
            return CaseResult(path, name, Outcome.EXCEPTED, "; ".join(sorted(self.excepted)))
        if self.remarks:
            return CaseResult(path, name, Outcome.SKIPPED, "; ".join(self.remarks))
        return CaseResult(path, name, Outcome.PASSED)
