"""The one file that knows HTTP status codes: how each kind of refusal is told, as RFC 9457 problem details.

JSON callers get `application/problem+json` with the members type, title, status, detail and `code` (plus the refusal's
extras); people on the pages get the same words as a page. Nothing internal is ever told: an unexpected error is
`internal`.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from circuits import CircuitError, Malformed, Rejected
from issuer import errors
from issuer.web.pages import problem_page, wants_page

LOG = logging.getLogger("issuer.problems")

STATUS: dict[type[errors.Refused], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Denied: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Delayed: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

CREATED = HTTPStatus.CREATED
SEE_OTHER = HTTPStatus.SEE_OTHER
NOT_MODIFIED = HTTPStatus.NOT_MODIFIED
NO_CONTENT = HTTPStatus.NO_CONTENT

_HTTP_CODES = {
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
    HTTPStatus.BAD_REQUEST: "malformed",
}
_RETRY_SECONDS = 5


def install(app: FastAPI) -> None:
    """Registers the handlers, so that every refusal of every route is told the same way."""
    app.add_exception_handler(errors.Refused, _refused)
    app.add_exception_handler(CircuitError, _circuit_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unexpected)


def problem(request: Request, status: int, code: str, detail: str, **extra: errors.Extra) -> Response:
    """The response for one refusal: problem+json, or a page for a person."""
    if wants_page(request):
        return problem_page(request, status, code, detail)
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(_RETRY_SECONDS)
    return JSONResponse(extra | body, status, headers, media_type="application/problem+json")


class LargeBodyProblem:
    """Pure ASGI middleware around the library's body limit, which answers in plain text: tells the same as a
    problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replaces a plain 413 by the problem; everything else passes."""
        replaced = False

        async def tell(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                replaced = Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
                if replaced:
                    sentence = "The request has more octets than any request here can have."
                    response = problem(Request(scope), message["status"], "too-large", sentence)
                    await response(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, receive, tell)


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, errors.Refused):
        raise error
    LOG.info("refused %s", error.code)
    return problem(request, STATUS[type(error)], error.code, error.sentence, **error.extra)


def _circuit_error(request: Request, error: Exception) -> Response:
    if isinstance(error, Malformed | Rejected):
        LOG.info("refused %s", error.code)
        return problem(request, HTTPStatus.BAD_REQUEST, error.code, error.sentence)
    return _unexpected(request, error)


def _invalid_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    # Names of members only: pydantic's messages would repeat what was sent, which may be a secret.
    where = sorted({".".join(str(part) for part in item["loc"]) for item in error.errors()})[:8]
    return problem(
        request, HTTPStatus.BAD_REQUEST, "malformed", "The request is not of the form expected.", members=where
    )


def _http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    return problem(request, status, _HTTP_CODES.get(status, "refused"), status.phrase)


def _unexpected(request: Request, error: Exception) -> Response:
    # The traceback names types and lines; values stay out of it because secrets are wrapped and SQL parameters hidden.
    LOG.error("unexpected %s", type(error).__name__, exc_info=error)
    return problem(
        request, HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side; nothing was issued."
    )
