"""Prover and verifier over random relations: complete, and every change of anything is refused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import curve as curves
from circuits.curve import G1
from circuits.entropy import ReplayEntropy
from circuits.errors import Malformed, Misuse, Rejected, Unsatisfiable
from circuits.scalar import ORDER
from circuits.sigma.protocol import (
    BATCHABLE,
    COMPACT,
    Flavour,
    challenge,
    combine_equations,
    commit,
    decode_commitments,
    decode_responses,
    encode_commitments,
    encode_responses,
    proof_octets,
    prove,
    respond,
    session_id,
    verify,
)
from circuits.sigma.relation import Builder, Shape, encode_elements

CURVE = curves.default()
TAG = b"test-DSFS"
FLAVOURS = st.sampled_from([BATCHABLE, COMPACT])


@dataclass(frozen=True)
class Case:
    """A satisfiable instance: every equation has its own image X_i beside the bases that the equations share."""

    shape: Shape
    elements: list[G1]
    witness: list[int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    scalars, bases, equations = (draw(st.integers(1, most)) for most in (4, 3, 3))
    builder = Builder()
    xs = [builder.scalar(f"x{index}") for index in range(scalars)]
    hs = [builder.element(f"H{index}") for index in range(bases)]
    images = [builder.element(f"X{index}") for index in range(equations)]
    witness = [draw(st.integers(1, ORDER - 1)) for _ in xs]
    points = [CURVE.multiply(CURVE.g1_generator(), draw(st.integers(1, ORDER - 1))) for _ in hs]
    coefficients = st.integers(1, 5)
    for number, image in enumerate(images):
        # The first equation names every scalar and every base, so that all are constrained and used.
        count = max(scalars, bases) if number == 0 else draw(st.integers(1, 3))
        terms = [(draw(coefficients), xs[at % scalars], hs[at % bases]) for at in range(count)]
        total = CURVE.combine([points[h.index - 1] for _, _, h in terms], [c * witness[x.index] for c, x, _ in terms])
        if CURVE.is_identity(total):
            terms.append((1, xs[0], builder.generator))
            total = CURVE.multiply(CURVE.g1_generator(), witness[0])
        builder.equation([(1, image)], terms)
        points.append(total)
    return Case(builder.shape(), [CURVE.g1_generator(), *points], witness)


def proved(case: Case, flavour: Flavour = BATCHABLE) -> bytes:
    return prove(CURVE, TAG, case.shape, case.elements, case.witness, flavour=flavour)


def refused(case: Case, proof: bytes, flavour: Flavour = BATCHABLE, tag: bytes = TAG) -> None:
    with pytest.raises((Malformed, Rejected)):
        verify(CURVE, tag, case.shape, case.elements, proof, flavour)


@given(cases(), FLAVOURS)
def test_true_statements_verify(case: Case, flavour: Flavour) -> None:
    proof = proved(case, flavour)
    assert len(proof) == proof_octets(case.shape, flavour)
    octets = encode_elements(CURVE, case.elements)
    verify(CURVE, TAG, case.shape, case.elements, proof, flavour)
    verify(CURVE, TAG, case.shape, case.elements, proof, flavour, element_octets=octets)


@given(cases(), FLAVOURS, st.data())
def test_every_changed_octet_is_refused(case: Case, flavour: Flavour, data: st.DataObject) -> None:
    proof = bytearray(proved(case, flavour))
    at = data.draw(st.integers(0, len(proof) - 1))
    proof[at] ^= data.draw(st.integers(1, 255))
    refused(case, bytes(proof), flavour)


@given(cases(), st.data())
def test_every_changed_response_and_commitment_is_refused(case: Case, data: st.DataObject) -> None:
    proof, cut = proved(case), 48 * len(case.shape.equations)
    responses = decode_responses(proof[cut:], case.shape.scalar_count)
    at = data.draw(st.integers(0, len(responses) - 1))
    responses[at] = (responses[at] + data.draw(st.integers(1, ORDER - 1))) % ORDER
    refused(case, proof[:cut] + encode_responses(responses))
    commitments = decode_commitments(CURVE, proof[:cut], len(case.shape.equations))
    at = data.draw(st.integers(0, len(commitments) - 1))
    commitments[at] = CURVE.add(commitments[at], CURVE.g1_generator())
    refused(case, encode_commitments(CURVE, commitments) + proof[cut:])


@given(cases(), FLAVOURS, st.data())
def test_every_changed_element_and_tag_is_refused(case: Case, flavour: Flavour, data: st.DataObject) -> None:
    proof = proved(case, flavour)
    refused(case, proof, flavour, tag=TAG + b"!")
    elements = list(case.elements)
    at = data.draw(st.integers(1, len(elements) - 1))
    elements[at] = CURVE.add(elements[at], CURVE.g1_generator())
    refused(Case(case.shape, elements, case.witness), proof, flavour)


@given(cases(), FLAVOURS, st.data())
def test_a_wrong_witness_proves_nothing(case: Case, flavour: Flavour, data: st.DataObject) -> None:
    witness = list(case.witness)
    witness[data.draw(st.integers(0, len(witness) - 1))] += data.draw(st.integers(1, ORDER - 1))
    entropy = ReplayEntropy([])  # refused before a nonce is drawn
    with pytest.raises(Unsatisfiable):
        prove(CURVE, TAG, case.shape, case.elements, witness, entropy, flavour)


@pytest.mark.attack("E4")
@given(cases(), FLAVOURS, st.sampled_from([-32, -1, 1, 32]))
def test_another_length_is_malformed(case: Case, flavour: Flavour, extra: int) -> None:
    proof = proved(case, flavour)
    with pytest.raises(Malformed):
        verify(CURVE, TAG, case.shape, case.elements, (proof + bytes(32))[: len(proof) + extra], flavour)


@pytest.mark.attack("E5")
@given(cases())
def test_one_flavour_is_not_the_other(case: Case) -> None:
    """Under one tag the transcripts agree, but the octets do not; the draft's tags differ as well."""
    for flavour, other in ((BATCHABLE, COMPACT), (COMPACT, BATCHABLE)):
        refused(case, proved(case, flavour), other)


@given(cases())
def test_the_pieces_make_the_whole(case: Case) -> None:
    nonces = [index + 1 for index in range(case.shape.scalar_count)]
    commitments = commit(CURVE, case.shape, case.elements, nonces)
    octets = encode_commitments(CURVE, commitments)
    c = challenge(session_id(TAG), case.shape.prefix + encode_elements(CURVE, case.elements), octets)
    responses = respond(nonces, c, case.witness)
    whole = prove(CURVE, TAG, case.shape, case.elements, case.witness, ReplayEntropy(nonces))
    assert whole == octets + encode_responses(responses)
    coins = [3 + index for index in range(len(commitments))]
    scalars = combine_equations(case.shape, coins, c, responses)
    minus = [ORDER - coin for coin in coins]
    assert CURVE.is_identity(CURVE.combine([*case.elements, *commitments], [*scalars, *minus]))


def discrete_logarithms(count: int) -> Case:
    """X_i = x_i * G."""
    builder = Builder()
    xs = [builder.scalar(f"x{index}") for index in range(count)]
    images = [builder.element(f"X{index}") for index in range(count)]
    for x, image in zip(xs, images, strict=True):
        builder.equation([(1, image)], [(1, x, builder.generator)])
    witness = [index + 2 for index in range(count)]
    g = CURVE.g1_generator()
    return Case(builder.shape(), [g, *(CURVE.multiply(g, x) for x in witness)], witness)


@pytest.mark.attack("B4")
def test_defects_that_cancel_inside_one_proof_are_refused() -> None:
    """+D in T_1 and -D in T_2, hashed into the challenge as they are: the plain sum of the equations would hold."""
    case = discrete_logarithms(2)
    nonces, d = [11, 13], CURVE.multiply(CURVE.g1_generator(), 99)
    first, second = commit(CURVE, case.shape, case.elements, nonces)
    commitments = [CURVE.add(first, d), CURVE.add(second, CURVE.negate(d))]
    octets = encode_commitments(CURVE, commitments)
    c = challenge(session_id(TAG), case.shape.prefix + encode_elements(CURVE, case.elements), octets)
    responses = respond(nonces, c, case.witness)
    plain = combine_equations(case.shape, [1, 1], c, responses)
    assert CURVE.is_identity(CURVE.combine([*case.elements, *commitments], [*plain, ORDER - 1, ORDER - 1]))
    with pytest.raises(Rejected, match="proof"):
        verify(CURVE, TAG, case.shape, case.elements, octets + encode_responses(responses))


def test_same_nonce_twice_reveals_the_witness() -> None:
    """Why a prepared commitment is used once: this is the attack, written out."""
    (x,), nonce = [5], 1234567
    (first,), (second,) = respond([nonce], 10, [x]), respond([nonce], 12, [x])
    assert (second - first) * pow(2, -1, ORDER) % ORDER == x


def test_wrong_numbers_of_things_are_our_own_mistake() -> None:
    case = discrete_logarithms(2)
    with pytest.raises(Misuse):
        prove(CURVE, TAG, case.shape, case.elements, [2])
    with pytest.raises(Misuse):
        respond([1], 1, [1, 2])
    with pytest.raises(Misuse):
        combine_equations(case.shape, [1], 1, [1, 2])
    with pytest.raises(Misuse):
        combine_equations(case.shape, [1, 1], 1, [1])
    with pytest.raises(Misuse):
        encode_commitments(CURVE, [CURVE.g1_identity()])
    with pytest.raises(Misuse):
        verify(CURVE, TAG, case.shape, case.elements, proved(case), element_octets=b"")
    with pytest.raises(Misuse):
        verify(CURVE, TAG, case.shape, case.elements[:2], proved(case))
    with pytest.raises(Misuse):
        prove(CURVE, b"", case.shape, case.elements, case.witness)
    with pytest.raises(Malformed):
        decode_responses(bytes(31), 1)
    with pytest.raises(Malformed):
        decode_commitments(CURVE, bytes(47), 1)


def test_two_proofs_of_one_statement_differ() -> None:
    case = discrete_logarithms(1)
    assert proved(case) != proved(case)
