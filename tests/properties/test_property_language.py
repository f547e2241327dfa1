"""Every statement that the whole language can make: one normal form, one encoding, and no two with the same octets."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from circuits import (
    AtLeast,
    AtMost,
    Between,
    Binding,
    Companion,
    Disclose,
    Equals,
    Escrowed,
    Kind,
    Malformed,
    Misuse,
    NotRevoked,
    OneOf,
    Possession,
    Pseudonym,
    Signed,
    Statement,
    all_of,
    create_set,
    decode_statement,
)
from circuits.attributes import MAX_BOUND, MAX_INT
from circuits.language import Node, OwnNode
from circuits.records import SetRecord
from tests.circuits.core.world import World, other_world, the_world

NUMBERED, DAYS, TEXT = (1, 4, 6, 7, 9), (3, 8), (2, 5)
MOST_PREDICATES = 8
SETS = {
    Kind.INT: create_set("language-numbers", Kind.INT, [1, 3, 5]),
    Kind.TEXT: create_set("language-words", Kind.TEXT, ["DE", "GB"]),
}
BINDING = Binding(bytes(32), "https://gw.example", bytes(32), bytes(32), bytes(32), 5)


@st.composite
def own_nodes(draw: st.DrawFn, world: World) -> list[OwnNode]:
    """What is said of one credential: of each attribute nothing, its value, or some predicates."""
    said: list[OwnNode] = [Possession(world.issuer), NotRevoked(world.accumulator, world.epoch)]
    room = MOST_PREDICATES
    for index in NUMBERED + DAYS + TEXT:
        match draw(st.sampled_from(["nothing", "nothing", "value", "predicates"])):
            case "value":
                value = st.sampled_from(["GB", "é", "x"]) if index in TEXT else st.integers(0, MAX_INT)
                said.append(Disclose(index, draw(value)))
            case "predicates" if room > 3:
                several = draw(st.lists(_predicate(index), min_size=1, max_size=2, unique=True))
                room -= sum(2 if isinstance(one, Between) else 1 for one in several)
                said += several
            case _:
                pass
    return said


def _predicate(index: int) -> st.SearchStrategy[OwnNode]:
    if index in TEXT:
        return st.just(OneOf(index, SETS[Kind.TEXT]))
    bound = st.integers(0, MAX_BOUND)
    low = st.integers(0, MAX_BOUND - 4095)
    ranges: list[st.SearchStrategy[OwnNode]] = [
        bound.map(lambda least: AtLeast(index, least)),
        bound.map(lambda most: AtMost(index, most)),
        st.tuples(low, st.integers(0, 4095)).map(lambda ends: Between(index, ends[0], ends[0] + ends[1])),
    ]
    members = [st.just(OneOf(index, SETS[Kind.INT]))] if index in NUMBERED else []
    return st.one_of(*ranges, *members)


@st.composite
def sentences(draw: st.DrawFn) -> list[Node]:
    """The nodes of any statement, in any order."""
    nodes: list[Node] = [*draw(own_nodes(the_world())), Pseudonym(draw(st.binary(min_size=1, max_size=20)))]
    if draw(st.booleans()):
        nodes.append(Escrowed(the_world().escrow))
    if draw(st.booleans()):
        beside = draw(own_nodes(other_world()))
        nodes.append(Companion(*beside))
        hidden = [[index for index in NUMBERED if index not in _shown(said)] for said in (nodes, beside)]
        for pair in zip(*(draw(st.permutations(one)) for one in hidden), strict=False):
            if draw(st.booleans()):
                nodes.append(Equals(*pair))
    if draw(st.booleans()):
        nodes.append(Signed(draw(st.binary(min_size=32, max_size=32))))
    return list(draw(st.permutations(nodes)))


def _shown(nodes: list[Node] | list[OwnNode]) -> set[int]:
    return {node.index for node in nodes if isinstance(node, Disclose)}


def said(nodes: list[Node]) -> Statement:
    try:
        return all_of(*nodes)
    except Misuse:
        assume(False)  # two predicates that say the same, or too many
        raise


def load(octets: bytes, sets: list[SetRecord] | None = None) -> tuple[Statement, Binding]:
    world, beside = the_world(), other_world()
    companion = beside.issuer, beside.accumulator, beside.epoch
    records = world.issuer, world.accumulator, world.epoch, world.escrow
    return decode_statement(octets, *records, companion=companion, sets=list(SETS.values()) if sets is None else sets)


@given(sentences(), st.randoms(use_true_random=False))
def test_one_normal_form_and_one_encoding(nodes: list[Node], shuffle: Random) -> None:
    statement = said(nodes)
    octets = statement.octets(BINDING)
    assert load(octets) == (statement, BINDING)
    again = list(nodes)
    shuffle.shuffle(again)
    assert all_of(*again) == statement
    assert all_of(*again).octets(BINDING) == octets


@given(sentences(), st.data())
def test_altered_octets_are_another_statement_or_none(nodes: list[Node], data: st.DataObject) -> None:
    statement = said(nodes)
    octets = statement.octets(BINDING)
    at = data.draw(st.integers(0, len(octets) - 1))
    altered = octets[:at] + bytes([octets[at] ^ data.draw(st.integers(1, 255))]) + octets[at + 1 :]
    try:
        again, bound = load(altered)
    except Malformed:
        return
    assert again.octets(bound) == altered
    assert (again, bound) != (statement, BINDING)


@given(sentences(), sentences())
@settings(max_examples=50)
def test_two_statements_have_two_encodings(one: list[Node], other: list[Node]) -> None:
    left, right = said(one), said(other)
    assert (left == right) == (left.octets(BINDING) == right.octets(BINDING))
    assert left != right or hash(left) == hash(right)


@given(sentences())
def test_a_set_that_is_not_at_hand(nodes: list[Node]) -> None:
    """A statement about a set is read with that set, or not at all."""
    statement = said(nodes)
    claims = statement.licence, statement.companion
    named = any(isinstance(one, OneOf) for own in claims if own is not None for one in own.predicates)
    octets = statement.octets(BINDING)
    if named:
        with pytest.raises(Malformed):
            load(octets, sets=[])
    else:
        assert load(octets, sets=[]) == (statement, BINDING)
