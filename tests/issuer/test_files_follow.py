"""Files that could not be written for a moment follow by themselves, and whoever revoked is told what is true."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from circuits.records import EpochRecord, Sign1
from issuer.epochs.events import EpochBell
from issuer.epochs.service import Epochs
from issuer.epochs.writer import write_epochs
from issuer.errors import Delayed
from issuer.world import World
from tests.issuer.conftest import ADA, ReadyApplicant
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest, copy_issuer, make_issuer
from tests.support.moving_clock import MovingClock


@pytest.fixture
def still(issuer_template: Path, tmp_path: Path) -> IssuerUnderTest:
    """An issuer that is not started: no background writer."""
    copy_issuer(issuer_template, tmp_path / "issuer")
    return make_issuer(tmp_path / "issuer", MovingClock())


@contextmanager
def no_room(world: World) -> Iterator[None]:
    """Nothing can be written where the epochs are served from: a file stands in the folder's place."""
    folder = world.settings.public_dir / "epochs"
    aside = folder.rename(folder.with_name("aside"))
    while not folder.is_file():
        with suppress(IsADirectoryError):  # the writer looked in between, and made the folder anew
            folder.write_bytes(b"")
            break
        shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


def _published(world: World) -> EpochRecord:
    path = world.settings.public_dir / "epochs" / "latest.cose"
    return EpochRecord.decode(Sign1.decode(path.read_bytes()).payload)


def _until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(100):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(what)


def obtain(issuer: IssuerUnderTest) -> str:
    """A licence's number."""
    one = Applicant(issuer.http, issuer.world.trust)
    one.apply()
    one.sign_in(issuer.provider, ADA)
    one.accept_terms()
    one.pass_assessment(issuer.world)
    one.give_cover(issuer.attestation(one.get_permit()))
    licence = str(one.send(one.request()[0]).json()["licence"])
    issuer.http.cookies.clear()
    return licence


def _licensed(issuer: IssuerUnderTest, ready: ReadyApplicant) -> tuple[Applicant, str]:
    one = ready()
    licence = str(one.send(one.request()[0]).json()["licence"])
    issuer.http.cookies.clear()
    return one, licence


def _state(issuer: IssuerUnderTest) -> object:
    issuer.http.cookies.clear()
    return issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"][0]["state"]


def test_a_start_makes_again_what_was_lost(still: IssuerUnderTest) -> None:
    """Also from before the newest, without which who was away cannot go on."""
    epochs, folder = Epochs(still.world), still.world.settings.public_dir / "epochs"
    for _ in range(3):
        still.clock.move(900)
        epochs.publish()
    there = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in ("0.cose", "2.cose"):
        (folder / name).unlink()
    epochs.recover()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == there
    assert set(there) == {"0.cose", "1.cose", "2.cose", "3.cose", "latest.cose"}


@pytest.mark.requirement("R63")
def test_an_urgent_epoch_is_published_as_soon_as_the_disk_takes_it(
    issuer: IssuerUnderTest, ready: ReadyApplicant
) -> None:
    _, licence = _licensed(issuer, ready)
    body = {"licence": licence, "reason": "court order", "urgent": True}
    with no_room(issuer.world):
        told = issuer.http.post("/admin/revocations", json=body, headers=issuer.admin)
        assert (told.status_code, told.json()["code"], told.json()["epoch"]) == (503, "publication-waits", 1)
        assert "stands" in told.json()["detail"]
        assert _state(issuer) == "revoked"
        again = issuer.http.post("/admin/revocations", json=body, headers=issuer.admin)
        assert again.json()["code"] == "licence-revoked"
    assert _published(issuer.world).number == 0
    _until(lambda: _published(issuer.world).number == 1, "the files did not follow")  # the clock stands still
    assert (_published(issuer.world).floor, _published(issuer.world).entries_count) == (1, 1)
    assert issuer.http.get("/epochs/1.cose").content == issuer.http.get("/epochs/latest.cose").content


def test_the_holder_is_told_so_too(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one, _ = _licensed(issuer, ready)
    with no_room(issuer.world):
        told = one.call("POST", "/lost-wallet", json={"urgent": True})
        assert (told.status_code, told.json()["code"]) == (503, "publication-waits")
        assert _state(issuer) == "revoked"
    _until(lambda: _published(issuer.world).floor == 1, "the files did not follow")


class NoEpochs:
    """Once a revocation is committed the database takes no epoch, until it is mended."""

    def __init__(self) -> None:
        self.world: World | None = None

    def reach(self, point: str) -> None:
        """See `CrashPoints`."""
        if point == "revocation-committed":
            self.rename("epochs", "taken_away")

    def rename(self, table: str, name: str) -> None:
        """Takes a table away, or brings it back."""
        assert self.world is not None
        with self.world.database.write() as session:
            session.connection().exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


def test_a_revocation_stands_also_where_no_epoch_can_be_made(issuer_template: Path, tmp_path: Path) -> None:
    fault = NoEpochs()
    copy_issuer(issuer_template, tmp_path / "issuer")
    issuer = make_issuer(tmp_path / "issuer", MovingClock(), fault)
    fault.world = issuer.world
    with issuer.http:
        licence = obtain(issuer)
        body = {"licence": licence, "reason": "court order", "urgent": True}
        told = issuer.http.post("/admin/revocations", json=body, headers=issuer.admin)
        assert (told.status_code, told.json()["code"]) == (503, "publication-waits")
        assert _state(issuer) == "revoked"
        fault.rename("taken_away", "epochs")
        _until(lambda: _published(issuer.world).floor == 1, "the epoch did not follow")


def test_publishing_says_what_is_committed(still: IssuerUnderTest) -> None:
    epochs = Epochs(still.world)
    with no_room(still.world), pytest.raises(Delayed, match="publication-waits"):
        epochs.publish()
    assert epochs.latest().number == 1
    epochs.catch_up()
    assert _published(still.world).number == 1
    with no_room(still.world), pytest.raises(OSError, match="epochs"):
        epochs.catch_up()


def test_a_look_where_nothing_is_missing_writes_nothing(still: IssuerUnderTest) -> None:
    epochs = Epochs(still.world)
    epochs.publish()
    file = still.world.settings.public_dir / "epochs" / "latest.cose"
    before = file.stat()
    epochs.catch_up()
    assert file.stat() == before
    file.unlink()
    epochs.catch_up()
    assert _published(still.world).number == 1


def test_no_error_ends_the_writer_or_silences_what_comes_after_it(
    still: IssuerUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[int] = []

    def before() -> None:
        looks.append(1)
        raise RuntimeError("no look succeeds")

    async def watch() -> None:
        bell = EpochBell(1)
        writer = asyncio.create_task(write_epochs(still.world, bell, before))
        with no_room(still.world):
            still.clock.move(still.settings.epoch_seconds)
            await asyncio.wait_for(bell.later_than(0), 10)  # listeners hear of it while the files wait
        for _ in range(100):
            if _published(still.world).number == 1 and len(looks) > 2:
                break
            await asyncio.sleep(0.1)
        assert not writer.done()
        writer.cancel()
        with suppress(asyncio.CancelledError):
            await writer

    with caplog.at_level(logging.ERROR, "issuer.epochs.writer"):
        asyncio.run(watch())
    assert _published(still.world).number == 1
    assert "no look succeeds" in caplog.text
    assert "publication-waits" in caplog.text
