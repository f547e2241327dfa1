"""Adversarial SigmaProof records whose statement was changed: instances that fail a check, other tags and elements.

Each comparison raises `Mismatch` unless the record is its base with that one change. A record with an instance of its
own has a proof that satisfies the equations, so that only the instance's check can refuse it. Where the draft's
generator fixes a value, a file may hold another one, but none that is nearly it. Source: [SIGMA Test vectors].
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from circuits import curve as curves
from circuits.scalar import ORDER
from circuits.sigma.protocol import commit, encode_commitments, respond
from circuits.sigma.relation import Shape
from console.conformance import sigma_points
from console.conformance.sigma_mutation import Mutation
from console.conformance.sigma_record import require, same, undamaged
from console.conformance.sigma_statement import SeededScalars, Statement, changed

_OTHER_ELEMENT = 999  # the generator's multiple that the draft's own files put in an element's place


def leaves_a_scalar_free(mutation: Mutation, added: int = 0) -> None:
    """The equations hold, and leave one scalar unconstrained; `added` was added to its response."""
    said, shape = mutation.said, mutation.said.shape()
    said.check_equations()  # first, as it ties the number of scalars to the proof's length: no index makes that huge
    used = {term.scalar for equation in shape.equations for term in equation.terms}
    free = min(set(range(shape.scalar_count)) - used)
    mutation.tells(r"scalar index (\d+)", free)
    mutation.tells(r"response\[(\d+)\]", free)
    mutation.tells(r"check (\d+)", 6)
    undamaged("Tag", said.tag, said.named("instance_unconstrained_scalar").tag)
    responses = said.responses()
    responses[free] = (responses[free] - added) % ORDER
    _check_seeded(mutation, responses)


def moves_the_free_response(mutation: Mutation) -> None:
    """The same, with the unconstrained response one greater."""
    leaves_a_scalar_free(mutation, added=1)


def has_a_trivial_image(mutation: Mutation) -> None:
    """The equations hold, and an image is the identity."""
    mutation.tells(r"check (\d+)", 9)
    undamaged("Tag", mutation.said.tag, mutation.said.named("instance_trivial_equation").tag)
    mutation.said.check_equations()


def holds_the_identity(mutation: Mutation) -> None:
    """The equations hold, and one element is the identity."""
    said = mutation.said
    identities = [1 + at for at, element in enumerate(said.elements()) if element == sigma_points.INFINITY]
    same("number of identities", len(identities), 1)
    mutation.tells(r"at index (\d+)", identities[0])
    mutation.tells(r"check (\d+)", 8)
    undamaged("Tag", said.tag, said.named("instance_identity_element").tag)
    said.check_equations()
    _check_seeded(mutation, said.responses())


def _check_seeded(mutation: Mutation, responses: list[int]) -> None:
    # A response that no equation binds is bound by the appendix's generators, where the commitments are theirs.
    said, shape = mutation.said, mutation.said.shape()
    seeded = SeededScalars(said.name, said.flavour)
    nonces = [seeded.scalar() for _ in range(shape.scalar_count)]
    curve = curves.default()
    if encode_commitments(curve, commit(curve, shape, said.points(), nonces)) != b"".join(said.commitments()):
        mutation.remarks.append("not made with the appendix's nonces: a response that nothing binds was not compared")
        return
    drawn = SeededScalars(said.name)
    stream = [drawn.scalar() for _ in range(shape.element_count + shape.scalar_count)]
    # The witness follows the scalars that auxiliary elements were made of: not more than there are elements.
    witnesses = [stream[skipped:][: shape.scalar_count] for skipped in range(shape.element_count)]
    c = said.challenge()
    require(any(responses == respond(nonces, c, witness) for witness in witnesses), "responses: not the seeded ones")


def names_a_missing_element(mutation: Mutation) -> None:
    """The instance is the base's with one index of an element that is not there."""
    said, base, shape = mutation.said, mutation.base, mutation.base.shape()
    same("NargString", said.proof, base.proof)
    undamaged("Tag", said.tag, said.named("instance_index_out_of_bounds").tag)
    told = mutation.told(r"element index (\d+)")
    missing = shape.element_count if told is None else told
    require(missing >= shape.element_count, "the element is not missing")
    elements = b"".join(base.elements())
    require(
        any(variant.prefix + elements == said.instance for variant in _with_one_element(shape, missing)),
        "Instance: not the base's with one element index out of bounds",
    )


def _with_one_element(shape: Shape, element: int) -> list[Shape]:
    variants = []
    for at, equation in enumerate(shape.equations):
        for index, term in enumerate(equation.terms):
            terms = (*equation.terms[:index], replace(term, element=element), *equation.terms[index + 1 :])
            variants.append((at, replace(equation, terms=terms)))
        for index, image in enumerate(equation.image):
            left = (*equation.image[:index], replace(image, element=element), *equation.image[index + 1 :])
            variants.append((at, replace(equation, image=left)))
    equations = shape.equations
    return [replace(shape, equations=(*equations[:at], new, *equations[at + 1 :])) for at, new in variants]


def has_another_tag(mutation: Mutation) -> None:
    """The tag alone is another."""
    said, base = mutation.said, mutation.base
    same("Instance", said.instance, base.instance)
    same("NargString", said.proof, base.proof)
    require(said.tag != base.tag, "the tag is the base's")
    undamaged("Tag", said.tag, base.named(base.name + "/wrong-session").tag)


def swaps_equations(mutation: Mutation) -> None:
    """The instance is that of an accepted record with two equations swapped."""
    # Not of the relation that BaseId names: of the accepted record with its tag and proof.
    said = mutation.said
    alike = [other for other in mutation.accepted if other.tag == said.tag or other.proof == said.proof]
    if not alike:
        mutation.remarks.append("no accepted record with this tag is here: the instance was not compared")
    for other in alike:
        same("Tag", said.tag, other.tag)
        same("NargString", said.proof, other.proof)
        require(
            any(said.instance == swapped for swapped in _swapped(other)), "Instance: not with two equations swapped"
        )


def _swapped(other: Statement) -> list[bytes]:
    shape, elements, out = other.shape(), b"".join(other.elements()), []
    for left, right in combinations(range(len(shape.equations)), 2):
        equations = list(shape.equations)
        equations[left], equations[right] = equations[right], equations[left]
        out.append(replace(shape, equations=tuple(equations)).prefix + elements)
    return out


def has_another_element(mutation: Mutation) -> None:
    """One element of the instance is another."""
    said, base, curve = mutation.said, mutation.base, curves.default()
    same("Tag", said.tag, base.tag)
    same("NargString", said.proof, base.proof)
    same("equations", said.shape(), base.shape())
    at = changed("elements", said.elements(), base.elements())
    published = curve.encode_g1(curve.multiply(curve.g1_generator(), _OTHER_ELEMENT))
    undamaged("element", said.elements()[at], published)
