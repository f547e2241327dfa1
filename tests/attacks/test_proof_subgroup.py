"""Attacks with points outside the group of order r. A pairing does not see them: only the decoder stands in the way.

So each forgery is also shown to a verifier that decodes without subgroup checks, and passes there.
"""

from __future__ import annotations

import pytest

from circuits import Accepted, Binding, Malformed, Rejected, Statement, verify_batch
from circuits.curve import G1, Curve
from circuits.records import AccumulatorRecord, EpochRecord, EscrowRecord, IssuerRecord
from circuits.threshold import open_share
from tests.attacks.conftest import Verifier
from tests.attacks.forge import Draft, Holding, draft, encode, replace_point
from tests.circuits.core.world import World, bounds, octets32
from tests.circuits.curve.torsion import OFF_SUBGROUP, affine, g2_off_subgroup

ORDERS = ("order 3", "order 11", "order of the whole cofactor")
IDENTITIES = (
    b"\xc0" + bytes(47),
    b"\xff" * 48,
    b"\xe0" + bytes(47),
    b"\xc0" + bytes(46) + b"\x01",
    b"\x40" + bytes(47),
)
SHIFTED = ("Abar", "Bbar", "D", "C'", "Cbar", "S'1", "Sbar1", "S'2", "Sbar2", "Nym", "E1", "E2")


def small(curve: Curve, order: str) -> G1:
    """A point of that order; the affine decoder is the one that leaves the subgroup check to its caller."""
    return curve.decode_g1_affine(affine(OFF_SUBGROUP[order]))


def nothing_at_all(statement: Statement, tau: G1) -> Draft:
    """S1: no licence, no membership, no digit. Abar = C' = S' = tau; every claim compares 1 with 1."""
    curve, issuer = statement.issuer.suite.curve, statement.issuer
    messages = [1] * 12
    for index, value in statement.disclosed:
        messages[index] = issuer.scalar(index, value)
    secrets = {"e": 1, "r1": 0, "r3": 1, "rho": 0, "k": 5}
    secrets |= {f"m{index}": value for index, value in enumerate(messages)}
    minus = curve.negate(tau)
    points = {"Abar": tau, "Bbar": minus, "D": issuer.signed_point(messages), "C'": tau, "Cbar": minus}
    forged = Draft(statement, points, secrets, {})
    for position, (_, bound) in enumerate(bounds(statement), 1):
        secrets[f"t{position}"] = 0
        points[f"S'{position}"] = tau
        points[f"Sbar{position}"] = curve.multiply(tau, (bound + 1) % 3 + 1)
    base = forged.elements_by_name()
    points["Nym"] = base["OP"]
    points["E1"] = curve.multiply(base["Ge"], 5)
    points["E2"] = curve.combine([base["K"], base["J1"], base["H0"]], [5, 1, 1])
    return forged


@pytest.mark.attack("S1")
@pytest.mark.attack("20")
@pytest.mark.requirement("R03")
@pytest.mark.parametrize("order", ORDERS)
class TestNoCredential:
    def test_refused(self, verifier: Verifier, statement: Statement, binding: Binding, order: str) -> None:
        forged = nothing_at_all(statement, small(statement.issuer.suite.curve, order))
        verifier.finds_malformed(statement, binding, forged.proof(binding))

    def test_the_decoder_alone_refuses_it(self, statement: Statement, binding: Binding, order: str) -> None:
        nothing_at_all(statement, small(statement.issuer.suite.curve, order)).check_unchecked(binding)


@pytest.mark.attack("S2")
@pytest.mark.parametrize("octets", IDENTITIES, ids=[octets.hex()[:4] + octets.hex()[-2:] for octets in IDENTITIES])
def test_no_credential_with_the_identity(
    verifier: Verifier, statement: Statement, binding: Binding, octets: bytes
) -> None:
    curve = statement.issuer.suite.curve
    forged = nothing_at_all(statement, curve.g1_identity())
    for name in ("Bbar", "Cbar", "Sbar1", "Sbar2"):
        assert curve.is_identity(forged.points[name])
    proof = forged.proof(binding)
    for position, name in enumerate(forged.layout.wire):
        if curve.is_identity(forged.points[name]):
            proof = replace_point(proof, position, octets)
    verifier.finds_malformed(statement, binding, proof)


@pytest.mark.attack("S3")
@pytest.mark.attack("S4")
@pytest.mark.attack("S5")
@pytest.mark.parametrize("order", ORDERS)
def test_torsion_on_a_point_ten_times_running(
    verifier: Verifier, statement: Statement, binding: Binding, holding: Holding, order: str
) -> None:
    """A true proof with a small point added somewhere: never accepted, and not one time in three."""
    curve = statement.issuer.suite.curve
    tau = small(curve, order)
    for round_ in range(10):
        forged = draft(statement, holding)
        name = SHIFTED[round_ % len(SHIFTED)]
        forged.points[name] = curve.add(forged.points[name], tau)
        verifier.finds_malformed(statement, binding, forged.proof(binding))
    for row in range(8):
        forged = draft(statement, holding)
        forged.shifts[row] = tau
        verifier.finds_malformed(statement, binding, forged.proof(binding))


@pytest.mark.attack("S3")
@pytest.mark.attack("S4")
@pytest.mark.attack("S5")
def test_without_subgroup_checks_torsion_would_pass(statement: Statement, binding: Binding, holding: Holding) -> None:
    curve = statement.issuer.suite.curve
    for name in SHIFTED:
        forged = draft(statement, holding)
        forged.points[name] = curve.add(forged.points[name], small(curve, "order 3"))
        forged.check_unchecked(binding)
    forged = draft(statement, holding)
    forged.shifts[0] = small(curve, "order 11")
    forged.check_unchecked(binding)
    forged.points["Nym"] = curve.g1_generator()
    with pytest.raises(Rejected):
        forged.check_unchecked(binding)


@pytest.mark.attack("S4")
def test_the_opener_reads_no_small_point(world: World) -> None:
    tau = world.curve.encode_g1(small(world.curve, "order 3"))
    shifted = world.curve.encode_g1(world.curve.add(world.escrow.base, small(world.curve, "order 3")))
    for first in (tau, shifted):
        with pytest.raises(Malformed):
            open_share(world.escrow, 1, world.dealt.shares[0], first, "case", octets32("proof"))


@pytest.mark.attack("S6")
def test_a_batch_with_one(statement: Statement, binding: Binding, honest: tuple[Statement, Binding, bytes]) -> None:
    forged = nothing_at_all(statement, small(statement.issuer.suite.curve, "order 3")).proof(binding)
    first, second, third = verify_batch([honest, (statement, binding, forged), honest])
    assert isinstance(first, Accepted)
    assert isinstance(second, Malformed)
    assert isinstance(third, Accepted)


@pytest.mark.attack("S7")
@pytest.mark.parametrize("octets", [g2_off_subgroup(), b"\xc0" + bytes(95), b"\xff" * 96], ids=["off", "O", "ff"])
def test_keys_in_g2_are_checked_when_loaded(world: World, octets: bytes) -> None:
    for key in (world.issuer.public_key, world.issuer.digit_key):
        with pytest.raises(Malformed):
            IssuerRecord.decode(world.issuer.octets.replace(key, octets))
    with pytest.raises(Malformed):
        AccumulatorRecord.decode(world.accumulator.octets.replace(world.accumulator.public_key, octets))


@pytest.mark.attack("S7")
@pytest.mark.parametrize("order", ORDERS)
def test_points_of_records_are_checked_when_loaded(world: World, order: str) -> None:
    tau = encode(world.curve, small(world.curve, order))
    with pytest.raises(Malformed):
        EpochRecord.decode(world.epoch.octets.replace(world.epoch.value, tau))
    for key in (world.escrow.public_key, *world.escrow.share_keys):
        with pytest.raises(Malformed):
            EscrowRecord.decode(world.escrow.octets.replace(key, tau))
