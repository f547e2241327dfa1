"""Whom and what the further statements need beside the one world: another issuer with a permit of the same holder, a
second licence, other holders, and signed sets. All are issued by the whole protocol, with randomness from labels.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache

from circuits import issuance
from circuits.accumulator import entries_octets, revoke, witness_for
from circuits.attributes import AttributeValue, Kind
from circuits.membership_set import create_set
from circuits.records import AccumulatorRecord, EpochRecord, IssuerRecord, SetRecord
from circuits.scalar import ORDER, inverse
from circuits.secret import Secret
from circuits.setup import create_accumulator
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.operations.digits import digit_table
from console.conformance.frozen.randomness import Derived, derived_scalar
from console.conformance.frozen.recipes.world import (
    NONCE,
    PROFILE_ID,
    SESSION,
    TODAY,
    Licence,
    the_world,
)

PERMIT_ISSUER_ID, PERMIT_ACCUMULATOR_ID = "permits-1", "permits-acc-1"


@dataclass(frozen=True)
class Authority:
    """An issuer with its accumulator at one epoch, and the keys of both."""

    issuer: IssuerRecord
    accumulator: AccumulatorRecord
    epoch: EpochRecord
    secret_key: int
    digit_secret_key: int
    accumulator_secret_key: Secret[int]

    @property
    def records(self) -> dict[str, Leaf]:
        """The records as members of an input."""
        return {
            "issuer": self.issuer.octets.hex(),
            "accumulator": self.accumulator.octets.hex(),
            "epoch": self.epoch.octets.hex(),
        }

    def witness_members(self) -> dict[str, Leaf]:
        """To which epoch a witness of this authority belongs, as members of an input."""
        return {"witness_epoch": str(self.epoch.number), "witness_value": self.epoch.value.hex()}

    def digit_signature(self, digit: int) -> bytes:
        """S_digit."""
        curve = self.issuer.suite.curve
        exponent = inverse((self.digit_secret_key + digit) % ORDER)
        return curve.encode_g1(curve.multiply(self.issuer.digit_base, exponent))

    def digits(self, wanted: list[int]) -> list[Leaf]:
        """The entries of the digit table that a proof needs."""
        return [{"digit": str(digit), "signature": self.digit_signature(digit).hex()} for digit in sorted(set(wanted))]

    def next_epoch(self) -> EpochRecord:
        """The epoch after somebody else was revoked."""
        handle = derived_scalar(f"{self.issuer.id} revoked handle")
        entry = revoke(self.accumulator, self.accumulator_secret_key, self.epoch.value, handle)
        return replace(
            self.epoch,
            number=self.epoch.number + 1,
            value=entry.value,
            not_before=self.epoch.next_update,
            next_update=self.epoch.next_update + 900,
            previous=self.epoch.hash,
            entries_hash=hashlib.sha256(entries_octets([entry])).digest(),
            entries_count=1,
        )

    def issue(self, label: str, attributes: tuple[AttributeValue, ...], link_secret: int | None = None) -> Licence:
        """A credential of the nine `attributes` after the handle; of a known holder where `link_secret` is given."""
        known = None if link_secret is None else Secret(link_secret)
        registration = issuance.register(self.issuer, known, Derived(f"{label} registration"))
        request, pending = issuance.request_licence(
            self.issuer, registration, NONCE, SESSION, known is not None, Derived(f"{label} request")
        )
        handle, share = derived_scalar(f"{label} handle"), derived_scalar(f"{label} share") if known is None else 0
        whole = (handle, *attributes)
        signature = issuance.sign_licence(self.issuer, Secret(self.secret_key), request, whole, share)
        witness = witness_for(self.accumulator, self.accumulator_secret_key, self.epoch.value, handle)
        return Licence(registration, request, pending.blind.expose(), whole, share, signature, witness)


@lru_cache(maxsize=1)
def licensing() -> Authority:
    """The issuer of the vectors' world."""
    world = the_world()
    return Authority(
        world.issuer,
        world.accumulator,
        world.epoch,
        world.issuer_secret_key,
        world.digit_secret_key,
        world.accumulator_secret_key,
    )


@lru_cache(maxsize=1)
def permits() -> Authority:
    """Another issuer, which signs permits."""
    curve, world = the_world().issuer.suite.curve, the_world()
    secret_key, digit_key = derived_scalar("permit issuer secret key"), derived_scalar("permit digit secret key")
    made = create_accumulator(PERMIT_ACCUMULATOR_ID, PERMIT_ISSUER_ID, entropy=Derived("permit accumulator"))
    public_digit_key, table = digit_table(world.issuer.suite, PERMIT_ISSUER_ID.encode(), digit_key)
    public_key = curve.encode_g2(curve.multiply_g2(curve.g2_generator(), secret_key))
    return Authority(
        IssuerRecord(PERMIT_ISSUER_ID, PROFILE_ID, public_key, public_digit_key, hashlib.sha256(table).digest()),
        made.record,
        replace(world.epoch, accumulator_hash=made.record.hash, value=made.record.start_value),
        secret_key,
        digit_key,
        made.secret_key,
    )


def own_link_secret() -> int:
    """The link secret of the one holder of the vectors."""
    licence = the_world().licence
    return (licence.registration.secret.expose() + licence.signer_share) % ORDER


@lru_cache(maxsize=1)
def permit() -> Licence:
    """The permit of the same holder, insured until the day on which the licence ends."""
    values = (2, "IE", TODAY + 200, 5, "permit-1", 1, 9, TODAY + 300, 0)
    return permits().issue("permit", values, own_link_secret())


@lru_cache(maxsize=1)
def strangers_permit() -> Licence:
    """Such a permit of somebody else."""
    return permits().issue("permit of a stranger", permit().attributes[1:])


@lru_cache(maxsize=1)
def second_licence() -> Licence:
    """Another licence of the same holder from the same issuer, of tier 2."""
    values = (2, *the_world().licence.attributes[2:])
    return licensing().issue("second licence", values, own_link_secret())


@lru_cache(maxsize=4)
def colleague(name: str) -> Licence:
    """The licence of somebody else at the same firm."""
    return licensing().issue(f"colleague {name}", the_world().licence.attributes[1:])


@lru_cache(maxsize=8)
def signed_set(name: str, kind: Kind, values: tuple[AttributeValue, ...]) -> SetRecord:
    """A signed set, with the randomness of the vector `sets/NAME`."""
    return create_set(name, kind, values, entropy=Derived(f"sets/{name}"))


def union() -> SetRecord:
    """A set of jurisdictions with the licence's among them."""
    return signed_set("union", Kind.TEXT, ("GB", "IE", "FR", "DE"))


def abroad() -> SetRecord:
    """A set of jurisdictions without the licence's."""
    return signed_set("abroad", Kind.TEXT, ("IE", "FR", "DE"))


def bands() -> SetRecord:
    """A set of numbers."""
    return signed_set("bands", Kind.INT, (0, 5, 2**32 - 1))


def beside(records: dict[str, Leaf]) -> dict[str, Leaf]:
    """Members of an input as those of the companion."""
    return {f"companion_{name}": value for name, value in records.items()}


def at_most(index: int, bound: int) -> Leaf:
    """A node that says that an attribute is at most a bound."""
    return {"node": "at-most", "index": str(index), "bound": str(bound)}


def between(index: int, low: int, high: int) -> Leaf:
    """A node that says that an attribute lies in a range."""
    return {"node": "between", "index": str(index), "low": str(low), "high": str(high)}


def one_of(index: int, record: SetRecord) -> Leaf:
    """A node that says that an attribute is a member of a set, which is named by its hash."""
    return {"node": "one-of", "index": str(index), "set": record.hash.hex()}


def equals(index: int, companion_index: int) -> Leaf:
    """A node that says that an attribute equals one of the companion's."""
    return {"node": "equals", "index": str(index), "companion_index": str(companion_index)}


def signed(digest: bytes) -> Leaf:
    """A node that says that a document is signed."""
    return {"node": "signed", "digest": digest.hex()}
