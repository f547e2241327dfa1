"""A gateway that starts again has forgotten which holder proofs were used, so it takes none from before its start."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.verifier.sim_gateway import Gateway, refused


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
