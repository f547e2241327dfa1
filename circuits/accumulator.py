"""The accumulator of live handles: adding is free, revoking changes one point, and a holder catches up with additions.

A live handle y has a witness C with pair(C, Q_a) = pair(V - y C, P2). Revoking y publishes (y, V') with
V' = (y+alpha)^-1 V; every other holder updates over M entries at once:

    C_M = ( C - sum_s p_s V_s ) / prod_j (y_j - y),   p_s = prod_{j<s} (y_j - y)

Legend: alpha secret key, Q_a = alpha P2, V value, y handle, C witness. Source: [VB20], [PROTOCOL 4].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from circuits.cached import cached_property
from circuits.curve import G1, Curve, FixedBase
from circuits.encoding import decode_map, encode, take_octets, take_uint
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Malformed, Misuse, Rejected, Unsatisfiable
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.epoch import EpochRecord
from circuits.scalar import ORDER, decode_scalar, encode_scalar, inverse
from circuits.secret import Secret
from circuits.sigma.coins import draw_coins
from circuits.suite import SHA256, Suite

ENTRY_OCTETS = 80
AFFINE_ENTRY_OCTETS = 128


class RevocationEntry(NamedTuple):
    """One revocation: the handle, public from now on, and the accumulator's value after it.

    A tuple, because a holder who comes back after a long time reads tens of thousands of them.
    """

    handle: int
    point: G1
    suite: Suite = SHA256

    @property
    def value(self) -> bytes:
        """V' as 48 octets."""
        return self.suite.curve.encode_g1(self.point)


@dataclass(frozen=True)
class Membership:
    """That a handle is live at an epoch: `accumulator` record, `epoch_number`, `value` V and `witness` C (48 octets).

    Both points are checked when it is built (`Malformed`); that they belong to a handle, `check_membership` says.
    """

    accumulator: AccumulatorRecord
    epoch_number: int
    value: bytes
    witness: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _ = self.value_point, self.witness_point

    @cached_property
    def value_point(self) -> G1:
        """V."""
        return self.accumulator.suite.curve.decode_g1(self.value)

    @cached_property
    def witness_point(self) -> G1:
        """C."""
        return self.accumulator.suite.curve.decode_g1(self.witness)

    @cached_property
    def table(self) -> FixedBase:
        """C, prepared for multiplication during one epoch."""
        return self.accumulator.suite.curve.fixed_base(self.witness_point, passing=True)

    def encode(self) -> bytes:
        """The membership as deterministic CBOR. It tells which licence it belongs to: store it as a secret."""
        return encode({1: 1, 2: self.accumulator.hash, 3: self.epoch_number, 4: self.value, 5: self.witness})

    @classmethod
    def decode(cls, accumulator: AccumulatorRecord, octets: bytes) -> Membership:
        """The membership of `encode`'s octets under the same accumulator. Raises `Malformed`."""
        fields = decode_map(octets, 512, range(1, 6))
        if fields[2] != accumulator.hash:
            raise Malformed("a membership of another accumulator")
        return cls(accumulator, take_uint(fields[3]), take_octets(fields[4], 48), take_octets(fields[5], 48))


def witness_for(accumulator: AccumulatorRecord, secret_key: Secret[int], value: bytes, handle: int) -> bytes:
    """C = (y+alpha)^-1 V as 48 octets, for a live handle at value V (48 octets). Issuer's side. Raises `Misuse`."""
    curve = accumulator.suite.curve
    return curve.encode_g1(curve.multiply(curve.decode_g1(value), _divisor(secret_key, handle)))


def revoke(accumulator: AccumulatorRecord, secret_key: Secret[int], value: bytes, handle: int) -> RevocationEntry:
    """The entry (y, V') that revokes `handle` at value V (48 octets). The caller owes: y is live."""
    curve = accumulator.suite.curve
    point = curve.multiply(curve.decode_g1(value), _divisor(secret_key, handle))
    return RevocationEntry(handle, point, accumulator.suite)


def check_membership(membership: Membership, handle: int) -> None:
    """Check pair(C, Q_a) = pair(V - y C, P2). Raises `Rejected` with code `membership`."""
    curve = membership.accumulator.suite.curve
    right = curve.add(membership.value_point, curve.multiply(membership.witness_point, -handle))
    pairs = [
        (membership.witness_point, membership.accumulator.public_point),
        (curve.negate(right), curve.g2_generator()),
    ]
    if not curve.pairing_product_is_one(pairs):
        raise Rejected("membership", "the witness does not belong to this handle and value")


def check_membership_once(membership: Membership, handle: int) -> None:
    """As `check_membership`, and nothing for one that has been checked in this process."""
    _checked(membership, handle, membership.accumulator.suite)


def update_membership(
    membership: Membership, handle: int, entries: Sequence[RevocationEntry], epoch: EpochRecord
) -> Membership:
    """The membership at `epoch`, after all `entries` revoked since. One multi-exponentiation and one inversion.

    Raises `Unsatisfiable` with code `revoked` when the handle is among the entries, and `Rejected` with code
    `membership` when the entries do not lead from one value to the other.
    """
    if epoch.accumulator_hash != membership.accumulator.hash:
        raise Misuse("an epoch of another accumulator")
    curve = membership.accumulator.suite.curve
    weights, product = [], 1
    for entry in entries:
        weights.append(product)
        product = product * (entry.handle - handle) % ORDER
    if product == 0:
        raise Unsatisfiable("revoked", "the licence has been revoked")
    revoked = curve.combine([entry.point for entry in entries], weights)
    witness = curve.multiply(curve.add(membership.witness_point, curve.negate(revoked)), inverse(product))
    if curve.is_identity(witness) or not curve.in_subgroup(witness):
        raise Rejected("membership", "the revocation list does not lead to this epoch")
    updated = Membership(membership.accumulator, epoch.number, epoch.value, curve.encode_g1(witness))
    check_membership_once(updated, handle)
    return updated


def audit_entries(
    accumulator: AccumulatorRecord, start_value: bytes, entries: Sequence[RevocationEntry], entropy: Entropy = SYSTEM
) -> None:
    """Check that each entry follows from the one before: sum rho_s ((alpha+y_s) V_s - V_{s-1}) = O, as one pairing
    product. `start_value` 48 octets. Raises `Rejected` with code `entries`, `Misuse` for no entries."""
    curve = accumulator.suite.curve
    if any(not curve.in_subgroup(entry.point) or curve.is_identity(entry.point) for entry in entries):
        raise Rejected("entries", "an entry of the revocation list is not a point of the subgroup")
    coins = draw_coins(entropy, len(entries))
    after = [entry.point for entry in entries]
    left = curve.combine(after, coins)
    # Each V_s stands in two rows, as what the one leads to and what the next one starts from.
    own = (coin * entry.handle for coin, entry in zip(coins, entries, strict=True))
    weights = (onward - taken for onward, taken in zip([*coins[1:], 0], own, strict=True))
    right = curve.combine([curve.decode_g1(start_value), *after], [coins[0], *weights])
    pairs = [(left, accumulator.public_point), (curve.negate(right), curve.g2_generator())]
    if not curve.pairing_product_is_one(pairs):
        raise Rejected("entries", "an entry of the revocation list does not follow from the one before")


def entries_octets(entries: Sequence[RevocationEntry], affine: bool = False) -> bytes:
    """The entries, 80 octets each S(y) || P(V'), or 128 each S(y) || x || y of V'. Source: [PROTOCOL 4]."""
    if not affine:
        return b"".join(encode_scalar(entry.handle) + entry.value for entry in entries)
    return b"".join(encode_scalar(entry.handle) + entry.suite.curve.encode_g1_affine(entry.point) for entry in entries)


def decode_entries(octets: bytes, affine: bool = False, suite: Suite = SHA256) -> tuple[RevocationEntry, ...]:
    """The entries of `entries_octets`. The affine form is read without subgroup checks, forty times faster:
    `update_membership` and `audit_entries` make the checks that matter. Raises `Malformed`."""
    size = AFFINE_ENTRY_OCTETS if affine else ENTRY_OCTETS
    if len(octets) % size:
        raise Malformed("not a whole number of entries")
    curve: Curve = suite.curve
    read = curve.decode_g1_affine if affine else curve.decode_g1
    return tuple(
        RevocationEntry(decode_scalar(octets[at : at + 32]), read(octets[at + 32 : at + size]), suite)
        for at in range(0, len(octets), size)
    )


# Equal memberships may be on two curve backends: so the suite is part of what is remembered.
@lru_cache(maxsize=32)
def _checked(membership: Membership, handle: int, suite: Suite) -> None:  # noqa: ARG001
    check_membership(membership, handle)


def _divisor(secret_key: Secret[int], handle: int) -> int:
    total = (secret_key.expose() + handle) % ORDER
    if total == 0:
        raise Misuse("a handle that hits the accumulator's key")
    return inverse(total)
