"""The kinds of adversarial SigmaProof records, by the letter and number at the end of each record's Id.

A record must be refused at its kind's own stage, and be its base with that one change and no other.
Source: [SIGMA Test vectors].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from console.conformance import sigma_points as points
from console.conformance import sigma_proof_changes as proofs
from console.conformance import sigma_statement_changes as statements
from console.conformance.sigma_mutation import Mutation
from console.conformance.sigma_record import Mismatch
from console.conformance.sigma_statement import IN_INSTANCE, IN_PROOF


@dataclass(frozen=True)
class Change:
    """A kind of change: the words of its comments, where it is refused, and what compares it with its base.

    A kind with a statement of its own is compared without its base.
    """

    words: str
    stage: str
    compare: Callable[[Mutation], None]
    has_own_statement: bool = False


def kind_of(suffix: str, comment: str) -> Change | None:
    """The change that a record's suffix names, or for an unknown suffix its comment; None if neither does."""
    spoken = [name for name, change in CHANGES.items() if change.words in comment]
    if suffix in CHANGES and spoken and suffix not in spoken:
        raise Mismatch(f"Comment: it tells {' and '.join(spoken)} instead of {suffix}")
    if suffix in CHANGES:
        return CHANGES[suffix]
    return CHANGES[spoken[0]] if len(spoken) == 1 else None


CHANGES: dict[str, Change] = {
    "A1": Change("compression bit", IN_PROOF, proofs.commitment_becomes(points.with_compression_cleared)),
    "A3": Change("lifted by the field", IN_PROOF, proofs.commitment_has_x(points.lifted)),
    "A4": Change("point at infinity", IN_PROOF, proofs.commitment_becomes(lambda _: points.INFINITY)),
    "A5": Change("outside the prime-order subgroup", IN_PROOF, proofs.commitment_has_x(points.outside_subgroup)),
    "A6": Change("not on the curve", IN_PROOF, proofs.commitment_has_x(points.off_curve)),
    "B1": Change("re-encoded as s + order", IN_PROOF, proofs.scalar_not_reduced(is_challenge=False)),
    "B2": Change("re-encoded as c + order", IN_PROOF, proofs.scalar_not_reduced(is_challenge=True)),
    "C1": Change("trailing 0x00", IN_PROOF, proofs.is_longer),
    "C2": Change("truncated by one byte", IN_PROOF, proofs.is_shorter),
    "D1": Change("all-zero compact proof", "proof", proofs.is_zero),
    "E1": Change("appears in no equation", "instance-check-6", statements.leaves_a_scalar_free, has_own_statement=True),
    "E1b": Change(
        "unconstrained `response", "instance-check-6", statements.moves_the_free_response, has_own_statement=True
    ),
    "E2": Change("sum to the identity", "instance-check-9", statements.has_a_trivial_image, has_own_statement=True),
    "E3": Change(
        "statement element is the identity", IN_INSTANCE, statements.holds_the_identity, has_own_statement=True
    ),
    "E4": Change("references element index", IN_INSTANCE, statements.names_a_missing_element),
    "F1b": Change("under a different tag", "proof", statements.has_another_tag),
    "F2b": Change("equations are swapped", "proof", statements.swaps_equations, has_own_statement=True),
    "F3": Change("statement element is changed", "proof", statements.has_another_element),
    "F4": Change("the batchable proof's transcript", "proof", proofs.is_of_the_other_flavour),
    "F4b": Change("the compact proof's transcript", "proof", proofs.is_of_the_other_flavour),
    "H1": Change("is increased by", "proof", proofs.has_a_greater_response),
    "H2": Change("different valid group element", "proof", proofs.has_another_commitment),
    "H3": Change("different scalar", "proof", proofs.has_another_challenge),
}
