"""The API that a gateway of the demonstration stands before: it tells what reached it, and streams on request.

Run: python -m console.demo.upstream --port 9100 --name Northwind
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

STREAM_INTERVAL_SECONDS = 0.02
MAX_STREAM_EVENTS = 5_000
METHODS = ["GET", "POST", "PUT", "DELETE"]


def create_upstream(name: str) -> Starlette:
    """An API with a public and an autonomous part. It knows nothing of licences."""

    async def echo(request: Request) -> Response:
        body = await request.body()
        seen = {"provider": name, "method": request.method, "path": request.url.path, "body_octets": len(body)}
        return JSONResponse(seen | {"headers": dict(request.headers)})

    async def stream(request: Request) -> Response:
        count = min(int(request.query_params.get("events", "100")), MAX_STREAM_EVENTS)
        return StreamingResponse(_events(count), media_type="text/event-stream")

    return Starlette(
        routes=[
            Route("/v1/autonomous/stream", stream),
            Route("/v1/public/{path:path}", echo, methods=METHODS),
            Route("/v1/autonomous/{path:path}", echo, methods=METHODS),
        ]
    )


async def _events(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield b"data: " + json.dumps({"n": number}).encode() + b"\n\n"
        await asyncio.sleep(STREAM_INTERVAL_SECONDS)


def main() -> None:
    """Serve until stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--name", required=True)
    given = options.parse_args()
    uvicorn.run(create_upstream(given.name), host="127.0.0.1", port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
