"""The issuer dies (SIGKILL, in a process of its own) between any two durable steps: nothing twice, nothing lost."""

from __future__ import annotations

import hashlib
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from circuits import audit_entries, decode_entries, entries_octets
from circuits.records import EpochRecord, Sign1, TrustBundle
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.crashing_issuer import issuer_process
from tests.support.issuer_world import copy_issuer, make_issuer
from tests.support.moving_clock import NOON, MovingClock
from tests.support.sim_provider import SimPerson


@pytest.fixture(scope="module")
def applied(issuer_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Applicant]:
    """An issuer at rest with one person who has only the licence left to collect."""
    folder = tmp_path_factory.mktemp("applied")
    copy_issuer(issuer_template, folder)
    issuer = make_issuer(folder, MovingClock())
    with issuer.http:
        one = Applicant(issuer.http, issuer.world.trust)
        one.apply()
        one.sign_in(issuer.provider, ADA)
        one.accept_terms()
        one.pass_assessment(issuer.world)
        one.give_cover(issuer.attestation(one.get_permit()))
    return folder, one


@pytest.fixture
def at_rest(applied: tuple[Path, Applicant], tmp_path: Path) -> tuple[Path, Applicant]:
    """A copy of it."""
    folder, one = applied
    copy_issuer(folder, tmp_path / "issuer")
    return tmp_path / "issuer", one


@contextmanager
def restarted(folder: Path, now: int) -> Iterator[TestClient]:
    """The issuer, started again over what is left; no process of its own, since it need not die."""
    issuer = make_issuer(folder, MovingClock(now))
    with issuer.http:
        yield issuer.http


def _rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "data" / "issuer.sqlite3") as connection:
        return connection.execute(query).fetchall()


@pytest.mark.attack("I8")
@pytest.mark.parametrize("point", ["challenge-taken", "intent-committed", "signed", "result-committed"])
def test_a_crash_while_issuing(at_rest: tuple[Path, Applicant], point: str) -> None:
    folder, one = at_rest
    with issuer_process(folder, NOON, point) as (client, process):
        one.http = client
        request, pending = one.request()
        with pytest.raises(httpx.TransportError):
            one.send(request)
        process.join(10)
        assert process.exitcode == -signal.SIGKILL
    intents = _rows(folder, "select licence_id, signature is null from issues")
    expected = {"challenge-taken": [], "intent-committed": [1], "signed": [1], "result-committed": [0]}[point]
    assert [unsigned for _, unsigned in intents] == expected
    with restarted(folder, NOON + 60) as again:
        one.http = again
        answer = one.send(request)
        if point == "challenge-taken":
            assert answer.json()["code"] == "no-challenge"
            request, pending = one.request()
            answer = one.send(request)
        assert answer.status_code == 201, answer.text
        credential, _ = one.receive(pending, answer.json())
        assert one.send(request).json() == answer.json()
        other, _ = one.request(bytes(32), bytes(32))
        assert one.send(other).json()["code"] == "already-issued"
    rows = _rows(folder, "select licence_id from licences")
    assert rows == [(answer.json()["licence"],)]
    if intents:
        assert intents[0][0] == rows[0][0]
    assert credential.value("tier") == 3


@pytest.mark.parametrize("point", ["revocation-committed", "epoch-committed", "entries-written"])
def test_a_crash_while_revoking(at_rest: tuple[Path, Applicant], point: str) -> None:
    folder, one = at_rest
    admin = {"Authorization": f"Bearer {(folder / 'data' / 'keys' / 'admin.token').read_text().strip()}"}
    with restarted(folder, NOON) as issuer:
        one.http = issuer
        request, pending = one.request()
        answer = one.send(request).json()
        credential, _ = one.receive(pending, answer)
    body = {"licence": answer["licence"], "reason": "harm", "urgent": True}
    with issuer_process(folder, NOON + 10, point) as (client, process):
        with pytest.raises(httpx.TransportError):
            client.post("/admin/revocations", json=body, headers=admin)
        process.join(10)
        assert process.exitcode == -signal.SIGKILL
    with restarted(folder, NOON + 20) as again:
        assert again.post("/admin/revocations", json=body, headers=admin).json()["code"] == "licence-revoked"
        _wait_for_epoch(again, 1)
        _check_chain(TrustBundle.decode(again.get("/trust.cbor").content), again, 1, [credential.handle])


def test_files_that_were_lost_are_made_again(at_rest: tuple[Path, Applicant]) -> None:
    folder, _ = at_rest
    epochs = folder / "data" / "public" / "epochs"
    before = (epochs / "latest.cose").read_bytes()
    for path in (epochs / "latest.cose", epochs / "0.cose"):
        path.unlink()
    (epochs / ".new-left-over").write_bytes(b"half")
    with restarted(folder, NOON) as client:
        _wait_for_epoch(client, 0)
        assert client.get("/epochs/0.cose").content == before


def _wait_for_epoch(client: TestClient, number: int) -> None:
    for _ in range(100):
        answer = client.get("/epochs/latest.cose")
        if answer.status_code == 200 and EpochRecord.decode(Sign1.decode(answer.content).payload).number >= number:
            return
        time.sleep(0.1)
    raise AssertionError("the epoch did not come")


def _check_chain(trust: TrustBundle, client: TestClient, last: int, handles: list[int]) -> None:
    previous = bytes(32)
    for number in range(last + 1):
        record = EpochRecord.decode(Sign1.decode(client.get(f"/epochs/{number}.cose").content).payload)
        assert (record.number, record.previous) == (number, previous)
        previous = record.hash
    entries = decode_entries(client.get(f"/epochs/{last}.entries").content, affine=True)
    assert [entry.handle for entry in entries] == handles
    assert record.entries_hash == hashlib.sha256(entries_octets(entries)).digest()
    assert record.value == entries[-1].value
    audit_entries(trust.accumulator, trust.accumulator.start_value, entries)


def test_two_people_and_one_crash_do_not_disturb_each_other(at_rest: tuple[Path, Applicant]) -> None:
    folder, one = at_rest
    issuer = make_issuer(folder, MovingClock())
    with issuer.http:
        other = Applicant(issuer.http, issuer.world.trust)
        other.apply()
        bob = SimPerson("bob", name="Bob", birthdate="1990-01-01", documents=(("passport", "GBR", "5"),))
        other.sign_in(issuer.provider, bob)
        other.accept_terms()
        other.pass_assessment(issuer.world)
        other.give_cover(issuer.attestation(other.get_permit()))
    with issuer_process(folder, NOON, "intent-committed") as (client, _):
        one.http = client
        request, pending = one.request()
        with pytest.raises(httpx.TransportError):
            one.send(request)
    with restarted(folder, NOON) as again:
        one.http = other.http = again
        other_request, other_pending = other.request()
        other.receive(other_pending, other.send(other_request).json())
        one.receive(pending, one.send(request).json())
    assert len(_rows(folder, "select * from licences")) == 2
