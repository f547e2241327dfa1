"""Makes and checks the signed sets of `OneOf`: weak Boneh-Boyen signatures on the members.

Relation of one member: pair(S_v, X_s + v P2) = pair(G_s, P2). Legend: as in `records.set`. Source: [CCS08].
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from circuits.attributes import AttributeValue, Kind, attribute_scalar, check_value
from circuits.curve import FixedBase
from circuits.encoding import check_text
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Malformed, Misuse, Rejected
from circuits.records.set import SetRecord, member_order, set_base
from circuits.suite import LICENCE_API_ID, SHA256, Suite
from circuits.weak_bb import check_signed, sign_numbers


def create_set(
    set_id: str, kind: Kind, values: Collection[AttributeValue], suite: Suite = SHA256, entropy: Entropy = SYSTEM
) -> SetRecord:
    """A signed set of `values`. Its key lives in this call only. The id is never used again for another set.

    Raises `Malformed` for a value that is not of `kind`, for fewer than 2 or more than 512 of them, `Misuse` for an id
    that is not 1 to 255 octets of Unicode, which would not load.
    """
    check_text(set_id, "the id of a set has 1 to 255 octets of Unicode")
    for value in values:
        check_value(kind, value)
    ordered = sorted(set(values), key=member_order)
    if len(ordered) != len(values):
        raise Malformed("a member of a set is named twice")
    numbers = [attribute_scalar(suite, LICENCE_API_ID, kind, value) for value in ordered]
    base = set_base(suite, set_id)
    public_key, signatures = sign_numbers(suite.curve, base, numbers, entropy, "the set's key hits a member")
    return SetRecord(set_id, kind, public_key, tuple(zip(ordered, signatures, strict=True)), suite)


def check_set(record: SetRecord, entropy: Entropy = SYSTEM) -> None:
    """Check the signatures on all members by one pairing equation with 128-bit coins.

    A wallet does so once: a set with one false signature would tell the verifier something by the proof that fails.
    Raises `Rejected` with code `set`.
    """
    numbers, points = list(record.signatures), list(record.signatures.values())
    try:
        check_signed(record.suite.curve, record.base, record.public_point, numbers, points, entropy)
    except Rejected:
        raise Rejected("set", "a member of the set is not signed") from None


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
