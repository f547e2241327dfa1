"""A person at a browser, without a screen: follows the real pages, fills in the real forms, keeps cookies.

It knows no endpoint of any service: it reads the forms of the page that it is shown, as a browser would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from urllib.parse import urljoin

import httpx

from console.demo.loopback import loopback_client

MAX_PAGE_OCTETS = 1 << 20


@dataclass
class Form:
    """One form of a page: where it goes, its fields with the values they have now, its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """What the browser shows."""

    url: str
    status: int
    text: str
    forms: tuple[Form, ...]

    def form_with(self, *names: str) -> Form:
        """The first form that has all these fields.

        :raises LookupError: there is none, which fails the story with what the page says instead.
        """
        for form in self.forms:
            if all(name in form.fields for name in names):
                return form
        raise LookupError(f"{self.url} shows no form with {names or 'anything'}: {' '.join(self.text.split())[:300]}")


class Browser:
    """One person's browser session."""

    def __init__(self) -> None:
        self._client = loopback_client(follow_redirects=True, headers={"accept": "text/html"})

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def open(self, url: str) -> Page:
        """Go to an address and follow where it leads."""
        return _page(self._client.get(url))

    def submit(self, page: Page, form: Form, press: str | None = None, **filled: str) -> Page:
        """Fill in a form and press a button.

        :param press: value of the button to press; None: the first one.
        :param filled: fields that the person fills in.
        """
        values = form.fields | filled
        for name, value in form.buttons:
            if name and press in (None, value):
                values[name] = value
                break
        target = urljoin(page.url, form.action or page.url)
        if form.method == "post":
            origin = str(httpx.URL(page.url).copy_with(raw_path=b"/")).rstrip("/")
            return _page(self._client.post(target, data=values, headers={"origin": origin}))
        return _page(self._client.get(target, params=values))


def _page(response: httpx.Response) -> Page:
    text = response.text[:MAX_PAGE_OCTETS]
    reader = _Reader()
    reader.feed(text)
    return Page(str(response.url), response.status_code, " ".join(reader.words), tuple(reader.forms))


class _Reader(HTMLParser):
    """Collects a page's forms and its visible words."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._open: Form | None = None
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("style", "script"):
            self._unseen += 1
        elif tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is not None:
            _add_control(self._open, tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._unseen -= 1
        elif tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        if not self._unseen and data.strip():
            self.words.append(data.strip())


def _add_control(form: Form, tag: str, given: dict[str, str]) -> None:
    name = given.get("name", "")
    if given.get("type", "submit" if tag == "button" else "text") == "submit":
        form.buttons.append((name, given.get("value", "")))
    elif tag in ("input", "textarea", "select") and name:
        form.fields[name] = given.get("value", "")
