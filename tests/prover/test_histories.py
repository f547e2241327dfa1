"""Random histories of two wallets at one gateway, of which one is at work at another too: whatever else happens happens
to both, so what that gateway is shown, and what it waits for, must be the same.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from circuits.records import EpochRecord
from prover import ProverError
from tests.prover.conftest import Clock, FakeGateway, FakeIssuer, Keys, World
from tests.prover.two import HERE, THERE, Heard, Two, midnight, shown

TOKEN_CODES = ["unknown-epoch", "stale-epoch", "replay", "non-revocation", "floor"]
CALL_CODES = ["floor", "stale-epoch", "unknown-epoch"]


@dataclass(frozen=True)
class Circumstances:
    """What both wallets meet as they call HERE."""

    offset: int  # seconds that the gateway's clock is ahead
    lease_runs: bool
    refuses_call: str | None  # the code of the first call's refusal
    refuses_proofs: list[str]  # the codes of the first presentations' refusals
    publishes_at: int | None  # the question for the newest epoch at which another one comes
    publishes_before: bool  # whether that is answered with it
    urgent: bool
    meanwhile: bool  # the busy one works elsewhere whenever the gateway hears of its call


circumstances = st.builds(
    Circumstances,
    st.sampled_from([0, 0, 60, 290, -290]),
    st.booleans(),
    st.none() | st.sampled_from(CALL_CODES),
    st.lists(st.sampled_from(TOKEN_CODES), max_size=2),
    st.none() | st.integers(1, 3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


class Histories(RuleBasedStateMachine):
    """Two wallets from their licences on."""

    def __init__(self, keys: Keys, directory: Path) -> None:
        super().__init__()
        clock = Clock()
        issuer = FakeIssuer(keys, clock)
        self.world = World(clock, keys, issuer, FakeGateway(keys, issuer, clock), directory)

    @initialize(before_midnight=st.none() | st.integers(300, 2000), lease_seconds=st.sampled_from([30, 900]))
    def begin(self, before_midnight: int | None, lease_seconds: int) -> None:
        if before_midnight is not None:
            self.world.clock.at = midnight(self.world) - before_midnight
        self.world.issuer.publish()
        self.two = Two(self.world)
        for gateway in self.two.gateways:
            gateway.lease_seconds = lease_seconds

    @rule(seconds=st.sampled_from([30, 100, 300, 600, 700, 850, 910, 1300]))
    def wait(self, seconds: int) -> None:
        self.world.clock.at += seconds

    @rule(strangers=st.integers(0, 1), urgent=st.booleans())
    def publish(self, strangers: int, urgent: bool) -> None:
        self.world.issuer.revoke_strangers(strangers)
        self.two.publish(urgent)

    @rule(lease_runs=st.booleans())
    def one_works_elsewhere(self, lease_runs: bool = False) -> None:
        issuer = self.world.issuer
        log, before, after = list(issuer.log), issuer.before, issuer.after
        issuer.before = issuer.after = lambda request: None
        if not lease_runs:
            self.two.elsewhere.leases.clear()
        with suppress(ProverError):
            self.two.busy.get(f"{THERE}/v1/autonomous/x")
        issuer.log[:], issuer.before, issuer.after = log, before, after

    @rule()
    def both_renew(self) -> None:
        for wallet in self.two.wallets:
            self.world.obtain_elsewhere(wallet, renew=True)

    @rule()
    def both_start_again(self) -> None:
        self.two.start()

    @rule(met=circumstances)
    def both_call(self, met: Circumstances) -> None:
        issuer, clock = self.world.issuer, self.world.clock
        start, before = clock.at, list(issuer.epochs)
        after = before if met.publishes_at is None else [*before, issuer.publish(met.urgent)]
        seen = []
        for gateway, client in zip(self.two.gateways, self.two.clients, strict=True):
            clock.at, issuer.epochs = start, before
            seen.append(self.observe(gateway, client, met, after))
        issuer.epochs, self.two.elsewhere.floor = after, after[-1].floor
        assert seen[0] == seen[1]

    def observe(
        self, gateway: FakeGateway, client: httpx.Client, met: Circumstances, after: list[EpochRecord]
    ) -> tuple[str, list[int], list[str]]:
        """How the call ended, the epochs that the gateway was shown, and the files that it waited for."""
        issuer, busy = self.world.issuer, client is self.two.busy
        proofs, calls, asked = list(met.refuses_proofs), [met.refuses_call] * (met.refuses_call is not None), [0]
        heard = Heard(self.world)

        def answer(request: httpx.Request) -> httpx.Response | None:
            heard(request)
            if request.url.path == "/licence/token":
                return gateway.refuse(403, proofs.pop(0)) if proofs else None
            if met.meanwhile and busy:
                self.one_works_elsewhere()
            asks = request.url.path.startswith("/v1") and calls
            return gateway.refuse(401, calls.pop(), fresh=True) if asks else None

        def publish(request: httpx.Request) -> None:
            if request.url.path != "/epochs/latest.cose":
                return
            asked[0] += 1
            if asked[0] == met.publishes_at:
                issuer.epochs = after
                if busy:
                    self.one_works_elsewhere()

        if not met.lease_runs or met.offset != gateway.time_offset:
            gateway.leases.clear()
        gateway.time_offset, gateway.override = met.offset, answer
        gateway.floor = issuer.epochs[-1].floor
        known = len(shown(gateway))
        issuer.before, issuer.after = (publish, issuer.after) if met.publishes_before else (issuer.before, publish)
        try:
            outcome = str(client.get(f"{HERE}/v1/autonomous/x").status_code)
        except ProverError as error:
            outcome = error.code
        issuer.before = issuer.after = lambda request: None
        return outcome, shown(gateway)[known:], [] if heard.at is None else issuer.log[heard.at :]


@pytest.mark.attack("48")
@pytest.mark.attack("49")
def test_no_history_shows_who_is_at_work_elsewhere(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Histories(keys, tmp_path_factory.mktemp("history")),
        settings=settings(stateful_step_count=20),
    )
