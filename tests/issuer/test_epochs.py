"""Epochs: the chain, when one is due, the clock that jumps, the files and their ETags."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from circuits import Unsatisfiable, decode_entries, entries_octets, update_membership
from circuits.records import EpochRecord, Sign1
from issuer.epochs import store
from issuer.epochs.service import Epochs
from tests.issuer.conftest import ReadyApplicant
from tests.support.issuer_world import IssuerUnderTest, copy_issuer, make_issuer
from tests.support.moving_clock import NOON, MovingClock
from tests.support.sim_provider import SimPerson


def _latest(issuer: IssuerUnderTest) -> EpochRecord:
    return EpochRecord.decode(Sign1.decode(issuer.http.get("/epochs/latest.cose").content).payload)


def _wait(issuer: IssuerUnderTest, number: int) -> EpochRecord:
    for _ in range(100):
        record = _latest(issuer)
        if record.number >= number:
            return record
        time.sleep(0.05)
    raise AssertionError("the epoch did not come")


@pytest.fixture
def still(issuer_template: Path, tmp_path: Path) -> IssuerUnderTest:
    """An issuer that is not started: no background writer."""
    copy_issuer(issuer_template, tmp_path / "issuer")
    return make_issuer(tmp_path / "issuer", MovingClock())


def test_an_epoch_is_signed_by_the_key_of_the_bundle(issuer: IssuerUnderTest) -> None:
    signed = Sign1.decode(issuer.http.get("/epochs/latest.cose").content)
    key = Ed25519PublicKey.from_public_bytes(issuer.world.trust.epoch_key)
    key.verify(signed.signature, signed.to_be_signed)
    with pytest.raises(InvalidSignature):
        key.verify(signed.signature, signed.to_be_signed + b"x")
    assert signed.key_id == hashlib.sha256(issuer.world.trust.epoch_key).digest()[:8]
    record = EpochRecord.decode(signed.payload)
    assert (record.number, record.floor, record.entries_count) == (0, 0, 0)
    assert record.value == issuer.world.trust.accumulator.start_value
    assert record.next_update == record.not_before + issuer.settings.epoch_seconds


def test_heartbeats_come_when_they_are_due_and_not_before(still: IssuerUnderTest) -> None:
    epochs, clock = Epochs(still.world), still.clock
    clock.move(still.settings.epoch_seconds - 1)
    assert epochs.publish_if_due() is None
    clock.move(1)
    assert epochs.publish_if_due() == 1
    assert epochs.publish_if_due() is None
    first, second = epochs.record(0), epochs.record(1)
    assert second.previous == first.hash
    assert second.value == first.value
    assert second.floor == 0
    assert second.not_before - first.not_before == still.settings.epoch_seconds


def test_the_writer_follows_a_clock_that_jumps(issuer: IssuerUnderTest) -> None:
    issuer.clock.move(7 * 86400)
    record = _wait(issuer, 1)
    assert record.not_before == NOON + 7 * 86400


def test_a_clock_that_goes_back_never_makes_the_chain_go_back(still: IssuerUnderTest) -> None:
    epochs, clock = Epochs(still.world), still.clock
    clock.move(-3600)
    assert epochs.publish_if_due() is None
    number = epochs.publish()
    assert epochs.record(number).not_before == epochs.record(0).not_before


def test_two_writers_make_one_epoch(still: IssuerUnderTest) -> None:
    import threading

    still.clock.move(3600)
    barrier, made = threading.Barrier(6), []

    def write() -> None:
        barrier.wait()
        made.append(Epochs(still.world).publish_if_due())

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for number in made if number is not None) == [1]
    assert Epochs(still.world).latest().number == 1


def test_urgent_raises_the_floor_and_routine_repeats_it(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    people = [
        SimPerson(f"p{n}", name=f"P{n}x", birthdate="1990-01-01", documents=(("passport", "GBR", f"7{n}"),))
        for n in range(3)
    ]
    held = []
    for person in people:
        one = ready(person)
        request, pending = one.request()
        answer = one.send(request).json()
        held.append((answer["licence"], *one.receive(pending, answer)))
    revoke = {"reason": "harm", "urgent": True}
    urgent = issuer.http.post("/admin/revocations", json=revoke | {"licence": held[0][0]}, headers=issuer.admin)
    assert urgent.json() == {"epoch": 1, "licences": 1}
    assert (_latest(issuer).floor, _latest(issuer).entries_count) == (1, 1)
    routine = issuer.http.post(
        "/admin/revocations", json={"licence": held[1][0], "reason": "ended"}, headers=issuer.admin
    )
    assert routine.json() == {"epoch": 2, "licences": 1}
    assert _latest(issuer).number == 1
    assert issuer.http.post("/admin/epochs", headers=issuer.admin).json() == {"epoch": 2}
    assert (_latest(issuer).floor, _latest(issuer).entries_count) == (1, 1)

    entries = []
    for number in (1, 2):
        (entry,) = decode_entries(issuer.http.get(f"/epochs/{number}.entries").content, affine=True)
        assert hashlib.sha256(entries_octets([entry])).digest() == Epochs(issuer.world).record(number).entries_hash
        entries.append(entry)
    assert [entry.handle for entry in entries] == [held[0][1].handle, held[1][1].handle]
    _, credential, membership = held[2]
    updated = update_membership(membership, credential.handle, entries, _latest(issuer))
    assert updated.epoch_number == 2
    for _, credential, membership in held[:2]:
        with pytest.raises(Unsatisfiable, match="revoked"):
            update_membership(membership, credential.handle, entries, _latest(issuer))


def test_a_person_and_a_permit_are_revoked_in_one_epoch(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    licence = one.send(one.request()[0]).json()["licence"]
    row = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"][0]
    assert row["licence"] == licence
    assert row["state"] == "live"
    done = issuer.http.post(
        "/admin/revocations",
        json={"permit": row["permit"], "reason": "suspended", "urgent": True},
        headers=issuer.admin,
    )
    assert done.json() == {"epoch": 1, "licences": 1}
    again = issuer.http.post(
        "/admin/revocations", json={"person": row["person"], "reason": "harm", "urgent": True}, headers=issuer.admin
    )
    assert again.json() == {"epoch": 1, "licences": 0}
    twice = issuer.http.post("/admin/revocations", json={"licence": licence, "reason": "again"}, headers=issuer.admin)
    assert twice.json()["code"] == "licence-revoked"
    unknown = issuer.http.post("/admin/revocations", json={"licence": "L-0", "reason": "x"}, headers=issuer.admin)
    assert unknown.json()["code"] == "unknown-licence"
    assert issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"][0]["reason"] == "suspended"


@pytest.mark.parametrize("body", [{"reason": "x"}, {"licence": "a", "person": "b", "reason": "x"}, {"licence": "a"}])
def test_a_revocation_names_one_target_and_a_reason(issuer: IssuerUnderTest, body: dict[str, str]) -> None:
    answer = issuer.http.post("/admin/revocations", json=body, headers=issuer.admin)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("path", ["/trust.cbor", "/records/digits.bin", "/epochs/latest.cose", "/epochs/0.cose"])
def test_public_files_have_etags(issuer: IssuerUnderTest, path: str) -> None:
    answer = issuer.http.get(path)
    assert answer.status_code == 200
    assert (issuer.settings.public_dir / path[1:]).read_bytes() == answer.content
    again = issuer.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert issuer.http.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/epochs/7.cose", "/epochs/0.entries", "/epochs/9.entries", "/epochs/-1.cose", "/epochs/-1.entries",
     "/epochs/..%2f..%2fissuer.json", "/epochs/x.cose", f"/epochs/{10**30}.cose"],
)  # fmt: skip
def test_files_that_are_not_there(issuer: IssuerUnderTest, path: str) -> None:
    assert issuer.http.get(path).status_code in (400, 404)


def test_each_epochs_entries_are_a_file_that_is_made_again(still: IssuerUnderTest) -> None:
    world = still.world
    with world.database.write() as session:
        session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        session.connection().exec_driver_sql("INSERT INTO persons VALUES ('p', 'verified', 0, NULL)")
    epochs = Epochs(world)
    for number, licences in ((1, range(4)), (2, range(0)), (3, range(4, 7))):
        with world.database.write() as session:
            for licence in licences:
                _revoke_one(session, licence)
        assert epochs.publish() == number
    folder = world.settings.public_dir / "epochs"
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.entries")}
    assert sizes == {"1.entries": 512, "3.entries": 384}
    (folder / "1.entries").unlink()
    (folder / "3.entries").write_bytes(b"")
    epochs.recover()
    assert {path.name: path.stat().st_size for path in folder.glob("*.entries")} == sizes
    for number, handles in ((1, [1000, 1001, 1002, 1003]), (3, [1004, 1005, 1006])):
        entries = decode_entries((folder / f"{number}.entries").read_bytes(), affine=True)
        assert [entry.handle for entry in entries] == handles
        assert hashlib.sha256(entries_octets(entries)).digest() == epochs.record(number).entries_hash


def _revoke_one(session: Session, number: int) -> None:
    session.connection().exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    session.connection().exec_driver_sql(
        "INSERT INTO licences (licence_id, person_id, state, handle, holder_point, archive_point, permit_id,"
        " created_at)"
        " VALUES (?, 'p', 'revoked', ?, ?, ?, 'P', 0)",
        (f"L{number}", bytes([number, 1]), bytes([number]), bytes([number])),
    )
    store.ask(session, f"L{number}", (1000 + number).to_bytes(32, "big"), "x", False, 0)
