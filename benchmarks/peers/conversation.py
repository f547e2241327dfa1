"""The driver's side of the conversation with a peer process. The requests and answers are those of `child`."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300.0


class PeerFailed(RuntimeError):
    """A peer process ended, took too long, or answered something else than was asked for."""


@dataclass(frozen=True)
class Timing:
    """One operation as the peer timed it: microseconds passed, microseconds of processor time of all its threads, and
    the octets of what was made (0 for a verdict)."""

    us: float
    cpu_us: float
    octets: int = 0


class Conversation:
    """A peer process that is asked one thing at a time. What it says beside its answers goes to the file `log`."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._patience = patience
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env=dict(environment),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def process_id(self) -> int:
        """Of the process, while it lives."""
        return self._process.pid

    def line(self) -> str:
        """The next line of the process. Raises `PeerFailed` when there is none within the patience."""
        if self._process.stdout is None:
            raise PeerFailed("the process has no output")
        timer = Timer(self._patience, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise PeerFailed(f"no answer: {self._last_words()}")
        return line.rstrip("\n")

    def say(self, line: str) -> None:
        """Send one line. Raises `PeerFailed` when nobody is there to read it."""
        if self._process.stdin is None:
            raise PeerFailed("the process has no input")
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(f"the process ended: {self._last_words()}") from None

    def ask(self, operation: str, **fields: str) -> dict[str, Any]:
        """The answer to one request. Raises `PeerFailed`."""
        self.say(json.dumps({"op": operation} | fields))
        line = self.line()
        try:
            answer = json.loads(line)
        except ValueError:
            raise PeerFailed(f"not an answer: {line[:100]}") from None
        if not isinstance(answer, dict):
            raise PeerFailed(f"not an answer: {line[:100]}")
        if "error" in answer:
            raise PeerFailed(f"{operation}: {answer['error']}")
        return answer

    def timed(self, operation: str) -> Timing:
        """`issue`, `prove` or `verify`, done once. Raises `PeerFailed`."""
        match self.ask(operation):
            case {"us": int() | float() as us, "cpu_us": int() | float() as cpu_us, "octets": int(octets)}:
                if math.isfinite(us + cpu_us) and us > 0 and cpu_us >= 0 and octets >= 0:
                    return Timing(float(us), float(cpu_us), octets)
        raise PeerFailed(f"{operation}: not a timing")

    def close(self) -> None:
        """End the process: its input ends, and after a while so does our patience."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            try:
                self._process.stdin.close()
            except BrokenPipeError:
                self._process.kill()  # it is gone already, with something unread
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _last_words(self) -> str:
        words = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return words[-1][:200] if words else f"silence for up to {self._patience:.0f} s, and no message"
