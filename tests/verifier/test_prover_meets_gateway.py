"""The holder's own client against this gateway over a real socket: two implementations of one wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from prover.challenge import Challenge
from prover.errors import Revoked
from prover.keeper import LeaseKeeper
from prover.leases import LicensedTransport
from prover.prove import Request
from prover.refresh import Refreshed
from prover.session import Gateway as GatewaySettings
from tests.verifier.sim_gateway import Asked, Holder
from tests.verifier.test_gateway_sockets import Served


class Session:
    """A wallet session around a simulated licence: no files, no issuer over the wire."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.holder: Holder = served.holder()
        self.presented = 0
        self._keeper = LeaseKeeper(self, GatewaySettings(served.origin), served.clock, served.clock)

    def keeper(self, _: str) -> LeaseKeeper:
        return self._keeper

    def check_not_revoked(self) -> None:
        """Nothing is known to be revoked before the gateway says so."""

    @property
    def mark(self) -> bytes:
        """There is one licence."""
        return b"the licence"

    def is_new_to(self, origin: str, anew: bool = False) -> bool:
        """What is shown to one gateway alone tells nothing of another."""
        return False

    def begin(self, origin: str, anew: bool = False, leased: int | None = None) -> None:
        """Never asked for."""

    def refresh(self, origin: str, time: int) -> Refreshed:
        issuer, licence = self._served.issuer, self.holder.licence
        if any(entry.handle == licence.credential.handle for entry in issuer.entries):
            raise Revoked("the licence is revoked")
        issuer.update(licence)
        return cast(Refreshed, None)

    def refresh_if_due(self, origin: str, time: int) -> None:
        """The simulated membership is brought up to date when the gateway asks."""

    def present(self, challenge: Challenge, request: Request, _: str, mark: bytes, older: bool) -> bytes:
        self.presented += 1
        asked = Asked(challenge.nonce, challenge.time, challenge.not_after - challenge.time)
        return self.holder.present(asked, session_thumbprint=request.session_thumbprint)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with ExitStack() as stack:
        yield Served(tmp_path, stack)


@pytest.mark.requirement("R05")
@pytest.mark.requirement("R72")
def test_the_agent_works_renews_and_halts(served: Served) -> None:
    session = Session(served)
    transport = LicensedTransport(cast(Any, session), httpx.HTTPTransport())
    with httpx.Client(transport=transport, base_url=served.origin) as client:
        for _ in range(3):
            assert client.get("/v1/autonomous/echo?q=1").status_code == 200
        assert client.post("/v1/autonomous/echo", content=b"abc").json()["octets"] == 3
        assert session.presented == 1
        served.clock.time += 850
        assert client.get("/v1/autonomous/echo").status_code == 200
        assert session.presented == 2
        served.point.offer_epoch(served.issuer.publish(urgent=True))
        assert client.get("/v1/autonomous/echo").status_code == 200
        assert session.presented == 3
        served.issuer.revoke(session.holder.licence)
        served.point.offer_epoch(served.issuer.publish(urgent=True))
        with pytest.raises(Revoked):
            client.get("/v1/autonomous/echo")


def test_the_agent_halts_when_the_operator_stops_it(served: Served) -> None:
    session = Session(served)
    transport = LicensedTransport(cast(Any, session), httpx.HTTPTransport())
    with httpx.Client(transport=transport, base_url=served.origin) as client:
        lease_id = client.get("/v1/autonomous/echo").json()["headers"]["agent-lease-id"]
        assert served.http.post(
            "/licence/deny", json={"root": lease_id}, headers={"authorization": "Bearer operator-of-the-gateway"}
        ).is_success
        with pytest.raises(Revoked):
            client.get("/v1/autonomous/echo")
