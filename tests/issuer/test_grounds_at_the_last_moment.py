"""What is stopped while a licence is being made stops that licence too: its grounds are looked up under the lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from issuer.insurance import store as insurance_store
from issuer.permits import store as permit_store
from tests.issuer.conftest import ADA
from tests.support.applicant import Applicant
from tests.support.issuer_world import INSURER, IssuerUnderTest, copy_issuer, make_issuer
from tests.support.moving_clock import NOON, MovingClock

Stop = Callable[[Session, str, str], None]


class StopMeanwhile:
    """Once the challenge is taken somebody else has the database for a while, and stops what the licence rests on."""

    def __init__(self) -> None:
        self.issuer: IssuerUnderTest | None = None
        self.stop: Callable[[Session], None] | None = None

    def reach(self, point: str) -> None:
        """See `CrashPoints`."""
        if point == "challenge-taken" and self.stop is not None:
            begun = threading.Event()
            threading.Thread(target=self._stop, args=(begun,)).start()
            assert begun.wait(10)

    def _stop(self, begun: threading.Event) -> None:
        assert self.issuer is not None
        assert self.stop is not None
        with self.issuer.world.database.write() as session:
            begun.set()
            time.sleep(0.3)  # long enough for whoever looks before it has the lock
            self.stop(session)


def suspend(session: Session, permit: str, _: str) -> None:
    permit_store.set_state(session, permit, "current", "suspended")


def leave(session: Session, permit: str, _: str) -> None:
    permit_store.close_operators(session, permit, NOON)


def cancel(session: Session, _: str, cover: str) -> None:
    insurance_store.cancel(session, INSURER, cover, NOON // 86400, NOON, "cancelled")


@pytest.mark.requirement("R44")
@pytest.mark.parametrize(
    ("stop", "code"), [(None, None), (suspend, "no-permit"), (leave, "no-permit"), (cancel, "no-cover")]
)
def test_stopped_in_between(issuer_template: Path, tmp_path: Path, stop: Stop | None, code: str | None) -> None:
    meanwhile = StopMeanwhile()
    copy_issuer(issuer_template, tmp_path / "issuer")
    issuer = make_issuer(tmp_path / "issuer", MovingClock(), meanwhile)
    with issuer.http:
        one = Applicant(issuer.http, issuer.world.trust)
        one.apply()
        one.sign_in(issuer.provider, ADA)
        one.accept_terms()
        one.pass_assessment(issuer.world)
        permit = one.get_permit()
        cover = str(one.give_cover(issuer.attestation(permit)).json()["cover"])
        request, _ = one.request()
        if stop is not None:
            meanwhile.issuer, meanwhile.stop = issuer, lambda session: stop(session, permit, cover)
        answer = one.send(request)
        assert (answer.status_code, answer.json().get("code")) == ((201, None) if stop is None else (409, code))
        issuer.http.cookies.clear()
        licences = issuer.http.get("/admin/licences", headers=issuer.admin).json()["licences"]
        assert len(licences) == (1 if stop is None else 0)
