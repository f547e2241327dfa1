"""The last acts: a licence is lost, the issuer is away, cover runs out, and openers name one operator."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from circuits import SECONDS_PER_DAY
from circuits.records import BOUND_CONSTANT, PolicyRecord
from console.administration import Administration, read_token
from console.demo.account import Account, stopwatch
from console.demo.acts_issue import wait_for
from console.demo.acts_use import Figures, prove_under
from console.demo.candidate import Candidate
from console.demo.off_stage import GRACE_COVER_DAYS
from console.demo.people import ADA
from console.demo.world import CLIENT_ID, World

LEAD_SECONDS = 0.4
MAX_REVOCATION_SECONDS = 5.0
LONG_PAST_DAY = 20_000


def ada_loses_her_licence(world: World, account: Account, ada: Candidate, grace: Candidate, figures: Figures) -> None:
    """R65, R72: the time from the order to the first refusal."""
    north, south = world.providers
    with account.section("Ada loses her licence"):
        agents = [ada.hire(north), ada.hire(south), grace.hire(north)]
        before = [agent.carry_out(calls=1) for agent in agents]
        working = all(report["answered"] == 1 for report in before)
        account.check("Ada's agents work at both gateways, Grace's at one; all keep calling", working)
        enough = world.folder / "enough-revocation"
        for agent in agents:
            agent.order(until=str(enough))
        time.sleep(LEAD_SECONDS)
        order = {"licence": _licence_of(ada), "reason": "demonstration", "urgent": True}
        ordered = time.monotonic()
        told = _administration(world).post("/admin/revocations", order)
        published = time.monotonic() - ordered
        account.check("the issuer revokes, and publishes an urgent epoch", "epoch" in told, _epoch(told), published)
        for agent, provider in zip(agents, (north, south), strict=False):
            report = agent.report()
            after = (report["first_403_at"] or float("inf")) - ordered
            held = 0 < after < MAX_REVOCATION_SECONDS
            figures.revoked_seconds = max(figures.revoked_seconds, after if held else 0.0)
            calls = f"{report['answered']} calls answered before it"
            account.check(f"{provider.name}: the first 403 after the order", held, calls, after if held else None)
            stopped = report["ended_by"] == "revoked"
            account.check(f"{provider.name}: her agent finds itself revoked, and halts", stopped, report["sentence"])
        time.sleep(LEAD_SECONDS)
        enough.touch()
        _grace_goes_on(account, agents[2].report())
        refreshed, audited = world.together(
            partial(world.licence, "wallet", "refresh", "--wallet", str(ada.wallet), *world.clock, expect=1),
            partial(world.licence, "wallet", "audit", "--wallet", str(grace.wallet)),
        )
        error = refreshed["error"]
        account.check("licence wallet refresh tells Ada why", error["code"] == "revoked", error["sentence"])
        whole = audited["entries_audited"] == 1
        account.check("licence wallet audit: all that the issuer publishes fits together", whole, _epoch(audited))


def the_issuer_is_away(world: World, account: Account, grace: Candidate) -> None:
    """R64: an outage of the issuer stops no running lease."""
    with account.section("The issuer is away"):
        agents = [grace.hire(provider) for provider in world.providers]
        before = [agent.carry_out(calls=1) for agent in agents]
        account.check("Grace's agents hold leases at both gateways", all(report["answered"] for report in before))
        enough = world.folder / "enough-outage"
        for agent in agents:
            agent.order(until=str(enough))
        time.sleep(LEAD_SECONDS)
        world.kill("issuer")
        account.check("the issuer's process is killed", not _reachable(world), "kill -9, no farewell")
        public = [world.http.get(f"{provider.origin}/v1/public/models").status_code for provider in world.providers]
        time.sleep(LEAD_SECONDS)
        enough.touch()
        for provider, agent in zip(world.providers, agents, strict=True):
            report = agent.report()
            went_on = report["calls"] == report["answered"] and report["presentations"] == 0 and not report["ended_by"]
            told = f"{report['calls']} calls, no new proof"
            account.check(f"{provider.name}: the running lease goes on, no call fails", went_on, told)
        account.check("public use goes on as well", public == [200, 200])
        with stopwatch() as took:
            world.start_issuer()
            world.wait("issuer")
        listed = world.http.get(f"{world.issuer_url}/admin/licences", headers=_bearer(world)).json()
        states = sorted(row["state"] for row in listed["licences"])
        right = states == ["live", "live", "revoked"]
        account.check("the issuer comes back and has forgotten nothing", right, ", ".join(states), took[0])


def cover_lapses(world: World, account: Account, grace: Candidate) -> None:
    """R44: insurance that ends, ends access."""
    days = GRACE_COVER_DAYS + 1
    with account.section("Cover lapses"):
        world.pass_time(days * SECONDS_PER_DAY)
        number = _administration(world).post("/admin/epochs", {})["epoch"]
        fresh = all(wait_for(partial(_has_epoch, world, provider.origin, number), 10) for provider in world.providers)
        account.check(f"{days} days pass; both gateways hold the newest epoch", fresh, f"epoch {number}")
        report = grace.hire(world.providers[0]).carry_out(calls=1)
        account.check(
            "Grace's wallet cannot prove cover any more", report["ended_by"] == "predicate", report["sentence"]
        )
        answers = world.together(*(partial(prove_under, world, grace, each, ignore_dates) for each in world.providers))
        for provider, answer in zip(world.providers, answers, strict=True):
            told = f"{answer.status} {answer.code}"
            sentence = f"{provider.name}: a wallet bent to pass over the date is refused"
            account.check(sentence, answer.status == 403, told)


def openers_name_one_operator(world: World, account: Account, figures: Figures) -> None:
    """R60: two of three, one recorded call, one person."""
    provider, lease, case = world.providers[0], figures.lease, "2026-DEMO-1"
    evidence = world.gateway_data(provider) / "evidence"
    about = ("--trust", str(world.trust_file), "--record", str(evidence), "--lease", lease, "--case", case)
    row = world.folder / "case-row.json"
    with account.section("Two of three openers name the operator of one call"):
        account.note(f"A court approves case {case}: who made the calls on lease {lease} at {provider.name}?")
        _first_round(world, account, about, row)
        _second_round(world, account, about, row)


def ignore_dates(policy: PolicyRecord) -> PolicyRecord:
    """The policy with the bound on the date made a day long past."""
    (index, _, _), *others = policy.predicates
    return replace(policy, predicates=((index, BOUND_CONSTANT, LONG_PAST_DAY), *others))


def _grace_goes_on(account: Account, report: dict[str, Any]) -> None:
    went_on = report["calls"] == report["answered"] > 0 and not report["ended_by"]
    proofs = f"{report['calls']} calls, {report['presentations']} new proof"
    account.check("Grace's agent proves itself anew within a call, and no call of hers fails", went_on, proofs)
    asked = report["challenged_403"] == 1 == report["presentations"]
    account.check("once, because her lease was older than the urgent epoch", asked)


def _first_round(world: World, account: Account, about: tuple[str, ...], row: Path) -> None:
    given = _shares(world, about, "first")
    account.check("openers 1 and 3 verify the recorded proof again, and each gives a share", len(given) == 2)
    archive = ("--issuer", world.issuer_url, "--admin-token", str(_admin_token_file(world)), "--out", str(row))
    asked = ("opener", "combine", *about, *archive)
    alone, twice = world.together(
        partial(world.licence, *asked, *_from(given[:1]), expect=1),
        partial(world.licence, *asked, *_from([given[0], given[0]]), expect=1),
    )
    account.check("one of them alone opens nothing", *_too_few(alone))
    account.check("nor does one share given twice", "error" in twice, twice["error"]["sentence"])
    with stopwatch() as took:
        found = world.licence(*asked, *_from(given))
    opened = bool(found["archive_point"])
    account.check("together they find the archive row; that they asked was logged first", opened, "", took[0])


def _second_round(world: World, account: Account, about: tuple[str, ...], row: Path) -> None:
    sealed = _shares(world, (*about, "--row", str(row)), "sealed")
    provider = world.folder / "identity-provider.json"
    keys = world.http.get(f"{world.identity_url}/jwks").json()
    trusted = {"issuer": world.identity_url, "client_id": CLIENT_ID, "jwks": keys, "vot": ["P2"]}
    provider.write_text(json.dumps(trusted), encoding="utf-8")
    asked = ("opener", "combine", *about, "--row", str(row), "--provider", str(provider))
    lonely, named = world.together(
        partial(world.licence, *asked, *_from(sealed[1:]), expect=1),
        partial(world.licence, *asked, *_from(sealed)),
    )
    account.check("the sealed evidence takes two as well", *_too_few(lonely))
    right = (named.get("name"), named.get("subject")) == (ADA.name, ADA.subject)
    account.check("the evidence names the operator", right, f"{named.get('name')}, born {named.get('birthdate')}")
    outside = named["provider"] == world.identity_url
    account.check("by an ID token made outside the issuer, whose nonce covers her registration", outside)


def _shares(world: World, about: tuple[str, ...], name: str) -> list[Path]:
    files = {number: world.folder / f"{name}-{number}.json" for number in (1, 3)}
    world.together(
        *(
            partial(world.licence, "opener", "share", *about, "--share", str(_share(world, number)), "--out", str(file))
            for number, file in files.items()
        )
    )
    return list(files.values())


def _share(world: World, number: int) -> Path:
    return world.shares / f"opener-{number}.share"


def _too_few(told: dict[str, Any]) -> tuple[bool, str]:
    error = told.get("error", {})
    return error.get("code") == "too-few-shares", str(error.get("sentence"))


def _from(files: list[Path]) -> list[str]:
    return [part for file in files for part in ("--from", str(file))]


def _licence_of(candidate: Candidate) -> str:
    held = candidate.open_wallet().contents.licence
    if held is None:
        raise LookupError("the wallet holds no licence")
    return held.id


def _admin_token_file(world: World) -> Path:
    return world.issuer_data / "keys" / "admin.token"


def _administration(world: World) -> Administration:
    return Administration(world.issuer_url, read_token(_admin_token_file(world)), world.http)


def _bearer(world: World) -> dict[str, str]:
    return {"authorization": f"Bearer {read_token(_admin_token_file(world)).expose()}"}


def _reachable(world: World) -> bool:
    try:
        world.http.get(f"{world.issuer_url}/trust.cbor", timeout=1.0)
    except httpx.TransportError:
        return False
    return True


def _epoch(told: dict[str, Any]) -> str:
    return f"epoch {told.get('epoch')}"


def _has_epoch(world: World, origin: str, number: int) -> bool:
    """Whether a gateway holds this epoch, as it says in its signed floor."""
    from joserfc import jws

    claims = json.loads(jws.extract_compact(world.http.get(f"{origin}/licence/floor").content).payload)
    return claims["epoch"] is not None and int(claims["epoch"]) >= number
