"""The audit trail: it chains, it survives a crash, it shows tampering, and without it nothing passes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from circuits import Rejected
from tests.verifier.sim_gateway import Gateway, full_disk, refused
from verifier.evidence import EvidenceLog, read_evidence
from verifier.unavailable import Unavailable


def filled(folder: Path, segment_octets: int = 1000) -> EvidenceLog:
    log = EvidenceLog(folder, segment_octets)
    for number in range(20):
        log.record_denial("lease", f"l-{number}", "test", number)
    return log


def lines(folder: Path) -> int:
    return sum(1 for _ in read_evidence(folder))


def test_it_chains_over_segments_and_starts(tmp_path: Path) -> None:
    first = filled(tmp_path)
    assert len(list(tmp_path.glob("*.jsonl"))) > 2
    first.close()
    second = EvidenceLog(tmp_path, 1000)
    second.record_denial("lease", "x", "", 1)
    assert lines(tmp_path) == 23
    numbers = [row["n"] for row in read_evidence(tmp_path)]
    assert numbers == list(range(23))


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_torn_last_line_is_set_aside(tmp_path: Path, cut: int) -> None:
    filled(tmp_path, 10**6).close()
    path = tmp_path / "00000001.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    log = EvidenceLog(tmp_path)
    log.record_denial("lease", "after", "", 1)
    assert [row["kind"] for row in read_evidence(tmp_path)].count("denial") == 20
    torn = next(tmp_path.glob("*.torn")).read_bytes()
    assert content[:-cut].endswith(torn)


def test_zeros_after_a_crash_are_set_aside(tmp_path: Path) -> None:
    filled(tmp_path, 10**6).close()
    with (tmp_path / "00000001.jsonl").open("ab") as file:
        file.write(bytes(512))
    EvidenceLog(tmp_path)
    assert lines(tmp_path) == 22


def test_a_new_segment_left_empty_by_a_crash(tmp_path: Path) -> None:
    filled(tmp_path, 10**6).close()
    (tmp_path / "00000002.jsonl").touch()
    EvidenceLog(tmp_path)
    assert lines(tmp_path) == 22


@pytest.mark.parametrize("harm", ["edit", "drop", "swap", "insert"])
def test_tampering_shows(tmp_path: Path, harm: str) -> None:
    filled(tmp_path, 10**6).close()
    path = tmp_path / "00000001.jsonl"
    rows = path.read_bytes().splitlines(keepends=True)
    if harm == "edit":
        rows[5] = rows[5].replace(b"l-4", b"l-9")
    elif harm == "drop":
        del rows[5]
    elif harm == "swap":
        rows[5], rows[6] = rows[6], rows[5]
    else:
        rows.insert(5, json.dumps({"n": 5, "prev": "0" * 64}).encode() + b"\n")
    path.write_bytes(b"".join(rows))
    with pytest.raises(Rejected, match="audit-broken"):
        lines(tmp_path)
    with pytest.raises(Rejected, match="audit-broken"):
        EvidenceLog(tmp_path)


@pytest.mark.attack("51")
@pytest.mark.requirement("R51")
def test_a_full_disk_stops_everything_but_the_public_side(gateway: Gateway) -> None:
    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        with full_disk(gateway.point.evidence):
            response = await gateway.call(holder, lease)
            refused(response, 503, "audit-unavailable")
            assert response.headers["retry-after"]
            answer = await gateway.exchange(holder, holder.present(await gateway.challenge()))
            refused(answer, 503, "audit-unavailable")
            assert (await gateway.client.get("/v1/public/echo")).status_code == 200
            assert gateway.upstream.count == 1
        assert (await gateway.call(holder, lease)).status_code == 200
        assert lines(gateway.folder / "state" / "evidence") == 5

    asyncio.run(story())


@pytest.mark.attack("51")
@pytest.mark.requirement("R51")
def test_no_start_without_a_trail(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "evidence").write_text("a file in its place")
    with pytest.raises(OSError):
        Gateway(tmp_path)
    with pytest.raises(OSError):
        Gateway(tmp_path, state_dir=Path("/proc/no-such-place"))


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    log = filled(tmp_path)
    with pytest.raises(BlockingIOError):
        EvidenceLog(tmp_path)
    log.close()
    EvidenceLog(tmp_path).close()


def test_a_closed_trail_takes_nothing(tmp_path: Path) -> None:
    log = filled(tmp_path)
    log.close()
    with pytest.raises(Unavailable, match="audit-unavailable"):
        log.record_denial("lease", "x", "", 1)
