"""A person of the story as an applicant: wallet, sign-in, assessment, permit, cover, licence.

On stage the wallet's part runs as `licence wallet ...` in processes of its own; off stage, for people who only have to
be there, by the same functions in this process. The sign-in is the real pages in a browser; the rest is the issuer's
HTTP interface with the application's token, as an assistant of the person would use it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from circuits import SECONDS_PER_DAY
from console.demo.browser import Browser, Page
from console.demo.loopback import loopback_client
from console.demo.people import Account
from console.demo.processes import Conversation
from console.demo.world import Provider, World
from prover import enrol as enrolment
from prover.issuer_client import IssuerClient
from prover.wallet.records import Contents
from prover.wallet.store import Wallet

QUESTIONS = 36
AGENT = "console.demo.agent"
# log2 of scrypt's N for wallets made off stage; those of `licence wallet enrol` have the real cost.
OFF_STAGE_LOG_COST = 12


class Refusal(Exception):
    """The issuer said no."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.code = str(problem.get("code"))
        self.problem = problem


@dataclass
class Candidate:
    """One person with one wallet. `name` is the wallet file's."""

    world: World
    account: Account
    name: str
    code: str = ""
    sign_in_url: str = ""
    permit: str = ""
    _application: str = ""
    _opened: Wallet | None = None
    _agents: dict[str, Conversation] = field(default_factory=dict)
    _http: httpx.Client = field(default_factory=loopback_client)

    @property
    def wallet(self) -> Path:
        """The wallet's file."""
        return self.world.folder / f"{self.name}.wallet"

    def enrol(self, *more: str) -> dict[str, Any]:
        """`licence wallet enrol`, in a process of its own."""
        arguments = ("--wallet", str(self.wallet), "--issuer", self.world.issuer_url, *more)
        told = self.world.licence("wallet", "enrol", *arguments)
        self.code, self.sign_in_url = told["code"], told["sign_in"]
        self._authorise(told["application"])
        return told

    def enrol_off_stage(self) -> None:
        """The same without a process of its own, with a cheap passphrase cost.

        The digit table is left to whoever proves: an agent checks it before its first proof in any case.
        """
        with IssuerClient(self.world.issuer_url, self.world.http) as client:
            trust = enrolment.fetch_trust(client, bytes.fromhex(self.world.trust_hash))
            wallet = Wallet.create(self.wallet, self.world.passphrase, Contents(trust=trust), OFF_STAGE_LOG_COST)
            application = enrolment.apply(wallet, client)
        self._opened = wallet
        self.code, self.sign_in_url = application.code, application.sign_in
        self._authorise(application.id)

    def sign_in(self, account: Account | None = None) -> tuple[Page, Page]:
        """Sign in with a browser, by the real pages. Gives the issuer's first page and the last page shown."""
        person = account or self.account
        with Browser() as browser:
            first = browser.open(self.sign_in_url)
            provider = browser.submit(first, first.form_with("csrf"), number=first.text.split(" type ")[1][:4])
            form = provider.form_with("login", "password")
            last = browser.submit(provider, form, press="allow", login=person.login, password=person.password)
        return first, last

    def status(self) -> dict[str, Any]:
        """Where the application stands."""
        return self._ask("GET", "")

    def accept_terms(self) -> None:
        """Read the terms, and accept exactly these."""
        terms = self._checked(self._http.get(f"{self.world.issuer_url}/api/terms"))
        self._ask("POST", "/terms", {"hash": terms["hash"]})

    def start_sitting(self) -> str:
        """Begin an assessment. Raises `Refusal` with code cooling-off, locked, already-passed ..."""
        return str(self._ask("POST", "/sittings")["sitting"])

    def sit(self, knows: bool) -> dict[str, Any]:
        """A whole sitting, one question after another: every answer right, or every answer wrong."""
        sitting = self.start_sitting()
        for number in range(1, QUESTIONS + 1):
            question = self._ask("GET", f"/sittings/{sitting}/questions/{number}")
            right = question["options"].index(self.world.answers[question["stem"]])
            chosen = right if knows else (right + 1) % len(question["options"])
            self._ask("PUT", f"/sittings/{sitting}/answers/{number}", {"option": chosen})
        return self._ask("POST", f"/sittings/{sitting}/submit")

    def get_permit(self) -> str:
        """A sole operator's permit."""
        self.permit = str(self._ask("POST", "/permit", {"kind": "sole"})["permit"])
        return self.permit

    def get_cover(self, band: int, days: int) -> dict[str, Any]:
        """Cover from the insurer for this permit, shown to the issuer."""
        now = self.world.now()
        today = now // SECONDS_PER_DAY
        attestation = self.world.insurer.attest(self.permit, band, today, today + days, now)
        return self._ask("POST", "/cover", {"attestation": attestation})

    def obtain(self, tier: int) -> dict[str, Any]:
        """`licence wallet obtain`, in a process of its own."""
        return self.world.licence(
            "wallet", "obtain", "--wallet", str(self.wallet), "--tier", str(tier), *self.world.clock
        )

    def ask_for_licence(self, tier: int) -> dict[str, Any]:
        """`licence wallet obtain`, whatever comes of it: the answer may be an error."""
        arguments = ("--wallet", str(self.wallet), "--tier", str(tier), *self.world.clock)
        return self.world.licence("wallet", "obtain", *arguments, expect=None)

    def obtain_off_stage(self, tier: int) -> None:
        """The same without a process of its own."""
        with IssuerClient(self.world.issuer_url, self.world.http) as client:
            enrolment.obtain(self.open_wallet(), client, tier, self.world.now)

    def qualify_off_stage(self, tier: int, band: int, cover_days: int) -> None:
        """Everything between the sign-in and the licence, without a stumble."""
        self.accept_terms()
        self.sit(knows=True)
        self.get_permit()
        self.get_cover(band, cover_days)
        self.obtain_off_stage(tier)

    def hire(self, provider: Provider) -> Conversation:
        """This person's agent at a provider: a process of its own, started at the first call of this."""
        name = f"agent-{self.name}-{provider.slug}"
        if name not in self._agents:
            arguments = ("--api", provider.origin, "--wallet", str(self.wallet), *self.world.clock)
            self._agents[name] = self.world.processes.converse(name, AGENT, *arguments)
        return self._agents[name]

    def open_wallet(self) -> Wallet:
        """The wallet, opened in this process, as its file is now."""
        if self._opened is None:
            self._opened = Wallet.open(self.wallet, self.world.passphrase)
        self._opened.reload()
        return self._opened

    def _authorise(self, application: str) -> None:
        contents = self.open_wallet().contents
        if contents.application is None:
            raise LookupError("the wallet holds no application")
        self._application = application
        self._http.headers["authorization"] = f"Bearer {contents.application.token.expose()}"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"{self.world.issuer_url}/api/applications/{self._application}{path}"
        return self._checked(self._http.request(method, url, json=body))

    def _checked(self, answer: httpx.Response) -> dict[str, Any]:
        told = json.loads(answer.content) if answer.content else {}
        if answer.is_success:
            return dict(told)
        raise Refusal(answer.status_code, told)
