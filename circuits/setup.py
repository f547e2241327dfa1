"""Makes an issuer's and an accumulator's keys with their public records. Done once, at the issuer.

Source: [PROTOCOL 3].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from circuits import generators
from circuits.entropy import SYSTEM, Entropy
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.issuer import IssuerRecord
from circuits.secret import Secret
from circuits.suite import LICENCE_API_ID, SHA256, Suite
from circuits.weak_bb import make_table


@dataclass(frozen=True)
class CreatedIssuer:
    """`record` public, `secret_key` the BBS key, `digit_table` public, 196,608 octets. The digit key is gone."""

    record: IssuerRecord
    secret_key: Secret[int]
    digit_table: bytes = field(repr=False)


@dataclass(frozen=True)
class CreatedAccumulator:
    """`record` public, `secret_key` alpha."""

    record: AccumulatorRecord
    secret_key: Secret[int]


def create_issuer(issuer_id: str, profile_id: str, suite: Suite = SHA256, entropy: Entropy = SYSTEM) -> CreatedIssuer:
    """A new issuer: BBS key, digit key and table. About a second. The ids are never used again for another key."""
    curve = suite.curve
    secret_key = entropy.scalar()
    base = generators.named_base(suite, LICENCE_API_ID, generators.DIGIT_BASE, issuer_id.encode())
    digit_key, table = make_table(suite, base, entropy)
    record = IssuerRecord(
        id=issuer_id,
        profile_id=profile_id,
        public_key=curve.encode_g2(curve.multiply_g2(curve.g2_generator(), secret_key)),
        digit_key=digit_key,
        table_hash=hashlib.sha256(table).digest(),
        suite=suite,
    )
    return CreatedIssuer(record, Secret(secret_key), table)


def create_accumulator(
    accumulator_id: str, issuer_id: str, suite: Suite = SHA256, entropy: Entropy = SYSTEM
) -> CreatedAccumulator:
    """A new accumulator, with nobody revoked. Its id is never used again."""
    curve = suite.curve
    secret_key = entropy.scalar()
    public_key = curve.encode_g2(curve.multiply_g2(curve.g2_generator(), secret_key))
    return CreatedAccumulator(AccumulatorRecord(accumulator_id, issuer_id, public_key, suite), Secret(secret_key))
