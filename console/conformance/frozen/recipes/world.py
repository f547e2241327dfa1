"""The issuer, accumulator, escrow, policy and licence that the vectors are about. Every secret is derived from a label.

The registration and the request have the randomness of the vectors of these names, so that they are the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache

from circuits import issuance
from circuits.accumulator import RevocationEntry, entries_octets, revoke, witness_for
from circuits.attributes import AttributeValue
from circuits.calendar import day_number
from circuits.encoding import encode
from circuits.issuance import IssueRequest, Registration
from circuits.records import (
    GENESIS,
    AccumulatorRecord,
    EpochRecord,
    EscrowRecord,
    IssuerRecord,
    PolicyRecord,
    TrustBundle,
    default_policy,
)
from circuits.scalar import ORDER, encode_scalar, inverse
from circuits.secret import Secret
from circuits.setup import create_accumulator
from circuits.suite import SHA256
from circuits.threshold import DealtEscrow, deal_escrow
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.operations.digits import digit_table
from console.conformance.frozen.randomness import Derived, derived_octets, derived_scalar

ISSUER_ID, PROFILE_ID, ACCUMULATOR_ID, ESCROW_ID = "issuer-1", "operator-2026", "acc-1", "escrow-1"
NOW = 1_794_000_000
TODAY = day_number(NOW)
AUDIENCE = "https://gateway.example"
NONCE, SESSION = derived_octets("issue nonce", 0, 32), derived_octets("issue session", 0, 32)


@dataclass(frozen=True)
class Licence:
    """What a holder has, and what the issuer keeps of it."""

    registration: Registration
    request: IssueRequest
    blind: int
    attributes: tuple[AttributeValue, ...]
    signer_share: int
    signature: bytes
    witness: bytes

    @property
    def handle(self) -> int:
        """y."""
        return int(self.attributes[0])

    @property
    def members(self) -> dict[str, Leaf]:
        """The licence as members of an input of the operation `present`."""
        link_secret = (self.registration.secret.expose() + self.signer_share) % ORDER
        return {
            "signature": self.signature.hex(),
            "attributes": attribute_members(self.attributes),
            "blind": scalar(self.blind),
            "link_secret": scalar(link_secret),
            "witness": self.witness.hex(),
        }


class World:
    """Everything, made when it is first asked for."""

    @cached_property
    def issuer_secret_key(self) -> int:
        return derived_scalar("issuer secret key")

    @cached_property
    def digit_secret_key(self) -> int:
        return derived_scalar("digit secret key")

    @cached_property
    def issuer(self) -> IssuerRecord:
        curve = SHA256.curve
        digit_key, table = digit_table(SHA256, ISSUER_ID.encode(), self.digit_secret_key)
        public_key = curve.encode_g2(curve.multiply_g2(curve.g2_generator(), self.issuer_secret_key))
        return IssuerRecord(ISSUER_ID, PROFILE_ID, public_key, digit_key, hashlib.sha256(table).digest())

    @cached_property
    def other_issuer(self) -> IssuerRecord:
        """Another issuer with a key of its own, whose table nobody needs: its hash is of nothing."""
        keys = [derived_scalar("other issuer secret key"), derived_scalar("other digit secret key")]
        curve = self.issuer.suite.curve
        first, second = (curve.encode_g2(curve.multiply_g2(curve.g2_generator(), key)) for key in keys)
        return IssuerRecord("issuer-2", PROFILE_ID, first, second, hashlib.sha256(b"").digest())

    @cached_property
    def accumulator_secret_key(self) -> Secret[int]:
        return Secret(derived_scalar("accumulator/create", 1))

    @cached_property
    def accumulator(self) -> AccumulatorRecord:
        return create_accumulator(ACCUMULATOR_ID, ISSUER_ID, entropy=Derived("accumulator/create")).record

    @cached_property
    def other_accumulator(self) -> AccumulatorRecord:
        return create_accumulator("acc-2", ISSUER_ID, entropy=Derived("other accumulator")).record

    @cached_property
    def dealt(self) -> DealtEscrow:
        return deal_escrow(ESCROW_ID, 2, 3, NOW - 1000, NOW + 10_000_000, entropy=Derived("threshold/deal"))

    @cached_property
    def escrow(self) -> EscrowRecord:
        return self.dealt.record

    @cached_property
    def other_escrow(self) -> EscrowRecord:
        return deal_escrow("escrow-2", 2, 3, NOW - 1000, NOW + 10_000_000, entropy=Derived("other escrow")).record

    @cached_property
    def policy(self) -> PolicyRecord:
        return default_policy(self.issuer, self.escrow)

    @cached_property
    def epoch(self) -> EpochRecord:
        return EpochRecord(
            accumulator_hash=self.accumulator.hash,
            number=0,
            value=self.accumulator.start_value,
            not_before=NOW - 60,
            next_update=NOW + 840,
            floor=0,
            previous=GENESIS,
            entries_hash=hashlib.sha256(b"").digest(),
            entries_count=0,
        )

    @cached_property
    def trust(self) -> TrustBundle:
        key = derived_octets("epoch key", 0, 32)
        return TrustBundle(self.issuer, self.accumulator, self.escrow, key, (self.policy,), "https://issuer.example")

    @cached_property
    def licence(self) -> Licence:
        """Issued at epoch 0, good for 300 days and covered in band 5."""
        registration = issuance.register(self.issuer, entropy=Derived("issuance/register"))
        request, pending = issuance.request_licence(
            self.issuer, registration, NONCE, SESSION, entropy=Derived("issuance/request")
        )
        attributes: tuple[AttributeValue, ...] = (
            derived_scalar("handle"), 3, "GB", TODAY + 300, 5, "permit-1", 1, 7, TODAY + 400, 0,
        )  # fmt: skip
        share = derived_scalar("signer share")
        signature = issuance.sign_licence(self.issuer, Secret(self.issuer_secret_key), request, attributes, share)
        witness = witness_for(self.accumulator, self.accumulator_secret_key, self.epoch.value, derived_scalar("handle"))
        return Licence(registration, request, pending.blind.expose(), attributes, share, signature, witness)

    def digit_signature(self, digit: int) -> bytes:
        """S_digit."""
        curve, base = self.issuer.suite.curve, self.issuer.digit_base
        return curve.encode_g1(curve.multiply(base, inverse(self.digit_secret_key + digit)))

    def witness_at(self, epoch: EpochRecord) -> bytes:
        """The licence's witness at `epoch`."""
        return witness_for(self.accumulator, self.accumulator_secret_key, epoch.value, self.licence.handle)

    @property
    def records(self) -> dict[str, Leaf]:
        """The records as members of an input."""
        return {
            "issuer": self.issuer.octets.hex(),
            "accumulator": self.accumulator.octets.hex(),
            "epoch": self.epoch.octets.hex(),
            "escrow": self.escrow.octets.hex(),
        }

    @property
    def binding(self) -> dict[str, Leaf]:
        """The binding to one challenge, as members."""
        return {
            "policy_hash": self.policy.hash.hex(),
            "audience": AUDIENCE.encode().hex(),
            "nonce": derived_octets("challenge nonce", 0, 32).hex(),
            "request_digest": derived_octets("request digest", 0, 32).hex(),
            "session_thumbprint": derived_octets("session key", 0, 32).hex(),
            "not_after": str(NOW + 120),
        }

    def revoked(self, count: int) -> tuple[EpochRecord, tuple[RevocationEntry, ...]]:
        """The epoch after `count` other handles were revoked one after the other at epoch 0, and the entries."""
        entries: list[RevocationEntry] = []
        value = self.epoch.value
        for place in range(count):
            handle = derived_scalar("revoked handle", place)
            entries.append(revoke(self.accumulator, self.accumulator_secret_key, value, handle))
            value = entries[-1].value
        return self.epoch_after(entries), tuple(entries)

    def epoch_after(self, entries: list[RevocationEntry]) -> EpochRecord:
        """Epoch 1, with these entries."""
        octets = entries_octets(entries)
        return EpochRecord(
            accumulator_hash=self.accumulator.hash,
            number=1,
            value=entries[-1].value,
            not_before=self.epoch.next_update,
            next_update=self.epoch.next_update + 900,
            floor=0,
            previous=self.epoch.hash,
            entries_hash=hashlib.sha256(octets).digest(),
            entries_count=len(entries),
        )


@lru_cache(maxsize=1)
def the_world() -> World:
    """The one world of the vectors."""
    return World()


def scalar(value: int) -> str:
    """64 hex digits."""
    return encode_scalar(value).hex()


def attribute_members(attributes: tuple[AttributeValue, ...]) -> list[Leaf]:
    """Ten attribute values as they stand in a file: the handle a scalar, text the hex of its UTF-8."""
    handle, *others = attributes
    members: list[Leaf] = [{"scalar": scalar(int(handle))}]
    for value in others:
        members.append({"text": value.encode().hex()} if isinstance(value, str) else {"number": str(value)})
    return members


def context(period: str = "2026-46", origin: str = AUDIENCE, kind: str = "verifier") -> str:
    """The octets of a pseudonym's context, in hex."""
    return encode([kind, origin, period]).hex()


def disclose(index: int, value: AttributeValue) -> Leaf:
    """A node that shows an attribute."""
    shown = {"text": value.encode().hex()} if isinstance(value, str) else {"number": str(value)}
    return {"node": "disclose", "index": str(index), **shown}


def at_least(index: int, bound: int) -> Leaf:
    """A node that says that an attribute is at least a bound."""
    return {"node": "at-least", "index": str(index), "bound": str(bound)}
