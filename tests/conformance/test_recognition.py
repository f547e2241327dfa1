"""A folder of the other suite, under names that say nothing, is recognised by content, and damage in it is seen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from console.conformance import Outcome, run

HEX = "0123456789abcdef"


def failures(*paths: Path) -> int:
    return sum(report.failed for report in run(paths))


def test_the_shake_suite_is_recognised_whatever_its_folders_are_called(shake: Path) -> None:
    reports = {report.folder.name: report for report in run([shake])}
    assert {name: (report.kind, report.suite) for name, report in reports.items()} == {
        "first": ("bbs", "SHAKE-256"),
        "second": ("blind", "SHAKE-256"),
        "third": ("pseudonym", "SHAKE-256"),
    }
    assert all(case.outcome is Outcome.PASSED for report in reports.values() for case in report.cases)


@pytest.mark.parametrize("name", ["bbs-sha256", "x" * 40, "SHA-256"])
def test_a_misleading_name_misleads_nobody(shake: Path, name: str) -> None:
    (shake / "first").rename(shake / name)
    reports = list(run([shake / name]))
    assert [(report.suite, report.failed) for report in reports] == [("SHAKE-256", 0)]


def test_folders_nested_deeper_are_found(shake: Path, tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    shutil.move(shake, deep)
    assert failures(tmp_path / "a") == 0
    assert len(list(run([tmp_path / "a"]))) == 3


def test_both_suites_in_one_run(shake: Path, vectors: Path) -> None:
    reports = list(run([vectors / "bbs-sha256", shake / "first", vectors / "bbs-sha256"]))
    assert [(report.suite, report.failed) for report in reports[:2]] == [("SHA-256", 0), ("SHAKE-256", 0)]


@pytest.mark.parametrize("subfolder", ["first/p", "first/s", "second/x", "second/y"])
def test_a_subfolder_alone_finds_its_shared_files(shake: Path, subfolder: str) -> None:
    reports = list(run([shake / subfolder]))
    assert [report.suite for report in reports] == ["SHAKE-256"]
    assert all(case.outcome is Outcome.PASSED for report in reports for case in report.cases)


def test_a_blind_proof_without_its_messages_says_that_it_was_not_remade(shake: Path) -> None:
    (shake / "second" / "m.json").unlink()
    outcomes = {case.outcome: case.detail for report in run([shake / "second"]) for case in report.cases}
    assert set(outcomes) == {Outcome.PASSED, Outcome.SKIPPED}
    assert "not remade" in outcomes[Outcome.SKIPPED]


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ("first/a.json", "publicKey"),
        ("first/b.json", "scalar"),
        ("first/c.json", "seed"),
        ("first/d.json", "scalar"),
        ("first/e.json", "P1"),
        ("first/e.json", "Q1"),
        ("first/s/1.json", "signature"),
        ("first/s/2.json", "signature"),
        ("first/s/3.json", "publicKey"),
        ("first/p/1.json", "T1"),
        ("first/p/1.json", "signerPublicKey"),
        ("first/p/3.json", "proof"),
        ("second/g.json", "Q1"),
        ("second/x/c.json", "s_tilde"),
        ("second/x/s.json", "domain"),
        ("second/y/deep/p.json", "challenge"),
        ("second/y/deep/p.json", "header"),
        ("third/c.json", "proverBlind"),
        ("third/s.json", "signer_nym_entropy"),
        ("third/p.json", "Ut"),
        ("third/p.json", "poly_eval_pseudo"),
    ],
)
@pytest.mark.parametrize("place", [0, -1])
def test_one_changed_digit_fails(shake: Path, file: str, field: str, place: int) -> None:
    path = shake / file
    text = path.read_text()
    start = text.index(f'"{field}": "') + len(field) + 5
    at = range(start, text.index('"', start))[place]
    changed = HEX[(HEX.index(text[at]) + 1) % 16]
    path.write_text(text[:at] + changed + text[at + 1 :])
    assert failures(shake) >= 1


def test_a_changed_verdict_fails(shake: Path) -> None:
    for file in ("s/1.json", "s/2.json", "p/1.json", "p/2.json"):
        path = shake / "first" / file
        before = path.read_text()
        document = json.loads(before)
        document["result"] = {"valid": not document["result"]["valid"], "reason": "different header"}
        path.write_text(json.dumps(document))
        assert failures(shake / "first") >= 1
        path.write_text(before)
    assert failures(shake / "first") == 0


def test_an_unknown_file_is_told_and_counts_as_failed(shake: Path) -> None:
    (shake / "first" / "z.json").write_text('{"surprise": 1}')
    unknown = [case for report in run([shake]) for case in report.cases if case.outcome is Outcome.UNKNOWN]
    assert [case.name for case in unknown] == ["z.json"]
    assert failures(shake) == 1


@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 2}', "\xff", "[" * 100_000])
def test_a_file_that_is_no_json_fails(shake: Path, text: str) -> None:
    (shake / "first" / "z.json").write_text(text)
    assert failures(shake) == 1


def test_a_text_beside_the_vectors_is_told_and_does_no_harm(shake: Path) -> None:
    (shake / "first" / "NOTES").write_text("about these files")
    skipped = [case for report in run([shake]) for case in report.cases if case.outcome is Outcome.SKIPPED]
    assert [case.name for case in skipped] == ["NOTES"]
    assert failures(shake) == 0


def test_a_folder_without_vectors_fails(tmp_path: Path) -> None:
    assert failures(tmp_path) == 1
    assert failures(tmp_path / "absent") == 1


def test_the_other_suites_tag_for_mocked_randomness_is_excepted_by_name(shake: Path) -> None:
    path = shake / "second" / "x" / "s.json"
    path.write_text(
        path.read_text().replace("XOF:SHAKE-256_SSWU_RO_H2G_HM2S_COMMIT", "XMD:SHA-256_SSWU_RO_H2G_HM2S_COMMIT")
    )
    (case,) = [case for report in run([shake]) for case in report.cases if case.outcome is not Outcome.PASSED]
    assert (case.outcome, "tag" in case.detail) == (Outcome.EXCEPTED, True)


def test_a_stray_letter_and_a_lost_zero_are_excepted_but_the_value_still_counts(shake: Path) -> None:
    path = shake / "third" / "s.json"
    document = json.loads(path.read_text())
    document["signature"] += "s"
    document["proverNyms"][0] = document["proverNyms"][0].lstrip("0").rjust(63, "0")[-63:]
    path.write_text(json.dumps(document))
    (case,) = [case for report in run([shake / "third"]) for case in report.cases if case.outcome is Outcome.EXCEPTED]
    assert "stray letter" in case.detail
    document["signature"] = "8" + document["signature"][1:-2] + "0s"
    path.write_text(json.dumps(document))
    assert failures(shake / "third") == 1
