"""Adversarial SigmaProof records whose proof was changed: points, scalars, framing, flavour, and false proofs.

Each comparison raises `Mismatch` unless the record is its base with that one change. Where the draft's generator fixes
the new value, a file may hold another one, but none that is nearly it. Source: [SIGMA Test vectors].
"""

from __future__ import annotations

from collections.abc import Callable

from circuits import curve as curves
from circuits.scalar import ORDER, SCALAR_OCTETS
from circuits.sigma.protocol import COMPACT, commit, decode_responses, encode_commitments, encode_responses
from circuits.sigma.relation import decode_instance, image_point
from console.conformance.sigma_mutation import Mutation
from console.conformance.sigma_record import same, undamaged
from console.conformance.sigma_statement import Statement

_FIT = 1 << (8 * SCALAR_OCTETS)


def commitment_becomes(make: Callable[[bytes], bytes]) -> Callable[[Mutation], None]:
    """A comparison: one commitment became what `make` makes of it."""

    def compare(mutation: Mutation) -> None:
        old, new = mutation.new_commitment()
        same("commitment", new, make(old))

    return compare


def commitment_has_x(make: Callable[[int | None], bytes]) -> Callable[[Mutation], None]:
    """A comparison: one commitment became what `make` makes of the x that the comment tells, if it does."""

    def compare(mutation: Mutation) -> None:
        _, new = mutation.new_commitment()
        same("commitment", new, make(mutation.told(r"x = (\d+)")))

    return compare


def scalar_not_reduced(is_challenge: bool) -> Callable[[Mutation], None]:
    """A comparison: one response, or the challenge, has the order added to it."""

    def compare(mutation: Mutation) -> None:
        old, new = mutation.new_scalar(is_challenge)
        same("scalar", new, old + ORDER if old + ORDER < _FIT else ORDER + 1)

    return compare


def is_longer(mutation: Mutation) -> None:
    """The proof is the base's and one zero octet."""
    mutation.check_statement_kept()
    same("NargString", mutation.said.proof, mutation.base.proof + b"\0")
    mutation.tells(r"trailing 0x(\d\d)", 0)


def is_shorter(mutation: Mutation) -> None:
    """The proof is the base's without its last octet."""
    mutation.check_statement_kept()
    same("NargString", mutation.said.proof, mutation.base.proof[:-1])


def is_zero(mutation: Mutation) -> None:
    """The proof is of zero octets."""
    mutation.check_statement_kept()
    same("NargString", mutation.said.proof, bytes(len(mutation.base.proof)))


def is_of_the_other_flavour(mutation: Mutation) -> None:
    """The proof is the accepted one of the other flavour, written in this one."""
    mutation.check_statement_kept()
    said = mutation.said
    others = [other for other in mutation.accepted if other.flavour is not said.flavour]
    others = [other for other in others if (other.name, other.instance) == (said.name, said.instance)]
    if not others:
        mutation.remarks.append("no accepted record of the other flavour is here: the proof was not compared")
    for other in others:
        same("NargString", said.proof, _as_compact(other) if said.flavour is COMPACT else _as_batchable(other))


def _as_compact(other: Statement) -> bytes:
    return encode_responses([other.challenge(), *other.responses()])


def _as_batchable(other: Statement) -> bytes:
    curve = curves.default()
    shape, points = decode_instance(curve, other.instance)
    c, *responses = decode_responses(other.proof, 1 + shape.scalar_count)
    commitments = [
        curve.add(mapped, curve.multiply(image_point(curve, equation, points), -c))
        for equation, mapped in zip(shape.equations, commit(curve, shape, points, responses), strict=True)
    ]
    return encode_commitments(curve, commitments) + encode_responses(responses)


def has_a_greater_response(mutation: Mutation) -> None:
    """One response is one greater."""
    old, new = mutation.new_scalar(is_challenge=False)
    same("response", new, (old + 1) % ORDER)
    mutation.tells(r"increased by (\d+)", 1)


def has_another_commitment(mutation: Mutation) -> None:
    """One commitment is another point."""
    _, new = mutation.new_commitment()
    curve = curves.default()
    for multiple in (1, 2):  # twice the generator where the base's commitment is the generator
        undamaged("commitment", new, curve.encode_g1(curve.multiply(curve.g1_generator(), multiple)))


def has_another_challenge(mutation: Mutation) -> None:
    """The challenge is another scalar."""
    old, new = mutation.new_scalar(is_challenge=True)
    undamaged("challenge", f"{new:064x}", f"{(old + 1) % ORDER:064x}")
