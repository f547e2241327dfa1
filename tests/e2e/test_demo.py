"""The whole story, as `make demo` plays it: it holds, it fails when something is broken, and it tidies up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEMO = [sys.executable, "-m", "console.main", "demo"]
# The story is to end within 60 s on two free cores; the machine that runs this may be busy with other things.
MAX_SECONDS = 240

ACTS = (
    "The stage",
    "Without a licence",
    "Ada applies and signs in",
    "The assessment",
    "Permit, cover, licence",
    "agents at work",
    "The two gateways compare notes",
    "One person, one licence",
    "Tier 2 is not enough",
    "Ada loses her licence",
    "The issuer is away",
    "Cover lapses",
    "Two of three openers name the operator of one call",
)


def _environment(scratch: Path) -> dict[str, str]:
    scratch.mkdir()
    return os.environ | {"TMPDIR": str(scratch)}


def _processes_about(scratch: Path) -> list[str]:
    """Command lines of live processes that mention this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(scratch) in line:
            found.append(line)
    return found


def _check_tidy(scratch: Path) -> None:
    assert list(scratch.iterdir()) == []
    assert _processes_about(scratch) == []


@pytest.mark.slow
@pytest.mark.requirement("R01")
@pytest.mark.requirement("R02")
@pytest.mark.requirement("R06")
@pytest.mark.requirement("R11")
@pytest.mark.requirement("R13")
@pytest.mark.requirement("R21")
@pytest.mark.requirement("R33")
@pytest.mark.requirement("R44")
@pytest.mark.requirement("R60")
@pytest.mark.requirement("R61")
@pytest.mark.requirement("R64")
@pytest.mark.requirement("R65")
@pytest.mark.requirement("R72")
@pytest.mark.requirement("R74")
def test_the_whole_story_holds(tmp_path: Path) -> None:
    scratch, output = tmp_path / "scratch", tmp_path / "output"
    command = [*DEMO, "--output", str(output), "--json"]
    environment = _environment(scratch)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS, check=False)
    told = json.loads(done.stdout)
    assert told["failures"] == []
    assert done.returncode == 0, done.stderr
    assert told["checks"] >= 60
    page = (output / "index.html").read_text(encoding="utf-8")
    for act in ACTS:
        assert act in page
    assert "✗" not in page
    _check_tidy(scratch)


@pytest.mark.slow
def test_a_broken_part_fails_the_story(tmp_path: Path) -> None:
    scratch, output = tmp_path / "scratch", tmp_path / "output"
    command = [*DEMO, "--output", str(output), "--sabotage", "no-gateway"]
    environment = _environment(scratch)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=MAX_SECONDS, check=False)
    assert done.returncode == 1
    assert "✗ Southgate Cloud: an autonomous call is refused" in done.stdout
    assert "checks failed" in done.stdout
    assert "an autonomous call is refused" in (output / "index.html").read_text(encoding="utf-8")
    _check_tidy(scratch)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_story_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    scratch, output = tmp_path / "scratch", tmp_path / "output"
    found = signal.signal(number, signal.default_int_handler)  # a child inherits that a signal is ignored
    popen = subprocess.Popen([*DEMO, "--output", str(output)], env=_environment(scratch), stdout=subprocess.DEVNULL)
    signal.signal(number, found)
    until = time.monotonic() + 60
    while len(_processes_about(scratch)) < 4 and time.monotonic() < until:
        time.sleep(0.1)
    popen.send_signal(number)
    assert popen.wait(30) != 0
    _check_tidy(scratch)
