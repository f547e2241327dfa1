"""A peer that does nothing, as a real process, and figures as a run would give them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.peers.checks import EXPECTED
from benchmarks.peers.entries import Entry

GOOD = {attempt: "accepted" if attempt == "valid" else "verifier" for attempt in EXPECTED}

IDLE = """
import sys
from pathlib import Path
from benchmarks.peers import child

class Idle:
    def about(self): return "idle 1"
    def refusals(self): return OUTCOMES
    def issue(self): return lambda: 80
    def prove(self): return lambda: 1500
    def verify(self): return VERIFY
    def pack(self, path): path.write_text("packed")

VERIFY = lambda: 0
OUTCOMES = {outcomes!r}
{more}
if len(sys.argv) > 1:
    child.run_cold(lambda path: lambda: len(path.read_text()))
else:
    child.run(Idle)
"""


def idle_entry(
    folder: Path, key: str = "idle", outcomes: dict[str, str] | None = None, more: str = "", fresh: str | None = None
) -> Entry:
    """A peer that answers at once. `more` is run before it starts; `fresh` replaces the fresh verifier's program."""
    program = folder / f"{key}.py"
    source = IDLE.replace("{outcomes!r}", repr(GOOD if outcomes is None else outcomes)).replace("{more}", more)
    program.write_text(source, encoding="utf-8")
    # Run with -c, so that the working folder, which is the project's, is where modules are found.
    command = (sys.executable, "-c", f"exec(compile(open({str(program)!r}).read(), 'idle', 'exec'))")
    return Entry(key, f"Peer {key}", command, command if fresh is None else (sys.executable, "-c", fresh))


def summary_sample() -> dict[str, Any]:
    """Two peers, the second without a memory figure."""
    operation = {"samples": 21, "ratio": 4.387, "ratio_low": 4.2, "ratio_high": 4.6, "us": 9_300.0}
    slow = operation | {"ratio": 1_234.5, "us": 2_600_000.0}
    operations = {"issue": operation, "prove": operation, "verify": operation, "cold": slow}
    peer = {"key": "ours", "title": "Ours", "version": "1", "refusals": GOOD, "operations": operations}
    return {
        "format": 1,
        "machine": {"system": "Linux x86_64", "cores": 2, "python": "3.11.7"},
        "rounds": 7,
        "unit": {"what": "one check", "us": 2_100.0, "us_low": 2_000.0, "us_high": 2_900.0},
        "peers": [
            peer | {"octets": 1628, "peak_mib": 23.4},
            peer | {"key": "dock", "title": "Dock", "octets": 2970, "peak_mib": None},
        ],
        "left_out": [{"key": "anoncreds", "title": "AnonCreds v1", "why": "no wheel"}],
    }
