"""A gateway under test with its world around it: an issuer, an upstream that counts, a holder with a session key."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import http_sf
import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

import circuits
from circuits import Binding, Secret
from circuits.records import EpochRecord
from tests.attacks.forge import Holding, draft
from tests.verifier.sim_issuer import Clock, Licence, SimulatedIssuer
from verifier.app import Connections, create_gateway
from verifier.authoriser import GRANT_TYPE, PRESENTATION_TYPE
from verifier.base64url import decode_base64url, encode_base64url
from verifier.decision import DecisionPoint
from verifier.evidence import EvidenceLog
from verifier.settings import Settings

ORIGIN = "http://gateway.example"
ADMIN_TOKEN = "operator-of-the-gateway"


@dataclass
class Upstream:
    """The provider's service: counts its calls and keeps what headers they had."""

    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    piece_seconds: float = 0.01

    @property
    def count(self) -> int:
        """How many calls reached the service."""
        return len(self.calls)

    def app(self) -> Starlette:
        """The service: echo for everything, a long stream of events under .../stream, of bytes under .../bytes."""
        methods = ["GET", "POST", "PUT", "DELETE"]
        return Starlette(
            routes=[
                Route("/v1/{kind}/stream", self._stream),
                Route("/v1/{kind}/bytes", self._bytes),
                Route("/{rest:path}", self._echo, methods=methods),
            ]
        )

    async def _echo(self, request: Request) -> Response:
        body = await request.body()
        self.calls.append((request.url.path, dict(request.headers)))
        content = {"path": request.url.path, "headers": dict(request.headers), "octets": len(body)}
        return JSONResponse(content, headers={"agent-licence-error": "not-the-gateway", "x-own": "1"})

    async def _stream(self, request: Request) -> Response:
        self.calls.append((request.url.path, dict(request.headers)))

        async def events() -> Any:
            for number in range(500):
                yield f"data: {number}\n\n"
                await asyncio.sleep(self.piece_seconds)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _bytes(self, request: Request) -> Response:
        self.calls.append((request.url.path, dict(request.headers)))

        async def pieces() -> Any:
            for _ in range(500):
                yield b"x" * 64
                await asyncio.sleep(self.piece_seconds)

        return StreamingResponse(pieces(), media_type="application/octet-stream")


@dataclass
class Asked:
    """A challenge as a holder reads it."""

    nonce: bytes
    time: int
    max_age: int


def read_challenge(response: httpx.Response) -> Asked:
    """The challenge in a response's header."""
    value, parameters = http_sf.parse(response.headers["agent-licence-challenge"].encode(), tltype="item")  # type: ignore[misc]
    assert isinstance(value, str)
    assert isinstance(parameters, dict)
    return Asked(decode_base64url(value, 32), int(parameters["t"]), int(parameters["max_age"]))  # type: ignore[arg-type]


@dataclass
class Holder:
    """An agent with a licence and a session key. It does what it is told, honest or not."""

    issuer: SimulatedIssuer
    licence: Licence
    origin: str = ORIGIN
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def present(
        self,
        asked: Asked,
        epoch: EpochRecord | None = None,
        disclosed: dict[int, int | str] | None = None,
        time: int | None = None,
        **binding: Any,
    ) -> bytes:
        """A presentation for the challenge; arguments other than the first make it a wrong one."""
        bundle = self.issuer.bundle()
        policy = bundle.policies[0]
        values = {index: self.licence.credential.attributes[index] for index, _ in policy.disclosed}
        statement = circuits.policy_statement(
            policy,
            bundle.issuer,
            bundle.accumulator,
            epoch or self.issuer.epochs[self.licence.membership.epoch_number],
            bundle.escrow,
            values,
            binding.get("audience", self.origin),
            asked.time if time is None else time,
        )
        fields: dict[str, Any] = {
            "policy_hash": policy.hash,
            "audience": self.origin,
            "nonce": asked.nonce,
            "request_digest": circuits.request_digest(f"{self.origin}/v1/autonomous", "autonomous"),
            "session_thumbprint": decode_base64url(self.key.thumbprint(), 32),
            "not_after": asked.time + asked.max_age,
        }
        bound = Binding(**(fields | binding))
        return statement.present(bound, self._prove(statement, bound))

    def _prove(self, statement: circuits.Statement, bound: Binding) -> bytes:
        """By the wallet's own means, or, with a witness that it would not prove with, by a dishonest prover's."""
        licence, table = self.licence, self.issuer.keys.table
        try:
            prepared = circuits.prepare(statement, licence.credential, licence.membership, table)
        except circuits.Rejected:
            holding = Holding.of(licence.credential, licence.membership.witness_point, table)
            return draft(statement, holding).proof(bound)
        return circuits.finish(prepared, bound)

    def proof(self, method: str, url: str, lease: str | None = None, **claims: Any) -> str:
        """A DPoP proof; `claims` replace its own."""
        own: dict[str, Any] = {
            "htm": method,
            "htu": url,
            "iat": self.issuer.clock.time,
            "jti": secrets.token_urlsafe(12),
        }
        if lease is not None:
            own["ath"] = encode_base64url(hashlib.sha256(lease.encode()).digest())
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        return jwt.encode(header, own | claims, self.key, algorithms=["ES256"])


class Gateway:
    """A gateway on a state folder, reached without sockets. `clock` moves both its time and the issuer's."""

    def __init__(self, folder: Path, issuer: SimulatedIssuer | None = None, clock: Clock | None = None, **options: Any):
        self.clock = clock or Clock()
        self.issuer = issuer or SimulatedIssuer(self.clock)
        if not self.issuer.epochs:
            self.issuer.publish()
        self.upstream = Upstream()
        self.folder = folder
        self.options = options
        self.start()

    def start(self, offer: bool = True) -> None:
        """Opens the gateway on its folder, as a process would at its start."""
        if hasattr(self, "app"):
            self.point.evidence.close()
        self.app = create_gateway(self.settings(), self.clock, self.connections())
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=self.origin)
        if offer:
            self.point.offer_epoch(self.issuer.signed[-1])

    @property
    def origin(self) -> str:
        """The gateway's origin."""
        return str(self.options.get("origin", ORIGIN))

    @property
    def point(self) -> DecisionPoint:
        """The decision point inside."""
        point = self.app.state.point
        assert isinstance(point, DecisionPoint)
        return point

    def settings(self) -> Settings:
        """The settings, written anew from the issuer's bundle."""
        bundle = self.issuer.bundle()
        path = self.folder / "trust.cbor"
        path.write_bytes(bundle.octets)
        fields: dict[str, Any] = {
            "trust_path": path,
            "trust_hash": bundle.hash,
            "origin": ORIGIN,
            "upstream_url": "http://upstream.example",
            "state_dir": self.folder / "state",
            "admin_token": Secret(ADMIN_TOKEN),
        }
        return Settings(**(fields | self.options))

    def connections(self) -> Connections:
        """The upstream and the issuer, in memory."""
        return Connections(
            upstream=httpx.ASGITransport(self.upstream.app()), issuer=httpx.ASGITransport(self.issuer.app())
        )

    def holder(self, **attributes: int | str) -> Holder:
        """A holder with a fresh licence."""
        return Holder(self.issuer, self.issuer.issue(**attributes), self.origin)

    async def challenge(self) -> Asked:
        """A challenge asked for ahead."""
        response = await self.client.post("/licence/challenge")
        assert response.status_code == 200
        return read_challenge(response)

    async def exchange(
        self, holder: Holder, presentation: bytes, proof: str | None = None, lease: str | None = None, **form: str
    ) -> httpx.Response:
        """Sends a presentation to the token endpoint."""
        fields = {
            "grant_type": GRANT_TYPE,
            "subject_token_type": PRESENTATION_TYPE,
            "subject_token": encode_base64url(presentation),
            "resource": f"{self.origin}/v1/autonomous",
            "scope": "autonomous",
        }
        headers = {"dpop": proof or holder.proof("POST", f"{self.origin}/licence/token")}
        if lease is not None:
            headers["agent-licence"] = lease
        return await self.client.post("/licence/token", data=fields | form, headers=headers)

    async def lease(self, holder: Holder, running: str | None = None) -> str:
        """A lease for the holder, got as an honest one does."""
        response = await self.exchange(holder, holder.present(await self.challenge()), lease=running)
        assert response.status_code == 200, response.text
        text = response.json()["access_token"]
        assert isinstance(text, str)
        return text

    async def call(
        self, holder: Holder, lease: str, path: str = "/v1/autonomous/echo", proof: str | None = None
    ) -> httpx.Response:
        """A call under a lease, with a fresh holder proof."""
        headers = {"agent-licence": lease, "dpop": proof or holder.proof("GET", self.origin + path, lease)}
        return await self.client.get(path, headers=headers)

    async def deny(self, **entry: str) -> httpx.Response:
        """The operator's stop."""
        return await self.client.post("/licence/deny", json=entry, headers={"authorization": f"Bearer {ADMIN_TOKEN}"})


def refused(response: httpx.Response, status: int, code: str) -> None:
    """Asserts a refusal: status, the code in header and body, nothing to be cached."""
    assert (response.status_code, response.headers.get("agent-licence-error")) == (status, code), response.text
    body = response.json()
    assert body["code"] == code
    assert body["status"] == status
    assert body["detail"]
    assert response.headers["cache-control"] == "no-store"


@contextmanager
def full_disk(log: EvidenceLog) -> Iterator[None]:
    """The log's descriptor leads to a device that is always full, until the block ends."""
    kept = os.dup(log._file)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log._file)
    try:
        yield
    finally:
        os.dup2(kept, log._file)
        os.close(kept)
        os.close(full)
