"""Attacks that take a true proof elsewhere: another challenge, another statement, other records."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
    Rejected,
    Statement,
    Unsatisfiable,
    all_of,
    decode_presentation,
    decode_statement,
    encode_cbor,
    policy_statement,
    prepare,
    reverify,
)
from circuits.encoding import decode_map
from tests.attacks.conftest import Verifier
from tests.attacks.forge import Holding, draft
from tests.circuits.core.world import AUDIENCE, NOW, TODAY, Licence, World, octets32, said

OTHER_BINDINGS = {
    "nonce": octets32("another nonce"),
    "audience": "https://gw.example.org",
    "request_digest": octets32("another request"),
    "session_thumbprint": octets32("another key"),
    "not_after": NOW + 121,
    "policy_hash": octets32("another policy"),
}


@pytest.mark.attack("F1")
@pytest.mark.attack("F4")
@pytest.mark.attack("F5")
@pytest.mark.attack("F6")
@pytest.mark.attack("11")
@pytest.mark.parametrize("name", OTHER_BINDINGS)
def test_another_challenge(verifier: Verifier, statement: Statement, binding: Binding, proof: bytes, name: str) -> None:
    verifier.rejects(statement, replace(binding, **{name: OTHER_BINDINGS[name]}), proof)  # type: ignore[arg-type]


OTHER_DISCLOSURES = [
    ((1, 2), (2, "GB")),
    ((1, 3), (2, "FR")),
    ((2, "GB"), (6, 3)),
    ((1, 3), (2, "gb")),
]


@pytest.mark.attack("F2")
@pytest.mark.attack("F5")
@pytest.mark.parametrize("disclosed", OTHER_DISCLOSURES)
def test_other_disclosed_values(
    verifier: Verifier,
    statement: Statement,
    binding: Binding,
    proof: bytes,
    disclosed: tuple[tuple[int, int | str], ...],
) -> None:
    verifier.rejects(said(statement, disclosed=disclosed), binding, proof)


@pytest.mark.attack("F2")
@pytest.mark.attack("E4")
def test_fewer_or_more_disclosed(verifier: Verifier, statement: Statement, binding: Binding, proof: bytes) -> None:
    for disclosed in (((1, 3),), ((1, 3), (2, "GB"), (6, 1)), ()):
        verifier.finds_malformed(said(statement, disclosed=disclosed), binding, proof)


OTHER_PREDICATES = [
    ((3, TODAY + 1), (4, 2)),
    ((3, TODAY - 1), (4, 2)),
    ((3, TODAY), (4, 1)),
    ((4, 2), (8, TODAY)),
    ((3, 0), (4, 0)),
    ((3, TODAY), (7, 2)),
    ((4, 2), (3, TODAY)),
]


@pytest.mark.attack("F3")
@pytest.mark.attack("24")
@pytest.mark.parametrize("predicates", OTHER_PREDICATES)
def test_other_bounds_and_indexes(
    verifier: Verifier, statement: Statement, binding: Binding, proof: bytes, predicates: tuple[tuple[int, int], ...]
) -> None:
    verifier.rejects(said(statement, predicates=tuple(AtLeast(*one) for one in predicates)), binding, proof)


@pytest.mark.attack("F3")
def test_another_number_of_predicates(verifier: Verifier, statement: Statement, binding: Binding, proof: bytes) -> None:
    for predicates in ((), ((3, TODAY),), ((3, TODAY), (4, 2), (6, 0))):
        verifier.finds_malformed(said(statement, predicates=tuple(AtLeast(*one) for one in predicates)), binding, proof)


@pytest.mark.attack("F3")
def test_another_window_is_no_statement(world: World, statement: Statement, binding: Binding) -> None:
    fields = decode_map(statement.octets(binding), 4096, range(1, 17))
    for window in (4095, 4097, 0):
        changed = fields | {10: [[3, TODAY, window], [4, 2, 4096]]}
        with pytest.raises(Malformed):
            decode_statement(encode_cbor(changed), world.issuer, world.accumulator, world.epoch, world.escrow)


@pytest.mark.attack("F4")
def test_other_records(
    verifier: Verifier, world: World, second_world: World, statement: Statement, binding: Binding, proof: bytes
) -> None:
    handle = world.licence().credential.handle
    later, _ = world.revoke(world.epoch, handle)
    renumbered = replace(world.epoch, number=1, previous=world.epoch.hash)
    for other in (
        said(statement, epoch=later),
        said(statement, epoch=renumbered),
        said(statement, epoch=replace(world.epoch, value=later.value)),
        said(statement, accumulator=second_world.accumulator),
        said(statement, issuer=second_world.issuer),
        said(statement, issuer=replace(world.issuer, digit_key=second_world.issuer.digit_key)),
        said(statement, issuer=replace(world.issuer, profile_id="operator-2027")),
        replace(statement, escrow=second_world.escrow),
        replace(statement, context=statement.context + b"x"),
    ):
        verifier.rejects(other, binding, proof)
    verifier.finds_malformed(replace(statement, escrow=None), binding, proof)


@pytest.mark.attack("F5")
def test_one_proof_for_two_statements(
    verifier: Verifier, world: World, licence: Licence, statement: Statement, binding: Binding, proof: bytes
) -> None:
    tomorrow = world.statement(time=NOW + 86_400)
    assert tomorrow != statement
    verifier.rejects(tomorrow, binding, proof)
    verifier.rejects(statement, binding, world.proof(tomorrow, licence, binding))
    verifier.accepts(tomorrow, binding, world.proof(tomorrow, licence, binding))


@pytest.mark.attack("F8")
def test_midnight_is_no_race(verifier: Verifier, world: World, licence: Licence) -> None:
    """Both sides compute everything from the challenge's own time, however late they do it."""
    last_second = (TODAY + 1) * 86_400 - 1
    asked, answered = world.statement(time=last_second), world.statement(time=last_second)
    binding = replace(world.binding(), not_after=last_second + 120)
    verifier.accepts(asked, binding, world.proof(answered, licence, binding))
    after = world.statement(time=last_second + 1)
    assert (after.predicates, after.context) != (asked.predicates, asked.context)
    verifier.rejects(after, binding, world.proof(asked, licence, binding))


@pytest.mark.attack("F2")
@pytest.mark.parametrize(
    "disclosed", [{1: 2, 2: "GB"}, {1: 3, 2: "FR"}, {1: 3}, {1: 3, 2: "GB", 6: 1}, {1: True, 2: "GB"}]
)
def test_the_policy_decides_what_suffices(world: World, disclosed: dict[int, int | str]) -> None:
    with pytest.raises(Rejected) as refusal:
        world.statement(disclosed=disclosed)
    assert refusal.value.code == "predicate"


@pytest.mark.attack("F2")
def test_what_suffices_is_compared_with_its_kind(world: World) -> None:
    """True equals 1 in Python, and encodes differently."""
    policy = replace(world.policy, disclosed=((1, (1,)),))
    records = (world.issuer, world.accumulator, world.epoch, world.escrow)
    assert policy_statement(policy, *records, {1: 1}, AUDIENCE, NOW).disclosed == ((1, 1),)
    with pytest.raises(Rejected):
        policy_statement(policy, *records, {1: True}, AUDIENCE, NOW)


@pytest.mark.attack("F4")
@pytest.mark.attack("X9")
@pytest.mark.attack("19")
def test_records_that_do_not_go_with_the_policy(world: World, second_world: World) -> None:
    def refused(code: str, **changes: object) -> None:
        given: dict[str, object] = {
            "issuer": world.issuer,
            "accumulator": world.accumulator,
            "epoch": world.epoch,
            "escrow": world.escrow,
            "time": NOW,
        } | changes
        with pytest.raises(Rejected) as refusal:
            policy_statement(
                world.policy,
                disclosed={1: 3, 2: "GB"},
                audience=AUDIENCE,
                **given,  # type: ignore[arg-type]
            )
        assert refusal.value.code == code

    refused("unknown-issuer", issuer=second_world.issuer)
    refused("unknown-issuer", issuer=replace(world.issuer, profile_id="operator-2027"))
    refused("unknown-issuer", accumulator=second_world.accumulator)
    refused("unknown-epoch", epoch=second_world.epoch)
    refused("unknown-escrow", escrow=second_world.escrow)
    refused("unknown-escrow", escrow=None)
    refused("unknown-escrow", time=world.escrow.not_after)
    refused("unknown-escrow", time=world.escrow.not_before - 1)


@pytest.mark.attack("F5")
@pytest.mark.attack("47")
def test_a_logged_proof_fits_its_own_records_only(
    world: World, second_world: World, statement: Statement, binding: Binding, proof: bytes
) -> None:
    octets = statement.octets(binding)
    own = (world.issuer, world.accumulator, world.epoch, world.escrow)
    assert reverify(octets, proof, *own).statement_octets == octets
    for place, other in enumerate((second_world.issuer, second_world.accumulator, second_world.epoch)):
        with pytest.raises(Malformed):
            reverify(octets, proof, *own[:place], other, *own[place + 1 :])  # type: ignore[arg-type]
    for escrow in (second_world.escrow, None):
        with pytest.raises(Malformed):
            reverify(octets, proof, *own[:3], escrow)
    with pytest.raises(Rejected):
        reverify(statement.octets(world.binding("other")), proof, *own)


@pytest.mark.attack("F2")
@pytest.mark.attack("F5")
def test_the_presentation_only_selects(statement: Statement, binding: Binding, proof: bytes) -> None:
    presentation = decode_presentation(statement.present(binding, proof))
    assert presentation.proof == proof
    assert presentation.disclosed == {1: 3, 2: "GB"}
    fields = decode_map(statement.present(binding, proof), 4096, range(1, 8))
    for disclosed in ([[2, "GB"], [1, 3]], [[1, 3], [1, 3]], [[1, 3, 3]], [[1]], [["1", 3]], [[1, b"x"]], [[300, 3]]):
        with pytest.raises(Malformed):
            decode_presentation(encode_cbor(fields | {6: disclosed}))


def test_whatever_verifies_can_be_opened_later(world: World, licence: Licence) -> None:
    """The longest statement that can be made still loads for the opener."""
    long = world.licence(jurisdiction="J" * 64, permit="P" * 64)
    statement = all_of(
        Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"c" * 1024),
        Escrowed(world.escrow), Disclose(1, 3), Disclose(2, "J" * 64), Disclose(5, "P" * 64), Disclose(6, 1),
        Disclose(7, 1), *(AtLeast(3, TODAY - q) for q in range(6)), AtLeast(8, TODAY), AtLeast(4, 5),
    )  # fmt: skip
    binding = replace(world.binding(), audience="https://" + "a" * 247, not_after=2**63)
    proof = world.proof(statement, long, binding)
    reverify(statement.octets(binding), proof, world.issuer, world.accumulator, world.epoch, world.escrow)
    assert decode_presentation(statement.present(binding, proof)).proof == proof
    for make in (
        lambda: replace(binding, audience="a" * 256),
        lambda: replace(binding, audience=""),
        lambda: all_of(Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"c" * 1025)),
    ):
        with pytest.raises(Misuse):
            make()


def test_a_licence_of_another_issuer_is_no_witness(second_world: World, statement: Statement, world: World) -> None:
    theirs = second_world.licence()
    with pytest.raises(Misuse):
        prepare(statement, theirs.credential, theirs.membership, world.table)
    with pytest.raises(Misuse):
        prepare(statement, world.licence().credential, theirs.membership, world.table)


@pytest.mark.attack("F2")
def test_the_holder_says_nothing_untrue(world: World, statement: Statement, licence: Licence) -> None:
    for changed in (world.licence(tier=2), world.licence(jurisdiction="FR")):
        with pytest.raises(Unsatisfiable) as refusal:
            prepare(statement, changed.credential, changed.membership, world.table)
        assert refusal.value.code == "predicate"


def test_hidden_values_of_a_draft_are_bound_together(
    verifier: Verifier, statement: Statement, binding: Binding, holding: Holding
) -> None:
    """Every response of a draft is needed: none can be taken from another secret."""
    for name in draft(statement, holding).scalars:
        if name in {"m1", "m2"}:
            continue
        forged = draft(statement, holding)
        forged.scalars[name] += 1
        verifier.rejects(statement, binding, forged.proof(binding))
