"""Two credentials of one holder in one proof: `Companion` and `Equals`."""

from __future__ import annotations

import pytest

from circuits import (
    AtLeast,
    Binding,
    Companion,
    Disclose,
    Equals,
    Held,
    Malformed,
    Misuse,
    NotRevoked,
    Possession,
    Rejected,
    Unsatisfiable,
    decode_statement,
    finish,
    prepare,
    reverify,
    verify,
    verify_batch,
)
from circuits.layout import layout_of
from circuits.presentation import escrow_ciphertext
from tests.attacks.conftest import Verifier
from tests.attacks.forge import Holding, draft_two, refused_rows
from tests.circuits.core.world import TODAY, Licence
from tests.circuits.statements.conftest import PERMIT, Stage


def holding(stage: Stage, licence: Licence, companion: bool = False) -> Holding:
    table = stage.permits.table if companion else stage.world.table
    return Holding.of(licence.credential, licence.membership.witness_point, table)


def test_licence_and_permit(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    statement = stage.say(
        Disclose(1, 3),
        AtLeast(3, TODAY),
        stage.beside(AtLeast(3, TODAY), Disclose(6, 1)),
        Equals(PERMIT, PERMIT),
    )
    proof = finish(stage.prepare(statement), binding)
    assert len(proof) == layout_of(statement).proof_octets
    verifier.accepts(statement, binding, proof)


def test_the_companion_shows_what_the_licence_hides(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    """A base is in the public part of one credential's equation and among the secrets of the other's."""
    statement = stage.say(Disclose(1, 3), stage.beside(Disclose(2, "GB"), Disclose(PERMIT, "P-1")))
    verifier.accepts(statement, binding, finish(stage.prepare(statement), binding))


def test_the_same_issuer_and_accumulator_twice(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    world, own = stage.world, stage.licence
    again = world.licence(link_secret=own.credential.link_secret, tier=2)
    live = NotRevoked(world.accumulator, world.epoch)
    statement = stage.say(Disclose(1, 3), Companion(Possession(world.issuer), live, Disclose(1, 2)))
    held = Held(again.credential, again.membership, world.table)
    prepared = prepare(statement, own.credential, own.membership, world.table, companion=held)
    verifier.accepts(statement, binding, finish(prepared, binding))


@pytest.mark.attack("25")
@pytest.mark.attack("C7")
class TestTwoHolders:
    def test_the_wallet_says_so(self, stage: Stage) -> None:
        with pytest.raises(Unsatisfiable, match="one holder") as refusal:
            stage.prepare(stage.say(stage.beside()), permit=stage.permits.licence())
        assert refusal.value.code == "binding"

    def test_licence_of_one_and_permit_of_the_other(self, verifier: Verifier, stage: Stage, binding: Binding) -> None:
        statement = stage.say(stage.beside())
        stranger = holding(stage, stage.permits.licence(), companion=True)
        forged = draft_two(statement, holding(stage, stage.licence), stranger)
        verifier.rejects(statement, binding, forged.proof(binding))

    def test_only_the_equation_of_the_permit_stands_against_it(self, stage: Stage, binding: Binding) -> None:
        """With the companion's R2 off, the permit of another would do; with it on, nothing gets through."""
        statement = stage.say(stage.beside())
        stranger = holding(stage, stage.permits.licence(), companion=True)
        forged = draft_two(statement, holding(stage, stage.licence), stranger).proof(binding)
        honest = statement, binding, finish(stage.prepare(statement), binding)
        rows = len(layout_of(statement).shape.equations)
        assert [row for row in range(rows) if not refused_rows([row], honest, (statement, binding, forged))] == [7]


@pytest.mark.attack("25")
@pytest.mark.attack("P2")
def test_attributes_that_are_not_equal(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    secret = stage.licence.credential.link_secret
    other = stage.permits.licence(link_secret=secret, permit="P-2")
    statement = stage.say(stage.beside(), Equals(PERMIT, PERMIT))
    with pytest.raises(Unsatisfiable, match="equal"):
        stage.prepare(statement, permit=other)
    forged = draft_two(statement, holding(stage, stage.licence), holding(stage, other, companion=True))
    verifier.rejects(statement, binding, forged.proof(binding))
    without = stage.say(stage.beside())  # here each permit has a secret of its own, so the proof is longer
    verifier.finds_malformed(statement, binding, finish(stage.prepare(without, permit=other), binding))


@pytest.mark.attack("V1")
def test_a_revoked_permit(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    later, _ = stage.permits.revoke(stage.permits.epoch, stage.permit.credential.handle)
    statement = stage.say(stage.beside(epoch=later))
    with pytest.raises(Unsatisfiable, match="epoch"):
        stage.prepare(statement)
    forged = draft_two(statement, holding(stage, stage.licence), holding(stage, stage.permit, companion=True))
    verifier.rejects(statement, binding, forged.proof(binding))


@pytest.mark.attack("C4")
def test_a_permit_of_nobody(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    """Every attribute of the companion invented: its signature is on others."""
    statement = stage.say(stage.beside(Disclose(1, 1)))
    invented = holding(stage, stage.permit, companion=True).with_message(1, 1)
    forged = draft_two(statement, holding(stage, stage.licence), invented)
    verifier.rejects(statement, binding, forged.proof(binding))


@pytest.mark.attack("F5")
def test_a_proof_about_other_claims(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    statement = stage.say(stage.beside(AtLeast(3, TODAY)))
    proof = finish(stage.prepare(statement), binding)
    for other in (stage.beside(AtLeast(3, TODAY + 1)), stage.beside(AtLeast(8, TODAY))):
        verifier.rejects(stage.say(other), binding, proof)
    verifier.finds_malformed(stage.say(), binding, proof)


@pytest.mark.attack("B1")
def test_in_a_batch_with_others(stage: Stage, binding: Binding) -> None:
    plain, joint = stage.say(Disclose(1, 3)), stage.say(stage.beside(AtLeast(3, TODAY)), Equals(PERMIT, PERMIT))
    items = [(one, binding, finish(stage.prepare(one), binding)) for one in (plain, joint, plain)]
    bad = joint, binding, items[1][2][:-1] + bytes([items[1][2][-1] ^ 1])
    outcomes = verify_batch([*items, bad])
    assert [isinstance(one, Rejected) for one in outcomes] == [False, False, False, True]


def test_what_cannot_be_said(stage: Stage) -> None:
    beside = stage.beside()
    for nodes in (
        [Equals(PERMIT, PERMIT)],
        [beside, beside],
        [beside, Equals(0, 0)],
        [beside, Equals(PERMIT, 11)],
        [beside, Equals(10, PERMIT)],
        [beside, Equals(PERMIT, 2), Equals(PERMIT, 2)],
        [beside, Equals(PERMIT, 1)],
        [beside, Equals(PERMIT, 2), Equals(2, 2)],
        [beside, Disclose(PERMIT, "P-1"), Equals(PERMIT, PERMIT)],
        [stage.beside(Disclose(PERMIT, "P-1")), Equals(PERMIT, PERMIT)],
        [stage.beside(Possession(stage.permits.issuer))],
        [stage.beside(beside)],
        [stage.beside(Equals(1, 1))],
    ):
        with pytest.raises(Misuse):
            stage.say(*nodes)  # type: ignore[arg-type]


def test_the_wallet_needs_both(stage: Stage) -> None:
    own = stage.licence
    with pytest.raises(Misuse, match="number"):
        prepare(stage.say(stage.beside()), own.credential, own.membership, stage.world.table)
    with pytest.raises(Misuse, match="number"):
        prepare(stage.say(), own.credential, own.membership, stage.world.table, companion=stage.held())


def test_logged_and_verified_again(stage: Stage, binding: Binding) -> None:
    statement = stage.say(Disclose(1, 3), AtLeast(3, TODAY), stage.beside(AtLeast(4, 1)), Equals(PERMIT, PERMIT))
    octets, proof = statement.octets(binding), finish(stage.prepare(statement), binding)
    records = stage.world.issuer, stage.world.accumulator, stage.world.epoch, stage.world.escrow
    assert decode_statement(octets, *records, companion=stage.companion_records) == (statement, binding)
    accepted = reverify(octets, proof, *records, companion=stage.companion_records)
    assert accepted == verify(statement, binding, proof)
    at = 48 * layout_of(statement).wire.index("E1")
    assert escrow_ciphertext(octets, proof).first == proof[at : at + 48]
    for companion in (None, (*records[:3],)):
        with pytest.raises(Malformed):
            reverify(octets, proof, *records, companion=companion)


def test_a_gateway_has_no_place_for_it(stage: Stage, binding: Binding) -> None:
    with pytest.raises(Misuse, match="one licence"):
        stage.say(stage.beside()).present(binding, b"")
