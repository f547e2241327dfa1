"""A gateway that starts again has forgotten which holder proofs were used, so it takes none from before its start. What
it has on disk is one process's: a child, or the one before, writes nothing over it.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.verifier.sim_gateway import Gateway, refused
from verifier import app
from verifier.evidence import EvidenceLog
from verifier.killswitch import Denied
from verifier.unavailable import Unavailable


def state_of(gateway: Gateway) -> dict[str, bytes]:
    """What the gateway keeps beside its trail."""
    return {path.name: path.read_bytes() for path in (gateway.folder / "state").iterdir() if path.is_file()}


@pytest.mark.attack("6")
def test_a_proof_used_before_the_restart(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)

    async def story() -> None:
        holder = gateway.holder()
        lease = await gateway.lease(holder)
        proof = holder.proof("GET", f"{gateway.origin}/v1/autonomous/echo", lease)
        assert (await gateway.call(holder, lease, proof=proof)).status_code == 200
        gateway.clock.time += 1
        gateway.start()
        refused(await gateway.call(holder, lease, proof=proof), 403, "holder-proof")
        assert gateway.upstream.count == 1
        assert (await gateway.call(holder, lease)).status_code == 200

    asyncio.run(story())


@pytest.mark.attack("6")
def test_a_process_forked_after_the_start_lets_nothing_through(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    holder = gateway.holder()
    lease = asyncio.run(gateway.lease(holder))
    child = os.fork()
    if not child:
        status = 0
        try:
            status = asyncio.run(gateway.call(holder, lease)).status_code
        finally:
            os._exit(status // 10)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 50
    assert asyncio.run(gateway.call(holder, lease)).status_code == 200


@pytest.mark.attack("6")
def test_a_forked_child_forgets_no_denial(tmp_path: Path) -> None:
    """It has denials of its own, and would write them over those that its parent was told of since."""
    gateway = Gateway(tmp_path)
    holder = gateway.holder()
    lease = asyncio.run(gateway.lease(holder))
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        status = 0
        try:
            os.read(told, 1)
            status = asyncio.run(gateway.deny(lease="another", reason="")).status_code
        finally:
            os._exit(status // 10)
    assert asyncio.run(gateway.deny(pseudonym=gateway.point.inspect(lease).pseudonym, reason="")).status_code == 200
    os.write(tell, b"1")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 50
    gateway.start()
    assert asyncio.run(gateway.call(holder, lease)).status_code == 403


def test_a_gateway_whose_trail_is_closed_writes_nothing(tmp_path: Path) -> None:
    """Another process may have the folder by now, with state that this one's would be written over."""
    gateway = Gateway(tmp_path)
    gateway.point.evidence.close()
    kept = state_of(gateway)
    refused(asyncio.run(gateway.deny(lease="one", reason="")), 503, "audit-unavailable")
    with pytest.raises(Unavailable):
        gateway.point.offer_epoch(gateway.issuer.publish(urgent=True))
    gateway.clock.time += 86400
    with pytest.raises(Unavailable):
        gateway.point.tick()
    assert state_of(gateway) == kept


@pytest.mark.attack("6")
def test_a_forked_child_forgets_no_revocation(tmp_path: Path) -> None:
    """It has epochs, a time and lease keys of its own, and would write them over what its parent has kept since."""
    gateway = Gateway(tmp_path)
    gateway.issuer.publish()
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        os.read(told, 1)
        with suppress(Unavailable):
            gateway.point.offer_epoch(gateway.issuer.signed[-1])
        with suppress(Unavailable):
            gateway.clock.time += 86400
            gateway.point.tick()
        os._exit(0)
    gateway.issuer.publish(urgent=True)
    gateway.point.offer_epoch(gateway.issuer.signed[-1])
    gateway.point.tick()
    kept = state_of(gateway)
    os.write(tell, b"1")
    os.waitpid(child, 0)
    assert state_of(gateway) == kept
    gateway.start(offer=False)
    assert gateway.point.trust.floor == 2


def test_a_gateway_that_starts_reads_what_the_one_before_wrote_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is started while the other one still runs, and gets the lock in the moment in which that one ends."""
    gateway = Gateway(tmp_path)
    lease = asyncio.run(gateway.lease(holder := gateway.holder()))
    before = gateway.point

    def when_free(folder: Path) -> EvidenceLog:
        before.deny(Denied.PSEUDONYM, before.inspect(lease).pseudonym, "")
        gateway.issuer.publish(urgent=True)
        before.offer_epoch(gateway.issuer.signed[-1])
        before.evidence.close()
        return EvidenceLog(folder)

    monkeypatch.setattr(app, "EvidenceLog", when_free)
    gateway.app = app.create_gateway(gateway.settings(), gateway.clock, gateway.connections())
    gateway.client = httpx.AsyncClient(transport=httpx.ASGITransport(gateway.app), base_url=gateway.origin)
    assert gateway.point.trust.floor == 1
    refused(asyncio.run(gateway.call(holder, lease)), 403, "revoked")
