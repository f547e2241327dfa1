"""A small world for the wallet: an issuer and a gateway that answer by the wire's rules, with the real mathematics.

Both are handlers of requests, so they stand behind httpx's and httpx2's own mock transports, synchronous and
asynchronous. Nothing of the wallet is patched.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import ECKey

import circuits
from circuits import Secret
from circuits.records import GENESIS, EpochRecord, Sign1, TrustBundle, default_policy, key_id
from prover import IssuerClient, Wallet, WalletSession
from prover.enrol import apply, obtain, table_path
from prover.wallet import Contents

START = 1_794_000_000
ISSUER_URL = "https://issuer.example"
GATEWAY_URL = "https://gateway.example"
PASSPHRASE = Secret("correct horse")


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Clock:
    """Unix seconds that a test sets."""

    def __init__(self, at: int = START) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


@dataclass
class Keys:
    """The issuer's keys and records: slow to make, so made once."""

    issuer: Any
    accumulator: Any
    escrow: Any
    epoch_key: Ed25519PrivateKey
    bundle: TrustBundle
    table: circuits.DigitTable


@pytest.fixture(scope="session")
def keys() -> Keys:
    issuer = circuits.create_issuer("issuer-1", "operator-licence-1")
    accumulator = circuits.create_accumulator("acc-1", "issuer-1")
    escrow = circuits.deal_escrow("escrow-1", 2, 3, START - 86400, START + 400 * 86400)
    key = Ed25519PrivateKey.generate()
    bundle = TrustBundle(
        issuer.record,
        accumulator.record,
        escrow.record,
        key.public_key().public_bytes_raw(),
        (default_policy(issuer.record, escrow.record),),
        ISSUER_URL,
    )
    table = circuits.check_digit_table(issuer.record, issuer.digit_table)
    return Keys(issuer, accumulator, escrow, key, bundle, table)


@dataclass
class FakeIssuer:
    """The issuer's public files and applications. `hook` sees each request and may raise, before or after the work."""

    keys: Keys
    clock: Clock
    epochs: list[EpochRecord] = field(default_factory=list)
    entries: list[Any] = field(default_factory=list)
    published: int = 0
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    opened: dict[str, Any] = field(default_factory=dict)
    renewal_share: int = 0
    before: Callable[[httpx.Request], None] = lambda request: None
    after: Callable[[httpx.Request], None] = lambda request: None
    log: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    tamper: Callable[[str, bytes], bytes] = lambda path, body: body

    def __post_init__(self) -> None:
        self.publish()

    @property
    def value(self) -> bytes:
        newest: bytes = self.entries[-1].value if self.entries else self.keys.accumulator.record.start_value
        return newest

    def revoke(self, handle: int) -> None:
        record, key = self.keys.accumulator.record, self.keys.accumulator.secret_key
        self.entries.append(circuits.revoke(record, key, self.value, handle))

    def revoke_strangers(self, count: int) -> None:
        for _ in range(count):
            self.revoke(circuits.new_handle())

    def publish(self, urgent: bool = False, **changes: Any) -> EpochRecord:
        fresh = self.entries[self.published :]
        number = len(self.epochs)
        floor = self.epochs[-1].floor if self.epochs else 0
        fields: dict[str, Any] = {
            "accumulator_hash": self.keys.bundle.accumulator.hash,
            "number": number,
            "value": self.value,
            "not_before": self.clock(),
            "next_update": self.clock() + 900,
            "floor": number if urgent else floor,
            "previous": self.epochs[-1].hash if self.epochs else GENESIS,
            "entries_hash": hashlib.sha256(circuits.entries_octets(fresh) if fresh else b"").digest(),
            "entries_count": len(fresh),
        }
        epoch = EpochRecord(**{**fields, **changes})
        self.epochs.append(epoch)
        self.published = len(self.entries)
        return epoch

    def signed(self, epoch: EpochRecord, key: Ed25519PrivateKey | None = None) -> bytes:
        key = key or self.keys.epoch_key
        name = key_id(self.keys.bundle.epoch_key)
        return Sign1.encode(epoch.octets, name, key.sign(Sign1.to_sign(epoch.octets, name)))

    def client(self) -> IssuerClient:
        return IssuerClient(ISSUER_URL, httpx.Client(transport=httpx.MockTransport(self.handle)))

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.log.append(f"{request.method} {path}")
        self.before(request)
        response = self._answer(request, path)
        self.after(request)
        return response

    def _answer(self, request: httpx.Request, path: str) -> httpx.Response:
        if request.method == "GET" and not path.startswith("/api/"):
            found = self._file(path)
            if found is None:
                return problem(404, "not-found")
            found = self.tamper(path, found)
            return httpx.Response(200, content=found, headers={"etag": '"wallet-7"', "set-cookie": "wallet=7; Path=/"})
        return self._api(request, path)

    def _file(self, path: str) -> bytes | None:
        if path == "/trust.cbor":
            return self.keys.bundle.octets
        if path == "/records/digits.bin":
            return bytes(self.keys.issuer.digit_table)
        if path == "/epochs/latest.cose":
            return self.signed(self.epochs[-1])
        name = path.rpartition("/")[2]
        if name.endswith(".entries"):
            number = int(name.removesuffix(".entries"))
            start = sum(epoch.entries_count for epoch in self.epochs[:number])
            part = self.entries[start : start + self.epochs[number].entries_count]
            return circuits.entries_octets(part, affine=True) if part else None
        number = int(name.removesuffix(".cose"))
        return self.signed(self.epochs[number]) if number < len(self.epochs) else None

    def _api(self, request: httpx.Request, path: str) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        if path == "/api/applications":
            identifier, token = f"app-{len(self.applications)}", secrets.token_urlsafe(16)
            self.applications[identifier] = {**body, "token": token, "replies": {}, "nonces": set()}
            return httpx.Response(
                201,
                json={
                    "application": identifier,
                    "token": token,
                    "sign_in": f"{ISSUER_URL}/sign-in/{identifier}",
                    "code": circuits.registration_code(unb64(body["registration"])),
                    "expires_at": self.clock() + 3600,
                }
                | self.opened,
            )
        _, _, _, identifier, *rest = path.split("/")
        application = self.applications[identifier]
        if request.headers.get("authorization") != f"Bearer {application['token']}":
            return problem(401, "unauthenticated")
        if not rest:
            return httpx.Response(
                200, json={"state": "signed-in", "identity": "verified", "steps": {}, "missing": [], "next_at": None}
            )
        return {"challenge": self._challenge, "licence": self._licence}[rest[0]](application, body, request.content)

    def _challenge(self, application: dict[str, Any], body: Any, raw: bytes) -> httpx.Response:
        nonce, session = secrets.token_bytes(32), secrets.token_bytes(32)
        application["nonces"] = {(nonce, session)}
        return httpx.Response(200, json={"nonce": b64(nonce), "session": b64(session)})

    def _licence(self, application: dict[str, Any], body: Any, raw: bytes) -> httpx.Response:
        self.bodies.append(raw)
        if raw in application["replies"]:
            return httpx.Response(201, json=application["replies"][raw])
        if not application["nonces"]:
            return problem(409, "no-challenge")
        nonce, session = application["nonces"].pop()
        request = circuits.IssueRequest(unb64(body["commitment"]), unb64(body["proof"]))
        record, key = self.keys.issuer.record, self.keys.issuer.secret_key
        refresh = application["refresh"]
        circuits.check_issue_request(record, unb64(application["registration"]), request, nonce, session, refresh)
        handle = self.attributes.get("handle") or circuits.new_handle()
        share = self.renewal_share if refresh else circuits.new_signer_share()
        day = self.clock() // 86400
        values: dict[str, Any] = {
            "handle": handle,
            "tier": body["tier"],
            "jurisdiction": "GB",
            "good_until": day + 300,
            "cover_band": 3,
            "permit": "P-1",
            "permit_kind": 1,
            "competence": 1,
            "insured_until": day + 300,
            "spare": 0,
        }
        values.update(self.attributes)
        attributes = tuple(values.values())
        epoch = self.epochs[-1]
        alpha = self.keys.accumulator.secret_key
        witness = circuits.witness_for(self.keys.accumulator.record, alpha, epoch.value, handle)
        reply = {
            "licence": "L-1",
            "signature": b64(circuits.sign_licence(record, key, request, attributes, share)),
            "attributes": [b64(handle.to_bytes(32, "big")), *attributes[1:]],
            "signer_share": b64(share.to_bytes(32, "big")),
            "witness": b64(witness),
            "epoch": epoch.number,
        }
        application["replies"][raw] = reply
        return httpx.Response(201, json=reply)


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": f"Because of {code}."}, headers=headers)


@dataclass
class FakeGateway:
    """A gateway that verifies presentations really, and answers by gateway.md section 1."""

    keys: Keys
    issuer: FakeIssuer
    clock: Clock
    origin: str = GATEWAY_URL
    lease_seconds: int = 900
    floor: int = 0
    nonces: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    leases: dict[str, dict[str, Any]] = field(default_factory=dict)
    presentations: int = 0
    pseudonyms: list[bytes] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    time_offset: int = 0
    max_age: int = 120
    policy: str = "tier3-insured"
    extra: str = ""
    override: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
    known_epochs: int | None = None
    token_type: str = "DPoP"
    guard: threading.Lock = field(default_factory=threading.Lock)
    proofs: set[str] = field(default_factory=set)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: Any) -> Any:
        """Answers httpx and httpx2 requests alike."""
        kind = httpx if isinstance(request, httpx.Request) else __import__("httpx2")
        with self.guard:
            self.requests.append(request)
            response = self.override(request) or self._answer(request)
        return kind.Response(response.status_code, headers=dict(response.headers), content=response.content)

    async def ahandle(self, request: Any) -> Any:
        return self.handle(request)

    def _answer(self, request: Any) -> httpx.Response:
        path = request.url.path
        if path == "/licence/challenge":
            return httpx.Response(200, headers={"agent-licence-challenge": self.challenge()})
        if path == "/licence/token":
            return self._token(request)
        return self._resource(request) if path.startswith("/v1/") else httpx.Response(404)

    def challenge(self) -> str:
        nonce, time = secrets.token_bytes(32), self.clock() + self.time_offset
        self.nonces[nonce] = (time, self.max_age)
        return f'"{b64(nonce)}";policy="{self.policy}";t={time};max_age={self.max_age}{self.extra}'

    def _resource(self, request: Any) -> httpx.Response:
        if not request.url.path.startswith("/v1/autonomous"):
            return httpx.Response(200, json={"public": True})
        token = request.headers.get("agent-licence")
        lease = self.leases.get(token or "")
        if token is None:
            return self.refuse(401, "lease-required", fresh=True)
        if lease is None or self.clock() >= lease["exp"]:
            return self.refuse(403, "lease-expired", fresh=True)
        if lease["epoch"] < self.floor:
            return self.refuse(403, "floor", fresh=True)
        if lease["jkt"] is not None and self.thumbprint(request, token) != lease["jkt"]:
            return self.refuse(403, "holder-proof")
        return httpx.Response(200, json={"ok": True, "body": len(request.read())})

    def refuse(self, status: int, code: str, fresh: bool = False) -> httpx.Response:
        headers = {"agent-licence-error": code}
        if fresh:
            headers["agent-licence-challenge"] = self.challenge()
        return problem(status, code, **headers)

    def _token(self, request: Any) -> httpx.Response:
        self.presentations += 1
        form = dict(parse_qsl(request.content.decode(), strict_parsing=True))
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
        assert form["subject_token_type"] == "urn:operator-licence:token-type:licence-presentation"
        presentation = circuits.decode_presentation(unb64(form["subject_token"]))
        if presentation.nonce not in self.nonces:
            return self.refuse(403, "replay")
        time, max_age = self.nonces.pop(presentation.nonce)
        thumbprint = self.thumbprint(request, None)
        known = self.issuer.epochs[: self.known_epochs]
        if presentation.epoch_number >= len(known):
            return self.refuse(403, "unknown-epoch")
        epoch = known[presentation.epoch_number]
        if epoch.number < max(self.floor, known[-1].floor):
            return self.refuse(403, "stale-epoch")
        bundle = self.keys.bundle
        policy = bundle.policies[0]
        statement = circuits.policy_statement(
            policy,
            bundle.issuer,
            bundle.accumulator,
            epoch,
            bundle.escrow,
            presentation.disclosed,
            self.origin,
            time,
        )
        binding = circuits.Binding(
            policy.hash,
            self.origin,
            presentation.nonce,
            circuits.request_digest(form["resource"], form["scope"]),
            unb64(thumbprint),
            time + max_age,
        )
        try:
            accepted = circuits.verify(statement, binding, presentation.proof)
        except circuits.CircuitError as error:
            return self.refuse(403, error.code)
        self.pseudonyms.append(accepted.pseudonym)
        token = secrets.token_urlsafe(24)
        jkt = thumbprint if self.token_type == "DPoP" else None
        self.leases[token] = {"exp": self.clock() + self.lease_seconds, "epoch": epoch.number, "jkt": jkt}
        return httpx.Response(
            200,
            json={
                "access_token": token,
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "token_type": self.token_type,
                "expires_in": self.lease_seconds,
                "scope": form["scope"],
            },
        )

    def thumbprint(self, request: Any, token: str | None) -> str:
        """The thumbprint of the key of the request's DPoP proof, which must be right in every part."""
        text = request.headers["dpop"]
        header = json.loads(unb64(text.split(".")[0]))
        assert header["typ"] == "dpop+jwt"
        assert "d" not in header["jwk"]
        key = ECKey.import_key(header["jwk"])
        claims = jwt.decode(text, key, algorithms=["ES256"]).claims
        assert claims["htm"] == request.method
        assert claims["htu"] == str(request.url).partition("?")[0]
        assert -60 <= claims["iat"] - self.clock() - self.time_offset <= 30
        assert claims["jti"] not in self.proofs
        self.proofs.add(claims["jti"])
        if token is not None:
            assert claims["ath"] == b64(hashlib.sha256(token.encode()).digest())
        return key.thumbprint()


@dataclass
class World:
    """Everything together, with a wallet that holds a licence."""

    clock: Clock
    keys: Keys
    issuer: FakeIssuer
    gateway: FakeGateway
    directory: Path

    def wallet(self, name: str = "wallet", tier: int = 3) -> Wallet:
        client, wallet = self.issuer.client(), self.empty_wallet(name)
        apply(wallet, client)
        obtain(wallet, client, tier, self.clock)
        return wallet

    def empty_wallet(self, name: str = "wallet") -> Wallet:
        """What `create_wallet` leaves, without checking the digit table each time (half a second)."""
        path = self.directory / name
        table_path(path, self.keys.bundle.issuer).write_bytes(self.keys.issuer.digit_table)
        return Wallet.create(path, PASSPHRASE, Contents(trust=self.keys.bundle), log_cost=10)

    def session(self, wallet: Wallet | None = None, **options: Any) -> WalletSession:
        given: dict[str, Any] = {
            "gateways": [self.gateway.origin],
            "issuer": self.issuer.client(),
            "now": self.clock,
        } | options
        return WalletSession(wallet or self.wallet(), given.pop("gateways"), table=self.keys.table, **given)

    def obtain_elsewhere(
        self, wallet: Wallet, renew: bool = False, at: int | None = None, same_handle: bool = False
    ) -> None:
        """Another process gets a licence into the file of `wallet`, or renews the one there; the issuer answers as of
        epoch `at`, or of the newest."""
        other, epochs = Wallet.open(wallet.path, PASSPHRASE), self.issuer.epochs
        self.issuer.attributes = {"handle": handle_of(other)} if renew or same_handle else {}
        apply(other, self.issuer.client(), renew)
        self.issuer.epochs = epochs if at is None else epochs[: at + 1]
        obtain(other, self.issuer.client(), 3, self.clock)
        self.issuer.epochs, self.issuer.attributes = epochs, {}


def handle_of(wallet: Wallet) -> int:
    """The handle of the licence that the wallet's file holds."""
    licence = wallet.reload().licence
    assert licence is not None
    return licence.credential.handle


@pytest.fixture
def world(keys: Keys, tmp_path: Path) -> World:
    clock = Clock()
    issuer = FakeIssuer(keys, clock)
    return World(clock, keys, issuer, FakeGateway(keys, issuer, clock), tmp_path)
