"""The person's pages: cookies, CSRF, headers, size limits, and that they work without scripts."""

from __future__ import annotations

import html.parser
import itertools
import re

import pytest

from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest


@pytest.fixture
def signed_in(issuer: IssuerUnderTest, applicant: Applicant) -> Applicant:
    """Somebody whose browser has a session."""
    assert applicant.sign_in(issuer.provider, ADA).status_code == 303
    return applicant


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found
    return found.group(1)


@pytest.mark.requirement("R29")
def test_terms_are_accepted_on_the_page(signed_in: Applicant) -> None:
    page = signed_in.browse("GET", "/apply/terms").text
    found = re.search(r'name="hash" value="([^"]+)"', page)
    assert found
    form = {"csrf": _csrf(page), "hash": found.group(1)}
    assert signed_in.browse("POST", "/apply/terms", data=form).status_code == 303
    assert signed_in.status()["steps"]["terms"] is True
    stale = signed_in.browse("POST", "/apply/terms", data=form | {"hash": "A" * 43})
    assert "<code>terms-changed</code>" in stale.text
    assert signed_in.browse("POST", "/apply/terms", data=form | {"hash": "!"}).status_code == 400


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_from_another_site_is_refused(signed_in: Applicant, token: str | None) -> None:
    form = {"hash": "A" * 43} | ({} if token is None else {"csrf": token})
    answer = signed_in.browse("POST", "/apply/terms", data=form)
    assert answer.status_code == 403
    assert "<code>csrf</code>" in answer.text
    assert signed_in.browse("POST", "/apply/sign-out", data=form).status_code == 403
    json_answer = signed_in.browse("POST", f"/api/applications/{signed_in.id}/terms", json={"hash": "A" * 43})
    assert json_answer.json()["code"] == "csrf"


def test_signing_out_ends_the_session(signed_in: Applicant) -> None:
    old = dict(signed_in.cookies)
    form = {"csrf": _csrf(signed_in.browse("GET", "/apply").text)}
    assert signed_in.browse("POST", "/apply/sign-out", data=form).headers["location"] == "/apply/signed-out"
    signed_in.cookies = old
    assert signed_in.browse("GET", "/apply").status_code == 401
    assert signed_in.browse("GET", "/apply/signed-out").status_code == 200


def test_a_session_ends_by_itself(issuer: IssuerUnderTest, signed_in: Applicant) -> None:
    issuer.clock.move(issuer.settings.browser_session_seconds)
    assert signed_in.browse("GET", "/apply").status_code == 401
    assert signed_in.call("GET", "").status_code == 200


def test_bearer_and_cookie_together_are_refused(issuer: IssuerUnderTest, signed_in: Applicant) -> None:
    headers = {
        "Authorization": f"Bearer {signed_in.token}",
        "Cookie": f"application={signed_in.cookies['application']}",
    }
    answer = issuer.http.get(f"/api/applications/{signed_in.id}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "two-credentials")


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Basic x", "Bearer wrong", "bearer\twrong"])
def test_credentials_that_mean_nothing(issuer: IssuerUnderTest, applicant: Applicant, value: str) -> None:
    answer = issuer.http.get(f"/api/applications/{applicant.id}", headers={"Authorization": value})
    assert (answer.status_code, answer.json()["code"]) == (401, "unknown-credentials")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/apply", "/apply/terms", "/sign-in/x", "/trust.cbor", "/nothing", "/api/terms"])
def test_security_headers_everywhere(issuer: IssuerUnderTest, path: str) -> None:
    headers = issuer.http.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "form-action 'self' https://identity.example https://other.example" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "cache-control" in headers


@pytest.mark.attack("23")
def test_large_bodies_are_refused_before_parsing(issuer: IssuerUnderTest, applicant: Applicant) -> None:
    answer = applicant.call("POST", "/licence", content=b"[" * (issuer.settings.max_body_octets + 1))
    assert answer.status_code == 413
    assert answer.json()["code"] == "too-large"
    chunks = (b"x" * 1000 for _ in range(100))
    streamed = issuer.http.post("/api/applications", content=chunks)
    assert (streamed.status_code, streamed.json()["code"]) == (413, "too-large")
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"registration": 1}', b"\xff", b"[" * 20000])
def test_odd_bodies(issuer: IssuerUnderTest, body: bytes) -> None:
    answer = issuer.http.post("/api/applications", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


class _Outline(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", ["/apply", "/apply/terms", "sign-in", "/apply/signed-out", "/nothing-under/apply"])
def test_pages_are_well_formed_for_everybody(signed_in: Applicant, path: str) -> None:
    answer = signed_in.browse("GET", signed_in.sign_in_path if path == "sign-in" else path)
    if answer.headers["content-type"].startswith("application/problem"):
        return
    outline = _Outline()
    outline.feed(answer.text)
    tags = [tag for tag, _ in outline.found]
    assert dict(outline.found)["html"]["lang"] == "en-GB"
    assert tags.count("h1") == 1
    assert tags.count("main") == 1
    assert "title" in tags
    assert "script" not in tags
    assert not [attributes for _, attributes in outline.found if "style" in attributes or "onclick" in attributes]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_the_dashboard_shows_the_steps(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    assert "Everything is in place" in one.browse("GET", "/apply").text
    one.send(one.request()[0])
    assert "Your licence has been issued" in one.browse("GET", "/apply").text
    assert issuer.http.get("/").headers["location"] == "/apply"


def test_https_gets_secure_cookies(issuer: IssuerUnderTest) -> None:
    from issuer.app import create_app

    settings = issuer.settings.model_copy(update={"issuer_url": "https://issuer.test"})
    from fastapi.testclient import TestClient

    with TestClient(create_app(settings, issuer.clock), base_url="https://issuer.test") as http:
        one = Applicant(http, issuer.world.trust)
        one.apply()
        answer = http.get(one.sign_in_path)
        assert "Secure" in answer.headers["set-cookie"]
        assert "strict-transport-security" in answer.headers
