"""Every published vector passes, and a single changed digit in one does not."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from console.conformance import FolderReport, Outcome, run

EXPECTED_CASES = {
    ("bbs-sha256", "bbs"): 31,
    ("blind-sha256", "blind"): 17,
    ("pseudonym-sha256", "pseudonym"): 23,
}
# a file of each kind, and what in it is damaged
DAMAGED = [
    ("bbs-sha256", "keypair.json", ("keyInfo",)),
    ("bbs-sha256", "keypair.json", ("keyDst",)),
    ("bbs-sha256", "h2s.json", ("dst",)),
    ("bbs-sha256", "mockedRng.json", ("mockedScalars", 9)),
    ("bbs-sha256", "MapMessageToScalarAsHash.json", ("cases", 4, "message")),
    ("bbs-sha256", "generators.json", ("MsgGenerators", 3)),
    ("bbs-sha256", "messages.json", (2,)),
    ("bbs-sha256", "signature/signature001.json", ("trace", "B")),
    ("bbs-sha256", "signature/signature004.json", ("signature",)),
    ("bbs-sha256", "signature/signature006.json", ("signature",)),
    ("bbs-sha256", "signature/signature010.json", ("trace", "domain")),
    ("bbs-sha256", "proof/proof003.json", ("proof",)),
    ("bbs-sha256", "proof/proof014.json", ("trace", "random_scalars", "m_tilde_scalars", 2)),
    ("bbs-sha256", "proof/proof012.json", ("proof",)),
    ("bbs-sha256", "proof/proof004.json", ("header",)),
    ("bbs-sha256", "proof/proof015.json", ("trace", "T2")),
    ("blind-sha256", "generators.json", ("blindGenerators", "Q1")),
    ("blind-sha256", "generators.json", ("generators", "api_id")),
    ("blind-sha256", "messages.json", ("committedMessages", 1)),
    ("blind-sha256", "commit/commit002.json", ("commitmentWithProof",)),
    ("blind-sha256", "signature/signature003.json", ("trace", "domain")),
    ("blind-sha256", "signature/signature004.json", ("proverBlind",)),
    ("blind-sha256", "signature/signature005.json", ("signature",)),
    ("blind-sha256", "proof/proof005.json", ("commitmentWithProof",)),
    ("blind-sha256", "proof/proof008.json", ("presentationHeader",)),
    ("pseudonym-sha256", "nymCommit/nymCommit003.json", ("proverNyms", 4)),
    ("pseudonym-sha256", "nymSignature/nymSignature001.json", ("signer_nym_entropy",)),
    ("pseudonym-sha256", "nymSignature/nymSignature006.json", ("commitmentWithProof",)),
    ("pseudonym-sha256", "nymProof/nymProof002.json", ("pseudonym",)),
    ("pseudonym-sha256", "nymProof/nymProof104.json", ("trace", "poly_eval_pseudo")),
    ("pseudonym-sha256", "nymProof/nymProof007.json", ("context_id",)),
]


@pytest.fixture(scope="module")
def reports(vectors: Path) -> list[FolderReport]:
    return list(run([vectors]))


def test_every_official_vector_passes(reports: list[FolderReport]) -> None:
    failed = [case for report in reports for case in report.cases if case.outcome in (Outcome.FAILED, Outcome.UNKNOWN)]
    assert not failed
    assert sum(report.failed for report in reports) == 0
    assert {report.kind for report in reports} >= {"bbs", "blind", "pseudonym", "sigma", "fiat-shamir"}


@pytest.mark.parametrize(("folder", "kind"), EXPECTED_CASES)
def test_no_file_is_passed_over(reports: list[FolderReport], folder: str, kind: str) -> None:
    (report,) = [report for report in reports if report.folder.name == folder]
    assert (report.kind, report.suite) == (kind, "SHA-256")
    assert len(report.cases) == EXPECTED_CASES[folder, kind]


def test_upstream_defects_are_named_and_are_the_known_ones(reports: list[FolderReport]) -> None:
    excepted = {
        f"{report.kind}/{case.file.name}": case.detail
        for report in reports
        for case in report.cases
        if case.outcome is Outcome.EXCEPTED and case.file is not None
    }
    assert set(excepted) == {
        "blind/proof005.json",
        "blind/signature003.json",
        "pseudonym/nymSignature001.json",
        *(f"pseudonym/nymCommit00{number}.json" for number in (3, 4)),
        *(f"pseudonym/nymSignature00{number}.json" for number in (5, 6)),
        *(f"pseudonym/nymProof10{number}.json" for number in (1, 2, 3, 4)),
    }
    assert all(detail.startswith("upstream defect: ") for detail in excepted.values())


@pytest.mark.parametrize("folder", ["bbs-sha256/proof", "blind-sha256/proof", "pseudonym-sha256/nymProof"])
def test_a_subfolder_alone_passes_whole(vectors: Path, folder: str) -> None:
    cases = [case for report in run([vectors / folder]) for case in report.cases]
    assert cases
    assert {case.outcome for case in cases} <= {Outcome.PASSED, Outcome.EXCEPTED}


def test_one_file_alone_passes(vectors: Path) -> None:
    (report,) = run([vectors / "pseudonym-sha256" / "nymProof" / "nymProof004.json"])
    assert (report.passed, report.failed, report.suite) == (1, 0, "SHA-256")


@pytest.mark.parametrize("subfolder", ["proof", "signature"])
def test_a_subfolder_without_its_shared_files_is_recognised(vectors: Path, tmp_path: Path, subfolder: str) -> None:
    target = tmp_path / "one" / "two" / "three"
    shutil.copytree(vectors / "bbs-sha256" / subfolder, target)
    (report,) = run([target])
    assert (report.suite, report.failed) == ("SHA-256", 0)
    assert report.passed == len(report.cases)


@pytest.mark.parametrize(("folder", "file", "path"), DAMAGED)
def test_one_changed_digit_fails(
    vectors: Path, tmp_path: Path, folder: str, file: str, path: tuple[str | int, ...]
) -> None:
    copy = Path(shutil.copytree(vectors / folder, tmp_path / "copy"))
    document = json.loads((copy / file).read_text())
    inner: Any = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = _changed(inner[path[-1]], random.Random(str(path)))  # noqa: S311
    (copy / file).write_text(json.dumps(document))
    assert sum(report.failed for report in run([copy])) >= 1


def _changed(text: str, chance: random.Random) -> str:
    at = chance.choice([index for index, letter in enumerate(text) if letter in "0123456789abcdef"])
    return text[:at] + format(int(text[at], 16) ^ chance.randrange(1, 16), "x") + text[at + 1 :]
