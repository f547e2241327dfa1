"""Records: frozen data that both sides must agree on, each with its octets, its hash and a strict decoder."""

from circuits.records.accumulator import AccumulatorRecord
from circuits.records.epoch import GENESIS, EpochRecord
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord
from circuits.records.policy import (
    BOUND_CONSTANT,
    BOUND_DAY,
    LONGEST_LEASE_SECONDS,
    PolicyRecord,
    default_policy,
)
from circuits.records.set import MAX_SET_OCTETS, SetRecord
from circuits.records.sign1 import Sign1, key_id
from circuits.records.trust import MAX_BUNDLE_OCTETS, TrustBundle

__all__ = [
    "BOUND_CONSTANT",
    "BOUND_DAY",
    "GENESIS",
    "LONGEST_LEASE_SECONDS",
    "MAX_BUNDLE_OCTETS",
    "MAX_SET_OCTETS",
    "AccumulatorRecord",
    "EpochRecord",
    "EscrowRecord",
    "IssuerRecord",
    "PolicyRecord",
    "SetRecord",
    "Sign1",
    "TrustBundle",
    "default_policy",
    "key_id",
]
