"""Two answers to one set of commitments give the licence away: soundness, and why a prepared proof answers once."""

from __future__ import annotations

import pytest

from circuits import Misuse, finish, prepare
from circuits.scalar import ORDER
from tests.zero_knowledge.entropy import Seeded
from tests.zero_knowledge.extractor import extract
from tests.zero_knowledge.stage import BOUNDS, Stage, binding
from tests.zero_knowledge.transcripts import Transcript, accepted, presented


@pytest.fixture(scope="module")
def twice(stage: Stage) -> tuple[Transcript, Transcript]:
    """The real prover, twice with the same randomness, to two challenges."""
    statement = stage.statement("twice")
    first, second = (
        presented(stage, stage.holders[0], statement, binding(label), Seeded("the same randomness"))
        for label in ("one challenge", "another")
    )
    accepted([first, second])
    return first, second


@pytest.mark.attack("P1")
def test_the_whole_witness_comes_out(stage: Stage, twice: tuple[Transcript, Transcript]) -> None:
    holder, found = stage.holders[0], extract(*twice)
    messages = holder.messages
    shown = {1, 2}
    assert {name: found.scalars[name] for name in found.scalars if name.startswith("m")} == {
        f"m{index}": value for index, value in enumerate(messages) if index not in shown
    }
    assert found.scalars["m11"] == holder.credential.link_secret.expose()
    assert found.scalars["e"] == holder.credential.exponent
    randomness = Seeded("the same randomness")
    r1, r2, rho, t1, t2, k = (randomness.scalar() for _ in range(6))
    assert [found.scalars[name] for name in ("r1", "rho", "t1", "t2", "k")] == [r1, rho, t1, t2, k]
    assert found.scalars["r3"] * r2 % ORDER == 1


def test_what_comes_out_is_a_licence(stage: Stage, twice: tuple[Transcript, Transcript]) -> None:
    """Not only the scalars: signature, witness and digits, each checked by its own equation or table."""
    curve, holder, found = stage.curve, stage.holders[0], extract(*twice)
    issuer = stage.created.record
    assert curve.equal(found.signature_point, holder.signature_point)
    assert curve.equal(found.signed_point, holder.signed_point)
    key = curve.add_g2(issuer.public_point, curve.multiply_g2(curve.g2_generator(), found.scalars["e"]))
    assert curve.pairing_product_is_one(
        [(found.signature_point, key), (curve.negate(found.signed_point), curve.g2_generator())]
    )
    assert curve.encode_g1(found.witness_point) == holder.membership.witness
    for point, (index, bound) in zip(found.digit_points, BOUNDS, strict=True):
        digit = found.scalars[f"m{index}"] - bound
        assert curve.encode_g1(point) == stage.table.octets[48 * digit : 48 * digit + 48]


def test_one_answer_or_other_commitments_are_not_enough(stage: Stage, twice: tuple[Transcript, Transcript]) -> None:
    other = presented(stage, stage.holders[0], stage.statement("twice"), binding("another"))
    for pair in ((twice[0], twice[0]), (twice[0], other)):
        with pytest.raises(ValueError, match="two answers"):
            extract(*pair)


@pytest.mark.attack("P1")
def test_the_prover_does_not_answer_twice(stage: Stage) -> None:
    """So only a prover that replays its randomness, as the one above, is open to this."""
    holder = stage.holders[0]
    prepared = prepare(stage.statement("twice"), holder.credential, holder.membership, stage.table)
    finish(prepared, binding("one challenge"))
    with pytest.raises(Misuse):
        finish(prepared, binding("another"))
