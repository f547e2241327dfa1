"""The operator's page for cover: paste the insurer's attestation, see what is in force.

A server-rendered form, no script. It calls the same service as the API; a refusal is told on the page that was sent.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from circuits import SECONDS_PER_DAY
from issuer.errors import Refused
from issuer.insurance.service import Insurance
from issuer.permits.service import Permits
from issuer.problems import STATUS
from issuer.web import pages
from issuer.web.session import CurrentPerson, CurrentWithPerson
from issuer.world import World, WorldDep

router = APIRouter(prefix="/apply/cover", tags=["pages"], include_in_schema=False)

_PAGE = "insurance/cover.html"


@router.get("")
def cover_page(request: Request, current: CurrentPerson, world: WorldDep) -> Response:
    """The cover in force, and the field for an attestation."""
    return pages.render(request, _PAGE, _context(world, current), csrf=current.csrf)


@router.post("")
def register(
    request: Request, current: CurrentPerson, world: WorldDep, attestation: Annotated[str, Form()] = ""
) -> Response:
    """Takes an attestation and shows band and days of what was taken; the same again changes nothing."""
    # Mail programs break long lines, and a compact JWS has no white space of its own.
    pasted = "".join(attestation.split())
    try:
        taken = Insurance(world).register(current.person_id, pasted)
    except Refused as refused:
        context = _context(world, current) | {"attestation": attestation, "refused": refused}
        return pages.render(request, _PAGE, context, csrf=current.csrf, status=STATUS[type(refused)])
    days = {"from_day": pages.day(taken.from_day), "until_day": pages.day(taken.until_day)}
    context = _context(world, current) | {"taken": taken} | days
    return pages.render(request, _PAGE, context, csrf=current.csrf)


def _context(world: World, current: CurrentWithPerson) -> dict[str, object]:
    permit = Permits(world).current(current.person_id)
    cover = None if permit is None else Insurance(world).current(permit.id, world.now() // SECONDS_PER_DAY)
    return {
        "permit": permit,
        "cover": cover,
        "last_day": pages.day(None if cover is None else cover.until_day),
        "attestation": "",
        "taken": None,
    }
