"""Applications and sign-in pages."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from issuer.errors import Denied, Invalid
from issuer.kyc import persons, store
from issuer.kyc.schemas import ApplicationIn, ApplicationOut, ReviewDecision, ReviewList
from issuer.kyc.service import CALLBACK_PATH, Applications, Callback, SignIns
from issuer.licences.revocations import Revocations
from issuer.problems import CREATED, NO_CONTENT, SEE_OTHER
from issuer.web import pages
from issuer.web.admin import Admin
from issuer.web.session import COOKIE, csrf_token, open_browser_session, read_cookie, set_cookie
from issuer.world import WorldDep

router = APIRouter(tags=["identity"])
SIGN_IN_COOKIE = "sign-in"
_CALLBACK_PARAMETERS = {"state", "code", "iss", "error"}
_MAX_PARAMETER = 4096


def _sign_ins(request: Request) -> SignIns:
    return cast(SignIns, request.app.state.sign_ins)


SignInsDep = Annotated[SignIns, Depends(_sign_ins)]


@router.post("/api/applications", status_code=CREATED)
def apply(body: ApplicationIn, world: WorldDep) -> ApplicationOut:
    """Begins an application for a licence."""
    made = Applications(world).create(body.registration, body.salt, body.refresh)
    return ApplicationOut(
        application=made.application_id,
        token=made.token,
        sign_in=f"{world.settings.issuer_url}/sign-in/{made.ticket}",
        code=made.code,
        expires_at=made.expires_at,
    )


@router.get("/sign-in/jwks.json")
def client_keys(world: WorldDep) -> Response:
    """The public key with which this client authenticates at identity providers."""
    return JSONResponse(world.keyring.client_jwks())


@router.get(CALLBACK_PATH)
async def callback(request: Request, world: WorldDep, sign_ins: SignInsDep) -> Response:
    """Where the identity provider sends the browser back to."""
    application_id = await sign_ins.finish(_callback(request), read_cookie(request, world, SIGN_IN_COOKIE))
    cookie = await run_in_threadpool(open_browser_session, world, application_id)
    response = RedirectResponse("/apply", SEE_OTHER)
    set_cookie(response, world, SIGN_IN_COOKIE, "", 0)
    set_cookie(response, world, COOKIE, cookie, world.settings.browser_session_seconds)
    return response


@router.get("/sign-in/{ticket}")
def sign_in_page(request: Request, world: WorldDep, ticket: str) -> Response:
    """The page with the code. Its cookie ties what follows to this browser."""
    application = Applications(world).by_ticket(ticket)
    browser = read_cookie(request, world, SIGN_IN_COOKIE) or secrets.token_urlsafe(32)
    context = {
        "code": application.code,
        "ticket": ticket,
        "providers": [provider.name for provider in world.settings.identity_providers],
        "page_csrf": csrf_token(browser + ticket),
        "number": _number_to_type(browser + ticket),
    }
    response = pages.render(request, "sign_in.html", context)
    set_cookie(response, world, SIGN_IN_COOKIE, browser, world.settings.sign_in_round_trip_seconds)
    return response


@router.post("/sign-in/{ticket}")
async def start(
    request: Request,
    world: WorldDep,
    sign_ins: SignInsDep,
    ticket: str,
    provider: Annotated[str, Form(max_length=64)],
    csrf: Annotated[str, Form(max_length=64)],
    number: Annotated[str, Form(max_length=64)],
) -> Response:
    """Sends the browser to the identity provider. Another site cannot skip the page with the code: it lacks the
    cookie. Nor can it have its visitor click or type there before the page is seen: it does not know what to type."""
    browser = read_cookie(request, world, SIGN_IN_COOKIE)
    if browser is None or not hmac.compare_digest(csrf.encode(), csrf_token(browser + ticket).encode()):
        raise Denied("csrf", "This form did not come from our own page; open the sign-in link again.")
    if number.strip() != _number_to_type(browser + ticket):
        raise Denied(
            "page-unread", "Open the sign-in link again, compare the codes, and type the number that stands there."
        )
    application = await run_in_threadpool(Applications(world).by_ticket, ticket)
    return RedirectResponse(await sign_ins.start(application, provider, browser), SEE_OTHER)


@router.get("/admin/reviews")
def reviews(world: WorldDep, _: Admin) -> ReviewList:
    """Persons whose name and birth date somebody else has too."""
    with world.database.read() as session:
        return ReviewList(persons=[person.person_id for person in store.persons_in_review(session)])


@router.post("/admin/reviews/{person_id}", status_code=NO_CONTENT)
def review(world: WorldDep, _: Admin, person_id: str, body: ReviewDecision) -> None:
    """Decides one review. Who is refused keeps no licence."""
    Revocations(world).decide_review(person_id, accept=body.accept)


@router.post("/admin/persons/{person_id}/waive-wait", status_code=NO_CONTENT)
def waive_wait(world: WorldDep, _: Admin, person_id: str) -> None:
    """Lets a person whose licence was revoked have the next one without waiting."""
    persons.waive_wait(world, person_id)


def _number_to_type(page: str) -> str:
    """Four digits for this browser and ticket, which only who reads the page can type."""
    return f"{int(csrf_token('number' + page), 16) % 10_000:04}"


def _callback(request: Request) -> Callback:
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in _CALLBACK_PARAMETERS:
            if name in given or len(value) > _MAX_PARAMETER:
                raise Invalid("sign-in-response", "The identity provider's answer cannot be read.")
            given[name] = value
    if "state" not in given:
        raise Denied("sign-in-state", "This answer belongs to no sign-in of this browser; start again.")
    return Callback(given["state"], given.get("code"), given.get("iss"), given.get("error"))
