"""Our own vectors on the independent curve library, and beside the forger and the torsion points of the other tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from circuits import Binding, OneOf, Statement
from circuits.curve import load
from circuits.predicates.frame import parts_of
from circuits.suite import SHA256
from console.conformance.frozen.check import problem_of
from console.conformance.frozen.document import effective_input, gather
from console.conformance.frozen.given import Given
from console.conformance.frozen.operations.statement import binding_of, statement_of
from console.conformance.frozen.randomness import Replayed
from console.conformance.frozen.recipes import points
from tests.attacks.forge import equation_names, refused_rows, refused_without
from tests.circuits.curve import torsion

KNOWN, _ = gather(Path(__file__).resolve().parents[2] / "vectors")
REFERENCE = SHA256.on("reference")
GUARDS = {
    "R1": "R1", "R2": "R2", "R3": "R3", "R4_1": "R4.1", "R4_2": "R4.2", "R5": "R5", "R6": "R6", "R7-identity": "R7",
    "R7-key": "R7", "pairing-W": "pair licence", "pairing-Q_a": "pair standing", "pairing-X_d-1": "pair digit 1",
    "pairing-X_d-2": "pair digit 2",
}  # fmt: skip

FURTHER_GUARDS = {
    "R4_2": "R4_2", "R4_3": "R4_3", "pair-X_d": "pair-X_d_2", "pair-X_s": "pair-X_s_3", "R1~": "R1~",
    "R2~-link-secret": "R2~", "R2~-equal": "R2~", "R3~": "R3~", "R4~_1": "R4~_1", "R4~_2": "R4~_2",
    "pair-W~": "pair-W~", "pair-Q_a~": "pair-Q_a~", "pair-X_d~": "pair-X_d~_1", "pair-X_s~": "pair-X_s~_2",
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
        "sets/base",
        "sets/union",
        "sets/union/read",
        "sets/union/check",
        "sets/check/swapped",
        "further/all/read",
        "further/equals/verify",
        "further/between/verify",
        "further/forged/pair-X_s",
        "further/spoilt/between/S'3/plus-order-3",
    ],
)
@pytest.mark.requirement("R73")
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


def equations_of(statement: Statement) -> dict[str, int]:
    """Every equation and pairing claim of a statement, and the place of its coin."""
    rows: list[str] = []
    claims: list[str] = []
    for part in parts_of(statement):
        places = list(enumerate(part.claims.predicates, 1))
        rows += [part.name(row) for row in ("R1", "R2", "R3")] + [f"{part.name('R4')}_{place}" for place, _ in places]
        if part.claims is statement.licence:
            rows += ["R5"] if statement.escrow is None else ["R5", "R6", "R7"]
        claims += [part.name("pair-W"), part.name("pair-Q_a")]
        keys = [(place, "pair-X_s" if isinstance(one, OneOf) else "pair-X_d") for place, one in places]
        claims += [f"{part.name(key)}_{place}" for place, key in keys]
    last = len(rows) + len(claims) - 1
    return {name: place for place, name in enumerate(rows)} | {name: last - place for place, name in enumerate(claims)}


@pytest.mark.requirement("R73")
@pytest.mark.attack("C3")
@pytest.mark.attack("G1")
@pytest.mark.attack("G2")
@pytest.mark.parametrize(("name", "guard"), FURTHER_GUARDS.items(), ids=FURTHER_GUARDS)
def test_every_further_forgery_is_refused_by_one_equation_alone(name: str, guard: str) -> None:
    honest = proof_of(f"further/{'equals' if '~' in name else 'between'}/verify")
    forged = proof_of(f"further/forged/{name}")
    equations = equations_of(honest[0])
    assert [one for one, place in equations.items() if not refused_rows([place], honest, forged)] == [guard]


def test_every_further_equation_has_its_forgery() -> None:
    alone, beside = (set(equations_of(proof_of(f"further/{name}/verify")[0])) for name in ("between", "equals"))
    met = set(FURTHER_GUARDS.values())
    assert {name for name in alone if name.endswith(("_2", "_3"))} == alone & met  # the first is as in the default
    assert {name for name in beside if "~" in name} == beside & met
    forged = {name for name in KNOWN if name.startswith("further/forged/")}
    assert forged == {f"further/forged/{name}" for name in (*FURTHER_GUARDS, "none", "none-beside")}


def test_every_equation_has_its_forgery() -> None:
    assert set(equation_names(proof_of("presentation/default/verify")[0])) == set(GUARDS.values())
    forged = {name for name in KNOWN if name.startswith("presentation/forged/")} - {"presentation/forged/none"}
    assert forged == {f"presentation/forged/{name}" for name in GUARDS}
