"""The person's own pages: the dashboard that shows the steps, and signing out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from issuer.licences.eligibility import Eligibility
from issuer.problems import SEE_OTHER
from issuer.web import pages
from issuer.web.session import COOKIE, CurrentApplication, close_browser_session, read_cookie, set_cookie
from issuer.world import WorldDep

router = APIRouter(tags=["pages"])


@router.get("/")
def start() -> Response:
    """Leads to the application."""
    return RedirectResponse("/apply", SEE_OTHER)


@router.get("/apply")
def dashboard(request: Request, current: CurrentApplication, world: WorldDep) -> Response:
    """The steps to a licence and where each stands."""
    status = Eligibility(world).status(current.application_id, current.person_id)
    context = {"status": status, "facts": status.facts, "wait_until": pages.moment(status.facts.wait_until)}
    context["cover_until"] = pages.day(status.facts.cover.until_day if status.facts.cover else None)
    return pages.render(request, "apply.html", context, csrf=current.csrf)


@router.post("/apply/sign-out")
async def sign_out(request: Request, current: CurrentApplication, world: WorldDep) -> Response:
    """Ends this browser's session; the application stays."""
    del current
    await run_in_threadpool(close_browser_session, world, read_cookie(request, world, COOKIE) or "")
    response = RedirectResponse("/apply/signed-out", SEE_OTHER)
    set_cookie(response, world, COOKIE, "", 0)
    return response


@router.get("/apply/signed-out")
def signed_out(request: Request) -> Response:
    """Says that the session is over."""
    return pages.render(request, "signed_out.html")
