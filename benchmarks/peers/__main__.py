"""`python -m benchmarks.peers`: measure this project and its peers, print one table, draw one picture.

Exit code 0 when every peer was measured, 1 when one was left out (unless --allow-missing) or one of ours failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers.conversation import ROOT
from benchmarks.peers.entries import entries
from benchmarks.peers.environment import Missing, python_environment
from benchmarks.peers.measure import Run, measure
from benchmarks.peers.summary import summarise, write
from benchmarks.peers.table import renew, section
from benchmarks.peers.yardstick import pairing_check


def main(arguments: list[str] | None = None) -> int:
    """See the module's text."""
    options = _parser().parse_args(arguments)
    if options.draw_only:
        return _draw(options.build, options.into)
    options.build.mkdir(parents=True, exist_ok=True)
    options.into.mkdir(parents=True, exist_ok=True)
    found, left_out = entries(options.build)
    run = Run(pairing_check(), options.build)
    measured = measure(found, run, options.rounds, options.repeats)
    summary = summarise(measured, left_out, run, options.rounds)
    write(summary, options.into / "peers.json")
    text = section(summary)
    renew(options.into / "peers.md", text)
    sys.stdout.write(text)
    drawn = _draw(options.build, options.into)
    return _exit_code(summary, options.allow_missing) or (0 if options.allow_missing else drawn)


def _exit_code(summary: dict[str, Any], allow_missing: bool) -> int:
    """1 when a peer was left out that had to be there. Ours always has to."""
    missing = [one["key"] for one in summary["left_out"]]
    ours = [key for key in missing if key.startswith("ours")]
    return 1 if ours or (missing and not allow_missing) else 0


def _draw(build: Path, into: Path) -> int:
    try:
        python = python_environment(build)
    except Missing as missing:
        sys.stderr.write(f"no picture: {missing}\n")
        return 1
    picture = into / "peers.svg"
    command = [str(python), "-m", "benchmarks.peers.picture", str(into / "peers.json"), str(picture)]
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode == 0:
        sys.stdout.write(f"\nPicture: {picture}\n")
    return done.returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    build = ROOT / "build" / "peers"
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument("--repeats", type=int, default=3, help="samples of each operation in a round (3)")
    parser.add_argument("--build", type=Path, default=build, help="folder of the peers' environments")
    parser.add_argument(
        "--into", type=Path, default=build / "results", help="folder of peers.json, peers.md, peers.svg"
    )
    parser.add_argument("--allow-missing", action="store_true", help="a peer that cannot be installed is no failure")
    parser.add_argument("--draw-only", action="store_true", help="draw the picture of an earlier run again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
