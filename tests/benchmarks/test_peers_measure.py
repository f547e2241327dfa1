"""Rounds, failures, figures, table and exit code, with peers that do nothing."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers.conversation import Timing
from benchmarks.peers.entries import TITLES, LeftOut
from benchmarks.peers.environment import HERE
from benchmarks.peers.measure import Measured, Run, Samples, measure
from benchmarks.peers.summary import summarise, write
from benchmarks.peers.table import BEGIN, END, renew, section, short_time, table, units
from benchmarks.peers.yardstick import pairing_check
from tests.benchmarks.peer_samples import idle_entry, summary_sample


def test_a_sample_is_divided_by_the_yardstick_beside_it(tmp_path: Path) -> None:
    ticks = itertools.chain([1, 2, 3, 3, 4, 5], [10, 10, 10, 10, 10, 10])
    run, samples = Run(lambda: float(next(ticks)), tmp_path), Samples()
    assert run.between(samples, lambda: Timing(15.0, 12.0, 7)) == Timing(15.0, 12.0, 7)
    run.between(samples, lambda: Timing(900.0, 120.0))
    assert samples.us == [15.0, 900.0]
    assert samples.ratios == [4.0, 12.0]
    assert len(run.units_us) == 12


def test_peers_take_turns_and_one_that_fails_takes_no_further_part(tmp_path: Path) -> None:
    failing = "calls = []\ndef VERIFY():\n  calls.append(1)\n  if len(calls) > 4: raise ValueError('tired')\n  return 0"
    entries = [
        idle_entry(tmp_path, "one"),
        idle_entry(tmp_path, "tired", more=failing),
        idle_entry(tmp_path, "forger", outcomes={"valid": "accepted"}),
        idle_entry(tmp_path, "gone", more="sys.exit('not installed')"),
    ]
    run = Run(lambda: 100.0, tmp_path, warm_ups=2)
    one, tired, forger, gone = measure(entries, run, rounds=2, repeats=2)
    assert not one.failed
    assert {name: len(samples.us) for name, samples in one.samples.items()} == {
        "issue": 4, "prove": 4, "verify": 4, "cold": 2,
    }  # fmt: skip
    assert one.octets == [1500] * 4
    assert "ValueError: tired" in tired.failed
    assert len(tired.samples["verify"].us) == 2
    assert forger.failed.startswith("not all refusals")
    assert not forger.samples["prove"].us
    assert gone.failed == "no answer: not installed"

    found = summarise([one, tired, forger, gone], [LeftOut("dock", "Dock", "no node")], run, rounds=2)
    assert [peer["key"] for peer in found["peers"]] == ["one"]
    assert [peer["key"] for peer in found["left_out"]] == ["dock", "tired", "forger", "gone"]
    assert found["peers"][0]["octets"] == 1500
    assert found["unit"] == {"what": "one native pairing check of two pairs", "us": 100, "us_low": 100, "us_high": 100}
    write(found, tmp_path / "peers.json")
    assert json.loads((tmp_path / "peers.json").read_text()) == found
    assert "**Left out: Dock.** no node" in section(found)


def test_the_figures_are_medians_with_the_middle_half(tmp_path: Path) -> None:
    one = Measured(idle_entry(tmp_path), octets=[10, 12, 30], peak_mib=22.26)
    for samples in one.samples.values():
        samples.us, samples.ratios = [1, 2, 3, 4, 100], [0.5, 1, 1.5, 2, 50]
    (peer,) = summarise([one], [], Run(lambda: 1.0, tmp_path, units_us=[2.0]), 1)["peers"]
    assert peer["operations"]["cold"] == {"samples": 5, "ratio": 1.5, "ratio_low": 1, "ratio_high": 2, "us": 3}
    assert (peer["octets"], peer["peak_mib"]) == (12, 22.3)


def test_the_table_has_a_row_for_each_peer() -> None:
    lines = table(summary_sample()).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2] == (
        "| Ours | **4.39** (9.3 ms) | **4.39** (9.3 ms) | **4.39** (9.3 ms) | **1,234** (2.6 s) | 1,628 | 23 |"
    )
    assert lines[3].endswith("| 2,970 | not told |")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (units(0.054), "0.05"),
        (units(4.387), "4.39"),
        (units(51.34), "51.3"),
        (units(507.4), "507"),
        (units(12_345.6), "12,346"),
        (short_time(920), "0.9 ms"),
        (short_time(61_000), "61 ms"),
        (short_time(2_210_000), "2.2 s"),
    ],
)
def test_figures_for_people(text: str, said: str) -> None:
    assert text == said


def test_a_page_keeps_its_words_around_the_table(tmp_path: Path) -> None:
    page = tmp_path / "peers.md"
    renew(page, "one\n")
    assert page.read_text() == f"{BEGIN}\n\none\n\n{END}\n"
    page.write_text(f"# Head\n\n{page.read_text()}\nTail\n")
    renew(page, "two\n")
    assert page.read_text() == f"# Head\n\n{BEGIN}\n\ntwo\n\n{END}\n\nTail\n"
    page.write_text("no place")
    with pytest.raises(ValueError, match="no place for the table"):
        renew(page, "three\n")


@pytest.mark.parametrize(
    ("missing", "allowed", "code"),
    [
        ([], False, 0),
        (["dock-fastest"], False, 1),
        (["dock-fastest"], True, 0),
        (["ours"], True, 1),
    ],
)
def test_a_missing_peer_is_a_failure_unless_allowed(missing: list[str], allowed: bool, code: int) -> None:
    assert command._exit_code({"left_out": [{"key": key} for key in missing]}, allowed) == code


def test_the_yardstick_is_a_real_check() -> None:
    assert pairing_check()() > 100


def test_the_peers_requirements_are_pinned() -> None:
    lock = json.loads((HERE / "dock" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert not [name for name, entry in packages.items() if "integrity" not in entry or "resolved" in entry]
    wanted = json.loads((HERE / "dock" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(packages[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())
    pins = re.split(r"^(?=\w)", (HERE / "requirements.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert {pin.split("==")[0] for pin in pins} >= {"anoncreds", "matplotlib"}
    assert not [pin for pin in pins if not re.match(r"[\w.-]+==[\w.]+ .*\\\n    --hash=sha256:[0-9a-f]{64}", pin)]


def test_the_published_page_and_figures_go_together() -> None:
    docs = HERE.parents[1] / "docs"
    published = json.loads((docs / "peers.json").read_text(encoding="utf-8"))
    assert section(published) in (docs / "peers.md").read_text(encoding="utf-8")
    assert [peer["key"] for peer in published["peers"]] == list(TITLES)
    assert (docs / "peers.svg").read_text(encoding="utf-8").startswith("<?xml")
