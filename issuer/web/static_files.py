"""Serves the public files with a strong ETag of their contents, so that unchanged ones cost a 304."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response

from issuer.errors import NotFound
from issuer.problems import NOT_MODIFIED

CBOR = "application/cbor"
COSE = "application/cose"
OCTETS = "application/octet-stream"
FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "public, no-cache"


def public_file(request: Request, path: Path, media_type: str, cache: str) -> Response:
    """The file at `path`, or 304. Raises NotFound("no-such-file"). `path` is made by the caller from checked parts."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        raise NotFound("no-such-file", "There is no such file.") from None
    tag = f'"{hashlib.sha256(octets).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": cache, "Cross-Origin-Resource-Policy": "cross-origin"}
    known = request.headers.get("if-none-match", "")
    if tag in [one.strip().removeprefix("W/") for one in known.split(",")]:
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(octets, headers=headers, media_type=media_type)
