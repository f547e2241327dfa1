"""A lease names its policy by id; one that was made under another policy of that id, or other trust, is of no use."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from circuits.records import TrustBundle
from tests.verifier.sim_gateway import Gateway, refused
from tests.verifier.sim_issuer import Clock, SimulatedIssuer


class LaxIssuer(SimulatedIssuer):
    """Its bundle's policy lets tier 2 in until the provider asks for tier 3, under the same id."""

    lax = True

    def bundle(self) -> TrustBundle:
        strict = super().bundle()
        policy = strict.policies[0]
        tiers, *others = policy.disclosed
        lax = replace(policy, disclosed=((tiers[0], (2, 3)), *others))
        return replace(strict, policies=(lax,)) if self.lax else strict


@pytest.mark.attack("17")
def test_tier_two_from_before_the_change(tmp_path: Path) -> None:
    clock = Clock()
    issuer = LaxIssuer(clock)
    gateway = Gateway(tmp_path, issuer, clock)

    async def story() -> None:
        low, high = gateway.holder(tier=2), gateway.holder()
        leases = [await gateway.lease(low), await gateway.lease(high)]
        assert [(await gateway.call(*one)).status_code for one in zip((low, high), leases, strict=True)] == [200, 200]
        gateway.start()
        assert (await gateway.call(low, leases[0])).status_code == 200
        issuer.lax = False
        for _ in range(2):
            gateway.start()
            answer = await gateway.call(low, leases[0])
            assert answer.headers["agent-licence-error"] in ("floor", "unknown-key")
            refused(answer, 403, answer.headers["agent-licence-error"])
        assert (await gateway.call(high, await gateway.lease(high))).status_code == 200

    asyncio.run(story())
