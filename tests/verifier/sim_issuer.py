"""A whole issuing side in memory, with real keys: it issues licences, revokes them and signs epochs, true or false."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import circuits
from circuits.records import (
    GENESIS,
    AccumulatorRecord,
    EpochRecord,
    IssuerRecord,
    Sign1,
    TrustBundle,
    default_policy,
    key_id,
)
from verifier.base64url import encode_base64url

START = 1_794_000_000
YEAR = 366 * 86400


@dataclass(frozen=True)
class Keys:
    """Issuer keys and the checked digit table; a second or two to make, so made once."""

    issuer: circuits.CreatedIssuer
    accumulator: circuits.CreatedAccumulator
    escrow: circuits.DealtEscrow
    table: circuits.DigitTable
    epoch_key: Ed25519PrivateKey


@cache
def make_keys(name: str = "issuer-1") -> Keys:
    """The keys of the issuer called `name`, the same ones each time."""
    issuer = circuits.create_issuer(name, "licence-1")
    return Keys(
        issuer=issuer,
        accumulator=circuits.create_accumulator(f"{name}-accumulator", name),
        escrow=circuits.deal_escrow(f"{name}-escrow", 2, 3, START - YEAR, START + YEAR),
        table=circuits.check_digit_table(issuer.record, issuer.digit_table),
        epoch_key=Ed25519PrivateKey.generate(),
    )


@dataclass
class Clock:
    """A clock that a test sets. Unix seconds."""

    time: int = START

    def __call__(self) -> int:
        return self.time


@dataclass(repr=False)
class Licence:
    """What a holder's wallet holds."""

    credential: circuits.Credential
    membership: circuits.Membership


@dataclass(repr=False)
class SimulatedIssuer:
    """One issuer's life; each has epochs of its own over the shared keys."""

    clock: Clock
    keys: Keys = field(default_factory=make_keys)
    epochs: list[EpochRecord] = field(default_factory=list)
    entries: list[circuits.RevocationEntry] = field(default_factory=list)
    signed: list[bytes] = field(default_factory=list)
    listeners: list[Callable[[bytes], object]] = field(default_factory=list)
    polls: int = 0

    @property
    def record(self) -> IssuerRecord:
        """The issuer's record."""
        return self.keys.issuer.record

    @property
    def accumulator(self) -> AccumulatorRecord:
        """The accumulator's record."""
        return self.keys.accumulator.record

    def bundle(self, url: str = "http://issuer.example") -> TrustBundle:
        """The trust bundle, with the default policy."""
        return TrustBundle(
            issuer=self.record,
            accumulator=self.accumulator,
            escrow=self.keys.escrow.record,
            epoch_key=self.keys.epoch_key.public_key().public_bytes_raw(),
            policies=(default_policy(self.record, self.keys.escrow.record),),
            issuer_url=url,
        )

    def sign(self, record: EpochRecord, key: Ed25519PrivateKey | None = None) -> bytes:
        """`record` signed, by the epoch key unless another is given."""
        signer = key or self.keys.epoch_key
        identifier = key_id(self.keys.epoch_key.public_key().public_bytes_raw())
        return Sign1.encode(record.octets, identifier, signer.sign(Sign1.to_sign(record.octets, identifier)))

    def next_epoch(self, urgent: bool = False, **changes: object) -> EpochRecord:
        """The record that would come next, with `changes` to its fields; nothing is published."""
        last = self.epochs[-1] if self.epochs else None
        number = 0 if last is None else last.number + 1
        fields: dict[str, object] = {
            "accumulator_hash": self.accumulator.hash,
            "number": number,
            "value": self.entries[-1].value if self.entries else self.accumulator.start_value,
            "not_before": self.clock.time,
            "next_update": self.clock.time + 900,
            "floor": number if urgent else (0 if last is None else last.floor),
            "previous": GENESIS if last is None else last.hash,
            "entries_hash": hashlib.sha256(b"").digest(),
            "entries_count": 0,
        }
        return EpochRecord(**(fields | changes))  # type: ignore[arg-type]

    def publish(self, urgent: bool = False) -> bytes:
        """Signs and keeps the next epoch; tells the listeners."""
        record = self.next_epoch(urgent)
        octets = self.sign(record)
        self.epochs.append(record)
        self.signed.append(octets)
        for listener in self.listeners:
            listener(octets)
        return octets

    def revoke(self, licence: Licence) -> None:
        """Takes the licence out of the accumulator; the next epoch shows it."""
        value = self.entries[-1].value if self.entries else self.accumulator.start_value
        handle = licence.credential.handle
        self.entries.append(circuits.revoke(self.accumulator, self.keys.accumulator.secret_key, value, handle))

    def issue(self, **changes: int | str) -> Licence:
        """A licence at the newest epoch: tier 3, GB, good for a year, cover band 5, unless `changes` say otherwise."""
        epoch = self.epochs[-1]
        registration = circuits.register(self.record)
        nonce, session = bytes(32), bytes(32)
        request, pending = circuits.request_licence(self.record, registration, nonce, session)
        circuits.check_issue_request(self.record, registration.point, request, nonce, session)
        handle, share = circuits.new_handle(), circuits.new_signer_share()
        day = circuits.day_number(self.clock.time)
        values: dict[str, int | str] = {
            "handle": handle,
            "tier": 3,
            "jurisdiction": "GB",
            "good_until": day + 365,
            "cover_band": 5,
            "permit": "P-0001",
            "permit_kind": 1,
            "competence": 1,
            "insured_until": day + 365,
            "spare": 0,
        }
        attributes = tuple((values | changes)[name] for name, _ in circuits.LICENCE_ATTRIBUTES)
        signature = circuits.sign_licence(self.record, self.keys.issuer.secret_key, request, attributes, share)
        witness = circuits.witness_for(self.accumulator, self.keys.accumulator.secret_key, epoch.value, handle)
        reply = circuits.IssueReply(signature, attributes, share, witness, epoch.number)
        return Licence(*circuits.receive_licence(self.record, self.accumulator, epoch, pending, reply))

    def update(self, licence: Licence) -> None:
        """Brings a wallet's membership to the newest epoch. Raises `Unsatisfiable` when it is revoked."""
        known = [entry.value for entry in self.entries]
        at = licence.membership.value
        since = 0 if at == self.accumulator.start_value else known.index(at) + 1
        entries = self.entries[since:]
        licence.membership = circuits.update_membership(
            licence.membership, licence.credential.handle, entries, self.epochs[-1]
        )

    def app(self) -> Starlette:
        """The issuer's public files over HTTP, as far as a gateway fetches them."""
        return Starlette(routes=[Route("/epochs/latest.cose", self._latest), Route("/epochs/events", self._events)])

    async def _latest(self, request: Request) -> Response:
        self.polls += 1
        octets = self.signed[-1]
        etag = f'"{hashlib.sha256(octets).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(octets, media_type="application/cose", headers={"etag": etag})

    async def _events(self, _: Request) -> Response:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self.listeners.append(lambda octets: loop.call_soon_threadsafe(queue.put_nowait, octets))

        async def events() -> AsyncIterator[str]:
            yield ": keep-alive\n\n"
            while True:
                octets = await queue.get()
                yield f"event: epoch\nid: 1\ndata: {encode_base64url(octets)}\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")
