"""Real servers on loopback for contract tests: uvicorn in threads of this process, on ports that the system gives."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp


def listening_socket() -> socket.socket:
    """A socket that listens on a free port of 127.0.0.1."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    return bound


def url_of(bound: socket.socket) -> str:
    """The origin that the socket serves."""
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.contextmanager
def serving(app: ASGIApp, bound: socket.socket, **options: Any) -> Iterator[str]:
    """Serves `app` on `bound` until the block ends; gives its origin."""
    settings = {"log_level": "critical", "timeout_graceful_shutdown": 1, "lifespan": "on"} | options
    server = uvicorn.Server(uvicorn.Config(app, **settings))
    thread = threading.Thread(target=lambda: server.run(sockets=[bound]), daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, 10)
        yield url_of(bound)
    finally:
        server.should_exit = True
        thread.join(10)


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> float:
    """Waits for `condition`; gives how long it took in seconds. Fails after `seconds`."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > seconds:
            raise AssertionError("waited in vain")
        time.sleep(0.002)
    return time.perf_counter() - began
