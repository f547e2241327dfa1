"""Renders pages: one template environment, shared by every folder that has pages.

    from issuer.web import pages
    return pages.render(request, "exam/question.html", {"number": 3}, csrf=current.csrf)

A folder puts its templates in `issuer/<folder>/templates/<folder or thing>/x.html`, each `{% extends "base.html" %}`
with the blocks `title` and `content`. Everything is escaped; an unknown variable is an error. Pages work without
JavaScript, and the content security policy allows none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

PACKAGE = Path(__file__).parent.parent
FOLDERS_WITH_PAGES = ("web", "assessment", "permits", "insurance", "terms")
PAGE_PATHS = ("/apply", "/sign-in")

_TEMPLATES = Environment(
    loader=FileSystemLoader([PACKAGE / folder / "templates" for folder in FOLDERS_WITH_PAGES]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    request: Request,
    template: str,
    context: Mapping[str, object] | None = None,
    *,
    csrf: str | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    """The page `template` with `context`; `csrf` is the session's token, for its forms.

    A form that was refused is shown again with `refused` (an issuer.errors.Refused) in the context; its template has
    `{% include "refusal.html" %}` below the heading, and "Error: " in the title.
    """
    values = {"request": request, "csrf": csrf or "", "refused": None} | dict(context or {})
    page = _TEMPLATES.get_template(template).render(values)
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


def moment(seconds: int | None) -> str:
    """Unix seconds as a person reads them, in UTC; nothing for None."""
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%-d %B %Y, %H:%M:%S} UTC"


def day(number: int | None) -> str:
    """A day number (days since 1970-01-01) as a person reads it; nothing for None."""
    return "" if number is None else f"{datetime.fromtimestamp(0, UTC) + timedelta(days=number):%-d %B %Y}"


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer: the path is one of our pages."""
    return request.url.path == "/" or request.url.path.startswith(PAGE_PATHS)


def problem_page(request: Request, status: int, code: str, sentence: str) -> Response:
    """A refusal as a page."""
    return render(request, "problem.html", {"code": code, "sentence": sentence}, status=status)
