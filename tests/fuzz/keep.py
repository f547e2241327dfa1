"""Takes into the committed corpus what fuzzing found and the corpus does not reach: new lines of the project's code.

Works by the interpreter's own tracing, so that it gives the same choice with and without atheris. Smallest inputs come
first, and none of more than 1 KiB: the whole corpus is to stay below 100 KiB.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from types import FrameType
from typing import Any

from tests.fuzz.engine import BUILD, CORPUS, ROOT, inputs_of
from tests.fuzz.target import Target

MAX_KEPT_OCTETS = 1024
MAX_KEPT_FILES = 5
Line = tuple[str, int]
_TRACED = tuple(f"{ROOT}/{name}/" for name in ("circuits", "console", "issuer", "prover", "verifier"))


def keep(target: Target) -> None:
    """Copy the finds that reach new lines to the corpus, and say how many."""
    reached: set[Line] = set()
    for octets in inputs_of(target):
        reached |= lines_of(target, octets)
    finds = sorted((BUILD / target.name / "corpus").glob("*"), key=lambda path: path.stat().st_size)
    kept = 0
    for path in finds:
        octets = path.read_bytes()
        fresh = lines_of(target, octets) - reached if len(octets) <= MAX_KEPT_OCTETS else set()
        if fresh and kept < MAX_KEPT_FILES:
            folder = CORPUS / target.name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / hashlib.sha1(octets, usedforsecurity=False).hexdigest()[:16]).write_bytes(octets)
            reached |= fresh
            kept += 1
    print(f"{target.name}: {kept} of {len(finds)} kept", flush=True)


def lines_of(target: Target, octets: bytes) -> set[Line]:
    """The lines of the project that one input reaches."""
    found: set[Line] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_TRACED):
            return None
        found.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    sys.settrace(trace)
    try:
        with suppress(Exception):
            target.run(octets)
    finally:
        sys.settrace(None)
    return found
