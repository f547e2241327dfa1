"""Reading and accepting the terms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from issuer.errors import Invalid
from issuer.problems import SEE_OTHER
from issuer.terms.schemas import TermsAccepted, TermsOut
from issuer.terms.service import Terms, terms_in_force
from issuer.web import pages
from issuer.web.octets import from_text, to_text
from issuer.web.session import CurrentPerson
from issuer.world import WorldDep

router = APIRouter(tags=["terms"])


@router.get("/api/terms")
def terms() -> TermsOut:
    """The terms in force."""
    found = terms_in_force()
    return TermsOut(version=found.version, hash=found.hash, text=found.text)


@router.post("/api/applications/{application_id}/terms")
def accept(body: TermsAccepted, current: CurrentPerson, world: WorldDep) -> TermsAccepted:
    """Accepts the terms in force by their hash."""
    Terms(world).accept(current.application_id, current.person_id, body.hash)
    return body


@router.get("/apply/terms")
def terms_page(request: Request, current: CurrentPerson) -> Response:
    """The terms, with a button."""
    found = terms_in_force()
    return pages.render(request, "terms.html", {"terms": found, "hash": to_text(found.hash)}, csrf=current.csrf)


@router.post("/apply/terms")
def accept_page(current: CurrentPerson, world: WorldDep, hash: Annotated[str, Form(max_length=64)]) -> Response:
    """Accepts from the page."""
    try:
        accepted = from_text(hash)
    except ValueError:
        raise Invalid("malformed", "The form is not of the form expected.") from None
    Terms(world).accept(current.application_id, current.person_id, accepted)
    return RedirectResponse("/apply", SEE_OTHER)
