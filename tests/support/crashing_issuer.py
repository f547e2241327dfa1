"""An issuer in a process of its own that kills itself (SIGKILL) at a named point; also the other end, which starts it.

Run: python -m tests.support.crashing_issuer FOLDER SECONDS [POINT]     (prints the port)
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

ROOT = Path(__file__).resolve().parents[2]


class KillAt:
    """Kills this process when the point is reached, as the power cord would."""

    def __init__(self, point: str | None) -> None:
        self._point = point

    def reach(self, point: str) -> None:
        """Does not return from the chosen point."""
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def issuer_process(
    folder: Path, now: int, point: str | None = None
) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """A started issuer over the data in `folder`, and a client of it. Whatever happens, it is gone afterwards."""
    command = [
        sys.executable,
        "-m",
        "tests.support.crashing_issuer",
        str(folder),
        str(now),
        *([point] if point else []),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield client, process
    finally:
        process.kill()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def main() -> None:
    """Serves until killed."""
    from issuer.app import create_app
    from issuer.settings import load_settings

    folder, seconds, *point = sys.argv[1:]
    app = create_app(
        load_settings(Path(folder) / "data"), lambda: int(seconds), crash=KillAt(point[0] if point else None)
    )
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listening])


if __name__ == "__main__":
    main()
