"""Membership of a signed set, with the value hidden: `OneOf`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits import (
    Binding,
    Disclose,
    Kind,
    Malformed,
    Misuse,
    OneOf,
    Rejected,
    Unsatisfiable,
    check_set,
    create_set,
    decode_statement,
    finish,
    reverify,
)
from circuits.membership_set import prepared_signature
from circuits.records import SetRecord
from tests.attacks.conftest import Verifier
from tests.attacks.forge import Holding, draft_of, random_point
from tests.circuits.core.world import said
from tests.circuits.statements.conftest import Stage

JURISDICTION, COVER_BAND = 2, 4


@pytest.fixture(scope="module")
def union() -> SetRecord:
    return create_set("union", Kind.TEXT, ["GB", "IE", "FR", "DE"])


@pytest.fixture(scope="module")
def abroad() -> SetRecord:
    return create_set("abroad", Kind.TEXT, ["IE", "FR", "DE"])


def test_a_member(verifier: Verifier, stage: Stage, binding: Binding, union: SetRecord) -> None:
    check_set(union)
    statement = stage.say(Disclose(1, 3), OneOf(JURISDICTION, union))
    verifier.accepts(statement, binding, finish(stage.prepare(statement), binding))


def test_numbers(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    bands = create_set("bands", Kind.INT, [0, 5, 2**32 - 1])
    check_set(bands)
    statement = stage.say(OneOf(COVER_BAND, bands), escrow=False)
    verifier.accepts(statement, binding, finish(stage.prepare(statement), binding))


def test_two_sets_over_one_attribute(verifier: Verifier, stage: Stage, binding: Binding, union: SetRecord) -> None:
    isles = create_set("isles", Kind.TEXT, ["GB", "IE"])
    statement = stage.say(OneOf(JURISDICTION, union), OneOf(JURISDICTION, isles))
    verifier.accepts(statement, binding, finish(stage.prepare(statement), binding))


@pytest.mark.attack("P2")
def test_no_member(stage: Stage, abroad: SetRecord) -> None:
    with pytest.raises(Unsatisfiable, match="set"):
        stage.prepare(stage.say(OneOf(JURISDICTION, abroad)))


def test_nothing_tells_which_member(stage: Stage, binding: Binding, union: SetRecord) -> None:
    """Two holders with other jurisdictions make proofs of one statement, with the same octets but the proof's own."""
    statement = stage.say(OneOf(JURISDICTION, union))
    irish = stage.world.licence(jurisdiction="IE")
    one, other = (finish(stage.prepare(statement, licence), binding) for licence in (stage.licence, irish))
    assert len(one) == len(other)
    assert b"GB" not in statement.octets(binding)


@pytest.mark.attack("G1")
def test_another_value_under_a_members_signature(
    verifier: Verifier, stage: Stage, binding: Binding, abroad: SetRecord
) -> None:
    """The licence says GB; the forger shows the signature on FR. R4 is what refuses it."""
    statement = stage.say(OneOf(JURISDICTION, abroad))
    own = Holding.of(stage.licence.credential, stage.licence.membership.witness_point, stage.world.table)
    forged = draft_of(statement, own, {1: abroad.scalar("FR")})
    verifier.rejects(statement, binding, forged.proof(binding))


@pytest.mark.attack("C5")
def test_another_value_in_the_licence(verifier: Verifier, stage: Stage, binding: Binding, abroad: SetRecord) -> None:
    statement = stage.say(OneOf(JURISDICTION, abroad))
    own = Holding.of(stage.licence.credential, stage.licence.membership.witness_point, stage.world.table)
    french = own.with_message(JURISDICTION, abroad.scalar("FR"))
    verifier.rejects(statement, binding, draft_of(statement, french, {1: abroad.scalar("FR")}).proof(binding))


@pytest.mark.attack("G2")
def test_a_signature_that_nobody_made(verifier: Verifier, stage: Stage, binding: Binding, abroad: SetRecord) -> None:
    statement = stage.say(OneOf(JURISDICTION, abroad))
    own = Holding.of(stage.licence.credential, stage.licence.membership.witness_point, stage.world.table)
    forged = draft_of(statement, own, {1: own.messages[JURISDICTION]}, {1: random_point(stage.world.curve)})
    verifier.rejects(statement, binding, forged.proof(binding))


@pytest.mark.attack("G3")
def test_a_set_of_ones_own(verifier: Verifier, stage: Stage, binding: Binding, abroad: SetRecord) -> None:
    """Another set with the verifier's id and members, and the one that is needed: its key is not the verifier's."""
    own = create_set("abroad", Kind.TEXT, ["IE", "FR", "DE", "GB"])
    wanted, mine = (stage.say(OneOf(JURISDICTION, one)) for one in (abroad, own))
    proof = finish(stage.prepare(mine), binding)
    verifier.accepts(mine, binding, proof)
    verifier.rejects(wanted, binding, proof)


@pytest.mark.attack("G3")
def test_a_digit_is_no_member(verifier: Verifier, stage: Stage, binding: Binding) -> None:
    """A signature of the digit table in a set's place: other base, other key."""
    bands = create_set("bands-2", Kind.INT, [7, 9])
    statement = stage.say(OneOf(COVER_BAND, bands))
    own = Holding.of(stage.licence.credential, stage.licence.membership.witness_point, stage.world.table)
    digit = stage.world.curve.decode_g1(stage.world.table.octets[48 * 5 : 48 * 6])
    verifier.rejects(statement, binding, draft_of(statement, own, {1: 5}, {1: digit}).proof(binding))


@pytest.mark.attack("F3")
def test_another_attribute_or_set(
    verifier: Verifier, stage: Stage, binding: Binding, union: SetRecord, abroad: SetRecord
) -> None:
    statement = stage.say(OneOf(JURISDICTION, union))
    proof = finish(stage.prepare(statement), binding)
    verifier.rejects(said(statement, predicates=(OneOf(5, union),)), binding, proof)
    verifier.rejects(said(statement, predicates=(OneOf(JURISDICTION, abroad),)), binding, proof)


def test_what_cannot_be_said(stage: Stage, union: SetRecord) -> None:
    for nodes in (
        [OneOf(COVER_BAND, union)],
        [OneOf(0, union)],
        [OneOf(10, union)],
        [OneOf(11, union)],
        [OneOf(True, union)],
        [OneOf(JURISDICTION, union), Disclose(JURISDICTION, "GB")],
        [OneOf(JURISDICTION, union), OneOf(JURISDICTION, union)],
        [OneOf(JURISDICTION, replace(union, suite=union.suite.on("reference")))],
    ):
        with pytest.raises(Misuse):
            stage.say(*nodes)  # type: ignore[arg-type]


@pytest.mark.attack("G8")
def test_a_set_with_a_false_signature(union: SetRecord) -> None:
    swapped = list(union.members)
    (one, first), (other, second), *rest = swapped
    with pytest.raises(Rejected, match="signed"):
        check_set(replace(union, members=((one, second), (other, first), *rest)))


@pytest.mark.attack("G8")
@pytest.mark.parametrize("own", ["GB", "IE"], ids=["mine is true", "mine is false"])
def test_a_proof_over_a_set_with_a_false_signature(stage: Stage, union: SetRecord, own: str) -> None:
    """Whoever made it would learn from the proof that fails who holds the value: so nobody makes one."""
    spoilt = tuple(
        (value, stage.world.curve.encode_g1(random_point(stage.world.curve)) if value == "IE" else signature)
        for value, signature in union.members
    )
    holder = stage.world.licence(jurisdiction=own)
    for nodes in ([OneOf(JURISDICTION, union)], []):
        stage.prepare(stage.say(*nodes), holder)
    with pytest.raises(Rejected) as refusal:
        stage.prepare(stage.say(OneOf(JURISDICTION, replace(union, members=spoilt))), holder)
    assert refusal.value.code == "set"


def test_sets_that_do_not_load(union: SetRecord) -> None:
    members = union.members
    for wrong in (
        {"members": members[:1]},
        {"members": members[::-1]},
        {"members": (members[0], members[0])},
        {"members": tuple((value, b"\xc0" + bytes(47)) for value, _ in members)},
        {"members": tuple((7, signature) for _, signature in members)},
        {"members": tuple((f"{n:03}", members[0][1]) for n in range(513))},
        {"kind": Kind.SCALAR},
        {"kind": Kind.INT},
        {"public_key": b"\xc0" + bytes(95)},
    ):
        with pytest.raises(Malformed):
            replace(union, **wrong)  # type: ignore[arg-type]
    assert SetRecord.decode(union.octets) == union
    for octets in (union.octets[:-1], union.octets + b"\x00", union.octets.replace(b"\x03\x02", b"\x03\x09", 1)):
        with pytest.raises(Malformed):
            SetRecord.decode(octets)


def test_what_cannot_be_made() -> None:
    for values in (["GB"], ["GB", "GB"], ["GB", ""], [1, "GB"]):
        with pytest.raises(Malformed):
            create_set("wrong", Kind.TEXT, values)  # type: ignore[arg-type]
    for numbers in ([1, 2.5], [1, None], [1, True], [1, -1], [1, 2**40]):
        with pytest.raises(Malformed):
            create_set("wrong", Kind.INT, numbers)  # type: ignore[arg-type]
    with pytest.raises(Misuse):
        prepared_signature(create_set("right", Kind.TEXT, ["GB", "IE"]), 1)


def test_decoded_with_the_sets_at_hand(stage: Stage, binding: Binding, union: SetRecord, abroad: SetRecord) -> None:
    statement = stage.say(OneOf(JURISDICTION, union))
    records = stage.world.issuer, stage.world.accumulator, stage.world.epoch, stage.world.escrow
    octets = statement.octets(binding)
    assert decode_statement(octets, *records, sets=[abroad, union]) == (statement, binding)
    reverify(octets, finish(stage.prepare(statement), binding), *records, sets=[union])
    for sets in ([], [abroad]):
        with pytest.raises(Malformed, match="set"):
            decode_statement(octets, *records, sets=sets)
