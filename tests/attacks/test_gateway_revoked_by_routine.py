"""A licence revoked by a routine epoch gets no lease at the epoch before, once that is known, but for a moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.verifier.sim_gateway import Gateway, refused


@pytest.mark.attack("16")
@pytest.mark.requirement("R65")
@pytest.mark.parametrize("revoked", [True, False])
def test_a_proof_at_the_epoch_before(tmp_path: Path, revoked: bool) -> None:
    gateway = Gateway(tmp_path)

    async def story() -> None:
        holder, other, before = gateway.holder(), gateway.holder(), gateway.issuer.epochs[0]
        gateway.clock.time += 900
        if revoked:
            gateway.issuer.revoke(holder.licence)
        gateway.point.offer_epoch(gateway.issuer.publish())
        gateway.clock.time += 60
        early = await gateway.exchange(holder, holder.present(await gateway.challenge(), epoch=before))
        assert early.status_code == 200
        gateway.clock.time += 61
        late = await gateway.exchange(holder, holder.present(await gateway.challenge(), epoch=before))
        if revoked:
            refused(late, 403, "stale-epoch")
        else:
            assert late.status_code == 200
        gateway.issuer.update(other.licence)
        assert (await gateway.exchange(other, other.present(await gateway.challenge()))).status_code == 200

    asyncio.run(story())
