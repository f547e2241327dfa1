"""Proves knowledge of scalars that satisfy a linear relation, without telling anything else about them.

Prover: nonces n, commitments T = map(n), challenge c = hash of session, instance and T, responses z = n + c x. The
verifier wants map(z) = T + c * image in every equation. Two flavours: batchable (T || z) and compact (c || z).

Suite `sigma-proofs_Shake128_BLS12381`: c = LE2IP(SHAKE128(session || 0**136 || instance || T, 48)) mod r.
Legend: T commitments, c challenge, z responses, image the left sides of the equations.
Source: [SIGMA Proof system], [SIGMA Non-interactive], [FS 5.1].

Deviation 1: the coins that combine the equations of a batchable proof come from the operating system after receipt, not
from a hash of the batch; both are sound, and this one does not let the prover see them.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from circuits.curve import G1, G1_OCTETS, Curve
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import Malformed, Misuse, Rejected, Unsatisfiable
from circuits.scalar import ORDER, SCALAR_OCTETS, decode_scalar, encode_scalar
from circuits.sigma.codec import decode_uint, decode_uint_octets
from circuits.sigma.coins import draw_coins
from circuits.sigma.relation import Equation, Shape, check_elements, check_shape, encode_elements, image_point
from circuits.sigma.sponge import DuplexSponge, derive_session

SUITE = "sigma-proofs_Shake128_BLS12381"
_CHALLENGE_OCTETS = decode_uint_octets(ORDER)


class Flavour(Enum):
    """What a proof carries; the value is the draft's marker in the tag."""

    BATCHABLE = "DSFS"
    COMPACT = "CMPT"


BATCHABLE = Flavour.BATCHABLE
COMPACT = Flavour.COMPACT


def make_tag(name: str, flavour: Flavour = BATCHABLE, suffix: str = "") -> bytes:
    """`<name>-<DSFS|CMPT>-with-<suite>`, then `-<suffix>` where there is one, in ASCII. `Misuse` for other letters."""
    text = f"{name}-{flavour.value}-with-{SUITE}" + (f"-{suffix}" if suffix else "")
    if not name or not text.isascii():
        raise Misuse("a tag is a name in ASCII")
    return text.encode("ascii")


def session_id(tag: bytes) -> bytes:
    """The 32-octet session identifier of a tag. Raises `Misuse` for an empty tag."""
    if not tag:
        raise Misuse("empty tag")
    return derive_session(tag)


def challenge(session: bytes, instance_octets: bytes, commitment_octets: bytes) -> int:
    """c in [0, r-1]. Raises `Misuse` for an empty instance or commitment. Source: [SIGMA DeriveChallenge]."""
    if not instance_octets or not commitment_octets:
        raise Misuse("a challenge binds an instance and a commitment")
    sponge = DuplexSponge(session)
    sponge.absorb(instance_octets)
    sponge.absorb(commitment_octets)
    return decode_uint(sponge.squeeze(_CHALLENGE_OCTETS), ORDER)


def proof_octets(shape: Shape, flavour: Flavour = BATCHABLE) -> int:
    """The exact length of a proof."""
    head = {BATCHABLE: G1_OCTETS * len(shape.equations), COMPACT: SCALAR_OCTETS}[flavour]
    return head + SCALAR_OCTETS * shape.scalar_count


def prove(
    curve: Curve,
    tag: bytes,
    shape: Shape,
    elements: Sequence[G1],
    witness: Sequence[int],
    entropy: Entropy = SYSTEM,
    flavour: Flavour = BATCHABLE,
    *,
    element_octets: bytes | None = None,
) -> bytes:
    """A proof for `elements` (the generator first) and `witness` (in scalar order).

    Draws one scalar of `entropy` per secret, in scalar order. Raises `Rejected` for an instance that fails its checks,
    `Unsatisfiable` when the witness does not satisfy the relation, `Misuse` for a witness of another length.
    """
    check_shape(shape)
    check_elements(curve, shape, elements)
    _check_witness(curve, shape, elements, witness)
    nonces = [entropy.scalar() for _ in range(shape.scalar_count)]
    commitment_octets = encode_commitments(curve, commit(curve, shape, elements, nonces))
    c = challenge(session_id(tag), _instance(curve, shape, elements, element_octets), commitment_octets)
    head = {BATCHABLE: commitment_octets, COMPACT: encode_scalar(c)}[flavour]
    return head + encode_responses(respond(nonces, c, witness))


def verify(
    curve: Curve,
    tag: bytes,
    shape: Shape,
    elements: Sequence[G1],
    proof: bytes,
    flavour: Flavour = BATCHABLE,
    *,
    entropy: Entropy = SYSTEM,
    element_octets: bytes | None = None,
) -> None:
    """Check a proof. The elements must be in the subgroup (decoded, or computed from such), and `element_octets`, where
    the caller has them already, must be theirs: the octets go into the challenge as they are.

    Raises `Rejected` with code `instance-check-<n>` or `proof`, and `Malformed` for a proof of another length, a scalar
    that is not canonical, or a commitment that is no point of the subgroup other than the identity.
    """
    check_shape(shape)
    check_elements(curve, shape, elements)
    if len(proof) != proof_octets(shape, flavour):
        raise Malformed("proof of another length than the relation's")
    session = session_id(tag)
    instance = _instance(curve, shape, elements, element_octets)
    if flavour is COMPACT:
        _verify_compact(curve, session, instance, shape, elements, proof)
    else:
        _verify_batchable(curve, session, instance, shape, elements, proof, entropy)


def commit(curve: Curve, shape: Shape, elements: Sequence[G1], nonces: Sequence[int]) -> list[G1]:
    """T: one point per equation, map(nonces). Raises `Misuse` unless there is one nonce per scalar."""
    if len(nonces) != shape.scalar_count:
        raise Misuse("as many scalars as the relation has are needed")
    return [
        curve.combine(
            [elements[term.element] for term in equation.terms],
            [term.coefficient * nonces[term.scalar] % ORDER for term in equation.terms],
        )
        for equation in shape.equations
    ]


def respond(nonces: Sequence[int], challenge: int, witness: Sequence[int]) -> list[int]:
    """z = n + c x, one per scalar. The nonces must never be used again: two responses reveal the witness."""
    if len(nonces) != len(witness):
        raise Misuse("as many nonces as witness scalars are needed")
    return [(nonce + challenge * value) % ORDER for nonce, value in zip(nonces, witness, strict=True)]


def combine_equations(shape: Shape, coins: Sequence[int], challenge: int, responses: Sequence[int]) -> list[int]:
    """The scalars, one per element, of sum coin_i * (map_i(z) - c * image_i).

    With -coin_i for T_i beside them the sum is O for a true proof; for another one it is O with probability 2**-128.
    Raises `Misuse` unless there is one coin per equation and one response per scalar.
    """
    if len(coins) != len(shape.equations) or len(responses) != shape.scalar_count:
        raise Misuse("one coin per equation and one response per scalar are needed")
    totals = [0] * shape.element_count
    for coin, equation in zip(coins, shape.equations, strict=True):
        for term in equation.terms:
            totals[term.element] += coin * term.coefficient * responses[term.scalar]
        weight = coin * challenge
        for image in equation.image:
            totals[image.element] -= weight * image.coefficient
    return [total % ORDER for total in totals]


def encode_commitments(curve: Curve, commitments: Sequence[G1]) -> bytes:
    """The octets of T. Raises `Misuse` for the identity, which no verifier would read."""
    if any(curve.is_identity(point) for point in commitments):
        raise Misuse("a commitment is the identity")
    return b"".join(curve.encode_g1(point) for point in commitments)


def decode_commitments(curve: Curve, octets: bytes, count: int) -> list[G1]:
    """`count` points of the subgroup other than the identity, or `Malformed`."""
    if len(octets) != G1_OCTETS * count:
        raise Malformed("another number of commitments than the relation's")
    return [curve.decode_g1(octets[at : at + G1_OCTETS]) for at in range(0, len(octets), G1_OCTETS)]


def encode_responses(responses: Sequence[int]) -> bytes:
    """32 big-endian octets each."""
    return b"".join(encode_scalar(value) for value in responses)


def decode_responses(octets: bytes, count: int) -> list[int]:
    """`count` scalars in [0, r-1], or `Malformed`."""
    if len(octets) != SCALAR_OCTETS * count:
        raise Malformed("another number of responses than the relation's")
    return [decode_scalar(octets[at : at + SCALAR_OCTETS]) for at in range(0, len(octets), SCALAR_OCTETS)]


def _verify_batchable(
    curve: Curve,
    session: bytes,
    instance: bytes,
    shape: Shape,
    elements: Sequence[G1],
    proof: bytes,
    entropy: Entropy,
) -> None:
    count = len(shape.equations)
    commitment_octets = proof[: G1_OCTETS * count]
    responses = decode_responses(proof[G1_OCTETS * count :], shape.scalar_count)
    commitments = decode_commitments(curve, commitment_octets, count)
    c = challenge(session, instance, commitment_octets)
    coins = draw_coins(entropy, count)
    scalars = combine_equations(shape, coins, c, responses)
    if not curve.is_identity(curve.combine([*elements, *commitments], [*scalars, *(-coin % ORDER for coin in coins)])):
        raise _refused()


def _verify_compact(
    curve: Curve, session: bytes, instance: bytes, shape: Shape, elements: Sequence[G1], proof: bytes
) -> None:
    c = decode_scalar(proof[:SCALAR_OCTETS])
    responses = decode_responses(proof[SCALAR_OCTETS:], shape.scalar_count)
    mapped = commit(curve, shape, elements, responses)
    commitments = [
        curve.add(point, curve.multiply(image_point(curve, equation, elements), -c))
        for point, equation in zip(mapped, shape.equations, strict=True)
    ]
    if any(curve.is_identity(point) for point in commitments):
        raise _refused()
    expected = challenge(session, instance, encode_commitments(curve, commitments))
    if expected != c:
        raise _refused()


def _check_witness(curve: Curve, shape: Shape, elements: Sequence[G1], witness: Sequence[int]) -> None:
    mapped = commit(curve, shape, elements, witness)
    for point, equation in zip(mapped, shape.equations, strict=True):
        _check_equation(curve, equation, elements, point)


def _check_equation(curve: Curve, equation: Equation, elements: Sequence[G1], mapped: G1) -> None:
    if not curve.equal(mapped, image_point(curve, equation, elements)):
        raise Unsatisfiable("witness", "the witness does not satisfy the relation")


def _instance(curve: Curve, shape: Shape, elements: Sequence[G1], element_octets: bytes | None) -> bytes:
    octets = encode_elements(curve, elements) if element_octets is None else element_octets
    if len(octets) != G1_OCTETS * (shape.element_count - 1):
        raise Misuse("element octets of another length than the relation's")
    return shape.prefix + octets


def _refused() -> Rejected:
    return Rejected("proof", "the proof does not verify")
