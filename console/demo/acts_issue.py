"""The first acts: the stage, what is refused without a licence, and how Ada gets hers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from circuits import SECONDS_PER_DAY
from console.demo.account import Account, duration, stopwatch
from console.demo.candidate import Candidate, Refusal
from console.demo.off_stage import OffStage
from console.demo.people import ADA
from console.demo.world import World

T = TypeVar("T")

CHALLENGE_HEADER = "Agent-Licence-Challenge"


def set_the_stage(world: World, account: Account) -> None:
    """Processes and keys."""
    with account.section("The stage"):
        with stopwatch() as took:
            world.start_apis()
            told = world.set_up_issuer()
        account.check(
            "the issuer has made its keys, records, first epoch and three openers' shares", True, seconds=took[0]
        )
        with stopwatch() as took:
            world.start_servers()
        pids = {process.popen.pid for process in world.running.values()}
        names = "identity provider, issuer, two gateways, two APIs"
        account.check(f"{len(pids)} processes answer on the loopback interface: {names}", len(pids) == 6, "", took[0])
        served = world.http.get(f"{world.issuer_url}/trust.cbor").content
        same = served == world.trust_file.read_bytes() and world.trust.hash.hex() == told["trust_hash"]
        account.check(
            "both gateways pin the trust bundle that the issuer serves", same, f"SHA-256 {told['trust_hash'][:16]}…"
        )


def without_a_licence(world: World, account: Account) -> None:
    """R01, R02: public use needs nothing, autonomous use a licence."""
    with account.section("Without a licence"):
        for provider in world.providers:
            answer = world.http.get(f"{provider.origin}/v1/public/models", headers={"Agent-Lease-Id": "forged"})
            heard = answer.json().get("headers", {}) if answer.status_code == 200 else {}
            clean = answer.status_code == 200 and "agent-lease-id" not in heard
            account.check(f"{provider.name}: a public call is answered, a forged lease header is stripped", clean)
            answer = world.http.post(f"{provider.origin}/v1/autonomous/plan", json={"step": 0})
            refused = answer.status_code == 401 and CHALLENGE_HEADER in answer.headers
            said = (
                f"{answer.status_code} with a challenge for policy tier3-insured"
                if refused
                else str(answer.status_code)
            )
            account.check(f"{provider.name}: an autonomous call is refused", refused, said)
            bogus = {"Agent-Licence": "eyJhbGciOiJub25lIn0.e30."}
            answer = world.http.post(f"{provider.origin}/v1/autonomous/plan", json={"step": 0}, headers=bogus)
            account.check(f"{provider.name}: and so is one with a made-up lease", answer.status_code == 401)


def ada_applies(world: World, account: Account) -> Candidate:
    """R11: enrolment and sign-in."""
    ada = Candidate(world, ADA, "ada")
    with account.section("Ada applies and signs in"):
        with stopwatch() as took:
            ada.enrol()
        account.check(
            "licence wallet enrol: the wallet has checked the issuer's records and registered a secret",
            True,
            "",
            took[0],
        )
        (early, _), (first, seconds) = world.together(
            lambda: timed(lambda: ada.ask_for_licence(3)), lambda: timed(lambda: ada.sign_in()[0])
        )
        refused = early.get("error", {})
        steps = refused.get("code") == "application-incomplete"
        account.check("no licence can be had before every step is done", steps, refused.get("sentence", ""))
        shown = ada.code in first.text.replace(" ", "")
        account.check("the sign-in page shows the wallet's six-digit code", shown, ada.code)
        status = ada.status()
        done = status["state"] == "signed-in" and status["identity"] == "verified"
        account.check(
            "Ada signs in at her identity provider, through its real pages",
            done,
            f"identity: {status['identity']}",
            seconds,
        )
        kept = (world.issuer_data / "issuer.sqlite3").read_bytes()
        wal = world.issuer_data / "issuer.sqlite3-wal"
        kept += wal.read_bytes() if wal.exists() else b""
        named = [
            text for text in (ADA.name, ADA.birthdate, ADA.documents[0].number, ADA.subject) if text.encode() in kept
        ]
        account.check(
            "the issuer's database holds neither her name, birth date, passport number nor account", not named
        )
    return ada


def ada_is_assessed(world: World, account: Account, ada: Candidate, others: OffStage) -> None:
    """R21: two failures, a day's wait, a pass."""
    with account.section("The assessment"):
        ada.accept_terms()
        account.check("Ada accepts the terms of liability", ada.status()["steps"]["terms"])
        for attempt in (1, 2):
            with stopwatch() as took:
                result = ada.sit(knows=False)
            told = f"{sum((result.get('topics') or {}).values())} of 36 right"
            account.check(f"attempt {attempt}: 36 questions, failed", not result["passed"], told, took[0])
        _refused_until(world, account, ada)
        others.ready()
        world.pass_time(SECONDS_PER_DAY - 60)
        code, _ = _try_sitting(ada)
        account.check("a minute before the day is over she is still refused", code == "cooling-off", str(code))
        world.pass_time(60 * 2)
        others.go_on()
        with stopwatch() as took:
            result = ada.sit(knows=True)
        topics = ", ".join(f"{name} {count}" for name, count in (result.get("topics") or {}).items())
        account.check("after 24 hours she sits again, and passes", result["passed"], topics, took[0])
        code, _ = _try_sitting(ada)
        account.check("who has passed is not examined again", code == "already-passed", str(code))


def ada_gets_her_licence(account: Account, ada: Candidate) -> None:
    """R33, R44: permit, cover, licence."""
    with account.section("Permit, cover, licence"):
        account.check("still missing: permit and cover", set(ada.status()["missing"]) == {"permit", "cover"})
        permit = ada.get_permit()
        account.check("Ada gets a sole operator's permit", bool(permit), permit)
        cover = ada.get_cover(band=4, days=300)
        account.check(
            "her insurer's signed attestation is accepted",
            cover.get("band") == 4,
            f"band {cover.get('band')}, until {day_of(cover.get('until_day', 0))}",
        )
        with stopwatch() as took:
            licence = ada.obtain(3)
        held = licence["tier"] == 3 and licence["permit"] == permit and licence["cover_band"] == 4
        account.check(
            "licence wallet obtain: the licence is issued blindly, checked and kept", held, licence["licence"], took[0]
        )
        for provider in ada.world.providers:
            ada.hire(provider)
        mode = ada.wallet.stat().st_mode & 0o777
        secret = ada.open_wallet().contents.encode().expose()
        closed = secret[64:96] not in ada.wallet.read_bytes() and mode == 0o600
        account.check("the wallet's file is encrypted, and only its owner may read it", closed, f"mode {mode:o}")
        days = {name: day_of(value) for name, value in licence.items() if name.endswith("_until")}
        rows = [(name, str(value)) for name, value in (licence | days).items()]
        account.table(
            "What the licence says (the issuer knows; gateways see tier and jurisdiction)", ("attribute", "value"), rows
        )


def _refused_until(world: World, account: Account, ada: Candidate) -> None:
    code, next_at = _try_sitting(ada)
    wait = (next_at or 0) - world.now()
    right = code == "cooling-off" and abs(wait - SECONDS_PER_DAY) < 60
    account.check("after the second failure no sitting can start", right, f"{code}, next in {duration_of_hours(wait)}")


def _try_sitting(ada: Candidate) -> tuple[str | None, int | None]:
    try:
        ada.start_sitting()
    except Refusal as refusal:
        return refusal.code, refusal.problem.get("next_at")
    return None, None


def day_of(number: int) -> str:
    """A day number (days since 1970-01-01) as a date."""
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def timed(action: Callable[[], T]) -> tuple[T, float]:
    """What an action gives, and the seconds it took."""
    with stopwatch() as took:
        result = action()
    return result, took[0]


def duration_of_hours(seconds: float) -> str:
    """Seconds as hours and minutes."""
    if seconds < 60:
        return duration(seconds)
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"


def wait_for(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Ask until it is so, at most this long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(pause)
    return False
