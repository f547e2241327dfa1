"""The peer's side of the conversation: one JSON object a line on standard input, one answer a line on standard output.

    {"op": "about"}                  -> {"version": "..."}
    {"op": "refusals"}               -> {"outcomes": {"valid": "accepted", "replayed": "verifier", ...}}
    {"op": "issue"|"prove"|"verify"} -> {"us": 3512.4, "cpu_us": 3498.0, "octets": 1500}
                                        time passed, processor time of all threads, octets of what was made or 0
    {"op": "pack", "path": "..."}    -> {}      writes what a fresh verifier needs to check the last presentation

Anything that fails is answered with {"error": "..."}. A fresh verifier is another process, started with the packed
file: it says "verdict" and its processor time in microseconds after the first one, waits for a line, says "done" after
forty verdicts more, and then lives until its input ends, so that whoever started it can read its memory. Standard
library only, for it runs in each peer's own environment.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TextIO

MORE_VERDICTS = 40

Work = Callable[[], int]
"""The timed part of an operation; gives the octets of what it made, or 0."""


class Peer(Protocol):
    """What is measured. `issue`, `prove` and `verify` do untimed preparation and return the work that is timed."""

    def about(self) -> str:
        """Names and versions of what does the work."""

    def refusals(self) -> dict[str, str]:
        """Who refused each attempt of `checks.EXPECTED`: `verifier`, `prover`, or nobody: `accepted`."""

    def issue(self) -> Work:
        """The issuer's side of one blind issuance, the holder's request being there already."""

    def prove(self) -> Work:
        """Making a presentation for a fresh nonce."""

    def verify(self) -> Work:
        """Checking the last presentation, from its octets. The work raises when it is refused."""

    def pack(self, path: Path) -> None:
        """Write the last presentation, and what a verifier pins, for a fresh verifier."""


def answer(peer: Peer, request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request. Raises ValueError for an unknown operation, and whatever the peer raises."""
    match request:
        case {"op": "about"}:
            return {"version": peer.about()}
        case {"op": "refusals"}:
            return {"outcomes": peer.refusals()}
        case {"op": "issue"}:
            return _timed(peer.issue())
        case {"op": "prove"}:
            return _timed(peer.prove())
        case {"op": "verify"}:
            return _timed(peer.verify())
        case {"op": "pack", "path": str(path)}:
            peer.pack(Path(path))
            return {}
    raise ValueError("unknown request")


def _timed(work: Work) -> dict[str, Any]:
    start, cpu = time.perf_counter(), time.process_time()
    octets = work()
    cpu, end = time.process_time() - cpu, time.perf_counter()
    return {"us": (end - start) * 1e6, "cpu_us": cpu * 1e6, "octets": octets}


def serve(peer: Peer, requests: TextIO, answers: TextIO) -> None:
    """Answer until the requests end."""
    for line in requests:
        try:
            reply = answer(peer, json.loads(line))
        except Exception as error:  # the driver decides what a failure means
            reply = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


def run(make: Callable[[], Peer]) -> None:
    """The main function of a peer process."""
    serve(make(), sys.stdin, sys.stdout)


def run_cold(make: Callable[[Path], Work]) -> None:
    """The main function of a fresh verifier, started with the path of a packed file."""
    verify = make(Path(sys.argv[-1]))
    verify()
    _say(f"verdict {time.process_time() * 1e6:.0f}")
    sys.stdin.readline()
    for _ in range(MORE_VERDICTS):
        verify()
    _say("done")
    sys.stdin.read()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
