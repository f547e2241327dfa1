"""The event stream over a real socket: each new epoch at once, from where the listener left off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from circuits.records import EpochRecord, Sign1
from tests.support.applicant import unb64
from tests.support.issuer_world import IssuerUnderTest, copy_issuer, make_issuer
from tests.support.live_server import live_server
from tests.support.moving_clock import MovingClock


@pytest.fixture
def served(
    issuer_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[IssuerUnderTest, str]]:
    """An issuer behind a real socket, with room for two listeners."""
    monkeypatch.setenv("LICENCE_ISSUER_MAX_EVENT_STREAMS", "2")
    copy_issuer(issuer_template, tmp_path / "issuer")
    issuer = make_issuer(tmp_path / "issuer", MovingClock())
    with live_server(issuer.http.app) as origin:
        yield issuer, origin


def _events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in lines:
        if not line and event:
            yield event
            event = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value


def test_listeners_hear_of_new_epochs_at_once(served: tuple[IssuerUnderTest, str]) -> None:
    issuer, origin = served
    with httpx.stream("GET", f"{origin}/epochs/events", timeout=10) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = _events(stream.iter_lines())
        first = next(events)
        assert (first["event"], first["id"]) == ("epoch", "0")
        began = time.monotonic()
        httpx.post(f"{origin}/admin/epochs", headers=issuer.admin)
        second = next(events)
        assert time.monotonic() - began < 1
        assert second["id"] == "1"
        signed = unb64(second["data"])
        assert signed == httpx.get(f"{origin}/epochs/1.cose").content
        assert EpochRecord.decode(Sign1.decode(signed).payload).number == 1
        issuer.clock.move(3600)
        assert next(events)["id"] == "2"
    with httpx.stream("GET", f"{origin}/epochs/events", headers={"Last-Event-ID": "0"}, timeout=10) as stream:
        events = _events(stream.iter_lines())
        assert [next(events)["id"] for _ in range(2)] == ["1", "2"]


@pytest.mark.attack("52")
def test_too_many_listeners_are_told_to_poll(served: tuple[IssuerUnderTest, str]) -> None:
    _, origin = served
    url = f"{origin}/epochs/events"
    with httpx.stream("GET", url) as one, httpx.stream("GET", url) as two:
        assert (one.status_code, two.status_code) == (200, 200)
        refused = httpx.get(url)
        assert (refused.status_code, refused.json()["code"]) == (503, "too-many-streams")
    for _ in range(100):
        with httpx.stream("GET", url) as later:
            if later.status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("a place was not given back")
