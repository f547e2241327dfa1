"""Makes accepting transcripts out of public octets: no licence, no witness, no secret of anybody goes in.

One image pair per key: (G, s G) in G1 for a key s P2 of the verifier. The digits' pair stands in the public table, a
set's in its record, the accumulator's in any entry of its revocation list, the issuer's in any one recorded
presentation, whoever made it.
A pair tells nothing about a holder, and what the simulator makes does not depend on which pair it has been given.

The challenge is chosen first, then the responses, then T so that the equations hold: the order that a verifier's fresh
challenge, or a hash that nobody can program, forbids. docs/zero-knowledge.md says what follows from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from circuits.accumulator import RevocationEntry
from circuits.curve import G1, G1_OCTETS, G2, Curve
from circuits.entropy import Entropy
from circuits.layout import layout_of
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.issuer import IssuerRecord
from circuits.records.set import SetRecord
from circuits.scalar import ORDER, encode_scalar
from circuits.sigma.relation import image_point
from circuits.statement import Statement
from circuits.suite import Suite


@dataclass(frozen=True)
class ImagePair:
    """(point, image) with image = s * point, for the key s P2."""

    key: G2
    point: G1
    image: G1

    def holds(self, curve: Curve) -> bool:
        """Whether it is one, by the pairing: anybody can tell."""
        return not curve.is_identity(self.point) and curve.pairing_product_is_one(
            [(self.point, self.key), (curve.negate(self.image), curve.g2_generator())]
        )


def pair_of_digits(issuer: IssuerRecord, table: bytes) -> ImagePair:
    """(S_0, G_d), from the public table: S_0 = x^-1 G_d."""
    return ImagePair(issuer.digit_point, issuer.suite.curve.decode_g1(table[:G1_OCTETS]), issuer.digit_base)


def pair_of_revocation(accumulator: AccumulatorRecord, value: bytes, entry: RevocationEntry) -> ImagePair:
    """(V', V - y V'), from an entry (y, V') of the public list and the value V (48 octets) before it."""
    curve = accumulator.suite.curve
    image = curve.add(curve.decode_g1(value), curve.multiply(entry.point, -entry.handle))
    return ImagePair(accumulator.public_point, entry.point, image)


def pair_of_recording(issuer: IssuerRecord, proof: bytes) -> ImagePair:
    """(Abar, Bbar), the first two points of anybody's recorded proof."""
    curve = issuer.suite.curve
    points = [curve.decode_g1(proof[at : at + G1_OCTETS]) for at in (0, G1_OCTETS)]
    return ImagePair(issuer.public_point, points[0], points[1])


def pair_of_set(record: SetRecord) -> ImagePair:
    """(S_v, G_s - v S_v), from any member v of a public set."""
    curve, (value, point) = record.suite.curve, next(iter(record.signatures.items()))
    return ImagePair(record.public_point, point, curve.add(record.base, curve.multiply(point, -value)))


def simulate(
    statement: Statement, pairs: Mapping[bytes, ImagePair], challenge: int, entropy: Entropy
) -> tuple[list[G1], list[G1], list[int]]:
    """Points, T and responses that the verifier's equations accept under `challenge`. `pairs` by the key's octets."""
    curve, layout = statement.issuer.suite.curve, layout_of(statement)
    points: dict[int, G1] = {}
    for left, key, right in layout.claims:
        pair, blind = pairs[curve.encode_g2(key)], entropy.scalar()
        points[left], points[right] = curve.multiply(pair.point, blind), curve.multiply(pair.image, blind)
    for index in range(layout.first_wire, layout.shape.element_count):
        if index not in points:  # D, the pseudonym and the ciphertext
            points[index] = curve.multiply(curve.g1_generator(), entropy.scalar())
    responses = [int.from_bytes(entropy.octets(48), "big") % ORDER for _ in layout.scalars]
    wire = [points[index] for index in range(layout.first_wire, layout.shape.element_count)]
    bases = _public_bases(statement.issuer.suite, layout.prefix[len(layout.shape.prefix) :])
    elements = [curve.g1_generator(), *bases, *wire]
    commitments = []
    for equation in layout.shape.equations:
        used = [elements[term.element] for term in equation.terms]
        scalars = [term.coefficient * responses[term.scalar] for term in equation.terms]
        image = image_point(curve, equation, elements)
        commitments.append(curve.combine([*used, image], [*scalars, -challenge]))
    return wire, commitments, responses


def simulated_octets(statement: Statement, pairs: Mapping[bytes, ImagePair], challenge: int, entropy: Entropy) -> bytes:
    """The same as the octets of a proof."""
    points, commitments, responses = simulate(statement, pairs, challenge, entropy)
    curve = statement.issuer.suite.curve
    return b"".join(map(curve.encode_g1, (*points, *commitments))) + b"".join(map(encode_scalar, responses))


@lru_cache(maxsize=4)
def _public_bases(suite: Suite, octets: bytes) -> tuple[G1, ...]:
    """The public bases, as the statement's own serialised relation lists them."""
    return tuple(suite.curve.decode_g1(octets[at : at + G1_OCTETS]) for at in range(0, len(octets), G1_OCTETS))
