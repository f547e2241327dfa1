"""Who is asking: the FastAPI dependencies by which every route learns its application and person.

    from issuer.web.session import CurrentApplication, CurrentPerson

    @router.post("/api/applications/{application_id}/sittings")
    def start(current: CurrentPerson, world: WorldDep) -> ...:
        Assessment(world).start(current.person_id)

    @router.post("/apply/exam")           # page: the cookie says which application; no id in the path
    def start_page(current: CurrentPerson, world: WorldDep) -> ...:

A caller shows either `Authorization: Bearer <application token>` (the wallet) or the HttpOnly cookie of a signed-in
browser; never both. With the cookie, every unsafe method needs the CSRF token: form field `csrf` (in templates:
`<input type="hidden" name="csrf" value="{{ csrf }}">`, `csrf` comes from `pages.render`) or header `X-CSRF-Token`.
Where the path has `{application_id}`, it must be the caller's own: otherwise the answer is the same 404 as for none.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from issuer.errors import Conflict, Denied, NotFound, Unauthenticated
from issuer.kyc import store as kyc_store
from issuer.kyc.models import Application
from issuer.web import store
from issuer.world import World, WorldDep

COOKIE = "application"
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Current:
    """The application that the caller may act for. `person_id` is None until its person has signed in."""

    application_id: str
    person_id: str | None
    csrf: str | None = None
    """The CSRF token of this browser session; None for a bearer."""


@dataclass(frozen=True)
class CurrentWithPerson:
    """An application whose person has been identified (verified, or waiting for review)."""

    application_id: str
    person_id: str
    csrf: str | None = None


async def current_application(request: Request, world: WorldDep) -> Current:
    """The caller's application. Raises Unauthenticated("no-credentials" | "unknown-credentials"), Denied("csrf"),
    NotFound."""
    # A dependency that reads the form must be a coroutine; the two small reads below do not wait for writers (WAL).
    bearer = request.headers.getlist("authorization")
    cookie = read_cookie(request, world, COOKIE)
    if bearer and cookie:
        raise Unauthenticated("two-credentials", "Send the bearer token or the cookie, not both.")
    if bearer:
        current = _by_bearer(world, bearer)
    elif cookie:
        current = _by_cookie(world, cookie)
        await _check_csrf(request, csrf_token(cookie))
    else:
        raise Unauthenticated("no-credentials", "Sign in first, or send the application's token.")
    _check_path(request, current)
    return current


async def current_person(current: Annotated[Current, Depends(current_application)]) -> CurrentWithPerson:
    """The caller's application and person. Raises Conflict("not-signed-in") before the sign-in at an identity
    provider."""
    if current.person_id is None:
        raise Conflict("not-signed-in", "The person of this application has not been identified yet.")
    return CurrentWithPerson(current.application_id, current.person_id, current.csrf)


CurrentApplication = Annotated[Current, Depends(current_application)]
CurrentPerson = Annotated[CurrentWithPerson, Depends(current_person)]


def token_hash(token: str) -> bytes:
    """What is stored instead of a token of ours (tokens have 256 random bits, so a plain hash is enough)."""
    return hashlib.sha256(b"issuer-token" + token.encode()).digest()


def csrf_token(cookie: str) -> str:
    """The CSRF token of a browser session: derived from its HttpOnly cookie, which no other site can read."""
    return hashlib.sha256(b"issuer-csrf" + cookie.encode()).hexdigest()


def read_cookie(request: Request, world: World, name: str) -> str | None:
    """The value of our cookie, if the browser has it. The name is compared as it was sent: what strips blanks of every
    kind from it, as Starlette does, takes a name that no browser holds for one with a prefix."""
    wanted = _cookie_name(world, name)
    pairs = [one.removeprefix(" ") for header in request.headers.getlist("cookie") for one in header.split(";")]
    return next((one.removeprefix(f"{wanted}=") for one in pairs if one.startswith(f"{wanted}=")), None)


def set_cookie(response: Response, world: World, name: str, value: str, seconds: int) -> None:
    """Gives the browser a cookie of ours for so long; for 0 seconds, takes it away."""
    secure = world.settings.issuer_url.startswith("https://")
    full_name = _cookie_name(world, name)
    response.set_cookie(full_name, value, max_age=seconds, path="/", httponly=True, secure=secure, samesite="lax")


def _cookie_name(world: World, name: str) -> str:
    # Under this prefix a browser takes no cookie that another host of our domain, or somebody on the way to one, has
    # set: by such a one a person would sign in for a stranger's wallet, past the page with the code [RFC6265bis 4.1.3].
    return f"__Host-{name}" if world.settings.issuer_url.startswith("https://") else name


def open_browser_session(world: World, application_id: str) -> str:
    """Makes a session for the browser that has just signed in, and returns the cookie's value."""
    cookie = secrets.token_urlsafe(32)
    now = world.now()
    with world.database.write() as session:
        store.add_session(
            session, token_hash(cookie), application_id, now, now + world.settings.browser_session_seconds
        )
    return cookie


def close_browser_session(world: World, cookie: str) -> None:
    """Forgets the session of this cookie."""
    with world.database.write() as session:
        store.remove_session(session, token_hash(cookie))


def _by_bearer(world: World, headers: list[str]) -> Current:
    scheme, _, token = headers[0].partition(" ")
    if len(headers) != 1 or scheme.lower() != "bearer":
        raise Unauthenticated("unknown-credentials", "Send one bearer token.")
    with world.database.read() as session:
        found = kyc_store.application_by_token(session, token_hash(token.strip()))
    if found is None or _is_over(found, world.now()):
        raise Unauthenticated("unknown-credentials", "This token is unknown here, or its application has expired.")
    return Current(found.application_id, found.person_id)


def _is_over(application: Application, now: int) -> bool:
    # One that nobody signed in for in time is dropped at the next sight of it; it is over before.
    never_signed_in = application.identity == "unverified" and application.sign_in_until <= now
    return never_signed_in or application.expires_at <= now


def _by_cookie(world: World, cookie: str) -> Current:
    now = world.now()
    with world.database.read() as session:
        application_id = store.session_application(session, token_hash(cookie), now)
        found = kyc_store.application(session, application_id) if application_id else None
    if found is None or found.expires_at <= now:
        raise Unauthenticated("unknown-credentials", "This browser session is unknown or over; sign in again.")
    return Current(found.application_id, found.person_id, csrf_token(cookie))


async def _check_csrf(request: Request, expected: str) -> None:
    if request.method in SAFE_METHODS:
        return
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Denied("csrf", "This form did not come from our own page; load the page again.")


def _check_path(request: Request, current: Current) -> None:
    wanted = request.path_params.get("application_id")
    if wanted is not None and wanted != current.application_id:
        raise NotFound("unknown-application", "There is no such application.")
