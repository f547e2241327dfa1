from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest
import uvicorn

from issuer.app import create_app
from issuer.web.session import COOKIE, csrf_token, open_browser_session
from tests.issuer.assessment.exam_world import DAY, Setting


@pytest.fixture
def url(setting: Setting) -> Iterator[str]:
    """The issuer on a real socket (without its epoch writer, which needs keys)."""
    app = create_app(setting.world.settings, setting.clock)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


def _api(url: str, person: str) -> httpx.Client:
    base = f"{url}/api/applications/a-{person}/"
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer token-{person}"}, timeout=30)


@pytest.mark.requirement("R19")
def test_the_whole_sitting_over_the_api(setting: Setting, url: str) -> None:
    setting.person("p")
    with _api(url, "p") as api:
        begun = api.post("sittings")
        assert (begun.status_code, begun.json()["questions"]) == (201, 36)
        sitting = begun.json()["sitting"]
        assert api.post("sittings", json={}).json()["code"] == "sitting-open"
        for number in range(1, 37):
            shown = api.get(f"sittings/{sitting}/questions/{number}")
            assert shown.headers["cache-control"] == "no-store"
            body = shown.json()
            assert set(body) == {"number", "topic", "stem", "options"}
            place = setting.right_place(body["stem"], body["options"])
            assert api.put(f"sittings/{sitting}/answers/{number}", json={"option": place}).status_code == 204
        result = api.post(f"sittings/{sitting}/submit").json()
        assert (result["passed"], result["attempt"], result["next_at"]) == (True, 1, None)
        assert sum(result["topics"].values()) == 36
        assert api.post(f"sittings/{sitting}/submit").json()["code"] == "already-submitted"
        assert api.get(f"sittings/{sitting}/result").json() == result
        assert api.post("sittings").json()["code"] == "already-passed"


@pytest.mark.attack("34")
def test_the_refusals_carry_what_a_client_needs(setting: Setting, url: str) -> None:
    setting.person("p")
    setting.fail("p")
    setting.fail("p")
    with _api(url, "p") as api:
        refused = api.post("sittings")
        assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
        assert (refused.json()["code"], refused.json()["next_at"]) == ("cooling-off", setting.clock() + DAY)


@pytest.mark.attack("37")
def test_every_question_that_may_not_be_read_is_the_same_404(setting: Setting, url: str) -> None:
    setting.person("p")
    setting.person("q")
    with _api(url, "p") as api, _api(url, "q") as other:
        mine, theirs = (client.post("sittings").json()["sitting"] for client in (api, other))
        paths = [
            f"{mine}/questions/{n}" for n in ("2", "36", "37", "0", "-1", "x", "1.0", "01e1", "²", "9" * 400, "aut-01")
        ]
        paths += [f"{theirs}/questions/1", "AAAAAAAAAAAAAAAAAAAAAA/questions/1"]
        replies = {(reply.status_code, reply.content) for path in paths for reply in [api.get(f"sittings/{path}")]}
        assert len(replies) == 1
        assert replies.pop()[0] == 404
        assert api.put(f"sittings/{theirs}/answers/1", json={"option": 0}).status_code == 404
        assert api.get(f"{url}/api/applications/a-q/sittings/{theirs}/questions/1").status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"option": "0"}, {"option": True}, {"option": 1.5}, {"option": -1}, {"option": 5}, {"option": 0, "x": 1}, []],
)
def test_malformed_answers_are_refused(setting: Setting, url: str, body: object) -> None:
    setting.person("p")
    with _api(url, "p") as api:
        sitting = api.post("sittings").json()["sitting"]
        assert api.put(f"sittings/{sitting}/answers/1", json=body).status_code == 400


@pytest.mark.attack("35")
@pytest.mark.requirement("R21")
def test_sixty_parallel_starts_over_sockets_make_one_sitting(setting: Setting, url: str) -> None:
    setting.person("p")

    async def start_all() -> list[int]:
        headers = {"Authorization": "Bearer token-p"}
        limits = httpx.Limits(max_connections=60)
        async with httpx.AsyncClient(headers=headers, timeout=60, limits=limits) as client:
            replies = await asyncio.gather(*(client.post(f"{url}/api/applications/a-p/sittings") for _ in range(60)))
        return [reply.status_code for reply in replies]

    outcomes = asyncio.run(start_all())
    assert (outcomes.count(201), outcomes.count(409)) == (1, 59)


@pytest.mark.attack("38")
@pytest.mark.requirement("R22")
def test_training_over_the_api(setting: Setting, url: str) -> None:
    setting.person("p")
    for _ in range(6):
        setting.fail("p")
        setting.clock.seconds += DAY
    with _api(url, "p") as api:
        assert api.post("sittings").json()["code"] == "locked"
        forged = setting.certificate("p")[:-4] + "AAAA"
        refused = api.post("training", json={"certificate": forged})
        assert (refused.status_code, refused.json()["code"]) == (403, "bad-signature")
        assert api.post("training", json={"certificate": setting.certificate("p")}).json() == {"assessment": "eligible"}
        assert api.post("sittings").json()["attempt"] == 1


class _Page(HTMLParser):
    """What an assistive technology relies on: one h1, labels for fields, a legend, a language, a title, no script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def check(self) -> None:
        assert len(self.all("h1")) == 1
        assert len(self.all("title")) == 1
        assert self.all("html")[0]["lang"]
        assert not self.all("script")
        labelled = {label["for"] for label in self.all("label")}
        fields = [f for tag in ("input", "select", "textarea") for f in self.all(tag) if f.get("type") != "hidden"]
        assert all(field["id"] in labelled for field in fields)
        ids = [attributes["id"] for _, attributes in self.tags if attributes.get("id")]
        assert len(ids) == len(set(ids))


@pytest.fixture
def browser(setting: Setting, url: str) -> Iterator[httpx.Client]:
    """A signed-in browser that follows redirections."""
    setting.person("p")
    cookie = open_browser_session(setting.world, "a-p")
    with httpx.Client(base_url=url, cookies={COOKIE: cookie}, follow_redirects=True, timeout=30) as client:
        client.headers["x-csrf-token"] = csrf_token(cookie)
        yield client


def _shown(reply: httpx.Response) -> str:
    assert reply.status_code == 200, reply.text
    _Page(reply.text).check()
    return re.sub(r"\s+", " ", reply.text)


@pytest.mark.requirement("R27")
def test_a_candidate_passes_on_the_pages_without_scripts(setting: Setting, browser: httpx.Client) -> None:
    assert "36 questions on six topics" in _shown(browser.get("/apply/exam"))
    page = _shown(browser.post("/apply/exam/start", data={"extra_time_percent": "25", "rest_minutes": "10"}))
    assert "Question 1 of 36" in page
    assert "<fieldset" in page
    assert "<legend>" in page
    empty = browser.post("/apply/exam/question/1", data={})
    assert empty.status_code == 400
    assert "<title>Error: Question 1" in empty.text
    assert 'role="alert"' in empty.text
    begun = setting.assessment.open_sitting("p")
    assert begun is not None
    for number in range(1, 37):
        view = setting.assessment.question("p", begun.sitting_id, number)
        place = setting.right_place(view.stem, view.options)
        page = _shown(browser.post(f"/apply/exam/question/{number}", data={"option": str(place)}))
    assert "You have answered 36 of 36" in page
    assert " checked" in browser.get("/apply/exam/question/3").text
    assert "Your assessment is open" in _shown(browser.get("/apply/exam"))
    assert "You have passed" in _shown(browser.post("/apply/exam/submit"))
    assert "You have passed" in _shown(browser.get("/apply/exam"))


@pytest.mark.requirement("R23")
def test_the_pages_say_why_and_when_and_never_the_answers(setting: Setting, browser: httpx.Client) -> None:
    browser.post("/apply/exam/start")
    begun = setting.assessment.open_sitting("p")
    assert begun is not None
    question = setting.assessment.question("p", begun.sitting_id, 1)
    result = _shown(browser.post("/apply/exam/submit"))
    assert "Not passed yet" in result
    assert "0 of 6" in result
    assert question.stem not in result
    assert all(option not in result for option in question.options)
    setting.fail("p")
    page = _shown(browser.get("/apply/exam"))
    assert "22 November 2026, 12:00:00 UTC" in page
    assert "not a penalty" in page
    assert "in a moment of enthusiasm" in page
    refused = browser.post("/apply/exam/start")
    assert refused.status_code == 409


@pytest.mark.requirement("R22")
def test_the_locked_page_shows_the_way_out(setting: Setting, browser: httpx.Client) -> None:
    for _ in range(6):
        setting.fail("p")
        setting.clock.seconds += DAY
    # The browser's session is over by now: a new one.
    browser.cookies.set(COOKIE, (cookie := open_browser_session(setting.world, "a-p")))
    browser.headers["x-csrf-token"] = csrf_token(cookie)
    page = _shown(browser.get("/apply/exam"))
    assert setting.assessment.training_reference("p") in page
    assert "not a penalty" in page
    assert "this was the last attempt" in _shown(browser.get("/apply/exam/result")).lower()
    answer = browser.post("/apply/exam/training", data={"certificate": setting.certificate("p")})
    assert "Start the assessment" in _shown(answer)


def test_time_that_runs_out_leads_to_the_result(setting: Setting, browser: httpx.Client) -> None:
    assert "The assessment" in _shown(browser.get("/apply/exam/result"))
    browser.post("/apply/exam/start")
    setting.clock.seconds += 2700
    assert "The time was over" in _shown(browser.post("/apply/exam/question/1", data={"option": "0"}))
    assert "The assessment" in _shown(browser.get("/apply/exam/check"))
    assert "The assessment" in _shown(browser.get("/apply/exam/question/1"))
    assert "The time was over" in _shown(browser.post("/apply/exam/submit"))


def test_forms_of_other_sites_are_refused(setting: Setting, browser: httpx.Client) -> None:
    del browser.headers["x-csrf-token"]
    assert browser.post("/apply/exam/start").status_code == 403
    assert setting.assessment.open_sitting("p") is None
