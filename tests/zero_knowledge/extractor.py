"""Takes the licence out of two answers to one set of commitments: why a prepared proof answers once.

From responses z, z' to challenges c != c' under the same T: every secret is (z - z') / (c - c'). Special soundness of
the sigma protocol, and at the same time the whole damage of a prepared proof that is used twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.curve import G1
from circuits.scalar import ORDER, inverse
from tests.zero_knowledge.transcripts import Transcript


@dataclass(frozen=True)
class Extracted:
    """The secrets by name, and the points that they uncover: signature A, signed point B, witness C, digits S_d."""

    scalars: dict[str, int]
    signature_point: G1
    signed_point: G1
    witness_point: G1
    digit_points: tuple[G1, ...]


def extract(first: Transcript, second: Transcript) -> Extracted:
    """The witness. ValueError when the two do not share points and T, or have the same challenge."""
    ends = first.layout.points_octets + first.layout.commitments_octets
    if first.octets[:ends] != second.octets[:ends] or first.challenge == second.challenge:
        raise ValueError("two answers to the same commitments are needed")
    scale = inverse((first.challenge - second.challenge) % ORDER)
    one, other = first.responses(), second.responses()
    scalars = {name: (one[name] - other[name]) * scale % ORDER for name in one}
    curve, points = first.curve, first.points()
    # Abar = r1 r2 A, D = r2 B, r3 = 1/r2, C' = rho C, S' = t S_d.
    return Extracted(
        scalars=scalars,
        signature_point=curve.multiply(points["Abar"], inverse(scalars["r1"]) * scalars["r3"]),
        signed_point=curve.multiply(points["D"], scalars["r3"]),
        witness_point=curve.multiply(points["C'"], inverse(scalars["rho"])),
        digit_points=tuple(
            curve.multiply(points[f"S'{q}"], inverse(scalars[f"t{q}"]))
            for q in range(1, len(first.statement.predicates) + 1)
        ),
    )
