"""Runs every vector file under the given folders against `circuits`.

Nothing is passed over: a JSON file of no known kind is `unknown` and counts as failed, as does a folder without any
vector; a file that is not JSON and does not claim to be is reported as `skipped`. Folders whose name begins with a dot
are not entered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from console.conformance import blind, core, frozen, pseudonym, sigma
from console.conformance.check import Check, Setting
from console.conformance.fields import BadVector, Fields
from console.conformance.folder import SUITE_NAMES, Home, homes
from console.conformance.report import CaseResult, FolderReport, Outcome
from console.conformance.shapes import Kind, Shape, UnreadFile, VectorFile, load

Checker = Callable[[Fields, Setting, Check], None]

CHECKERS: dict[Shape, Checker] = {
    Shape.KEY_PAIR: core.check_key_pair,
    Shape.HASH_TO_SCALAR: core.check_hash_to_scalar,
    Shape.MOCKED_SCALARS: core.check_mocked_scalars,
    Shape.MAP_MESSAGES: core.check_map_messages,
    Shape.GENERATORS: core.check_generators,
    Shape.MESSAGE_LIST: core.check_message_list,
    Shape.SIGNATURE: core.check_signature,
    Shape.PROOF: core.check_proof,
    Shape.BLIND_COMMITMENT: blind.check_commitment,
    Shape.BLIND_SIGNATURE: blind.check_signature,
    Shape.BLIND_PROOF: blind.check_proof,
    Shape.TWO_GENERATORS: blind.check_two_generators,
    Shape.TWO_MESSAGE_LISTS: blind.check_two_message_lists,
    Shape.NYM_COMMITMENT: pseudonym.check_commitment,
    Shape.NYM_SIGNATURE: pseudonym.check_signature,
    Shape.NYM_PROOF: pseudonym.check_proof,
}


def run(paths: Sequence[Path]) -> Iterator[FolderReport]:
    """One report for each kind of vector in each folder under `paths`; each file is checked once."""
    seen: set[Path] = set()
    for root in paths:
        files = [path for path in _files(root) if path.resolve() not in seen]
        seen.update(path.resolve() for path in files)
        yield from _run_root(root, files)


def _files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    found = (path for path in root.rglob("*") if path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts))


def _run_root(root: Path, paths: Sequence[Path]) -> Iterator[FolderReport]:
    loaded = [load(path) for path in paths]
    vectors = [file for file in loaded if isinstance(file, VectorFile)]
    unread = [file for file in loaded if isinstance(file, UnreadFile)]
    if not vectors:
        nothing = CaseResult(root, "vectors", Outcome.FAILED, "there is no vector file here")
        yield _report(root, "", "none", [nothing])
    for home in homes(root, vectors):
        yield from _run_home(home)
    for folder in sorted({file.path.parent for file in unread}):
        yield _report(folder, "", "other files", [_unread(file) for file in unread if file.path.parent == folder])


def _unread(file: UnreadFile) -> CaseResult:
    outcome = Outcome.FAILED if file.path.suffix == ".json" else Outcome.SKIPPED
    return CaseResult(file.path, file.path.name, outcome, file.reason)


def _run_home(home: Home) -> Iterator[FolderReport]:
    gathered: dict[tuple[str, str], list[CaseResult]] = {}
    for file in home.files:
        suite, kind, cases = _run_file(home, file)
        gathered.setdefault((kind, suite), []).extend(cases)
    for (kind, suite), cases in sorted(gathered.items()):
        yield _report(home.folder, suite, kind, cases)


def _run_file(home: Home, file: VectorFile) -> tuple[str, str, list[CaseResult]]:
    """(suite, kind, results) of one file."""
    if file.shape is Shape.RECORDS:
        return _run_records(file)
    if file.shape is Shape.FROZEN:
        topic, results = frozen.check_file(file.path, file.content)
        return topic, Kind.FROZEN.value, results
    kind = home.kind_of(file)
    if kind is Kind.UNKNOWN:
        unknown = CaseResult(file.path, file.path.name, Outcome.UNKNOWN, "a JSON file of no known kind")
        return "", kind.value, [unknown]
    suite = home.suite_of(file)
    name = _name(file)
    if suite is None:
        if file.shape in (Shape.MESSAGE_LIST, Shape.TWO_MESSAGE_LISTS) and len(home.files) == 1:
            return "", kind.value, [CaseResult(file.path, name, Outcome.SKIPPED, "no file beside the list uses it")]
        lost = CaseResult(file.path, name, Outcome.FAILED, "neither suite fits what the file says")
        return "", kind.value, [lost]
    check = Check()
    try:
        CHECKERS[file.shape](file.fields(check.excepted), home.setting_of(file, suite), check)
    except BadVector as error:
        check.problems.append(str(error))
    except Exception as error:  # whatever damaged data provokes is a failure of the file, never the end of the run
        check.problems.append(f"{type(error).__name__}: {error}")
    return SUITE_NAMES[suite.ciphersuite_id], kind.value, [check.result(file.path, name)]


def _run_records(file: VectorFile) -> tuple[str, str, list[CaseResult]]:
    records = [item for item in file.content if isinstance(item, dict)] if isinstance(file.content, list) else []
    proofs = any(record.get("Function") == "SigmaProof" for record in records)
    kind = Kind.SIGMA if proofs else Kind.FIAT_SHAMIR
    suites = {str(record["Ciphersuite"]) for record in records if "Ciphersuite" in record}
    results = sigma.run_document(records, sigma.records_beside(file.path))
    cases = [CaseResult(file.path, case.name, case.outcome, case.detail) for case in results]
    if len(cases) != len(records):
        cases.append(CaseResult(file.path, file.path.name, Outcome.FAILED, "a record was passed over"))
    return ", ".join(sorted(suites)), kind.value, cases


def _name(file: VectorFile) -> str:
    fields = file.fields()
    return fields.text("caseName") if "caseName" in fields else file.path.stem


def _report(folder: Path, suite: str, kind: str, cases: list[CaseResult]) -> FolderReport:
    passed = sum(case.outcome in (Outcome.PASSED, Outcome.EXCEPTED) for case in cases)
    failed = sum(case.outcome in (Outcome.FAILED, Outcome.UNKNOWN) for case in cases)
    return FolderReport(folder, suite, kind, passed, failed, cases)
