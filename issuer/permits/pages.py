"""The operator's page for the permit: get a sole or a company's permit, see the one in force, invite a colleague.

Server-rendered forms, no script. They call the same service as the API; a refusal is told on the page that was sent.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from circuits import SECONDS_PER_DAY
from issuer.errors import Invalid, Refused
from issuer.permits.schemas import CorporatePermitWanted
from issuer.permits.service import RENEWAL_DAYS, Permits
from issuer.problems import SEE_OTHER, STATUS
from issuer.web import pages
from issuer.web.session import CurrentPerson, CurrentWithPerson
from issuer.world import World, WorldDep

router = APIRouter(prefix="/apply/permit", tags=["pages"], include_in_schema=False)

_PAGE = "permits/permit.html"


@router.get("")
def permit_page(request: Request, current: CurrentPerson, world: WorldDep) -> Response:
    """The permit in force, or the choice between the two kinds."""
    return pages.render(request, _PAGE, _context(world, current), csrf=current.csrf)


@router.post("")
def apply(
    request: Request,
    current: CurrentPerson,
    world: WorldDep,
    kind: Annotated[Literal["sole", "corporate"], Form()],
    company: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    invitation: Annotated[str, Form()] = "",
) -> Response:
    """Applies for a permit and leads back to the page that shows it."""
    try:
        if kind == "sole":
            Permits(world).apply_sole(current.person_id)
        else:
            wanted = _company_wanted(company, name, invitation)
            Permits(world).apply_corporate(current.person_id, wanted.company, wanted.name, wanted.invitation)
    except Refused as refused:
        filled = {"company": company, "name": name, "invitation": invitation}
        context = _context(world, current) | filled | {"refused": refused}
        return pages.render(request, _PAGE, context, csrf=current.csrf, status=STATUS[type(refused)])
    return RedirectResponse("/apply/permit", SEE_OTHER)


@router.post("/invitation")
def invite(request: Request, current: CurrentPerson, world: WorldDep) -> Response:
    """Shows a one-time code for a colleague; it is not kept, so it is seen on this page only."""
    code = Permits(world).invite(current.person_id, current.application_id)
    return pages.render(request, _PAGE, _context(world, current) | {"code": code}, csrf=current.csrf)


def _company_wanted(company: str, name: str, invitation: str) -> CorporatePermitWanted:
    try:
        return CorporatePermitWanted(
            kind="corporate", company=company, name=name, invitation=invitation.strip() or None
        )
    except ValidationError as error:
        raise Invalid("malformed", "Give the company's number and its name as they stand in the register.") from error


def _context(world: World, current: CurrentWithPerson) -> dict[str, object]:
    permit = Permits(world).current(current.person_id)
    days_left = None if permit is None else permit.until_day - world.now() // SECONDS_PER_DAY
    return {
        "permit": permit,
        "last_day": pages.day(None if permit is None else permit.until_day),
        "can_apply": days_left is None or days_left < RENEWAL_DAYS,
        "renewal_days": RENEWAL_DAYS,
        "company": "",
        "name": "",
        "invitation": "",
        "code": None,
    }
