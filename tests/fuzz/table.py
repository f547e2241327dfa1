"""All targets, in the order in which they are fuzzed."""

from __future__ import annotations

from tests.fuzz import (
    targets_issuer,
    targets_octets,
    targets_proofs,
    targets_prover,
    targets_records,
    targets_verifier,
)
from tests.fuzz.target import Target

TARGETS: tuple[Target, ...] = (
    *targets_octets.TARGETS,
    *targets_records.TARGETS,
    *targets_proofs.TARGETS,
    *targets_verifier.TARGETS,
    *targets_prover.TARGETS,
    *targets_issuer.TARGETS,
)
