"""An issuer in a process of its own that kills itself (SIGKILL) at a named point; also the other end, which starts it.

The processes are forked from one clean server that has imported the issuer once: a fresh interpreter for each would
spend most of a test's time on imports.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
import uvicorn

from issuer.app import create_app
from issuer.settings import load_settings

STARTED_WITHIN_SECONDS = 60
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class KillAt:
    """Kills this process when the point is reached, as the power cord would."""

    def __init__(self, point: str | None) -> None:
        self._point = point

    def reach(self, point: str) -> None:
        """Does not return from the chosen point."""
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def issuer_process(folder: Path, now: int, point: str | None = None) -> Iterator[tuple[httpx.Client, BaseProcess]]:
    """A started issuer over the data in `folder`, and a client of it. Whatever happens, it is gone afterwards."""
    ours, theirs = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=serve, args=(folder, now, point, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        assert ours.poll(STARTED_WITHIN_SECONDS), "the issuer did not start"
        with httpx.Client(base_url=f"http://127.0.0.1:{ours.recv()}", timeout=20) as client:
            yield client, process
    finally:
        process.kill()
        process.join(10)
        ours.close()


def serve(folder: Path, now: int, point: str | None, port: Connection) -> None:
    """Serves until killed; sends the port first."""
    app = create_app(load_settings(folder / "data"), lambda: now, crash=KillAt(point))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    port.send(listening.getsockname()[1])
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listening])
