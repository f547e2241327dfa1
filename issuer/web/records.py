"""Serves the public records: the trust bundle and the digit table."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from issuer.web.static_files import CBOR, FOREVER, OCTETS, REVALIDATE, public_file
from issuer.world import DIGITS_FILE, TRUST_FILE, WorldDep

router = APIRouter(tags=["records"])


@router.get(f"/{TRUST_FILE}")
def trust(request: Request, world: WorldDep) -> Response:
    """The trust bundle; pin its hash."""
    return public_file(request, world.settings.public_dir / TRUST_FILE, CBOR, REVALIDATE)


@router.get(f"/{DIGITS_FILE}")
def digits(request: Request, world: WorldDep) -> Response:
    """The digit table; its hash stands in the issuer record."""
    return public_file(request, world.settings.public_dir / DIGITS_FILE, OCTETS, FOREVER)
