"""What prover, verifier, issuer and openers refuse before any equation is looked at, each with its own sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cbor2
import pytest

from circuits import (
    AtLeast,
    AtMost,
    Binding,
    Equals,
    IssueReply,
    Kind,
    Malformed,
    Membership,
    Misuse,
    OneOf,
    Prepared,
    Rejected,
    Statement,
    Unsatisfiable,
    audit_entries,
    create_set,
    deal_escrow,
    decode_statement,
    finish,
    new_signer_share,
    open_identity,
    prepare,
    receive_licence,
    register,
    registration_code,
    request_licence,
    revoke,
    seal_key,
    sealed_point,
    sign_licence,
    update_membership,
    verify,
    witness_for,
)
from circuits.accumulator import RevocationEntry, decode_entries, entries_octets
from circuits.curve import G1, Curve
from circuits.entropy import ReplayEntropy
from circuits.issuance import archive_point
from circuits.layout import disclosed_base, layout_of
from circuits.membership_set import check_set
from circuits.presentation import escrow_ciphertext
from circuits.scalar import ORDER
from circuits.suite import SHA256
from circuits.threshold import EscrowCiphertext, open_share
from circuits.weak_bb import check_digit_table, make_table
from tests.attacks.forge import random_point
from tests.circuits.core.world import SESSION, TODAY, Licence, World, octets32, other_world
from tests.circuits.statements.conftest import Stage


class TestTheHolder:
    """Records that do not go together, and a wallet that is behind."""

    def attempt(self, world: World, licence: Licence, statement: Statement, **changes: Any) -> Prepared:
        parts = {"credential": licence.credential, "membership": licence.membership, "table": world.table} | changes
        return prepare(statement, parts["credential"], parts["membership"], parts["table"])

    def test_credential_and_table_are_the_issuers(self, world: World, licence: Licence, statement: Statement) -> None:
        other = other_world()
        for changes in ({"credential": other.licence().credential}, {"table": other.table}):
            with pytest.raises(Misuse, match="a credential or digit table of another issuer"):
                self.attempt(world, licence, statement, **changes)

    def test_number_and_value_of_the_epoch(self, world: World, licence: Licence, statement: Statement) -> None:
        own = licence.membership
        later, _ = world.revoke(world.epoch, 12345)
        for changes in ({"epoch_number": own.epoch_number + 1}, {"value": later.value}):
            with pytest.raises(Unsatisfiable) as refusal:
                self.attempt(world, licence, statement, membership=replace(own, **changes))
            assert refusal.value.code == "stale-witness"

    def test_the_number_of_credentials(self, stage: Stage) -> None:
        own = stage.licence
        with pytest.raises(Misuse, match="another number of credentials"):
            prepare(stage.say(), own.credential, own.membership, stage.world.table, companion=stage.held())


@pytest.mark.attack("E1")
def test_the_length_of_a_proof(statement: Statement, binding: Binding, proof: bytes) -> None:
    for octets in (b"", proof[:-1], proof[:-32], proof + bytes(32)):
        with pytest.raises(Malformed, match="a proof of another length than the statement's"):
            verify(statement, binding, octets)


def test_a_proof_without_an_escrow_has_no_ciphertext(stage: Stage, binding: Binding) -> None:
    statement = stage.say(escrow=False)
    proof = finish(stage.prepare(statement), binding)
    with pytest.raises(Rejected) as refusal:
        escrow_ciphertext(statement.octets(binding), proof)
    assert refusal.value.code == "no-escrow"


class Vanishing:
    """An issuer whose P1 + domain Q1 is O, which nobody can bring about."""

    suite, message_bases = SHA256, ()

    @property
    def base_point(self) -> G1:
        return SHA256.curve.g1_identity()


def test_a_public_part_that_vanishes() -> None:
    issuer: Any = Vanishing()
    with pytest.raises(Misuse, match="the disclosed part of a licence is the identity"):
        disclosed_base(issuer, SHA256, ())


def changed(statement: Statement, binding: Binding, key: int, change: Callable[[Any], Any]) -> bytes:
    fields = cbor2.loads(statement.octets(binding))
    return cbor2.dumps({**fields, key: change(fields[key])}, canonical=True)


@pytest.mark.attack("E1")
def test_logged_statements_in_another_form(stage: Stage, binding: Binding) -> None:
    union = create_set("guards-logged", Kind.TEXT, ["GB", "IE"])
    statement = stage.say(AtLeast(3, TODAY), OneOf(2, union), stage.beside(), Equals(5, 5))
    cases: list[tuple[int, Callable[[Any], Any], str]] = [
        (10, lambda rows: [[*rows[0][:2], 4095]], "not a predicate of this version"),
        (10, lambda rows: [rows[0][:2]], "not a list of the length expected"),
        (18, lambda rows: [rows[0][:1]], "names a set that is not at hand"),
        (19, lambda parts: parts[:8], "nine parts"),
        (19, lambda parts: [*parts[:8], [[5]]], "not a list of the length expected"),
    ]
    records = stage.world.issuer, stage.world.accumulator, stage.world.epoch, stage.world.escrow
    decode_statement(statement.octets(binding), *records, companion=stage.companion_records, sets=[union])
    for key, change, sentence in cases:
        octets = changed(statement, binding, key, change)
        with pytest.raises(Malformed, match=sentence):
            decode_statement(octets, *records, companion=stage.companion_records, sets=[union])


@pytest.mark.parametrize("index", [True, 1.0])
def test_equal_attributes_are_named_by_whole_numbers(stage: Stage, index: Any) -> None:
    for nodes in (Equals(index, 1), Equals(1, index)):
        with pytest.raises(Misuse, match="only hidden attributes"):
            stage.say(stage.beside(), nodes)


class TestTheAccumulator:
    def test_points_are_checked_when_a_membership_is_built(self, licence: Licence) -> None:
        for name in ("value", "witness"):
            with pytest.raises(Malformed):
                replace(licence.membership, **{name: b"\xc0" + bytes(47)})

    def test_memberships_of_another_accumulator(self, world: World, licence: Licence) -> None:
        with pytest.raises(Malformed, match="another accumulator"):
            Membership.decode(other_world().accumulator, licence.membership.encode())
        with pytest.raises(Misuse, match="an epoch of another accumulator"):
            update_membership(licence.membership, licence.credential.handle, [], other_world().epoch)

    @pytest.mark.attack("V3")
    def test_an_update_that_ends_in_the_identity(self, world: World, licence: Licence) -> None:
        """C - 1 V_1 with V_1 = C."""
        entry = RevocationEntry(12345, licence.membership.witness_point)
        later, _ = world.revoke(world.epoch, 12345)
        with pytest.raises(Rejected, match="does not lead to this epoch"):
            update_membership(licence.membership, licence.credential.handle, [entry], later)

    @pytest.mark.attack("V4")
    def test_an_entry_that_is_the_identity(self, world: World) -> None:
        entry = RevocationEntry(12345, world.curve.g1_identity())
        with pytest.raises(Rejected, match="is not a point of the subgroup"):
            audit_entries(world.accumulator, world.accumulator.start_value, [entry])

    def test_half_an_entry(self, world: World) -> None:
        _, entries = world.revoke(world.epoch, 12345)
        for affine in (False, True):
            octets = entries_octets(entries, affine)
            for wrong in (octets[:-1], octets + b"\x00"):
                with pytest.raises(Malformed, match="not a whole number of entries"):
                    decode_entries(wrong, affine)

    def test_the_handle_that_hits_the_key(self, world: World) -> None:
        key = world.accumulated.secret_key
        for act in (revoke, witness_for):
            with pytest.raises(Misuse, match="hits the accumulator's key"):
                act(world.accumulator, key, world.epoch.value, ORDER - key.expose())


class TestTheIssuer:
    def test_lengths(self, world: World) -> None:
        registration = register(world.issuer)
        with pytest.raises(Malformed, match="48 octets"):
            registration_code(registration.point[:-1])
        for nonce, session in ((bytes(31), bytes(32)), (bytes(32), bytes(33))):
            with pytest.raises(Misuse, match="nonce and session have 32 octets"):
                request_licence(world.issuer, registration, nonce, session)

    def test_an_archive_point_that_vanishes(self, world: World) -> None:
        holder = world.curve.encode_g1(world.curve.multiply(world.issuer.message_bases[0], -7))
        with pytest.raises(Rejected, match="the archive point is the identity") as refusal:
            archive_point(world.issuer, holder, 7)
        assert refusal.value.code == "bad-registration"

    def test_a_reply_for_another_epoch(self, world: World, licence: Licence) -> None:
        """Number and accumulator each: the reply is genuine, and of an epoch with the same number elsewhere."""
        request, pending = request_licence(world.issuer, register(world.issuer), octets32("nonce"), SESSION)
        attributes, share = licence.credential.attributes, new_signer_share()
        signature = sign_licence(world.issuer, world.created.secret_key, request, attributes, share)
        reply = IssueReply(signature, attributes, share, licence.membership.witness, world.epoch.number)
        receive_licence(world.issuer, world.accumulator, world.epoch, pending, reply)
        elsewhere = replace(world.epoch, accumulator_hash=bytes(32))
        for epoch, answer in ((elsewhere, reply), (world.epoch, replace(reply, epoch_number=1))):
            with pytest.raises(Rejected, match="the witness is not for this epoch") as refusal:
                receive_licence(world.issuer, world.accumulator, epoch, pending, answer)
            assert refusal.value.code == "membership"


class NeverAsked:
    """Entropy that must not be drawn from."""

    def scalar(self) -> int:
        raise AssertionError("drawn before the numbers were checked")

    def octets(self, count: int) -> bytes:
        raise AssertionError("drawn before the numbers were checked")


class TestTheOpeners:
    @pytest.mark.attack("X11")
    @pytest.mark.parametrize(("threshold", "openers"), [(1, 3), (4, 3), (2, 33)])
    def test_numbers_are_refused_before_a_key_is_drawn(self, threshold: int, openers: int) -> None:
        with pytest.raises(Malformed, match="2 <= threshold <= openers <= 32"):
            deal_escrow("escrow-guards", threshold, openers, 0, 1, entropy=NeverAsked())

    def test_no_opener_has_the_index(self, world: World) -> None:
        first = world.curve.encode_g1(world.escrow.base)
        for index in (0, -1, 4):
            with pytest.raises(Misuse, match="no opener has this index"):
                open_share(world.escrow, index, world.dealt.shares[0], first, "case", octets32("digest"))

    def test_a_ciphertext_that_opens_to_the_identity(self, world: World) -> None:
        point = world.curve.encode_g1(random_point(world.curve))
        with pytest.raises(Rejected, match="opens to the identity") as refusal:
            open_identity(world.escrow, EscrowCiphertext(point, point), point)
        assert refusal.value.code == "bad-opening"

    def test_encapsulations(self, world: World) -> None:
        octets, _ = seal_key(world.escrow, b"row")
        for wrong in (b"", octets[:-1], octets + b"\x00"):
            with pytest.raises(Malformed, match="an encapsulation has 128 octets"):
                sealed_point(world.escrow, wrong, b"row")
        with pytest.raises(Misuse, match="names what it is"):
            seal_key(world.escrow, b"")


@dataclass(frozen=True)
class Spoilt:
    """Signatures S_i + X_i: whatever the key, the defects of the equations sum to 0 when sum X_i = sum i X_i = O."""

    curve: Curve
    point: G1

    def add(self, signature: bytes, weight: int) -> bytes:
        return self.curve.encode_g1(
            self.curve.add(self.curve.decode_g1(signature), self.curve.multiply(self.point, weight))
        )


@pytest.mark.attack("G8")
@pytest.mark.parametrize("weights", [{0: 1}, {4095: 1}, {0: 1, 1: -2, 2: 1}], ids=["first", "last", "cancelling"])
def test_a_false_entry_of_the_digit_table(world: World, weights: dict[int, int]) -> None:

    spoilt, table = Spoilt(world.curve, random_point(world.curve)), bytearray(world.table.octets)
    for digit, weight in weights.items():
        at = slice(48 * digit, 48 * digit + 48)
        table[at] = spoilt.add(bytes(table[at]), weight)
    record = replace(world.issuer, table_hash=hashlib.sha256(table).digest())
    with pytest.raises(Rejected, match="not a signature on its digit"):
        check_digit_table(record, bytes(table))
    with pytest.raises(Rejected, match="not the one that the issuer's record names"):
        check_digit_table(world.issuer, bytes(table))


@pytest.mark.attack("G8")
@pytest.mark.parametrize("weights", [{0: 1}, {2: 1}, {0: 5 - 7, 1: 7 - 2, 2: 2 - 5}], ids=["first", "last", "cancel"])
def test_a_false_member_of_a_set(world: World, weights: dict[int, int]) -> None:
    record = create_set("guards-false", Kind.INT, [2, 5, 7])
    check_set(record)
    spoilt, members = Spoilt(world.curve, random_point(world.curve)), list(record.members)
    for place, weight in weights.items():
        value, signature = members[place]
        members[place] = value, spoilt.add(signature, weight)
    with pytest.raises(Rejected, match="not signed") as refusal:
        check_set(replace(record, members=tuple(members)))
    assert refusal.value.code == "set"


def test_keys_that_hit_what_they_sign(world: World) -> None:
    with pytest.raises(Misuse, match="the digit key hits a digit"):
        make_table(SHA256, world.issuer.digit_base, ReplayEntropy([ORDER - 5]))
    with pytest.raises(Misuse, match="the set's key hits a member"):
        create_set("guards-hit", Kind.INT, [7, 9], entropy=ReplayEntropy([ORDER - 9]))


@pytest.mark.attack("G1")
def test_the_digit_key_is_no_bound(stage: Stage) -> None:
    """With X_d = b P2 the image of a predicate would vanish in a true proof of anything."""
    curve, world = stage.world.curve, stage.world
    issuer = replace(world.issuer, digit_key=curve.encode_g2(curve.multiply_g2(curve.g2_generator(), 5)))
    claims = replace(stage.say(AtLeast(4, 5)).licence, issuer=issuer)
    with pytest.raises(Misuse, match="the digits' key is a bound of the statement"):
        layout_of(Statement(claims, None, b"here"))
    layout_of(Statement(replace(claims, predicates=(AtLeast(4, 6),)), None, b"here"))


@pytest.mark.attack("G1")
def test_the_digit_key_is_no_upper_bound(stage: Stage) -> None:
    """There the image is Sbar + b S', so that the key in question is -b P2, and b P2 is one like any other."""
    curve, world = stage.world.curve, stage.world
    for key, refused in ((ORDER - 5, True), (5, False)):
        issuer = replace(world.issuer, digit_key=curve.encode_g2(curve.multiply_g2(curve.g2_generator(), key)))
        statement = Statement(replace(stage.say(AtMost(4, 5)).licence, issuer=issuer), None, b"here")
        if refused:
            with pytest.raises(Misuse, match="the digits' key is a bound of the statement"):
                layout_of(statement)
        else:
            layout_of(statement)
