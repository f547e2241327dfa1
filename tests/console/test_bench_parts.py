"""The benchmark's parts, without measuring for minutes: targets, medians, the profile, the waits, the cold start."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from circuits.curve import default
from console.bench.concurrency import measure_waits
from console.bench.measure import Row, run_rounds, yardstick
from console.bench.packing import pack
from console.bench.page import page
from console.bench.profile import verify_profile
from console.bench.starting import ColdStart
from console.bench.statements import measure_statements
from console.bench.world import World, make_world
from console.commands.bench import _tables
from verifier.pool import ProofPool


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


def test_a_row_says_whether_its_target_was_met() -> None:
    row = Row("a", "what a is", lambda: None, samples=[400_000.0, 500_000.0, 900_000.0], ratios=[3.0, 1.0, 2.0])
    assert row.summary()["met"] is None
    assert row.summary() | {"name": "a", "ratio": 2.0, "median_us": 500_000.0} == row.summary()
    for target, met in ((2.0, True), (1.9, False)):
        row.target = target
        assert row.summary()["met"] is met
    row.in_seconds, row.target = True, 0.6
    assert row.summary()["met"] is True
    row.target = 0.4
    assert row.summary()["met"] is False


def test_samples_stand_between_yardsticks() -> None:
    log: list[str] = []
    unit = Row("unit", "", lambda: log.append("unit"), repeats=1)
    row = Row("row", "", lambda: log.append("row"), repeats=2, reset=lambda: log.append("reset"))
    run_rounds([row], unit, 1)
    assert log == ["unit", "reset", "row", *(["unit", "reset", "row", "unit"] * 2)]
    assert (len(row.samples), len(row.ratios), len(unit.samples)) == (2, 2, 4)


def test_the_profile_names_every_part_and_leaves_the_curve_as_it_was(world: World) -> None:
    kind = type(default())
    before = dict(vars(kind))
    parts = verify_profile(world.proof(), yardstick(), rounds=1)
    assert dict(vars(kind)) == before
    assert [part["calls"] for part in parts] == [20, 3, 1, 1, 1, 1]


def test_every_kind_of_statement_is_measured(world: World) -> None:
    found = {row["statement"]: row for row in measure_statements(world, yardstick(), rounds=1)}
    assert len(found) == 9
    assert all(row["prove"] > 0 and row["verify"] > 0 for row in found.values())
    plain, between = found["possession, standing, pseudonym, escrow"], found["and Between"]
    assert plain["octets"] < found["and AtLeast"]["octets"] == found["and AtMost"]["octets"] < between["octets"]


def test_waits_are_measured_for_every_way(world: World) -> None:
    pool = ProofPool()
    try:
        found = measure_waits([world.proof()], pool, yardstick(), {1: 2, 3: 1})
    finally:
        pool.close()
    assert [(row["callers"], row["way"]) for row in found] == [
        (callers, way) for callers in (1, 3) for way in ("one by one", "together", "together, two processes")
    ]
    assert all(0 < row["p50"] <= row["p99"] and row["per_second"] >= 1 for row in found)


def test_a_cold_verifier_tells_its_memory(world: World, tmp_path: Path) -> None:
    path = tmp_path / "cold.cbor"
    path.write_bytes(pack(world, *world.proof()[1:]))
    cold_start = ColdStart(path)
    cold_start.start()
    cold_start.reap()
    found = cold_start.summary()
    assert 10 < found["peak_mb"] < 200
    assert 1 < found["tables_mb"] < found["peak_mb"]
    path.write_bytes(b"\xa0")
    with pytest.raises(RuntimeError):
        cold_start.start()


def test_the_tables_are_drawn_and_the_page_is_written() -> None:
    row = Row("a", "b", lambda: None, samples=[1.0], ratios=[1.0], target=2.0).summary()
    wait = {"callers": 1, "way": "x", "p50_us": 1, "p99_us": 2, "p50": 1.0, "p99": 2.0, "per_second": 3}
    kind = {"statement": "s", "prove": 1.0, "verify": 2.0, "octets": 3}
    part = {"part": "p", "calls": 1, "ratio": 1.0}
    memory = {"peak_mb": 50.0, "tables_mb": 12.0, "target_mb": 80, "met": True}
    result = {"rows": [row], "statements": [kind], "profile": [part], "concurrency": [wait], "memory": memory}
    assert [table.row_count for table in _tables(result)] == [1, 1, 1, 1]
    result |= {"unit_us": 2000.0, "proof_octets": 1504, "missed": []}
    written: str = page(result, date(2026, 11, 21))
    assert "| `a` | b | 1 | 2 |" in written
    assert "| 1 | x | 0 | 0 | 1 | 2 | 3 |" in written
    assert "Missed" not in written
    assert "Missed: `a`" in page(result | {"missed": ["a"]}, date(2026, 11, 21))
