"""What a wallet holds, as frozen data with one encoding.

Everything secret sits in `Secret`, and so none of these is compared with `==`. The whole is one deterministic CBOR
map, read strictly: a wallet that does not read back exactly is refused, never repaired. Points and hashes are octets,
times unix seconds, scalars 32 octets big-endian.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from circuits import (
    Credential,
    Malformed,
    Membership,
    PendingIssue,
    Registration,
    Secret,
    cached_property,
    decode_cbor,
    encode_cbor,
)
from circuits.records import EpochRecord, Sign1, TrustBundle

Value: TypeAlias = int | bytes | str | list["Value"] | dict[int, "Value"]

T = TypeVar("T")

MAX_CONTENT_OCTETS = 1 << 20
MAX_SIGNED_EPOCH_OCTETS = 4096

_VERSION = 1


@dataclass(frozen=True, eq=False)
class Application:
    """An application at the issuer: `token` is the bearer secret for it, `sign_in` the page for the person's browser,
    `code` the six digits that page must show, `refresh` whether it renews a licence held."""

    id: str
    token: Secret[str]
    sign_in: str
    code: str
    expires_at: int
    refresh: bool


@dataclass(frozen=True, eq=False)
class PendingRequest:
    """A licence request as it was, or is about to be, sent: kept so that a retry sends the very same octets.

    `commitment` 144 and `proof` 160 octets, `tier` as applied for, `expected` further attributes as applied for.
    """

    tier: int
    commitment: bytes
    proof: bytes
    issue: PendingIssue
    expected: tuple[tuple[str, int | str], ...]


@dataclass(frozen=True, eq=False)
class Licence:
    """A licence held, with its membership at the epoch that it was last brought to."""

    id: str
    credential: Credential
    membership: Membership

    @cached_property
    def mark(self) -> bytes:
        """Tells licences apart in a process's own memory: a digest of the secret, of which pseudonyms are made and
        which a renewal keeps. The handle would not do: the issuer chooses it, and could give two licences the same."""
        return hashlib.sha256(self.credential.link_secret.expose().to_bytes(32, "big")).digest()


@dataclass(frozen=True, eq=False)
class Contents:
    """All of a wallet. `generation` counts saves; `trust` is pinned; `high_water` is the highest epoch number ever
    accepted and `signed_epoch` the COSE_Sign1 of the epoch that the licence's membership is up to date with."""

    trust: TrustBundle
    generation: int = 0
    registration: Registration | None = None
    application: Application | None = None
    pending: PendingRequest | None = None
    licence: Licence | None = None
    high_water: int = 0
    signed_epoch: bytes | None = None

    @cached_property
    def epoch(self) -> EpochRecord | None:
        """The epoch record inside `signed_epoch`; its signature was checked before it was stored."""
        if self.signed_epoch is None:
            return None
        return EpochRecord.decode(Sign1.decode(self.signed_epoch, MAX_SIGNED_EPOCH_OCTETS).payload)

    def following(self) -> Contents:
        """The same contents with the next generation number."""
        return replace(self, generation=self.generation + 1)

    def encode(self) -> Secret[bytes]:
        """The one encoding of these contents."""
        fields: dict[int, Value] = {
            1: _VERSION,
            2: self.generation,
            3: self.trust.octets,
            4: _optional(self.registration, _registration_value),
            5: _optional(self.application, _application_value),
            6: _optional(self.pending, _pending_value),
            7: _optional(self.licence, _licence_value),
            8: self.high_water,
            9: [] if self.signed_epoch is None else [self.signed_epoch],
        }
        return Secret(encode_cbor(fields))

    @classmethod
    def decode(cls, octets: Secret[bytes], before: Contents | None = None) -> Contents:
        """The contents with this encoding. Raises `Malformed`, `Rejected`.

        What is the same as in `before` is taken from there, so that points are not checked, nor tables built, again.
        """
        fields = decode_cbor(octets.expose(), MAX_CONTENT_OCTETS)
        if not isinstance(fields, dict) or list(fields) != list(range(1, 10)) or fields[1] != _VERSION:
            raise Malformed("not the contents of a wallet of version 1")
        trust = before.trust if before and before.trust.octets == fields[3] else TrustBundle.decode(_octets(fields[3]))
        licence = _items(fields[7])
        signed = _items(fields[9])
        contents = cls(
            trust=trust,
            generation=_uint(fields[2]),
            registration=_registration(_items(fields[4])),
            application=_application(_items(fields[5])),
            pending=_pending(_items(fields[6])),
            licence=_licence(licence, trust, before.licence if before else None),
            high_water=_uint(fields[8]),
            signed_epoch=_octets(signed[0]) if signed else None,
        )
        if contents.encode().expose() != octets.expose():
            raise Malformed("not the one encoding of a wallet")
        return contents


def _optional(value: T | None, encode: Callable[[T], Value]) -> Value:
    return [] if value is None else encode(value)


def _registration_value(value: Registration) -> Value:
    return [_scalar(value.secret), value.point, value.salt]


def _registration(items: list[Value]) -> Registration | None:
    if not items:
        return None
    secret, point, salt = _exactly(items, 3)
    return Registration(secret=_secret(secret), point=_octets(point), salt=_octets(salt))


def _application_value(value: Application) -> Value:
    return [value.id, value.token.expose(), value.sign_in, value.code, value.expires_at, int(value.refresh)]


def _application(items: list[Value]) -> Application | None:
    if not items:
        return None
    identifier, token, sign_in, code, expires_at, refresh = _exactly(items, 6)
    return Application(
        _text(identifier), Secret(_text(token)), _text(sign_in), _text(code), _uint(expires_at), bool(_uint(refresh))
    )


def _pending_value(value: PendingRequest) -> Value:
    expected: list[Value] = [[name, wanted] for name, wanted in value.expected]
    issue = value.issue
    return [value.tier, value.commitment, value.proof, _scalar(issue.blind), _scalar(issue.link_share), expected]


def _pending(items: list[Value]) -> PendingRequest | None:
    if not items:
        return None
    tier, commitment, proof, blind, link_share, expected = _exactly(items, 6)
    pairs = [_exactly(_items(pair), 2) for pair in _items(expected)]
    return PendingRequest(
        _uint(tier),
        _octets(commitment),
        _octets(proof),
        PendingIssue(blind=_secret(blind), link_share=_secret(link_share)),
        tuple((_text(name), wanted if isinstance(wanted, int) else _text(wanted)) for name, wanted in pairs),
    )


def _licence_value(value: Licence) -> Value:
    return [value.id, value.credential.encode().expose(), value.membership.encode()]


def _licence(items: list[Value], trust: TrustBundle, before: Licence | None) -> Licence | None:
    if not items:
        return None
    identifier, credential, membership = _exactly(items, 3)
    same = before is not None and before.credential.encode().expose() == credential
    return Licence(
        _text(identifier),
        before.credential if before is not None and same else Credential.decode(trust.issuer, _octets(credential)),
        Membership.decode(trust.accumulator, _octets(membership)),
    )


def _scalar(secret: Secret[int]) -> bytes:
    return secret.expose().to_bytes(32, "big")


def _secret(value: Value) -> Secret[int]:
    octets = _octets(value)
    if len(octets) != 32:
        raise Malformed("not a scalar of 32 octets")
    return Secret(int.from_bytes(octets, "big"))


def _items(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise Malformed("not a list")
    return value


def _exactly(items: list[Value], count: int) -> list[Value]:
    if len(items) != count:
        raise Malformed("not a list of the length expected")
    return items


def _octets(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise Malformed("not octets")
    return value


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise Malformed("not text")
    return value


def _uint(value: Value) -> int:
    if not isinstance(value, int):
        raise Malformed("not an unsigned integer")
    return value
