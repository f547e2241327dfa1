"""Exactly one licence: retries, races, refreshes, lost wallets."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from circuits import Credential, Secret
from issuer.licences.models import Issue, Licence
from tests.issuer.conftest import ReadyApplicant
from tests.support.applicant import Applicant, unb64
from tests.support.issuer_world import IssuerUnderTest


def _count(issuer: IssuerUnderTest, table: type[Licence] | type[Issue]) -> int:
    with issuer.world.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.attack("I8")
def test_the_same_request_again_gets_the_same_reply(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    request, pending = one.request()
    first = one.send(request)
    issuer.http.post("/admin/epochs", headers=issuer.admin)
    issuer.clock.move(3600)
    again = one.send(request)
    assert again.status_code == 201
    assert again.json() == first.json()
    one.receive(pending, again.json())
    assert _count(issuer, Licence) == 1


@pytest.mark.attack("28")
def test_racing_requests_make_exactly_one_licence(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    challenge = one.call("POST", "/challenge").json()
    nonce, session = (unb64(challenge[name]) for name in ("nonce", "session"))
    requests = [one.request(nonce, session)[0] for _ in range(8)]
    barrier = threading.Barrier(len(requests))

    def send(index: int) -> int:
        barrier.wait()
        return one.send(requests[index]).status_code

    with ThreadPoolExecutor(len(requests)) as pool:
        statuses = sorted(pool.map(send, range(len(requests))))
    assert statuses == [201] + [409] * (len(requests) - 1)
    assert (_count(issuer, Licence), _count(issuer, Issue)) == (1, 1)


@pytest.mark.attack("28")
def test_two_applications_of_one_person_racing_with_one_pass(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    applicants = [ready() for _ in range(3)]
    requests = [one.request()[0] for one in applicants]
    barrier = threading.Barrier(3)

    def send(index: int) -> str:
        barrier.wait()
        answer = applicants[index].send(requests[index])
        return "issued" if answer.status_code == 201 else str(answer.json()["code"])

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(send, range(3))) == ["already-licensed", "already-licensed", "issued"]
    assert _count(issuer, Licence) == 1


def test_a_lost_wallet_is_a_new_licence_after_the_old_one_is_revoked(
    issuer: IssuerUnderTest, ready: ReadyApplicant
) -> None:
    first = ready()
    old = first.send(first.request()[0]).json()
    second = ready()
    assert second.send(second.request()[0]).json()["code"] == "already-licensed"
    lost = second.call("POST", "/lost-wallet").json()
    assert lost == {"revoked": 1, "epoch": 1}
    assert issuer.http.post("/admin/epochs", headers=issuer.admin).json() == {"epoch": 1}
    issuer.clock.move(issuer.settings.replacement_wait_days * 86400)
    request, pending = second.request()
    answer = second.send(request)
    assert answer.status_code == 201, answer.text
    credential, membership = second.receive(pending, answer.json())
    assert membership.epoch_number >= 1
    assert old["attributes"][0] != answer.json()["attributes"][0]
    assert first.send(first.request(bytes(32), bytes(32))[0]).json()["code"] == "unknown-credentials"
    assert credential.value("tier") == 3


def test_a_revoked_licence_is_not_handed_out_again(issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
    one = ready()
    request, _ = one.request()
    permit = one.send(request).json()["attributes"][5]
    issuer.http.post("/admin/revocations", json={"permit": permit, "reason": "harm"}, headers=issuer.admin)
    assert one.send(request).json()["code"] == "licence-revoked"


class TestRefresh:
    """A refresh keeps the handle and the holder's secret, and takes nothing away."""

    @staticmethod
    def _issued(ready: ReadyApplicant) -> tuple[Applicant, Credential]:
        one = ready()
        request, pending = one.request()
        credential, _ = one.receive(pending, one.send(request).json())
        return one, credential

    def test_a_refresh_keeps_the_handle_and_extends(self, issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
        _, old = self._issued(ready)
        issuer.clock.move(30 * 86400)
        again = ready(link_secret=old.link_secret)
        request, pending = again.request()
        answer = again.send(request)
        assert answer.status_code == 201, answer.text
        new, _ = again.receive(pending, answer.json())
        assert new.handle == old.handle
        assert int(new.value("good_until")) == int(old.value("good_until")) + 30
        assert unb64(answer.json()["signer_share"]) == bytes(32)
        assert (_count(issuer, Licence), _count(issuer, Issue)) == (1, 2)

    @pytest.mark.attack("I4")
    def test_a_refresh_with_another_secret(self, issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
        self._issued(ready)
        again = ready(link_secret=Secret(4711))
        assert again.send(again.request()[0]).json()["code"] == "other-registration"

    def test_a_refresh_that_takes_something_away(self, issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
        _, old = self._issued(ready)
        again = ready(link_secret=old.link_secret)
        assert again.send(again.request()[0], tier=2).json()["code"] == "refresh-narrows"
        assert _count(issuer, Issue) == 1

    def test_a_refresh_without_a_licence(self, issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
        again = ready(link_secret=Secret(4711))
        assert again.send(again.request()[0]).json()["code"] == "no-licence-to-refresh"

    @pytest.mark.attack("I7")
    def test_a_refresh_after_revocation(self, issuer: IssuerUnderTest, ready: ReadyApplicant) -> None:
        _, old = self._issued(ready)
        again = ready(link_secret=old.link_secret)
        assert again.call("POST", "/lost-wallet").json()["revoked"] == 1
        assert again.send(again.request()[0]).json()["code"] == "no-licence-to-refresh"
