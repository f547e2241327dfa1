"""What a holder's own side must refuse: a prepared proof used twice, a statement that the licence does not satisfy."""

from __future__ import annotations

import copy
import pickle
import threading
from dataclasses import replace

import pytest

from circuits import Binding, Membership, Misuse, Rejected, Statement, Unsatisfiable, finish, prepare, update_membership
from circuits.presentation import Prepared
from tests.circuits.core.world import Licence, World


@pytest.fixture
def prepared(world: World, statement: Statement, licence: Licence) -> Prepared:
    return prepare(statement, licence.credential, licence.membership, world.table)


@pytest.mark.attack("P1")
def test_used_twice(prepared: Prepared, binding: Binding, world: World) -> None:
    finish(prepared, binding)
    for again in (binding, world.binding("another")):
        with pytest.raises(Misuse):
            finish(prepared, again)


@pytest.mark.attack("P1")
def test_spent_even_when_the_first_use_fails(prepared: Prepared, binding: Binding) -> None:
    with pytest.raises(Misuse, match="not used here"):
        finish(prepared, replace(binding, nonce=tuple(binding.nonce)))  # type: ignore[arg-type]
    with pytest.raises(Misuse, match="once"):
        finish(prepared, binding)


@pytest.mark.attack("P1")
def test_of_many_threads_one_gets_it(prepared: Prepared, binding: Binding) -> None:
    outcomes: list[object] = []
    start = threading.Barrier(8)

    def use() -> None:
        start.wait()
        try:
            outcomes.append(finish(prepared, binding))
        except Misuse as misuse:
            outcomes.append(misuse)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Misuse"] * 7 + ["bytes"]


@pytest.mark.attack("P1")
def test_discarded(prepared: Prepared, binding: Binding) -> None:
    prepared.discard()
    with pytest.raises(Misuse):
        finish(prepared, binding)


@pytest.mark.attack("P1")
def test_neither_copied_nor_stored_nor_shown(prepared: Prepared) -> None:
    for keep in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(Misuse):
            keep(prepared)
    assert repr(prepared) == str(prepared) == f"{prepared}" == "Prepared(<redacted>)"


@pytest.mark.attack("P1")
def test_at_another_epoch(world: World, licence: Licence) -> None:
    later, entries = world.revoke(world.epoch, 5)
    with pytest.raises(Unsatisfiable) as refusal:
        prepare(world.statement(epoch=later), licence.credential, licence.membership, world.table)
    assert refusal.value.code == "stale-witness"
    caught_up = update_membership(licence.membership, licence.credential.handle, entries, later)
    prepare(world.statement(epoch=later), licence.credential, caught_up, world.table)
    with pytest.raises(Unsatisfiable):
        prepare(world.statement(), licence.credential, caught_up, world.table)


@pytest.mark.attack("P2")
@pytest.mark.attack("17")
@pytest.mark.attack("18")
@pytest.mark.parametrize("changes", [{"tier": 2}, {"jurisdiction": "FR"}, {"cover_band": 1}, {"good_until": 20_000}])
def test_not_satisfied(world: World, statement: Statement, changes: dict[str, int | str]) -> None:
    own = world.licence(**changes)
    with pytest.raises(Unsatisfiable) as refusal:
        prepare(statement, own.credential, own.membership, world.table)
    assert refusal.value.code == "predicate"
    assert not any(str(value) in refusal.value.sentence for value in changes.values() if value != 1)


@pytest.mark.attack("48")
@pytest.mark.requirement("R74")
@pytest.mark.requirement("R14")
def test_two_proofs_share_nothing_but_the_pseudonym(
    world: World, statement: Statement, licence: Licence, binding: Binding
) -> None:
    one, other = (world.proof(statement, licence, binding) for _ in range(2))
    pieces = [*range(0, 960, 48), *range(960, 1504, 32)]
    same = [at for at in pieces if one[at : at + 32] == other[at : at + 32]]
    assert same == [432]


@pytest.mark.attack("48")
def test_with_a_witness_that_does_not_fit(world: World, licence: Licence) -> None:
    """Another licence's, or at a value that is a multiple of the true one: the issuer could tell whose proof it is."""
    curve = world.curve
    value = curve.encode_g1(curve.multiply(curve.decode_g1(world.epoch.value), 7))
    elsewhere = replace(world.epoch, value=value)
    for epoch, witness in (
        (world.epoch, world.licence().membership.witness),
        (elsewhere, licence.membership.witness),
    ):
        membership = Membership(world.accumulator, epoch.number, epoch.value, witness)
        with pytest.raises(Rejected, match="membership"):
            prepare(world.statement(epoch=epoch), licence.credential, membership, world.table)
