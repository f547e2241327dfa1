"""Makes and checks the signed sets of `OneOf`: weak Boneh-Boyen signatures on the members.

Relation of one member: pair(S_v, X_s + v P2) = pair(G_s, P2). Legend: as in `records.set`. Source: [CCS08].
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from circuits.attributes import AttributeValue, Kind, attribute_scalar, check_value
from circuits.curve import FixedBase
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Malformed, Misuse, Rejected
from circuits.records.set import SetRecord, set_base
from circuits.scalar import ORDER, batch_inverse
from circuits.sigma.coins import draw_coins
from circuits.suite import LICENCE_API_ID, SHA256, Suite


def create_set(
    set_id: str, kind: Kind, values: Collection[AttributeValue], suite: Suite = SHA256, entropy: Entropy = SYSTEM
) -> SetRecord:
    """A signed set of `values`. Its key lives in this call only. The id is never used again for another set.

    Raises `Malformed` for a value that is not of `kind`, for fewer than 2 or more than 512 of them.
    """
    for value in values:
        check_value(kind, value)
    ordered = sorted(set(values), key=lambda value: value.encode() if isinstance(value, str) else value.to_bytes(32))
    if len(ordered) != len(values):
        raise Malformed("a member of a set is named twice")
    curve, key = suite.curve, entropy.scalar()
    divisors = [(key + attribute_scalar(suite, LICENCE_API_ID, kind, value)) % ORDER for value in ordered]
    if 0 in divisors:
        raise Misuse("the set's key hits a member; draw again")
    table = curve.fixed_base(set_base(suite, set_id))
    signatures = [curve.encode_g1(table.multiple(inverse)) for inverse in batch_inverse(divisors)]
    public_key = curve.encode_g2(curve.multiply_g2(curve.g2_generator(), key))
    return SetRecord(set_id, kind, public_key, tuple(zip(ordered, signatures, strict=True)), suite)


def check_set(record: SetRecord, entropy: Entropy = SYSTEM) -> None:
    """Check the signatures on all members by one pairing equation with 128-bit coins.

    A wallet does so once: a set with one false signature would tell the verifier something by the proof that fails.
    Raises `Rejected` with code `set`.
    """
    curve = record.suite.curve
    values, points = list(record.signatures), list(record.signatures.values())
    coins = draw_coins(entropy, len(points))
    left = curve.combine(points, coins)
    right = curve.combine(
        [record.base, *points], [sum(coins), *(-coin * value for coin, value in zip(coins, values, strict=True))]
    )
    pairs = [(left, record.public_point), (curve.negate(right), curve.g2_generator())]
    if not curve.pairing_product_is_one(pairs):
        raise Rejected("set", "a member of the set is not signed")


def check_set_once(record: SetRecord) -> None:
    """As `check_set`, and nothing for a set that has been checked in this process."""
    _checked(record, record.suite)


def prepared_signature(record: SetRecord, member: int) -> FixedBase:
    """S_v of the member whose scalar is `member`, prepared for multiplication. `Misuse` when there is none."""
    if member not in record.signatures:
        raise Misuse("not a member of the set")
    return _prepared(record, record.suite, member)


# Equal records may be on two curve backends, whose points do not mix: so the suite is part of what is remembered.
@lru_cache(maxsize=32)
def _checked(record: SetRecord, suite: Suite) -> None:  # noqa: ARG001
    check_set(record)


@lru_cache(maxsize=32)
def _prepared(record: SetRecord, suite: Suite, member: int) -> FixedBase:
    return suite.curve.fixed_base(record.signatures[member], passing=True)
