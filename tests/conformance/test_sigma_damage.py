"""A record of the sigma-protocols or Fiat-Shamir drafts with one digit damaged does not pass, whichever it is."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.conformance import Outcome, run
from console.conformance.sigma import run_document

Record = dict[str, Any]
Step = str | int

HEX = "0123456789abcdef"
FILES = [
    "sigma/sigma-proofs_Shake128_BLS12381.json",
    "sigma/sigma-proofs-invalid_Shake128_BLS12381.json",
    "fiat-shamir/fiatShamirCodecVectors.json",
    "fiat-shamir/fiatShamirShake128Vectors.json",
    "fiat-shamir/fiatShamirTurboShake128Vectors.json",
]
PLACES_IN_ONE_VALUE = 10
# Where damage cannot be seen, and why. Everything else in a record is sampled below.
CANNOT = {
    "Title": "prose for a reader",
    "Comment": "prose for a reader; the numbers in it that tell a change are tried on their own below",
    "Id suffix": "a name of no known kind (A0 for A1) is a kind that we have not seen, and is checked by its comment",
}
# The numbers of comments that are compared with what the record holds.
TOLD = [
    ("A3", "x = 4"),
    ("A5", "x = 0"),
    ("A6", "x = 1"),
    ("C1", "0x00"),
    ("E1", "scalar index 1"),
    ("E1", "check 6"),
    ("E1b", "response[1]"),
    ("E2", "check 9"),
    ("E3", "check 8"),
    ("E3", "at index 1"),
    ("E4", "element index 2"),
    ("H1", "response[0]"),
    ("H1", "by 1"),
    ("H2", "commitment[0]"),
]


def load(vectors: Path, name: str) -> tuple[list[Record], list[Record]]:
    """(a file's records, those of the other files in its folder)."""
    path = vectors / name
    beside = [record for other in sorted(path.parent.glob("*.json")) if other != path for record in read(other)]
    return read(path), beside


def read(path: Path) -> list[Record]:
    records: list[Record] = json.loads(path.read_text())
    return records


def leaves(value: object, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def with_value(record: Record, path: tuple[Step, ...], value: object) -> Record:
    changed = copy.deepcopy(record)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def damaged(record: Record, chance: random.Random) -> Iterator[tuple[str, Record]]:
    """The record with one digit changed, once for each of some places in each of its values."""
    for path, value in leaves(record):
        if path[0] in CANNOT:
            continue
        if isinstance(value, int):
            yield f"{path}", with_value(record, path, value ^ 1)
            continue
        text = str(value)
        places = [at for at, letter in enumerate(text) if letter in HEX]
        if path == ("Id",) and record["Function"] == "SigmaProof":
            places = [at for at in places if text[:at].count("/") < 4]
        # The first digit holds the flags of a point, the last the least bit of a scalar: these are always tried.
        sample = {*places[:2], *places[-1:], *chance.sample(places, min(len(places), PLACES_IN_ONE_VALUE))}
        for at in sorted(sample):
            digit = HEX[int(text[at], 16) ^ chance.choice([1, 2, 4, 8, chance.randrange(1, 16)])]
            yield f"{path} at {at}", with_value(record, path, text[:at] + digit + text[at + 1 :])


@pytest.mark.parametrize("name", FILES)
def test_one_damaged_digit_anywhere_in_a_record_is_seen(vectors: Path, name: str) -> None:
    document, beside = load(vectors, name)
    for index, record in enumerate(document):
        others = [*document[:index], *document[index + 1 :], *beside]
        for place, changed in damaged(record, random.Random(record["Id"])):  # noqa: S311
            (result,) = run_document([changed], others)
            assert result.outcome is not Outcome.PASSED, (record["Id"], place)


@pytest.mark.parametrize("flip", [0x80, 0x20])
def test_a_flag_of_any_point_is_seen(vectors: Path, flip: int) -> None:
    """A flipped sign leaves a valid point, which no decoder refuses: only the comparison with the base shows it."""
    document, beside = load(vectors, FILES[1])
    for record in document:
        for key in ("NargString", "Instance"):
            octets = bytearray.fromhex(record[key])
            octets[0 if key == "NargString" else -48] ^= flip
            (result,) = run_document([{**record, key: octets.hex()}], beside)
            assert result.outcome is Outcome.FAILED, (record["Id"], key)


@pytest.mark.parametrize(("suffix", "words"), TOLD)
def test_a_number_that_a_comment_tells_is_compared(vectors: Path, suffix: str, words: str) -> None:
    document, beside = load(vectors, FILES[1])
    at = max(index for index, letter in enumerate(words) if letter.isdigit())
    wrong = words[:at] + str((int(words[at]) + 3) % 10) + words[at + 1 :]
    for record in document:
        if record["Id"].endswith(f"/{suffix}"):
            assert words in record["Comment"]
            told = {**record, "Comment": record["Comment"].replace(words, wrong)}
            (result,) = run_document([told], [*document, *beside])
            assert result.outcome is Outcome.FAILED


@pytest.mark.parametrize("alone", [False, True])
def test_damage_is_seen_by_a_run_over_files(vectors: Path, tmp_path: Path, alone: bool) -> None:
    folder = Path(shutil.copytree(vectors / "sigma", tmp_path / "copy"))
    path = folder / Path(FILES[1]).name
    path.chmod(0o600)
    document = read(path)
    assert sum(report.failed for report in run([path if alone else folder])) == 0
    for index, record in enumerate(document):
        proof = record["NargString"]
        changed = [*document[:index], {**record, "NargString": proof[:-1] + HEX[int(proof[-1], 16) ^ 1]}]
        path.write_text(json.dumps([*changed, *document[index + 1 :]]))
        cases = [case for report in run([path if alone else folder]) for case in report.cases]
        assert record["Id"] in {case.name for case in cases if case.outcome is Outcome.FAILED}
