"""A gateway that starts again has forgotten which holder proofs were used, so it takes none from before its start."""

from __future__ import annotations

import asyncio
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
