"""The wallet between the real issuer and the real gateway: apply, obtain, prove, refresh, renew, be revoked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from circuits import Secret
from prover import IssuerClient, IssuerRefused, Revoked, Wallet, WalletSession, licensed_async_client
from prover.enrol import apply, create_wallet, obtain, status
from prover.refresh import refresh
from prover.sign_in import check_sign_in_redirect
from tests.support.applicant import Applicant
from tests.support.issuer_world import IssuerUnderTest, make_issuer, prepare_issuer
from tests.support.moving_clock import MovingClock
from tests.support.sim_provider import SimPerson
from verifier.app import Connections, create_gateway
from verifier.settings import Settings

ORIGIN = "https://gateway.example"
PASSPHRASE = Secret("correct horse")


@pytest.fixture
def real_issuer(tmp_path: Path) -> Iterator[IssuerUnderTest]:
    """The issuer itself, started, with a simulated identity provider."""
    prepare_issuer(tmp_path / "issuer")
    running = make_issuer(tmp_path / "issuer", MovingClock())
    with running.http:
        yield running


@pytest.fixture
def client(real_issuer: IssuerUnderTest) -> IssuerClient:
    """The wallet's way to it, as if over TLS."""
    http: Any = real_issuer.http
    return IssuerClient("https://issuer.test", http)


def person_at_the_browser(issuer: IssuerUnderTest, wallet: Wallet) -> Applicant:
    """Takes the wallet's application through every step that a person does."""
    http: Any = issuer.http
    one, application = Applicant(http, issuer.world.trust), wallet.contents.application
    assert application is not None
    one.id, one.token = application.id, application.token.expose()
    one.sign_in_path = httpx.URL(application.sign_in).path
    shown = re.sub(r"[\s\u00a0]|&nbsp;|<[^>]*>", "", one.browse("GET", one.sign_in_path).text)
    assert application.code in shown
    registration = wallet.contents.registration
    assert registration is not None
    check_sign_in_redirect(one.to_provider().headers["location"], registration)
    assert one.sign_in(issuer.provider, SimPerson("ada")).status_code == 303
    one.accept_terms()
    if "assessment" in one.status()["missing"]:
        one.pass_assessment(issuer.world)
    assert one.give_cover(issuer.attestation(one.get_permit())).status_code == 200
    return one


async def echo_path(request: Request) -> Response:
    """The provider's own service."""
    return JSONResponse({"path": request.url.path})


def gateway_for(issuer: IssuerUnderTest, client: IssuerClient, folder: Path) -> Starlette:
    """The gateway itself, which trusts the issuer's bundle; its upstream answers 200 to everything."""
    trust = folder / "trust.cbor"
    trust.write_bytes(client.trust())
    upstream = httpx.ASGITransport(app=Starlette(routes=[Route("/{rest:path}", echo_path)]))
    settings = Settings(trust, issuer.world.trust.hash, ORIGIN, "http://upstream.example", folder / "gateway")
    return create_gateway(settings, issuer.clock, Connections(upstream=upstream))


@pytest.mark.requirement("R33")
@pytest.mark.requirement("R65")
@pytest.mark.requirement("R72")
def test_the_life_of_a_licence(real_issuer: IssuerUnderTest, client: IssuerClient, tmp_path: Path) -> None:
    wallet = create_wallet(tmp_path / "wallet", PASSPHRASE, client, real_issuer.world.trust.hash, log_cost=10)
    apply(wallet, client)
    assert "identity" in status(wallet, client).missing or status(wallet, client).identity == "unverified"
    with pytest.raises(IssuerRefused):
        obtain(wallet, client, 3, real_issuer.clock)
    person_at_the_browser(real_issuer, wallet)
    assert status(wallet, client).missing == ()
    licence = obtain(wallet, client, 3, real_issuer.clock, {"cover_band": 3})
    gateway = gateway_for(real_issuer, client, tmp_path)
    offer(gateway, client)
    session = WalletSession(wallet, [ORIGIN], issuer=client, now=real_issuer.clock)

    async def run() -> None:
        transport = httpx.ASGITransport(app=gateway)
        async with licensed_async_client(session, transport=transport, base_url=ORIGIN) as agent:
            answers = await asyncio.gather(*(agent.get(f"/v1/autonomous/{number}") for number in range(10)))
            assert [answer.json()["path"] for answer in answers] == [f"/v1/autonomous/{n}" for n in range(10)]
            real_issuer.clock.move(850)
            assert (await agent.get("/v1/autonomous/renewed")).status_code == 200
            revoke_urgently(real_issuer, licence.id)
            offer(gateway, client)
            with pytest.raises(Revoked):
                await agent.get("/v1/autonomous/again")

    asyncio.run(run())


def test_an_application_that_nobody_signed_in_for_is_opened_anew(
    real_issuer: IssuerUnderTest, client: IssuerClient, tmp_path: Path
) -> None:
    wallet = create_wallet(tmp_path / "wallet", PASSPHRASE, client, log_cost=10)
    first = apply(wallet, client)
    registration = wallet.contents.registration
    assert apply(wallet, client).id == first.id
    real_issuer.clock.move(real_issuer.settings.sign_in_seconds)
    second = apply(wallet, client)
    assert second.id != first.id
    assert second.code == first.code
    assert wallet.contents.registration is not None
    assert registration is not None
    assert wallet.contents.registration.point == registration.point
    person_at_the_browser(real_issuer, wallet)
    real_issuer.clock.move(real_issuer.settings.sign_in_seconds)
    assert apply(wallet, client).id == second.id


def test_a_renewal_keeps_the_licence(real_issuer: IssuerUnderTest, client: IssuerClient, tmp_path: Path) -> None:
    wallet = create_wallet(tmp_path / "wallet", PASSPHRASE, client, log_cost=10)
    apply(wallet, client)
    person_at_the_browser(real_issuer, wallet)
    first = obtain(wallet, client, 3, real_issuer.clock)
    publish(real_issuer)
    assert refresh(wallet, client, real_issuer.clock).epoch.number >= 1
    apply(wallet, client, renew=True)
    person_at_the_browser(real_issuer, wallet)
    second = obtain(wallet, client, 3, real_issuer.clock)
    assert second.credential.handle == first.credential.handle
    assert second.credential.signature != first.credential.signature
    publish(real_issuer)
    refresh(wallet, client, real_issuer.clock)
    reopened = Wallet.open(wallet.path, PASSPHRASE).contents
    assert reopened.licence is not None
    assert reopened.licence.credential.signature == second.credential.signature


def offer(gateway: Starlette, client: IssuerClient) -> None:
    """Gives the gateway the newest epoch, as its own polling would."""
    signed = client.latest_epoch()
    gateway.state.point.offer_epoch(signed)


def revoke_urgently(issuer: IssuerUnderTest, licence: str) -> None:
    body = {"licence": licence, "reason": "test", "urgent": True}
    answer = issuer.http.post("/admin/revocations", json=body, headers=issuer.admin)
    assert answer.status_code == 200, answer.text


def publish(issuer: IssuerUnderTest) -> None:
    answer = issuer.http.post("/admin/epochs", json={}, headers=issuer.admin)
    assert answer.status_code in (200, 201), answer.text
