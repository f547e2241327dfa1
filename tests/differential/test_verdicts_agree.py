"""The verifier's decision, made twice: by the curve library in use and by py_ecc, which shares no code with it.

Each case is what a gateway or an opener has in hand: record octets, statement octets, a proof. Both sides read all of
it themselves, from the first octet on, and come to the same verdict: what is learnt of a true proof, or the code of the
refusal. A fault of one library's pairing, hashing, decoding or subgroup check would have to be the other's too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import pytest

from circuits import (
    Accepted,
    Between,
    Binding,
    CircuitError,
    Disclose,
    Equals,
    Kind,
    OneOf,
    Statement,
    create_set,
    decode_statement,
    finish,
    verify,
    verify_batch,
)
from circuits.presentation import escrow_ciphertext
from circuits.records import AccumulatorRecord, EpochRecord, EscrowRecord, IssuerRecord, SetRecord
from circuits.scalar import ORDER
from circuits.suite import SHA256, Suite
from tests.attacks.forge import Holding, draft, draft_two, replace_point, replace_scalar
from tests.circuits.core.world import TODAY, Licence, World, octets32, other_world, the_licence, the_world
from tests.circuits.curve import torsion
from tests.circuits.statements.conftest import PERMIT, Stage

pytestmark = [pytest.mark.slow, pytest.mark.requirement("R73")]

SUITES = (SHA256.on("arkworks"), SHA256.on("reference"))
TRUE = "accepted"


@dataclass(frozen=True)
class Case:
    """What is judged: octets, and the statement that they were made from, for its records."""

    statement: Statement
    binding: Binding
    proof: bytes

    def read(self, suite: Suite) -> tuple[Statement, Binding, bytes]:
        """Statement and binding, read from octets with records that are read from octets, under `suite`."""
        claims, *others = [
            (
                _issuer(one.issuer.octets, suite),
                AccumulatorRecord.decode(one.accumulator.octets, suite),
                EpochRecord.decode(one.epoch.octets, suite),
            )
            for one in self.statement.claims
        ]
        escrow = self.statement.escrow
        sets = [one.members for one in self.statement.predicates if isinstance(one, OneOf)]
        statement, binding = decode_statement(
            self.statement.octets(self.binding),
            *claims,
            None if escrow is None else EscrowRecord.decode(escrow.octets, suite),
            companion=others[0] if others else None,
            sets=[SetRecord.decode(one.octets, suite) for one in sets],
        )
        assert statement.issuer.suite.curve is suite.curve
        return statement, binding, self.proof


@lru_cache(maxsize=8)
def _issuer(octets: bytes, suite: Suite) -> IssuerRecord:
    """Kept: its bases are hashed anew for every record object, a second's work for py_ecc."""
    return IssuerRecord.decode(octets, suite)


def verdict(outcome: Accepted | CircuitError) -> tuple[str, ...]:
    """What a caller can tell of an outcome."""
    if isinstance(outcome, CircuitError):
        return (outcome.code,)
    return TRUE, outcome.pseudonym.hex(), outcome.proof_hash.hex(), outcome.statement_octets.hex()


def judged(case: Case, suite: Suite) -> tuple[str, ...]:
    """The verdict of one proof under one curve library."""
    try:
        return verdict(verify(*case.read(suite)))
    except CircuitError as refusal:
        return verdict(refusal)


@pytest.fixture(scope="module")
def stage() -> Stage:
    permits, own = other_world(), the_licence()
    return Stage(the_world(), permits, own, permits.licence(link_secret=own.credential.link_secret))


def default(stage: Stage) -> Case:
    statement, binding = stage.world.statement(), stage.world.binding("differential")
    return Case(statement, binding, stage.world.proof(statement, stage.licence, binding))


def ranged(stage: Stage) -> Case:
    """A range and a set."""
    union = create_set("differential", Kind.TEXT, ["GB", "IE", "FR"])
    statement = stage.say(Disclose(1, 3), Between(4, 2, 9), OneOf(2, union))
    binding = stage.world.binding("range")
    return Case(statement, binding, finish(stage.prepare(statement), binding))


def paired(stage: Stage) -> Case:
    """A licence and a permit, over the same permit number."""
    beside = stage.beside(Disclose(6, 1), Between(3, TODAY, TODAY + 400))
    statement = stage.say(Disclose(1, 3), beside, Equals(PERMIT, PERMIT), escrow=False)
    binding = stage.world.binding("pair")
    return Case(statement, binding, finish(stage.prepare(statement), binding))


@pytest.mark.parametrize("made", [default, ranged, paired])
def test_what_is_true_is_true_to_both(stage: Stage, made: Callable[[Stage], Case]) -> None:
    case = made(stage)
    fast, independent = (judged(case, suite) for suite in SUITES)
    assert fast == independent
    assert fast[0] == TRUE
    if case.statement.escrow is not None:
        assert escrow_ciphertext(bytes.fromhex(fast[3]), case.proof)


def response_changed(stage: Stage) -> Case:
    """The last response one more: the equation of the ciphertext."""
    case = default(stage)
    return replace(case, proof=replace_scalar(case.proof, 960, 16, lambda value: (value + 1) % ORDER))


def another_challenge(stage: Stage) -> Case:
    """A true proof beside the nonce of another challenge."""
    case = default(stage)
    return replace(case, binding=replace(case.binding, nonce=octets32("another")))


def other_epoch(stage: Stage) -> Case:
    """A true proof of yesterday's epoch, beside a statement of today's."""
    case, world = default(stage), stage.world
    after, _ = world.revoke(world.epoch, 12345)
    return replace(case, statement=world.statement(after))


def revoked(stage: Stage) -> Case:
    """The holder is revoked, and shows its old witness with everything else put right: one pairing refuses it."""
    world = stage.world
    after, _ = world.revoke(world.epoch, stage.licence.credential.handle)
    return _drafted(stage, world.statement(after), holding(stage.world, stage.licence))


def unsigned(stage: Stage) -> Case:
    """Another permit than was signed, throughout: all equations hold, and only the pairing with W does not."""
    own = holding(stage.world, stage.licence)
    return _drafted(stage, stage.world.statement(), own.with_message(PERMIT, own.messages[PERMIT] ^ 1))


def claimed(stage: Stage) -> Case:
    """Another digit than the attribute's, with its true signature: all pairings hold, and R4 does not."""
    statement, binding = stage.world.statement(), stage.world.binding("claimed")
    return Case(statement, binding, draft(statement, holding(stage.world, stage.licence), [300, 4]).proof(binding))


def strangers_permit(stage: Stage) -> Case:
    """A licence of one and a permit of another."""
    case = paired(stage)
    stranger = holding(stage.permits, stage.permits.licence())
    forged = draft_two(case.statement, holding(stage.world, stage.licence), stranger)
    return replace(case, proof=forged.proof(case.binding))


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(response_changed, marks=pytest.mark.attack("E3")),
        pytest.param(another_challenge, marks=pytest.mark.attack("F1")),
        pytest.param(other_epoch, marks=[pytest.mark.attack("F4"), pytest.mark.requirement("R63")]),
        pytest.param(revoked, marks=[pytest.mark.attack("V1"), pytest.mark.requirement("R63")]),
        pytest.param(unsigned, marks=pytest.mark.attack("C1")),
        pytest.param(claimed, marks=pytest.mark.attack("G1")),
        pytest.param(strangers_permit, marks=pytest.mark.attack("C7")),
    ],
)
def test_what_is_false_is_false_to_both(stage: Stage, made: Callable[[Stage], Case]) -> None:
    case = made(stage)
    assert [judged(case, suite) for suite in SUITES] == [("proof",), ("proof",)]


@pytest.mark.attack("S3")
@pytest.mark.attack("S5")
@pytest.mark.parametrize(("place", "order"), [(2, 3), (3, 11), (9, 3)], ids=["D", "C'", "Nym"])
def test_a_point_off_the_subgroup_is_malformed_to_both(stage: Stage, place: int, order: int) -> None:
    """A point of small order is added, which no pairing sees."""
    case, curve = default(stage), SHA256.curve
    point = curve.decode_g1(case.proof[48 * place : 48 * place + 48])
    small = curve.decode_g1_affine(torsion.affine(torsion.point_of_order(order)))
    shifted = curve.encode_g1(curve.add(point, small))
    damaged = replace(case, proof=replace_point(case.proof, place, shifted))
    assert [judged(damaged, suite) for suite in SUITES] == [("malformed",), ("malformed",)]


@pytest.mark.attack("B7")
def test_a_batch_comes_to_the_same_verdicts(stage: Stage) -> None:
    cases = [unsigned(stage), default(stage)]
    outcomes = [verify_batch([case.read(suite) for case in cases]) for suite in SUITES]
    fast, independent = ([verdict(one) for one in these] for these in outcomes)
    assert fast == independent
    assert [one[0] for one in fast] == ["proof", TRUE]


def holding(world: World, licence: Licence) -> Holding:
    return Holding.of(licence.credential, licence.membership.witness_point, world.table)


def _drafted(stage: Stage, statement: Statement, own: Holding) -> Case:
    binding = stage.world.binding("forged")
    return Case(statement, binding, draft(statement, own).proof(binding))
