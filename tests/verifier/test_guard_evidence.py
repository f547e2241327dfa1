"""What a damaged disk leaves of an audit trail: it is told at the next start or reading, and never continued."""

from __future__ import annotations

import hashlib
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from circuits import Rejected
from verifier.evidence import MAX_LINE_OCTETS, EvidenceLog, read_evidence
from verifier.unavailable import Unavailable


def write_trail(folder: Path) -> EvidenceLog:
    """A trail of five segments, the last of which holds one record."""
    log = EvidenceLog(folder, segment_octets=1)
    for number in range(1, 5):
        log.record_denial("lease", f"l-{number}", "test", number)
    return log


def numbers(folder: Path) -> list[int]:
    return [row["n"] for row in read_evidence(folder)]


@contextmanager
def room_for(octets: int, path: Path) -> Iterator[None]:
    """The system takes that many octets more into the file, and no others, until the block ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.attack("51")
@pytest.mark.requirement("R51")
def test_a_disk_that_takes_half_a_line(tmp_path: Path) -> None:
    """No error comes from the system then: the count of octets says it alone."""
    log = EvidenceLog(tmp_path)
    with room_for(20, tmp_path / "00000001.jsonl"), pytest.raises(Unavailable, match="audit-unavailable"):
        log.record_denial("lease", "lost", "", 1)
    log.record_denial("lease", "kept", "", 2)
    log.close()
    assert [row.get("value") for row in read_evidence(tmp_path)] == [None, "kept"]
    EvidenceLog(tmp_path).close()
    assert numbers(tmp_path) == [0, 1, 2]


Damage = Callable[[bytes], bytes]


def with_number(number: Any) -> Damage:
    """The line under another number. What follows is chained to it anew."""
    return lambda line: json.dumps(json.loads(line) | {"n": number}).encode() + b"\n"


def damage(folder: Path, segment: int, change: Damage) -> None:
    """Changes the one line of a segment, and chains the lines after it to what it is now."""
    paths = sorted(folder.glob("*.jsonl"))[segment:]
    line = change(paths[0].read_bytes())
    paths[0].write_bytes(line)
    for path in paths[1:]:
        row = json.loads(path.read_bytes()) | {"prev": hashlib.sha256(line).hexdigest()}
        line = json.dumps(row).encode() + b"\n"
        path.write_bytes(line)


@pytest.mark.requirement("R50")
@pytest.mark.parametrize("number", [None, "3", True, 3.0, [3]], ids=repr)
def test_a_segment_begins_after_a_line_that_has_no_number(tmp_path: Path, number: Any) -> None:
    write_trail(tmp_path).close()
    damage(tmp_path, -2, with_number(number))
    with pytest.raises(Rejected, match="has no number") as refusal:
        EvidenceLog(tmp_path)
    assert refusal.value.code == "audit-broken"
    damage(tmp_path, -2, with_number(3))
    EvidenceLog(tmp_path).close()
    assert numbers(tmp_path) == [0, 1, 2, 3, 4, 5]


@pytest.mark.requirement("R50")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda line: line[:-1], id="the end of the last line is lost"),
        pytest.param(lambda line: b"[" + line[:-1] + b"]\n", id="a list"),
        pytest.param(lambda line: b"7\n", id="a number"),
        pytest.param(lambda line: b"{}\n", id="an empty record"),
        pytest.param(lambda line: bytes(len(line)), id="zeros"),
        pytest.param(with_number(9), id="another number, well chained"),
        pytest.param(with_number("4"), id="a number as text, well chained"),
    ],
)
def test_a_last_line_that_is_no_record(tmp_path: Path, change: Damage) -> None:
    write_trail(tmp_path).close()
    assert numbers(tmp_path) == [0, 1, 2, 3, 4]
    damage(tmp_path, -1, change)
    read = read_evidence(tmp_path)
    assert [next(read)["n"] for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(Rejected) as refusal:
        next(read)
    assert refusal.value.code == "audit-broken"


@pytest.mark.attack("51")
@pytest.mark.requirement("R50")
@pytest.mark.parametrize("size", [1000, MAX_LINE_OCTETS + 1000])
def test_a_hole_before_the_end(tmp_path: Path, size: int) -> None:
    """Only what nothing follows is the torn end of a crash; records behind a hole are not given up for one."""
    write_trail(tmp_path).close()
    path = tmp_path / "00000005.jsonl"
    content = path.read_bytes()
    path.write_bytes(bytes(size) + b"\n" + content)
    with pytest.raises(Rejected) as refusal:
        EvidenceLog(tmp_path)
    assert refusal.value.code == "audit-broken"
    assert not list(tmp_path.glob("*.torn"))
    path.write_bytes(content + bytes(size))
    EvidenceLog(tmp_path).close()
    assert numbers(tmp_path) == [0, 1, 2, 3, 4, 5]
