"""What a SigmaProof record states, cut into its parts, and where on its way the verifier refuses it.

Source: [SIGMA Test vectors].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from circuits import curve as curves
from circuits.curve import G1, G1_OCTETS
from circuits.errors import Malformed, Rejected
from circuits.scalar import ORDER, SCALAR_OCTETS
from circuits.sigma.codec import decode_uint, decode_uint_octets
from circuits.sigma.protocol import (
    BATCHABLE,
    COMPACT,
    SUITE,
    Flavour,
    challenge,
    commit,
    decode_responses,
    session_id,
    verify,
)
from circuits.sigma.relation import Shape, check_elements, check_shape, decode_instance, encode_elements, image_point
from circuits.sigma.sponge import DuplexSponge, derive_session
from console.conformance.sigma_record import Mismatch, Record, choice, octets, same, text

FLAVOURS = {"batchable": BATCHABLE, "compact": COMPACT}
IN_INSTANCE = "the instance is malformed"
IN_PROOF = "the proof is malformed"


class SeededScalars:
    """The generators of the appendix: of a proof's nonces, and without a flavour of an instance and its witness.

    For vectors only: everybody can compute them.
    """

    def __init__(self, relation: str, flavour: Flavour | None = None) -> None:
        marker = f"{flavour.value}-" if flavour else ""
        tag = f"TestDRNG-SIGMA-PROOFS-{marker}{SUITE}-{relation}"
        self._sponge = DuplexSponge(derive_session(tag.encode("ascii")))

    def scalar(self) -> int:
        """The next scalar, uniform modulo r."""
        return decode_uint(self._sponge.squeeze(decode_uint_octets(ORDER)), ORDER)

    def octets(self, count: int) -> bytes:
        """The next `count` octets."""
        return self._sponge.squeeze(count)


@dataclass(frozen=True)
class Statement:
    """The four things that a verifier is given."""

    flavour: Flavour
    tag: str
    instance: bytes
    proof: bytes

    @staticmethod
    def of(record: Record) -> Statement:
        """The statement of a record. `Mismatch` for a tag that does not name its flavour and the suite."""
        flavour, tag = choice(record, "Flavor", FLAVOURS), text(record, "Tag")
        if tag.find(_marker(flavour)) < 1:
            raise Mismatch(f"Tag: {tag} has no {_marker(flavour)}")
        return Statement(flavour, tag, octets(record, "Instance"), octets(record, "NargString"))

    @property
    def name(self) -> str:
        """The part of the tag before its marker: the relation's name."""
        return self.tag.partition(_marker(self.flavour))[0]

    def named(self, name: str) -> Statement:
        """The same under another name."""
        return replace(self, tag=name + self.tag.removeprefix(self.name))

    def shape(self) -> Shape:
        """The relation without its points. `Malformed`."""
        return Shape.decode(self.instance)[0]

    def elements(self) -> list[bytes]:
        """The octets of elements 1.. . `Malformed`."""
        return chunks(Shape.decode(self.instance)[1], G1_OCTETS)

    def commitments(self) -> list[bytes]:
        """The octets of a batchable proof's commitments, one per equation of the relation; of a compact one, none."""
        count = {BATCHABLE: len(self.shape().equations), COMPACT: 0}[self.flavour]
        return chunks(self.proof[: count * G1_OCTETS], G1_OCTETS)

    def scalars(self) -> list[bytes]:
        """The octets of the responses; of a compact proof, behind those of the challenge."""
        return chunks(self.proof[len(b"".join(self.commitments())) :], SCALAR_OCTETS)

    def verify(self) -> None:
        """Raises what the verifier raises."""
        curve = curves.default()
        shape, elements = decode_instance(curve, self.instance)
        same("Instance", shape.prefix + encode_elements(curve, elements), self.instance)
        verify(curve, self.tag.encode("ascii"), shape, elements, self.proof, self.flavour)

    def refusal(self) -> str:
        """Where the verifier refuses it: IN_INSTANCE, IN_PROOF, or the code of its refusal. `Mismatch` if nowhere."""
        curve = curves.default()
        try:
            shape, elements = decode_instance(curve, self.instance)
            check_shape(shape)
            check_elements(curve, shape, elements)
        except Malformed:
            return IN_INSTANCE
        except Rejected as refusal:
            return refusal.code
        try:
            verify(curve, self.tag.encode("ascii"), shape, elements, self.proof, self.flavour)
        except Malformed:
            return IN_PROOF
        except Rejected as refusal:
            return refusal.code
        raise Mismatch("accepted, and the draft refuses it")

    def challenge(self) -> int:
        """What a batchable proof's challenge is computed to."""
        return challenge(session_id(self.tag.encode("ascii")), self.instance, b"".join(self.commitments()))

    def points(self) -> tuple[G1, ...]:
        """The elements, the generator first; unlike the verifier this reads the identity. `Malformed`."""
        curve = curves.default()
        return (curve.g1_generator(), *(curve.decode_g1_or_identity(element) for element in self.elements()))

    def check_equations(self) -> None:
        """`Mismatch` unless a batchable proof satisfies every equation of its instance, valid or not."""
        curve, shape, points, c = curves.default(), self.shape(), self.points(), self.challenge()
        mapped = commit(curve, shape, points, self.responses())
        for equation, left, commitment in zip(shape.equations, mapped, self.commitments(), strict=True):
            image = curve.multiply(image_point(curve, equation, points), c)
            if not curve.equal(left, curve.add(curve.decode_g1(commitment), image)):
                raise Mismatch("the proof does not satisfy the equations")

    def responses(self) -> list[int]:
        """The responses of a batchable proof. `Malformed`."""
        return decode_responses(b"".join(self.scalars()), self.shape().scalar_count)


def chunks(joined: bytes, size: int) -> list[bytes]:
    """Pieces of one size; the last may be shorter."""
    return [joined[at : at + size] for at in range(0, len(joined), size)]


def changed(what: str, new: Sequence[bytes], old: Sequence[bytes]) -> int:
    """The one place at which two lists differ. `Mismatch` for none, several, or lists of two lengths."""
    if len(new) != len(old):
        raise Mismatch(f"{what}: {len(new)} instead of {len(old)}")
    places = [at for at, (one, other) in enumerate(zip(new, old, strict=True)) if one != other]
    if len(places) != 1:
        raise Mismatch(f"{what}: {len(places)} are changed instead of one")
    return places[0]


def _marker(flavour: Flavour) -> str:
    return f"-{flavour.value}-with-{SUITE}"
