"""The engine behind `licence conformance`: the drafts' own test vectors, run against `circuits`."""

from __future__ import annotations

from console.conformance.report import CaseResult, FolderReport, Outcome
from console.conformance.runner import run

__all__ = ["CaseResult", "FolderReport", "Outcome", "run"]
