"""What the three drafts' proof files have in common: mocked randomness, and a trace of every value on the way."""

from __future__ import annotations

from circuits.bbs import Proof
from circuits.bbs.proof import Opening
from circuits.entropy import ReplayEntropy
from circuits.scalar import inverse
from circuits.suite import Suite
from console.conformance.check import Check
from console.conformance.fields import Fields
from console.conformance.mocks import seeded_random_scalars


def random_scalars(trace: Fields) -> list[int]:
    """The published r1, r2, e~, r1~, r3~, m~_j, in the draft's draw order."""
    scalars = trace.inner("random_scalars")
    named = [scalars.scalar(name) for name in ("r1", "r2", "e_tilde", "r1_tilde", "r3_tilde")]
    return [*named, *scalars.scalars("m_tilde_scalars")]


def check_random_scalars(trace: Fields, check: Check, suite: Suite, seed: bytes, dst: bytes) -> ReplayEntropy:
    """Compare the published scalars with the seeded ones, and give them back for replay."""
    published = random_scalars(trace)
    check.equal("trace.random_scalars", published, seeded_random_scalars(suite, seed, dst, len(published)))
    return ReplayEntropy(published)


def check_opening(trace: Fields, check: Check, suite: Suite, opening: Opening, proof: Proof) -> None:
    """Compare the trace with what the verifier recomputes from the proof, and B with what the randomness tells."""
    curve = suite.curve
    points = {"A_bar": opening.a_bar, "B_bar": opening.b_bar, "D": opening.d, "T1": opening.t1, "T2": opening.t2}
    for name, point in points.items():
        check.equal(f"trace.{name}", trace.octets(name), curve.encode_g1(point))
    check.equal("trace.domain", trace.scalar("domain"), opening.domain)
    check.equal("trace.challenge", trace.scalar("challenge"), proof.challenge)
    if "B" in trace:
        base = curve.multiply(opening.d, inverse(random_scalars(trace)[1]))
        check.equal("trace.B", trace.octets("B"), curve.encode_g1(base))
