"""What a review tried against presentations and did not achieve, kept as tests."""

from __future__ import annotations

import dataclasses
import itertools
import secrets

import pytest

from circuits import (
    AtLeast,
    Binding,
    Disclose,
    Escrowed,
    Malformed,
    NotRevoked,
    Possession,
    Pseudonym,
    Rejected,
    Statement,
    all_of,
    verify,
)
from circuits.layout import layout_of
from tests.circuits.core.world import TODAY, Licence, World, said


@pytest.mark.attack("24")
def test_two_predicates_on_one_attribute_and_a_bound_of_zero(world: World, licence: Licence, binding: Binding) -> None:
    statement = all_of(
        Possession(world.issuer),
        NotRevoked(world.accumulator, world.epoch),
        Pseudonym(b"twice"),
        AtLeast(3, TODAY),
        AtLeast(3, TODAY - 1),
        AtLeast(4, 0),
        Escrowed(world.dealt.record),
    )
    proof = world.proof(statement, licence, binding)
    verify(statement, binding, proof)
    first = 5 * 48
    swapped = proof[:first] + proof[first + 96 : first + 192] + proof[first : first + 96] + proof[first + 192 :]
    with pytest.raises(Rejected):
        verify(statement, binding, swapped)


@pytest.mark.attack("F4")
def test_layouts_are_told_apart_by_all_that_they_mean(world: World, statement: Statement) -> None:
    epoch = dataclasses.replace(world.epoch, value=world.issuer.suite.curve.encode_g1(world.issuer.digit_base))
    others = [
        said(statement, epoch=epoch),
        said(statement, issuer=dataclasses.replace(world.issuer, profile_id="another")),
        dataclasses.replace(statement, escrow=dataclasses.replace(world.dealt.record, not_after=2**50)),
        dataclasses.replace(statement, escrow=None),
        dataclasses.replace(statement, context=statement.context + b"\x00"),
        said(statement, predicates=statement.predicates[:1]),
        said(statement, disclosed=((1, 2), *statement.disclosed[1:])),
        said(statement, disclosed=statement.disclosed[:1]),
    ]
    layouts = [layout_of(one) for one in (statement, *others)]
    assert all(one is not other for one, other in itertools.combinations(layouts, 2))
    assert layout_of(statement) is layouts[0]


@pytest.mark.attack("48")
def test_presentations_in_one_context_share_the_pseudonym_and_no_more(
    world: World, licence: Licence, statement: Statement
) -> None:
    proofs = [
        world.proof(statement, licence, dataclasses.replace(world.binding(), nonce=secrets.token_bytes(32)))
        for _ in range(6)
    ]
    at = 48 * layout_of(statement).wire.index("Nym")
    pseudonym = proofs[0][at : at + 48]
    for one, other in itertools.combinations(proofs, 2):
        shared = {one[i : i + 32] for i in range(0, len(one) - 31, 16)} & {
            other[i : i + 32] for i in range(0, len(other) - 31, 16)
        }
        assert all(piece in pseudonym for piece in shared)


@pytest.mark.attack("F2")
@pytest.mark.parametrize("value", ["3", True, 3.0, b"3", None])
def test_a_disclosed_value_of_another_type_is_another_value(world: World, value: object) -> None:
    nodes = [Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"x")]
    with pytest.raises(Malformed):
        all_of(*nodes, Disclose(1, value))  # type: ignore[arg-type]
