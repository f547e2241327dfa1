"""Our own vectors are frozen: they pass, they come out the same, and one changed digit anywhere in them is found."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from circuits.suite import SHA256
from console.conformance import FolderReport, Outcome, run
from console.conformance.fields import BadVector
from console.conformance.frozen.check import problem_of
from console.conformance.frozen.document import Leaf, Vector, gather, read
from console.conformance.frozen.given import Given
from console.conformance.frozen.randomness import Replayed
from console.conformance.frozen.recipes import TOPICS
from console.main import app

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "vectors"
HEX = "0123456789abcdef"
KNOWN, REPEATED = gather(OURS)
ACCEPTED = [vector for vector in KNOWN.values() if not vector.code]
REFUSED = [vector for vector in KNOWN.values() if vector.code]
# A table of 4096 digits is made for each of these: one change is enough.
SLOW = frozenset({"create-issuer", "check-digit-table"})
Path_ = tuple[str | int, ...]


def topic_of(vector: Vector) -> str:
    return vector.id.partition("/")[0]


def leaves(value: Leaf, path: Path_ = ()) -> Iterator[Path_]:
    """Where the strings of a value stand; of a list the first and the last."""
    if isinstance(value, str):
        yield path
        return
    names: Any = value if isinstance(value, dict) else sorted({*range(len(value))[:1], *range(len(value))[-1:]})
    inner: Any = value
    for name in names:
        yield from leaves(inner[name], (*path, name))


def with_changed_leaf(value: Any, path: Path_, place: int = 0, step: int = 1) -> Any:
    """A copy with one character of the string at `path` changed into another of its kind."""
    if not path:
        if not value:
            return "0"
        at = place % len(value)
        letter = value[at]
        other = HEX[(HEX.index(letter) + step) % 16] if letter in HEX else "x"
        return value[:at] + other + value[at + 1 :]
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_changed_leaf(value[path[0]], path[1:], place, step)
    return copy


def problem(vector: Vector) -> str:
    return problem_of(vector, KNOWN)


@pytest.fixture(scope="module")
def reports() -> list[FolderReport]:
    return list(run([OURS]))


@pytest.mark.requirement("R73")
def test_every_vector_passes(reports: list[FolderReport]) -> None:
    frozen = [report for report in reports if report.kind == "frozen"]
    assert {report.suite for report in frozen} == set(TOPICS)
    assert not [case for report in frozen for case in report.cases if case.outcome is not Outcome.PASSED]
    assert sum(report.passed for report in frozen) == len(KNOWN) > 1000
    assert not [report for report in reports if report.failed]


def shows(requirement: str, *prefixes: str) -> Any:
    return pytest.param(prefixes, marks=pytest.mark.requirement(requirement), id=requirement)


@pytest.mark.parametrize(
    "prefixes",
    [
        shows("R33", "issuance/"),
        shows("R38", "heads/"),
        shows("R40", "documents/"),
        shows("R47", "heads/insurer", "heads/scope/", "heads/count/"),
        shows("R50", "presentation/reverify/", "presentation/default/reverify", "further/companion/reverify"),
        shows("R55", "sets/", "further/one-of", "further/other/one-of/"),
        shows("R60", "threshold/"),
        shows("R63", "accumulator/update", "presentation/unsatisfied/stale", "presentation/next-epoch"),
        shows("R74", "presentation/other-period", "presentation/other/"),
    ],
)
def test_what_a_requirement_asks_for_is_accepted_and_its_opposite_refused(
    reports: list[FolderReport], prefixes: tuple[str, ...]
) -> None:
    outcomes = {case.name: case.outcome for report in reports for case in report.cases}
    wanted = [vector for vector in KNOWN.values() if vector.id.startswith(prefixes)]
    assert {bool(vector.code) for vector in wanted} == {True, False}
    assert {outcomes[vector.id] for vector in wanted} == {Outcome.PASSED}


def test_they_come_out_the_same(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["vectors", "write", str(tmp_path), "--json"])
    assert done.exit_code == 0
    made = [Path(name) for name in json.loads(done.stdout)["files"]]
    assert {path.name for path in made} == {path.name for path in OURS.glob("*.json")}
    for path in made:
        assert path.read_bytes() == (OURS / path.name).read_bytes(), path.name


def test_they_are_small_and_plain() -> None:
    paths = list(OURS.glob("*.json"))
    assert sum(path.stat().st_size for path in paths) < 1_200_000
    for path in paths:
        content = json.loads(path.read_text())
        assert list(content) == ["format", "suite", "protocol", "topic", "vectors"]
        assert (content["format"], content["topic"]) == (1, path.stem)
        assert all(isinstance(text, str) for item in content["vectors"] for text in _plain(item))


def _plain(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _plain(inner)
    else:
        yield value


def test_ids_are_unique_and_bases_exist() -> None:
    assert not REPEATED
    for vector in KNOWN.values():
        assert vector.comment
        if vector.base:
            assert topic_of(KNOWN[vector.base]) == topic_of(vector), vector.id
            assert not KNOWN[vector.base].code, vector.id


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_accepts_and_refuses(topic: str) -> None:
    assert [vector for vector in ACCEPTED if topic_of(vector) == topic]
    assert [vector for vector in REFUSED if topic_of(vector) == topic]


def test_refusals_have_the_codes_that_callers_know() -> None:
    assert {vector.code for vector in REFUSED} == {
        "bad-commitment", "bad-opening", "bad-registration", "bad-request", "bad-seal", "bad-share", "bad-signature",
        "binding", "digit-table", "document", "entries", "head-count", "malformed", "membership", "misuse", "predicate",
        "proof", "repeated-share", "revoked", "set", "stale-witness", "too-few-shares", "unknown-epoch",
        "unknown-escrow", "unknown-issuer",
    }  # fmt: skip


def test_every_refusal_has_its_code_and_no_other() -> None:
    for vector in REFUSED:
        if vector.operation not in SLOW:
            code = vector.code
            assert problem(replace(vector, code="other")) == f"refused with the code {code}", vector.id


def test_a_verdict_turned_round_is_found() -> None:
    for vector in ACCEPTED:
        if vector.operation not in SLOW:
            assert problem(replace(vector, code="malformed")) == "accepted", vector.id


def test_every_output_counts() -> None:
    for vector in ACCEPTED:
        places = list(leaves(vector.output))
        for path in places[:1] if vector.operation in SLOW else places:
            changed = replace(vector, output=with_changed_leaf(vector.output, path))
            assert "another value" in problem(changed), (vector.id, path)
        if vector.operation not in SLOW:
            assert "another value" in problem(replace(vector, output={**vector.output, "more": ""})), vector.id


WITH_OUTPUT = [vector for vector in ACCEPTED if vector.output and vector.operation not in SLOW]


@given(st.sampled_from(WITH_OUTPUT), st.integers(0, 2**16), st.integers(0, 2**16), st.integers(1, 15))
def test_every_digit_of_an_output_counts(vector: Vector, which: int, place: int, step: int) -> None:
    places = list(leaves(vector.output))
    path = places[which % len(places)]
    assert "another value" in problem(replace(vector, output=with_changed_leaf(vector.output, path, place, step)))


PROOFS = [vector for vector in ACCEPTED if vector.operation == "present"]


@settings(max_examples=20)
@given(st.sampled_from(PROOFS), st.integers(0, 2**16), st.integers(1, 15))
def test_another_digit_of_a_proof_is_another_proof(vector: Vector, place: int, step: int) -> None:
    """What a verify vector takes from its base counts too."""
    proof = with_changed_leaf(vector.output["proof"], (), place, step)
    verified = KNOWN[f"{vector.id}/verify"]
    assert problem(replace(verified, own={**verified.own, "proof": proof}))


@pytest.mark.parametrize(
    "vector", [v for v in PROOFS if v.id.split("/")[1] in ("default", "least", "equals")], ids=lambda v: v.id
)
def test_randomness_is_replayed_exactly(vector: Vector) -> None:
    drawn = vector.own["randomness"]
    assert isinstance(drawn, list)
    for changed in (drawn[:-1], [*drawn, drawn[0]], [drawn[1], drawn[0], *drawn[2:]]):
        assert problem(replace(vector, own={**vector.own, "randomness": changed}))


def test_a_member_that_nothing_reads_is_found() -> None:
    vector = KNOWN["attributes/int/3"]
    assert problem(replace(vector, own={**vector.own, "more": ""})) == "nothing reads more"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("operation", {"operation": "nothing"}),
        ("base", {"base": "presentation/nothing"}),
        ("input", {"input": {}}),
        ("upper", {"input": {"role": "digit", "identifier": "6A"}}),
        ("role", {"input": {"role": "nobody", "identifier": "6a"}}),
        ("code", {"code": "proof"}),
        ("expect", {"expect": "refuse", "code": "proof"}),
        ("comment", {"comment": ""}),
        ("number", {"output": {"point": 1}}),
        ("member", {"more": ""}),
        ("change", {"change": {"member": "identifier", "part": "x", "from": "9", "to": "99", "octets": ""}}),
        ("half-change", {"change": {"member": "identifier"}}),
    ],
)
def test_a_damaged_record_fails(tmp_path: Path, name: str, change: dict[str, Any]) -> None:
    content = json.loads((OURS / "bases.json").read_text())
    content["vectors"][1].update(change)
    (tmp_path / f"{name}.json").write_text(json.dumps(content))
    assert sum(report.failed for report in run([tmp_path])) >= 1


@pytest.mark.parametrize("member", ["format", "suite", "protocol", "vectors"])
def test_a_damaged_head_fails(tmp_path: Path, member: str) -> None:
    content = json.loads((OURS / "bases.json").read_text())
    content[member] = [] if member == "vectors" else "another"
    (tmp_path / "bases.json").write_text(json.dumps(content))
    assert [(report.passed, report.failed) for report in run([tmp_path])] == [(0, 1)]


def test_an_id_that_stands_twice_fails(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copy(OURS / "bases.json", tmp_path / f"{name}.json")
    assert sum(report.passed for report in run([tmp_path])) == 0


def test_one_file_alone_passes_and_a_batch_needs_its_presentations(tmp_path: Path) -> None:
    (report,) = run([OURS / "batch.json"])
    assert (report.kind, report.suite, report.failed) == ("frozen", "batch", 0)
    shutil.copy(OURS / "batch.json", tmp_path / "batch.json")
    (alone,) = run([tmp_path])
    assert (alone.passed, alone.failed) == (1, 8)  # the empty batch names none


def test_what_is_refused_for_a_change_is_accepted_without_it() -> None:
    changed = {(vector.operation, vector.base): vector for vector in REFUSED if vector.change and not vector.own}
    assert len(changed) > 10
    for vector in changed.values():
        assert problem(replace(vector, change=None)) == "accepted", vector.id


@pytest.mark.parametrize(
    ("vector", "member", "start", "end"),
    [
        ("bases/generators", "q1", "934a9ae1", "42fc70ef"),
        ("bases/generators", "q2", "99d3ba12", "cc15df1a"),
        ("bases/generators", "j1", "942c7c89", "cfbaf2f01d"),
        ("bases/digit", "point", "a47b5d30", "2c773015"),
        ("bases/accumulator", "point", "938acd61", "ab4ae1028"),
        ("bases/escrow", "point", "8c1e375f", "86076d"),
        ("bases/pseudonym", "point", "b02afd97", "42115050"),
    ],
)
def test_bases_that_were_computed_elsewhere(vector: str, member: str, start: str, end: str) -> None:
    octets = KNOWN[vector].output[member]
    assert isinstance(octets, str)
    assert octets.startswith(start)
    assert octets.endswith(end)


def test_the_default_proof_has_the_length_of_the_page() -> None:
    proof = KNOWN["presentation/default"].output["proof"]
    assert len(str(proof)) == 2 * 1504


@pytest.mark.requirement("R38")
@pytest.mark.requirement("R47")
def test_one_holder_is_one_head_in_a_scope_and_another_in_the_next() -> None:
    one, again, two, insurer = (
        KNOWN[f"heads/{name}/verify"].output["pseudonym"] for name in ("one", "one-again", "two", "insurer")
    )
    assert one == again
    assert len({one, two, insurer}) == 3
    assert KNOWN["heads/count/twice"].output == KNOWN["heads/count/three"].output


@pytest.mark.requirement("R40")
def test_two_documents_of_one_permit_are_signed_under_one_pseudonym() -> None:
    signed = [KNOWN[f"documents/{name}/check"].output for name in ("sign-off", "another", "both")]
    assert len({str(one["pseudonym"]) for one in signed}) == 1
    assert len({str(one["proof_hash"]) for one in signed}) == 3


def test_a_companion_is_given_whole_and_a_set_before_it_is_named() -> None:
    both = KNOWN["further/companion"]
    assert problem(replace(both, own={**both.own, "companion_epoch": "00"})).startswith("refused (malformed")
    less = {name: value for name, value in both.own.items() if name != "companion_witness"}
    assert problem(replace(both, own=less)) == "no member companion_witness"
    one = KNOWN["further/one-of"]
    assert problem(replace(one, own={**one.own, "sets": []})) == "a set that is not given"
    other = {**both.own, "companion_more": ""}
    assert problem(replace(both, own=other)) == "nothing reads companion_more"


def test_what_is_given_is_read_strictly() -> None:
    given = Given(
        {"odd": "abc", "upper": "AB", "short": "00", "zero": "01", "list": "00", "items": ["00"], "text": "ff"},
        SHA256,
        Replayed([]),
    )
    for read_it in (
        lambda: given.octets("odd"),
        lambda: given.octets("upper"),
        lambda: given.scalar("short"),
        lambda: given.number("zero"),
        lambda: given.octets_list("list"),
        lambda: given.inner("items"),
        lambda: given.text("text"),
        lambda: given.words("list"),
        lambda: given.word("items"),
        lambda: given.octets("absent"),
    ):
        with pytest.raises(BadVector):
            read_it()


def test_a_document_that_is_none_is_refused() -> None:
    contents: list[Any] = [[], {}, {"format": 1}]
    for content in contents:
        with pytest.raises(BadVector):
            read(content)


def test_the_command_says_which_vector_is_wrong(tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(app, ["conformance", str(OURS / "bases.json"), str(OURS / "threshold.json"), "--json"])
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert (said["failed"], len(said["folders"])) == (0, 2)
    damaged = tmp_path / "bases.json"
    damaged.write_text((OURS / "bases.json").read_text().replace("934a9ae1", "934a9ae2"))
    failed = runner.invoke(app, ["conformance", str(damaged)])
    assert failed.exit_code == 1
    assert "bases/generators" in failed.output
