"""The middle acts: agents at work, what gateways record, and who gets no licence."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace

from circuits.records import PolicyRecord
from console.demo import agent, comparison
from console.demo.account import Account
from console.demo.candidate import Candidate, Refusal
from console.demo.loopback import loopback_client
from console.demo.off_stage import OffStage
from console.demo.world import Provider, World
from console.proving import Exchange, present

CALLS = 1000
WORKERS = 4


@dataclass
class Figures:
    """Numbers for the head of the page, and the lease of the call that openers will be asked about."""

    calls_per_second: float = 0.0
    presentation_octets: int = 0
    revoked_seconds: float = 0.0
    lease: str = ""
    processes: int = 0


def agents_at_work(world: World, account: Account, ada: Candidate, others: OffStage, figures: Figures) -> None:
    """R61, R62: a thousand calls on one lease."""
    north, south = world.providers
    with account.section("Ada's agents at work"):
        done = world.licence("wallet", "prove", "--wallet", str(ada.wallet), "--gateway", north.origin, *world.clock)
        octets, proving, deciding = done["presentation_octets"], done["proving_ms"], done["deciding_ms"]
        figures.presentation_octets = octets
        told = f"{octets} octets, {proving} ms to prove, {deciding} ms to decide, cold"
        account.check("licence wallet prove: the gateway accepts a proof", done["lease_seconds"] == 900, told)
        lines = inspect.getsource(agent.work).rstrip().splitlines()
        marked = next(number for number, line in enumerate(lines, start=1) if "LicensedTransport" in line)
        account.listing("The agent, a process of its own: plain httpx, and one line more", "\n".join(lines), marked)
        others.ready()
        report = ada.hire(north).carry_out(calls=CALLS, workers=WORKERS)
        figures.calls_per_second, figures.lease = report["calls"] / report["seconds"], report["leases"][0]
        rate = f"{figures.calls_per_second:.0f} calls a second, {WORKERS} at a time"
        account.check(
            f"{CALLS} calls at {north.name}, every one answered", report["answered"] == CALLS, rate, report["seconds"]
        )
        one = len(report["leases"]) == 1 and report["presentations"] == 1 and report["leases"][0] != ""
        account.check("all of them on one lease, for which one proof was made", one, f"lease {figures.lease}")
        heard = report["seen_upstream"]
        secret = [name for name in heard if name in ("agent-licence", "dpop")]
        account.check(
            "the API behind sees lease id and tier, and neither lease nor proof",
            not secret and report["tiers"] == ["3"],
        )
        second = ada.hire(south).carry_out(calls=50)
        answered = second["answered"] == 50 and second["presentations"] == 1 and second["leases"] != report["leases"]
        account.check(
            f"another agent of hers works at {south.name}, on a lease of its own",
            answered,
            "50 calls",
            second["seconds"],
        )


def gateways_compare_notes(world: World, account: Account, grace: Candidate, figures: Figures) -> None:
    """R74: nothing joins what two gateways know of one person."""
    north, south = world.providers
    with account.section("The two gateways compare notes"):
        kept = comparison.presentations(world.gateway_data(north) / "evidence")
        ours = next(record for record in kept if record.lease == figures.lease)
        theirs = comparison.presentations(world.gateway_data(south) / "evidence")[0]
        other = grace.hire(south).carry_out(calls=5)
        control = comparison.presentations(world.gateway_data(south) / "evidence")[-1]
        account.note(
            "The same person's licence at two providers, as each has recorded it. Could they find out together?"
        )
        table, matching = comparison.rows(ours, theirs)
        account.table("One presentation each", ("value", north.name, south.name, ""), table, matching)
        found = comparison.compare(ours, theirs)
        account.check("no value of one record occurs in the other", not found.matching, f"{found.pairs_compared} pairs")
        common = f"{found.windows_compared} windows of {comparison.WINDOW_OCTETS} octets compared"
        account.check("not even eight octets in a row occur in both", found.common_octets == 0, common)
        joined = ours.shared == theirs.shared == control.shared and other["answered"] == 5
        account.check("what is the same in both is the same for Grace, who is somebody else", joined)
        blind = comparison.compare(theirs, control)
        alike = {
            pair.partition(" = ")[0] for pair in blind.matching
        } <= comparison.SAME_GATEWAY and not blind.common_octets
        account.check("at one gateway, too, Ada and Grace share nothing but the gateway's own values", alike)


def one_person_one_licence(account: Account, others: OffStage) -> None:
    """R13: one identity, one licence."""
    again, elsewhere = others.ada_again, others.ada_elsewhere
    with account.section("One person, one licence"):
        again.sign_in()
        account.check("Ada applies a second time, with a fresh wallet", again.status()["identity"] == "verified")
        code = refusal_of(lambda: _ask_at_once(again))
        account.check("a second licence is refused", code == "already-licensed", str(code))
        elsewhere.sign_in()
        status = elsewhere.status()
        refused = status["identity"] == "duplicate"
        account.check(
            "and with another account, another name, but the same passport", refused, f"identity: {status['identity']}"
        )
        code = refusal_of(elsewhere.start_sitting)
        account.check("that application leads nowhere", code is not None, str(code))


def tier_two_is_not_enough(world: World, account: Account, tim: Candidate) -> None:
    """R06: a Tier 2 holder at a Tier 3 gateway."""
    north = world.providers[0]
    with account.section("Tier 2 is not enough"):
        held = tim.open_wallet().contents.licence
        tier = held.credential.value("tier") if held else None
        account.check("Tim holds a Tier 2 licence", tier == 2)
        report = tim.hire(north).carry_out(calls=1)
        account.check(
            "his wallet refuses to prove what is not so", report["ended_by"] == "predicate", report["sentence"]
        )
        answer = prove_under(world, tim, north, allow_any_tier)
        refused = answer.status == 403 and answer.code == "predicate"
        account.check(
            "a wallet bent to prove Tier 2 anyway is refused by the gateway", refused, f"{answer.status} {answer.code}"
        )


def prove_under(
    world: World, candidate: Candidate, provider: Provider, bend: Callable[[PolicyRecord], PolicyRecord]
) -> Exchange:
    """What a dishonest wallet would do: prove under a policy of its own making, and hope."""
    wallet = candidate.open_wallet()
    contents = wallet.contents
    trust = replace(contents.trust, policies=(bend(contents.trust.policies[0]),))
    return present(wallet, provider.origin, world.now, replace(contents, trust=trust), loopback_client(), world.table)


def allow_any_tier(policy: PolicyRecord) -> PolicyRecord:
    """The policy with every tier allowed."""
    (tier, _), *others = policy.disclosed
    return replace(policy, disclosed=((tier, (1, 2, 3)), *others))


def refusal_of(attempt: Callable[[], object]) -> str | None:
    """The code with which the issuer refuses, or None where it does not."""
    try:
        attempt()
    except Refusal as refusal:
        return refusal.code
    return None


def _ask_at_once(candidate: Candidate) -> None:
    """What a person who is known asks for: the terms again, and the licence."""
    candidate.accept_terms()
    told = candidate.ask_for_licence(3)
    if "error" in told:
        raise Refusal(409, told["error"])
