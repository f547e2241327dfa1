"""A fresh verifier: from starting an interpreter to its first verdict, and its memory forty verdicts later."""

from __future__ import annotations

import re
import time
from pathlib import Path

from benchmarks.peers.conversation import Conversation, PeerFailed, Timing
from benchmarks.peers.entries import Entry

PROCESSES = Path("/proc")


class FreshVerifier:
    """One process of `entry`, started by `first_verdict` on the file that its peer packed."""

    def __init__(self, entry: Entry, packed: Path, log: Path) -> None:
        self._entry, self._packed, self._log = entry, packed, log
        self._talk: Conversation | None = None

    def __enter__(self) -> FreshVerifier:
        return self

    def __exit__(self, *_: object) -> None:
        if self._talk is not None:
            self._talk.close()

    def first_verdict(self) -> Timing:
        """Start it and wait for its first verdict. Raises `PeerFailed`."""
        start = time.perf_counter()
        self._talk = Conversation((*self._entry.fresh, str(self._packed)), self._entry.environment, self._log)
        cpu_us = _expect(self._talk, "verdict")
        return Timing((time.perf_counter() - start) * 1e6, float(cpu_us))

    def peak_mib(self) -> float | None:
        """Its peak resident memory after some more verdicts, in MiB. Raises `PeerFailed`.

        Read from the process's own record, which begins when its program does. `ru_maxrss` would not do: on Linux it
        begins with the memory of the process that started it. None on systems without that record.
        """
        if self._talk is None:
            raise PeerFailed("a fresh verifier is started before it is asked")
        self._talk.say("more")
        _expect(self._talk, "done")
        record = PROCESSES / str(self._talk.process_id) / "status"
        found = re.search(r"^VmHWM:\s+(\d+) kB$", record.read_text(), re.MULTILINE) if record.exists() else None
        return None if found is None else int(found[1]) / 1024


def _expect(talk: Conversation, word: str) -> str:
    """What stands after `word`: a number, or nothing."""
    line = talk.line()
    found = re.fullmatch(rf"{word}(?: (\d+))?", line)
    if found is None:
        raise PeerFailed(f"a fresh verifier said {line[:100]!r} and not {word!r}")
    return found[1] or "0"
