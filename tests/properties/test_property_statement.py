"""Statements have one normal form and one encoding, and refuse what no holder should be asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import (
    AtLeast,
    Binding,
    Disclose,
    Escrowed,
    Malformed,
    Misuse,
    NotRevoked,
    Possession,
    Pseudonym,
    Statement,
    Unsatisfiable,
    all_of,
    decode_statement,
    encode_cbor,
    policy_statement,
    prepare,
    verify,
)
from circuits.attributes import MAX_BOUND, MAX_INT
from circuits.encoding import decode_map
from circuits.records import BOUND_CONSTANT, BOUND_DAY, PolicyRecord
from tests.circuits.core.world import AUDIENCE, NOW, TODAY, Licence, World, bounds, other_world, the_world

NUMBERED = (1, 3, 4, 6, 7, 8, 9)
TEXT = (2, 5)
OCTETS32 = st.binary(min_size=32, max_size=32)
BINDINGS = st.builds(
    Binding,
    policy_hash=OCTETS32,
    audience=st.text(st.characters(codec="ascii"), min_size=1, max_size=100),
    nonce=OCTETS32,
    request_digest=OCTETS32,
    session_thumbprint=OCTETS32,
    not_after=st.integers(0, 2**64 - 1),
)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """Any statement about the world's records, its nodes in any order."""
    world = the_world()
    shown = draw(st.lists(st.sampled_from(NUMBERED + TEXT), unique=True, max_size=6))
    bounded = [index for index in NUMBERED if index not in shown]
    one = st.tuples(st.sampled_from(bounded), st.integers(0, MAX_BOUND)) if bounded else st.nothing()
    nodes: list[Possession | NotRevoked | Pseudonym | Escrowed | Disclose | AtLeast] = [
        Possession(world.issuer),
        NotRevoked(world.accumulator, world.epoch),
        Pseudonym(draw(st.binary(min_size=1, max_size=64))),
        *(Disclose(index, draw(_value(index))) for index in shown),
        *(AtLeast(index, bound) for index, bound in draw(st.lists(one, unique=True, max_size=8))),
    ]
    if draw(st.booleans()):
        nodes.append(Escrowed(world.escrow))
    return all_of(*draw(st.permutations(nodes)))


def _value(index: int) -> st.SearchStrategy[int | str]:
    if index in TEXT:
        return st.text(st.characters(codec="ascii"), min_size=1, max_size=64)
    return st.integers(0, MAX_INT)


def load(octets: bytes) -> tuple[Statement, Binding]:
    world = the_world()
    return decode_statement(octets, world.issuer, world.accumulator, world.epoch, world.escrow)


@given(statements(), BINDINGS)
def test_octets_load_to_the_same_statement(statement: Statement, binding: Binding) -> None:
    octets = statement.octets(binding)
    assert bounds(statement) == sorted(set(bounds(statement)))
    assert [index for index, _ in statement.disclosed] == sorted({index for index, _ in statement.disclosed})
    again, bound = load(octets)
    assert (again, bound) == (statement, binding)
    assert again.octets(bound) == octets


@given(statements(), BINDINGS, st.data())
def test_altered_octets_are_another_statement_or_none(
    statement: Statement, binding: Binding, data: st.DataObject
) -> None:
    octets = statement.octets(binding)
    at = data.draw(st.integers(0, len(octets) - 1))
    altered = octets[:at] + bytes([octets[at] ^ data.draw(st.integers(1, 255))]) + octets[at + 1 :]
    try:
        again, bound = load(altered)
    except Malformed:
        return
    assert again.octets(bound) == altered
    assert (again, bound) != (statement, binding)


@given(st.binary(max_size=600))
def test_any_octets_as_a_statement(octets: bytes) -> None:
    with pytest.raises(Malformed):
        load(octets)


ANYTHING = st.recursive(
    st.integers(0, 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 23), inner, max_size=3),
    max_leaves=6,
)


@given(BINDINGS, st.integers(1, 16), ANYTHING)
@settings(max_examples=150)
def test_any_value_in_any_field(binding: Binding, key: int, value: object) -> None:
    statement = the_world().statement()
    fields = decode_map(statement.octets(binding), 4096, range(1, 17))
    octets = encode_cbor({**fields, key: value})  # type: ignore[dict-item]
    try:
        again, bound = load(octets)
    except Malformed:
        return
    assert again.octets(bound) == octets


def nodes(world: World) -> tuple[Possession, NotRevoked, Pseudonym]:
    return Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"here")


def test_what_a_statement_must_have(world: World) -> None:
    possession, standing, pseudonym = nodes(world)
    own = (possession, standing, pseudonym)
    all_of(*own)
    for wrong in (
        (),
        (standing, pseudonym),
        (possession, pseudonym),
        (possession, standing),
        (*own, possession),
        (*own, standing),
        (*own, pseudonym),
        (*own, Escrowed(world.escrow), Escrowed(world.escrow)),
        (*own, Disclose(1, 3), Disclose(1, 3)),
        (*own, AtLeast(3, 5), AtLeast(3, 5)),
        (possession, standing, Pseudonym(b"")),
        (*own, object()),
        (*own, "Disclose"),
    ):
        with pytest.raises(Misuse):
            all_of(*wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("index", [0, 10, 11, 12, -1])
def test_what_is_never_disclosed_nor_compared(world: World, index: int) -> None:
    for node in (Disclose(index, 5), AtLeast(index, 5)):
        with pytest.raises(Misuse):
            all_of(*nodes(world), node)


def test_predicates_that_make_no_sense(world: World) -> None:
    for wrong in (
        [AtLeast(2, 5)],
        [AtLeast(5, 5)],
        [AtLeast(3, -1)],
        [AtLeast(3, MAX_BOUND + 1)],
        [AtLeast(1, 2), Disclose(1, 3)],
        [AtLeast(3, bound) for bound in range(9)],
    ):
        with pytest.raises(Misuse):
            all_of(*nodes(world), *wrong)
    all_of(*nodes(world), AtLeast(4, MAX_BOUND), AtLeast(4, 0))


def test_records_that_do_not_go_together(world: World) -> None:
    other = other_world()
    for wrong in (
        (Possession(other.issuer), NotRevoked(world.accumulator, world.epoch)),
        (Possession(world.issuer), NotRevoked(world.accumulator, other.epoch)),
    ):
        with pytest.raises(Misuse):
            all_of(*wrong, Pseudonym(b"here"))


@pytest.mark.requirement("R73")
@pytest.mark.attack("P2")
@pytest.mark.parametrize("bound", [0, 1, 20_000, MAX_BOUND])
def test_the_edges_of_the_window(world: World, binding: Binding, bound: int) -> None:
    """b and b + 4095 are accepted, b - 1 and b + 4096 are not satisfiable."""
    statement = all_of(*nodes(world), AtLeast(9, bound))
    for value in (bound, bound + 1, bound + 4095):
        proof = world.proof(statement, world.licence(spare=value), binding)
        verify(statement, binding, proof)
    for value in (bound - 1, bound + 4096):
        if 0 <= value <= MAX_INT:
            own = world.licence(spare=value)
            with pytest.raises(Unsatisfiable) as refusal:
                prepare(statement, own.credential, own.membership, world.table)
            assert refusal.value.code == "predicate"


class TestPolicy:
    """What the loader of a policy refuses."""

    def make(self, world: World, **changes: object) -> PolicyRecord:
        return replace(world.policy, **changes)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "changes",
        [
            *({"disclosed": ((index, (3,)),)} for index in (0, 10, 11, 12)),
            *({"predicates": ((index, BOUND_CONSTANT, 5),)} for index in (0, 2, 5, 10, 11, 12)),
            {"predicates": ((1, BOUND_CONSTANT, 2),)},
            {"predicates": tuple((3, BOUND_CONSTANT, bound) for bound in range(9))},
            {"predicates": ((4, BOUND_CONSTANT, 2), (3, BOUND_DAY, 0))},
            {"predicates": ((4, BOUND_CONSTANT, 2), (4, BOUND_CONSTANT, 2))},
            {"predicates": ((4, BOUND_DAY, 2),)},
            {"predicates": ((4, 2, 2),)},
            {"predicates": ((4, BOUND_CONSTANT, -1),)},
            {"predicates": ((4, BOUND_CONSTANT, MAX_BOUND + 1),)},
            {"disclosed": ((1, ()),)},
            {"disclosed": ((2, ("GB",)), (1, (3,)))},
            {"disclosed": ((1, (3,)), (1, (2,)))},
            {"disclosed": ((1, ("three",)),)},
            {"disclosed": ((2, (3,)),)},
            {"disclosed": ((2, ("x" * 65,)),)},
            {"disclosed": ((2, tuple(f"{n:03}" for n in range(301))),)},
            {"lease_seconds": 901},
            {"lease_seconds": 0},
            {"challenge_seconds": 0},
            {"challenge_seconds": 301},
            {"epoch_seconds": 0},
            {"epoch_seconds": 1801},
            {"issuers": ()},
            {"issuers": (b"short",)},
            {"escrow_hash": b"short"},
            {"period": "month"},
        ],
        ids=str,
    )
    def test_refused(self, world: World, changes: dict[str, object]) -> None:
        with pytest.raises(Malformed):
            self.make(world, **changes)

    def test_refused_from_octets_too(self, world: World) -> None:
        fields = decode_map(world.policy.octets, 8192, range(1, 13))
        for changed in (
            {5: [[0, [1]]]},
            {5: [[10, [1]]]},
            {5: [[11, [1]]]},
            {6: [[0, 0, 1]]},
            {6: [[2, 0, 1]]},
            {6: [[1, 0, 1]]},
            {6: [[3, 0, bound] for bound in range(9)]},
            {6: [[3, 0]]},
            {5: [[1]]},
            {11: 901},
            {12: "month"},
            {13: 1},
        ):
            with pytest.raises(Malformed):
                PolicyRecord.decode(encode_cbor({**fields, **changed}))  # type: ignore[dict-item]

    def test_a_constant_and_a_moving_bound_may_meet(self, world: World, binding: Binding, licence: Licence) -> None:
        policy = self.make(world, predicates=((3, BOUND_CONSTANT, TODAY), (3, BOUND_DAY, 0)))

        def at(time: int) -> Statement:
            return policy_statement(
                policy, world.issuer, world.accumulator, world.epoch, world.escrow, {1: 3, 2: "GB"}, AUDIENCE, time
            )

        assert bounds(at(NOW)) == [(3, TODAY)]
        assert bounds(at(NOW + 86_400)) == [(3, TODAY), (3, TODAY + 1)]
        verify(at(NOW), binding, world.proof(at(NOW), licence, binding))

    def test_without_an_escrow(self, world: World, binding: Binding, licence: Licence) -> None:
        policy = self.make(world, escrow_hash=b"")
        statement = policy_statement(
            policy, world.issuer, world.accumulator, world.epoch, None, {1: 3, 2: "GB"}, AUDIENCE, NOW
        )
        assert statement.escrow is None
        verify(statement, binding, world.proof(statement, licence, binding))


@pytest.mark.parametrize("name", ["policy_hash", "nonce", "request_digest", "session_thumbprint"])
def test_a_binding_has_whole_values(binding: Binding, name: str) -> None:
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(Misuse):
            replace(binding, **{name: wrong})  # type: ignore[arg-type]
