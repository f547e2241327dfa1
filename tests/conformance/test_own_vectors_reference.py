"""Our own vectors on the independent curve library, and beside the forger and the torsion points of the other tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from circuits import Binding, Statement
from circuits.curve import load
from circuits.suite import SHA256
from console.conformance.frozen.check import problem_of
from console.conformance.frozen.document import effective_input, gather
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations.statement import binding_of, statement_of
from console.conformance.frozen.randomness import Replayed
from console.conformance.frozen.recipes import points
from tests.attacks.forge import equation_names, refused_without
from tests.circuits.curve import torsion

KNOWN, _ = gather(Path(__file__).resolve().parents[2] / "vectors")
REFERENCE = SHA256.on("reference")
GUARDS = {
    "R1": "R1", "R2": "R2", "R3": "R3", "R4_1": "R4.1", "R4_2": "R4.2", "R5": "R5", "R6": "R6", "R7-identity": "R7",
    "R7-key": "R7", "pairing-W": "pair licence", "pairing-Q_a": "pair standing", "pairing-X_d-1": "pair digit 1",
    "pairing-X_d-2": "pair digit 2",
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "bases/generators",
        "bases/digit",
        "records/issuer",
        "records/escrow",
        "records/escrow/off-line",
        "attributes/text/GB",
        "digits/digit-300",
        "issuance/request",
        "issuance/request/checked",
        "issuance/request/two-secrets/C",
        "issuance/sign",
        "accumulator/revoke-1",
        "accumulator/update-5",
        "accumulator/update/reordered",
        "accumulator/update/revoked",
        "threshold/combine-1-2",
        "threshold/combine/false-point",
        "threshold/seal",
        "statement/default",
        "presentation/default",
        "presentation/default/verify",
        "presentation/least",
        "presentation/spoilt/Abar/plus-order-3",
        "presentation/forged/R3",
    ],
)
def test_the_independent_curve_library_agrees(name: str) -> None:
    assert problem_of(KNOWN[name], KNOWN, REFERENCE) == ""


def test_the_bad_points_are_what_they_are_called() -> None:
    three = torsion.compressed(torsion.point_of_order(3))
    assert points.ORDER_3 in (three, _negated(three))
    assert torsion.compressed(torsion.point_of_order(11)) == points.ORDER_11
    assert torsion.compressed(torsion.OFF_SUBGROUP["unrestricted"]) == points.ON_CURVE
    assert torsion.g2_off_subgroup() == points.G2_OFF_SUBGROUP


def _negated(octets: bytes) -> bytes:
    return bytes([octets[0] ^ 0x20]) + octets[1:]


@pytest.mark.parametrize(("small", "order"), [(points.ORDER_3, 3), (points.ORDER_11, 11)])
def test_a_shifted_point_differs_by_a_point_of_that_order(small: bytes, order: int) -> None:
    curve = load("arkworks")
    octets = curve.encode_g1(curve.g1_generator())
    shifted = curve.decode_g1_affine(points._affine(points.shifted(curve, octets, small)))
    assert not curve.in_subgroup(shifted)
    assert curve.equal(curve.multiply(shifted, order), curve.multiply(curve.g1_generator(), order))


def proof_of(name: str) -> tuple[Statement, Binding, bytes]:
    given = Given(effective_input(KNOWN[name], KNOWN), SHA256, Replayed([]))
    return statement_of(given), binding_of(given), given.octets("proof")


@pytest.mark.parametrize(("name", "guard"), GUARDS.items(), ids=GUARDS)
def test_every_forgery_is_refused_by_one_equation_alone(name: str, guard: str) -> None:
    honest, forged = proof_of("presentation/default/verify"), proof_of(f"presentation/forged/{name}")
    equations = set(equation_names(honest[0]))
    assert [one for one in equations if not refused_without([one], honest, forged)] == [guard]


def test_every_equation_has_its_forgery() -> None:
    assert set(equation_names(proof_of("presentation/default/verify")[0])) == set(GUARDS.values())
    forged = {name for name in KNOWN if name.startswith("presentation/forged/")} - {"presentation/forged/none"}
    assert forged == {f"presentation/forged/{name}" for name in GUARDS}
