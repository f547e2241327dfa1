"""Permit, cover and lost wallet on the pages: done without scripts, refusals told, forms of other sites refused."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import httpx
import pytest

from issuer.web import pages
from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest
from tests.support.sim_provider import SimPerson

DAY = 86400
BOB = SimPerson("bob", name="Bob", birthdate="1990-01-01", documents=(("passport", "GBR", "123456780"),))
COMPANY = {"kind": "corporate", "company": "01234567", "name": "Acme & Sons"}


class _Page(HTMLParser):
    """What an assistive technology relies on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name in names]

    def check(self) -> None:
        """One h1, title, language, labels for all fields, hints and titles that exist, headings in order, no script."""
        assert [len(self.all(tag)) for tag in ("h1", "title", "main", "script")] == [1, 1, 1, 0]
        assert self.all("html")[0]["lang"] == "en-GB"
        labelled = {label["for"] for label in self.all("label")}
        fields = [field for field in self.all("input", "select", "textarea") if field.get("type") != "hidden"]
        assert all(field["id"] in labelled for field in fields)
        ids = [attributes["id"] for _, attributes in self.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        for _, attributes in self.tags:
            for pointer in ("aria-describedby", "aria-labelledby"):
                assert attributes.get(pointer) in {None, *ids}
            assert not {"style", "onclick", "onsubmit"} & attributes.keys()
        levels = [int(tag[1]) for tag, _ in self.tags if re.fullmatch("h[1-6]", tag)]
        assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
        posting = [form for form in self.all("form") if form.get("method") == "post"]
        assert len([field for field in self.all("input") if field.get("name") == "csrf"]) == len(posting)


def _text(answer: httpx.Response, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    _Page(answer.text).check()
    return re.sub(r"\s+", " ", re.sub(r"</?(strong|code|time)>", "", answer.text))


def _send(who: Applicant, path: str, **fields: str) -> httpx.Response:
    """Loads the page, fills its form in as a browser would, and follows where it leads."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', who.browse("GET", path.removesuffix("/invitation")).text)
    assert found
    answer = who.browse("POST", path, data=fields | {"csrf": found.group(1)})
    return who.browse("GET", answer.headers["location"]) if answer.status_code == 303 else answer


def _signed_in(issuer: IssuerUnderTest, person: SimPerson) -> Applicant:
    one = Applicant(issuer.http, issuer.world.trust)
    assert one.apply().status_code == 201
    assert one.sign_in(issuer.provider, person).status_code == 303
    return one


@pytest.fixture
def ada(issuer: IssuerUnderTest) -> Applicant:
    """Somebody who has signed in and done nothing else."""
    return _signed_in(issuer, ADA)


@pytest.mark.requirement("R34")
@pytest.mark.requirement("R44")
def test_permit_and_cover_are_had_on_the_pages(issuer: IssuerUnderTest, ada: Applicant) -> None:
    dashboard = _text(ada.browse("GET", "/apply"))
    assert 'href="/apply/permit"' in dashboard
    assert 'href="/apply/cover"' not in dashboard
    assert "Get a permit first" in _text(ada.browse("GET", "/apply/cover"))
    assert "answers for the agents" in _text(ada.browse("GET", "/apply/permit"))
    page = _text(_send(ada, "/apply/permit", kind="sole"))
    permit = ada.status()["steps"]["permit"]
    assert permit in page
    assert f"Your own permit is in force until {pages.day(issuer.clock() // DAY + 730)}." in page
    assert 'href="/apply/cover"' in _text(ada.browse("GET", "/apply"))
    signed = issuer.attestation(permit, band=3)
    # As a mail program breaks it.
    pasted = "  " + "\r\n".join(signed[at : at + 60] for at in range(0, len(signed), 60)) + "\n"
    page = _text(_send(ada, "/apply/cover", attestation=pasted))
    last_day = pages.day(issuer.clock() // DAY + 365)
    assert f"band 3, first day {pages.day(issuer.clock() // DAY)}, last day {last_day}" in page
    assert f"Cover in force: band 3, last day {last_day}" in page
    assert f"Band 3, last day {last_day}" in _text(ada.browse("GET", "/apply"))
    assert ada.status()["missing"] == ["terms", "assessment"]


@pytest.mark.requirement("R37")
def test_a_company_and_its_colleague_share_a_permit(issuer: IssuerUnderTest, ada: Applicant) -> None:
    assert "Your company&#39;s permit" not in _text(ada.browse("GET", "/apply/permit"))
    page = _text(_send(ada, "/apply/permit", **COMPANY))
    assert "Your company's permit is in force" in page.replace("&#39;", "'")
    bob = _signed_in(issuer, BOB)
    refused = _text(_send(bob, "/apply/permit", **COMPANY), 409)
    assert "company-has-permit" in refused
    assert "ask one of its operators for an invitation" in refused
    assert 'value="Acme &amp; Sons"' in refused
    assert "invitation" in _text(_send(bob, "/apply/permit", **COMPANY, invitation="wrong"), 403)
    invited = _text(_send(ada, "/apply/permit/invitation"))
    code = re.search(r"one colleague: ([\w-]{24})", invited)
    assert code
    assert code.group(1) not in ada.browse("GET", "/apply/permit").text
    _text(_send(bob, "/apply/permit", **COMPANY, invitation=f" {code.group(1)} "))
    assert bob.status()["steps"]["permit"] == ada.status()["steps"]["permit"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        (COMPANY | {"company": "12"}, 400, "company-number"),
        (COMPANY | {"company": ""}, 400, "company-number"),
        (COMPANY | {"name": "  "}, 400, "malformed"),
        (COMPANY | {"name": "<script>" * 100}, 400, "malformed"),
        ({"kind": "royal"}, 400, "malformed"),
        ({}, 400, "malformed"),
    ],
)
def test_odd_applications_for_a_permit(ada: Applicant, fields: dict[str, str], status: int, code: str) -> None:
    answer = _send(ada, "/apply/permit", **fields)
    assert f"<code>{code}</code>" in answer.text
    assert 'role="alert"' in _text(answer, status)
    assert ada.status()["steps"]["permit"] is None


def test_a_permit_can_be_renewed_on_the_page_in_its_last_days(issuer: IssuerUnderTest, ada: Applicant) -> None:
    _send(ada, "/apply/permit", kind="sole")
    assert "Renew" not in _text(ada.browse("GET", "/apply/permit"))
    issuer.clock.move(641 * DAY)
    again = _signed_in(issuer, ADA)
    assert "Renew the permit" in _text(again.browse("GET", "/apply/permit"))
    renewed = _text(_send(again, "/apply/permit", kind="sole"))
    assert "Renew the permit" not in renewed
    assert pages.day(issuer.clock() // DAY + 730) in renewed


@pytest.mark.requirement("R44")
def test_wrong_attestations_are_refused_in_words(issuer: IssuerUnderTest, ada: Applicant) -> None:
    _send(ada, "/apply/permit", kind="sole")
    permit = ada.status()["steps"]["permit"]
    good, today = issuer.attestation(permit), issuer.clock() // DAY
    tampered = good[:-6] + ("AAAAAA" if good[-6:] != "AAAAAA" else "BBBBBB")
    wrong = {
        "other-permit": (issuer.attestation("P-0123456789abcdef"), 403, "covers another permit"),
        "bad-signature": (tampered, 403, "signature of the statement does not verify"),
        "cover-expired": (issuer.attestation(permit, until_day=today), 403, "This cover is over"),
        "statement-malformed": ("</textarea><b>hello", 400, "not a compact JWS"),
        "statement-too-large": ("A" * 5000, 413, "at most 4096"),
    }
    issuer.clock.move(DAY)
    ada = _signed_in(issuer, ADA)
    for code, (text, status, words) in wrong.items():
        answer = _send(ada, "/apply/cover", attestation=text)
        page = _text(answer, status)
        assert f"<code>{code}</code>" in answer.text
        assert words in page
        assert "<title>Error: Insurance cover" in page
        assert 'role="alert"' in page
        assert "<b>hello" not in page
    assert ada.status()["steps"]["cover"] is None
    assert "statement-malformed" in _text(_send(ada, "/apply/cover"), 400)


def test_cover_without_a_permit_is_refused(issuer: IssuerUnderTest, ada: Applicant) -> None:
    page = _text(_send(ada, "/apply/cover", attestation=issuer.attestation("P-0123456789abcdef")), 409)
    assert "no-permit" in page
    assert 'href="/apply/permit"' in page


@pytest.mark.parametrize("path", ["/apply/permit", "/apply/permit/invitation", "/apply/cover", "/apply/lost-wallet"])
@pytest.mark.parametrize("token", [None, "0" * 64])
def test_forms_of_other_sites_are_refused(ada: Applicant, path: str, token: str | None) -> None:
    form = {"kind": "sole", "attestation": "x"} | ({} if token is None else {"csrf": token})
    answer = ada.browse("POST", path, data=form)
    assert answer.status_code == 403
    assert "<code>csrf</code>" in answer.text
    assert ada.status()["steps"]["permit"] is None


@pytest.mark.parametrize("path", ["/apply/permit", "/apply/cover", "/apply/lost-wallet"])
def test_nobody_without_a_session_sees_the_pages(issuer: IssuerUnderTest, path: str) -> None:
    issuer.http.cookies.clear()
    assert issuer.http.get(path).status_code == 401
    assert issuer.http.post(path, data={"kind": "sole"}).status_code == 401


@pytest.mark.requirement("R13")
def test_a_lost_wallet_is_reported_on_the_page(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    assert "You have no licence in force" in _text(one.browse("GET", "/apply/lost-wallet"))
    assert one.send(one.request()[0]).status_code == 201
    assert 'href="/apply/lost-wallet"' in _text(one.browse("GET", "/apply"))
    page = _text(one.browse("GET", "/apply/lost-wallet"))
    assert "You wait 7 days" in page
    assert "cannot be undone" in page
    until = pages.moment(issuer.clock() + 7 * DAY)
    done = _text(_send(one, "/apply/lost-wallet"))
    assert "Your licence is revoked" in done
    assert f"can be issued from {until}" in done
    assert "needs a new application" in _text(one.browse("GET", "/apply"))
    page = _text(_send(one, "/apply/lost-wallet"))
    assert "there is nothing to revoke" in page
    assert until in page
    rows = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
    assert [(row["state"], row["reason"]) for row in rows] == [("revoked", "lost wallet")]


def test_an_urgent_report_is_had_once_in_thirty_days(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    first = ready()
    assert first.send(first.request()[0]).status_code == 201
    assert "Everybody is told now" in _text(_send(first, "/apply/lost-wallet", urgent="true"))
    asked = issuer.clock()
    issuer.clock.move(8 * DAY)
    second = ready()
    assert second.send(second.request()[0]).status_code == 201
    refused = _text(_send(second, "/apply/lost-wallet", urgent="true"), 409)
    assert "urgent-used" in refused
    assert f"from {pages.moment(asked + 30 * DAY)}" in refused
    assert "Your licence is revoked" in _text(_send(second, "/apply/lost-wallet"))
