"""The processes of the demonstration: started together, watched, and always ended.

Each server is a child with its own log file. Leaving the `with` block ends all of them, whatever happened: terminate,
then kill. On Linux the kernel also ends them when the demonstration itself is killed outright.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from console.demo.loopback import loopback_client

READY_SECONDS = 30.0
POLL_SECONDS = 0.05
GRACE_SECONDS = 3.0
LOG_TAIL_OCTETS = 2_000
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Process:
    """One running child."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    def tail(self) -> str:
        """The end of its log, for a person who wants to know why it died."""
        return self.log.read_bytes()[-LOG_TAIL_OCTETS:].decode("utf-8", "replace").strip()


@dataclass(frozen=True)
class Conversation:
    """A child that carries out orders, one line of JSON each, and answers each with one."""

    process: Process

    def order(self, **order: object) -> None:
        """Give an order. Does not wait."""
        sink = self.process.popen.stdin
        if sink is None:
            raise ProcessDied(f"{self.process.name} takes no orders")
        sink.write(json.dumps(order).encode() + b"\n")
        sink.flush()

    def report(self, seconds: float = READY_SECONDS) -> dict[str, Any]:
        """The answer to the last order.

        :raises ProcessDied: none in time.
        """
        source = self.process.popen.stdout
        ready = source is not None and select.select([source], [], [], seconds)[0]
        line = source.readline() if source is not None and ready else b""
        if not line:
            raise ProcessDied(f"{self.process.name} gave no report: {self.process.tail()}")
        return dict(json.loads(line))

    def carry_out(self, **order: object) -> dict[str, Any]:
        """Give an order and wait for its report."""
        self.order(**order)
        return self.report()


class ProcessDied(Exception):
    """A server ended before it was ready, or did not become ready in time."""


class Processes:
    """Starts children and ends them. Use as a context manager; `started` counts all of them.

    Start children from threads that outlive them: the kernel takes the end of the starting thread for the parent's.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = os.environ | environment
        self._running: list[Process] = []
        self.started = 0

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(*self._running)

    def start(self, name: str, module: str, *arguments: str) -> Process:
        """Start `python -m module arguments` as a child that writes to its own log. Does not wait."""
        log = self._folder / f"{name}.log"
        with log.open("ab") as sink:
            popen = self._popen(module, arguments, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
        process = Process(name, popen, log)
        self._running.append(process)
        return process

    def run(self, module: str, *arguments: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and hand back what it printed.

        :param expect: the exit code it must have; None: any.
        :raises ProcessDied: another exit code.
        """
        self.started += 1
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=READY_SECONDS,
            check=False,
        )
        if expect is not None and done.returncode != expect:
            said = (done.stdout + done.stderr)[-LOG_TAIL_OCTETS:]
            raise ProcessDied(f"{module} {' '.join(arguments[:3])} ended with {done.returncode}: {said}")
        return done

    def converse(self, name: str, module: str, *arguments: str) -> Conversation:
        """Start a child that takes orders on its standard input and answers each with a line. Does not wait."""
        log = self._folder / f"{name}.log"
        with log.open("ab") as sink:
            popen = self._popen(module, arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink)
        process = Process(name, popen, log)
        self._running.append(process)
        return Conversation(process)

    def wait_ready(self, process: Process, url: str) -> None:
        """Wait until `url` answers anything but 5xx.

        :raises ProcessDied: it ended, or took too long.
        """
        until = time.monotonic() + READY_SECONDS
        with loopback_client(timeout=2.0) as client:
            while time.monotonic() < until:
                if process.popen.poll() is not None:
                    raise ProcessDied(f"{process.name} ended with {process.popen.returncode}: {process.tail()}")
                if _answers(client, url):
                    return
                time.sleep(POLL_SECONDS)
        raise ProcessDied(f"{process.name} was not ready within {READY_SECONDS:.0f} s: {process.tail()}")

    def _popen(self, module: str, arguments: tuple[str, ...], **streams: Any) -> subprocess.Popen[bytes]:
        self.started += 1
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=self._environment,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            **streams,
        )

    def kill(self, process: Process) -> None:
        """End a child with no chance to tidy up, as a power cut would."""
        _signal(process, signal.SIGKILL)
        process.popen.wait()
        self._running.remove(process)

    def stop(self, *processes: Process) -> None:
        """End these children: ask all, then make sure of each."""
        for process in processes:
            _signal(process, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for process in processes:
            try:
                process.popen.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.popen.wait()
        self._running = [process for process in self._running if process not in processes]


def free_ports(count: int) -> list[int]:
    """Ports that were free on the loopback interface a moment ago, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code < 500
    except httpx.TransportError:
        return False


def _signal(process: Process, number: signal.Signals) -> None:
    if process.popen.poll() is None:
        os.killpg(process.popen.pid, number)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
