"""A person with a wallet and a browser, who walks the steps to a licence over HTTP as a real one would."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi.testclient import TestClient

from circuits import (
    Credential,
    IssueReply,
    IssueRequest,
    Membership,
    PendingIssue,
    Secret,
    receive_licence,
    register,
    request_licence,
)
from circuits.records import EpochRecord, Sign1, TrustBundle
from issuer.assessment import library
from issuer.assessment.service import Assessment
from issuer.kyc import store as kyc_store
from issuer.world import World
from tests.support.sim_provider import SimPerson, SimProvider


def b64(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The octets of base64url text."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Applicant:
    """One application of one person. `http` reaches the issuer; the browser's cookies are kept apart from the
    wallet."""

    def __init__(
        self, http: httpx.Client | TestClient, trust: TrustBundle, link_secret: Secret[int] | None = None
    ) -> None:
        self.http = http
        self.trust = trust
        self.refresh = link_secret is not None
        self.registration = register(trust.issuer, link_secret)
        self.cookies: dict[str, str] = {}
        self.id = self.token = self.sign_in_path = self.code = ""

    def apply(self) -> httpx.Response:
        """The wallet opens the application."""
        body = {
            "registration": b64(self.registration.point),
            "salt": b64(self.registration.salt),
            "refresh": self.refresh,
        }
        answer = self.http.post("/api/applications", json=body)
        made = answer.json()
        if answer.status_code == 201:
            self.id, self.token, self.code = made["application"], made["token"], made["code"]
            self.sign_in_path = urlsplit(made["sign_in"]).path
        return answer

    def browse(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The browser asks for a page, with its own cookies."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.http.cookies.clear()
        answer = self.http.request(method, path, headers={"Cookie": cookie} if cookie else {}, **options)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        self.http.cookies.clear()
        return answer

    def to_provider(self, provider: str = "identity") -> httpx.Response:
        """The browser opens the sign-in page and goes on to the provider."""
        page = self.browse("GET", self.sign_in_path)
        found = re.search(r'name="csrf" value="([^"]*)"', page.text)
        number = re.search(r"type (\d{4}) here", page.text)
        form = {"csrf": found[1] if found else "", "provider": provider, "number": number[1] if number else ""}
        return self.browse("POST", self.sign_in_path, data=form)

    def come_back(self, parameters: dict[str, str]) -> httpx.Response:
        """The browser comes back from the provider."""
        return self.browse("GET", "/sign-in/callback", params=parameters)

    def sign_in(
        self, provider: SimProvider, person: SimPerson, name: str = "identity", **changes: str | None
    ) -> httpx.Response:
        """The whole round trip; the callback's answer."""
        there = self.to_provider(name)
        assert there.status_code == 303, there.text
        return self.come_back(provider.authorize(there.headers["location"], person, **changes))

    def nonce_sent(self, location: str) -> str:
        """The nonce in the authorization request."""
        return parse_qs(urlsplit(location).query)["nonce"][0]

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The wallet calls the API of its application."""
        self.http.cookies.clear()
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, f"/api/applications/{self.id}{path}", headers=headers, **options)

    def status(self) -> dict[str, Any]:
        """Where the application stands."""
        found: dict[str, Any] = self.call("GET", "").json()
        return found

    def accept_terms(self) -> httpx.Response:
        """The wallet accepts the terms in force."""
        return self.call("POST", "/terms", json={"hash": self.http.get("/api/terms").json()["hash"]})

    def pass_assessment(self, world: World) -> None:
        """Sits the assessment with the answer key at hand; the answers go past HTTP, as there are many."""
        sitting = self.call("POST", "/sittings").json()["sitting"]
        with world.database.read() as session:
            application = kyc_store.application(session, self.id)
        assert application is not None
        assert application.person_id is not None
        exam = Assessment(world)
        key = library.key_of(world.settings, library.current_bank(world.settings))
        for number, asked in enumerate(exam.remake(sitting), start=1):
            exam.answer(application.person_id, sitting, number, list(asked.order).index(key[asked.item.id]))
        assert self.call("POST", f"/sittings/{sitting}/submit").json()["passed"]

    def get_permit(self) -> str:
        """A sole permit."""
        return str(self.call("POST", "/permit", json={"kind": "sole"}).json()["permit"])

    def give_cover(self, attestation: str) -> httpx.Response:
        """The wallet hands in the insurer's attestation."""
        return self.call("POST", "/cover", json={"attestation": attestation})

    def request(self, nonce: bytes | None = None, session: bytes | None = None) -> tuple[IssueRequest, PendingIssue]:
        """A request under a fresh challenge (or the one given)."""
        if nonce is None or session is None:
            challenge = self.call("POST", "/challenge").json()
            nonce, session = unb64(challenge["nonce"]), unb64(challenge["session"])
        return request_licence(self.trust.issuer, self.registration, nonce, session, self.refresh)

    def send(self, request: IssueRequest, tier: int = 3) -> httpx.Response:
        """Sends a request for the licence."""
        body = {"tier": tier, "commitment": b64(request.commitment), "proof": b64(request.proof)}
        return self.call("POST", "/licence", json=body)

    def receive(self, pending: PendingIssue, answer: dict[str, Any]) -> tuple[Credential, Membership]:
        """Every check of the holder on the reply."""
        octets = self.http.get(f"/epochs/{answer['epoch']}.cose").content
        epoch = EpochRecord.decode(Sign1.decode(octets).payload)
        handle, *others = answer["attributes"]
        reply = IssueReply(
            signature=unb64(answer["signature"]),
            attributes=(int.from_bytes(unb64(handle), "big"), *others),
            signer_share=int.from_bytes(unb64(answer["signer_share"]), "big"),
            witness=unb64(answer["witness"]),
            epoch_number=answer["epoch"],
        )
        return receive_licence(self.trust.issuer, self.trust.accumulator, epoch, pending, reply)
