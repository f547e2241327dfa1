"""What suffices here: a provider's policy over the statement that a presentation proves.

The statement itself (and how values, bounds and period follow from policy and challenge) lives in `circuits`; this
module decides whether a policy asks for anything at all, and whether what a presentation selects is what it asks for.
An empty policy is an error, not a policy that everybody meets. Source: docs/protocol.md, sections 3 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from circuits import LICENCE_ATTRIBUTES, Misuse, Rejected
from circuits.records import BOUND_CONSTANT, BOUND_DAY, IssuerRecord, PolicyRecord

MAX_LEASE_SECONDS = 900
MAX_EPOCH_AGE_SECONDS = 3600


@dataclass(frozen=True)
class Policy:
    """A policy record that has been found to ask for something. Raises `Misuse` for one that does not."""

    record: PolicyRecord

    def __post_init__(self) -> None:
        record = self.record  # which has seen to its own issuers, values and ranges
        if not record.disclosed and not record.predicates:
            raise Misuse("the policy asks for nothing")
        if not record.escrow_hash:
            raise Misuse("the policy asks for no escrow, so nobody could ever be held to account")
        if record.renewal_seconds > MAX_EPOCH_AGE_SECONDS:
            raise Misuse(f"epochs are relied on for at most {MAX_EPOCH_AGE_SECONDS} seconds")

    def check_disclosed(self, disclosed: Mapping[int, int | str]) -> None:
        """What a presentation discloses (index to value) is exactly what is asked for, with values allowed.

        Raises `Rejected`: `predicate-mismatch` for another set of attributes, `predicate` for a value not allowed.
        """
        allowed = dict(self.record.disclosed)
        if set(disclosed) != set(allowed):
            raise Rejected("predicate-mismatch", "The proof discloses other attributes than the policy asks for.")
        for index, value in disclosed.items():
            if value not in allowed[index] or isinstance(value, bool):
                raise Rejected("predicate", f"The value of {LICENCE_ATTRIBUTES[index][0]} does not suffice here.")

    def is_insured(self, issuer: IssuerRecord) -> bool:
        """Whether a proof under this policy shows insurance cover: a band of at least one and a date in force."""
        bounds = {(index, kind): value for index, kind, value in self.record.predicates}  # ascending: the highest stays
        in_force = (issuer.index("good_until"), BOUND_DAY) in bounds  # a constant day may have passed
        return in_force and bounds.get((issuer.index("cover_band"), BOUND_CONSTANT), 0) >= 1
