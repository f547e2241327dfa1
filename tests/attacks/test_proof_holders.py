"""Attacks by holders: somebody else's licence, a revoked one, two of them mixed, numbers that are not signed."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from circuits import (
    AtLeast,
    AtMost,
    Binding,
    Malformed,
    Misuse,
    Rejected,
    Statement,
    Unsatisfiable,
    prepare,
    update_membership,
)
from circuits.credential import Credential
from circuits.layout import layout_of
from circuits.records import IssuerRecord
from circuits.scalar import ORDER, inverse
from circuits.secret import Secret
from circuits.weak_bb import check_digit_table
from tests.attacks.conftest import Verifier, holding_of
from tests.attacks.forge import Holding, all_ones, draft, nonzero, pseudonym_point, random_point, table_entry
from tests.circuits.core.world import Licence, World, bounds, said


class TestCredential:
    @pytest.mark.attack("C2")
    def test_another_exponent(
        self, verifier: Verifier, statement: Statement, binding: Binding, holding: Holding
    ) -> None:
        other = replace(holding, exponent=holding.exponent + 1)
        verifier.rejects(statement, binding, draft(statement, other).proof(binding))
        forged = draft(statement, holding)
        forged.scalars["e"] += 1
        verifier.rejects(statement, binding, forged.proof(binding))

    @pytest.mark.attack("C4")
    @pytest.mark.attack("19")
    def test_another_issuers_licence(
        self, verifier: Verifier, world: World, second_world: World, statement: Statement, binding: Binding
    ) -> None:
        theirs = second_world.licence()
        stolen = Holding.of(theirs.credential, theirs.membership.witness_point, world.table)
        verifier.rejects(statement, binding, draft(statement, stolen).proof(binding))
        signed = world.issuer.signed_point(stolen.messages)
        key = second_world.created.secret_key.expose()
        own = replace(stolen, signature=world.curve.multiply(signed, inverse(key + stolen.exponent)))
        verifier.rejects(statement, binding, draft(statement, own).proof(binding))

    @pytest.mark.attack("C5")
    @pytest.mark.attack("13")
    def test_a_raised_date(self, verifier: Verifier, world: World, statement: Statement, binding: Binding) -> None:
        expired = world.licence(good_until=bounds(statement)[0][1] - 1)
        raised = holding_of(world, expired).with_message(3, bounds(statement)[0][1])
        verifier.rejects(statement, binding, draft(statement, raised).proof(binding))

    @pytest.mark.attack("C6")
    @pytest.mark.parametrize("zero", ["A", "r1", "r2"])
    def test_zeros(
        self, verifier: Verifier, statement: Statement, binding: Binding, holding: Holding, zero: str
    ) -> None:
        curve = statement.issuer.suite.curve
        forged = draft(statement, holding)
        forged.points["Abar"] = curve.g1_identity()
        forged.points["Bbar"] = curve.multiply(forged.points["D"], forged.scalars["r1"])
        if zero != "A":
            forged.points["Bbar"] = curve.g1_identity()
            forged.scalars[zero.replace("r2", "r3")] = 0
        if zero == "r2":
            forged.points["D"] = curve.g1_identity()
        verifier.finds_malformed(statement, binding, forged.proof(binding))

    @pytest.mark.attack("C7")
    @pytest.mark.attack("25")
    @pytest.mark.parametrize("index", [0, 5, 10, 11])
    def test_messages_of_two_licences(
        self,
        verifier: Verifier,
        statement: Statement,
        binding: Binding,
        holding: Holding,
        colluder: Holding,
        index: int,
    ) -> None:
        mixed = holding.with_message(index, colluder.messages[index] if index != 5 else 9)
        verifier.rejects(statement, binding, draft(statement, mixed).proof(binding))
        verifier.rejects(statement, binding, draft(statement, replace(mixed, witness=colluder.witness)).proof(binding))

    @pytest.mark.attack("25")
    def test_the_possession_of_one_and_all_else_of_another(
        self, verifier: Verifier, statement: Statement, binding: Binding, holding: Holding, colluder: Holding
    ) -> None:
        for names in (("Abar", "Bbar", "D"), ("C'", "Cbar"), ("S'1", "Sbar1"), ("Nym",), ("E1", "E2")):
            forged, lent = draft(statement, holding), draft(statement, colluder)
            for name in names:
                forged.points[name] = lent.points[name]
            verifier.rejects(statement, binding, forged.proof(binding))


class TestRevocation:
    @pytest.mark.attack("V1")
    @pytest.mark.attack("16")
    @pytest.mark.requirement("R63")
    def test_a_revoked_holder_with_the_old_witness(self, verifier: Verifier, world: World, binding: Binding) -> None:
        victim = world.licence()
        later, _ = world.revoke(world.epoch, victim.credential.handle)
        statement = world.statement(epoch=later)
        verifier.rejects(statement, binding, draft(statement, holding_of(world, victim)).proof(binding))
        with pytest.raises(Unsatisfiable) as refusal:
            prepare(statement, victim.credential, victim.membership, world.table)
        assert refusal.value.code == "stale-witness"

    @pytest.mark.attack("V2")
    @pytest.mark.attack("14")
    def test_the_old_value(self, verifier: Verifier, world: World, binding: Binding) -> None:
        victim = world.licence()
        later, _ = world.revoke(world.epoch, victim.credential.handle)
        forged = draft(world.statement(), holding_of(world, victim)).proof(binding)
        verifier.accepts(world.statement(), binding, forged)
        verifier.rejects(world.statement(epoch=later), binding, forged)

    @pytest.mark.attack("V3")
    def test_the_new_value_as_a_witness(self, verifier: Verifier, world: World, binding: Binding) -> None:
        victim = world.licence()
        later, entries = world.revoke(world.epoch, victim.credential.handle)
        statement = world.statement(epoch=later)
        for point in (entries[0].point, world.epoch.point, later.point):
            forged = replace(holding_of(world, victim), witness=point)
            verifier.rejects(statement, binding, draft(statement, forged).proof(binding))

    @pytest.mark.attack("V4")
    def test_a_colluders_witness_with_the_own_handle(
        self, verifier: Verifier, statement: Statement, binding: Binding, holding: Holding, colluder: Holding
    ) -> None:
        forged = replace(holding, witness=colluder.witness)
        verifier.rejects(statement, binding, draft(statement, forged).proof(binding))

    @pytest.mark.attack("V7")
    def test_no_witness_at_all(
        self, verifier: Verifier, statement: Statement, binding: Binding, holding: Holding
    ) -> None:
        forged = draft(statement, holding)
        forged.scalars["rho"] = 0
        forged.points["C'"] = forged.points["Cbar"] = statement.issuer.suite.curve.g1_identity()
        verifier.finds_malformed(statement, binding, forged.proof(binding))

    @pytest.mark.attack("V8")
    @pytest.mark.requirement("R63")
    def test_an_update_over_the_own_revocation(self, world: World) -> None:
        victim = world.licence()
        later, entries = world.revoke(world.epoch, 11, victim.credential.handle, 12)
        with pytest.raises(Unsatisfiable) as refusal:
            update_membership(victim.membership, victim.credential.handle, entries, later)
        assert refusal.value.code == "revoked"
        for fewer in (entries[:1], entries[1:], entries[2:], (entries[0], entries[2])):
            with pytest.raises((Unsatisfiable, Rejected)):
                update_membership(victim.membership, victim.credential.handle, fewer, later)


class TestRange:
    @pytest.mark.attack("G3")
    def test_digit_minus_one_under_an_own_key(self, verifier: Verifier, world: World, binding: Binding) -> None:
        """Whoever knows the digit key signs -1; the verifier takes the issuer's key."""
        statement = world.statement()
        expired = holding_of(world, world.licence(good_until=bounds(statement)[0][1] - 1))
        forged, key, blind = draft(statement, expired, [0, 3]), nonzero(), nonzero()
        entry = world.curve.multiply(world.issuer.digit_base, inverse(key - 1))
        forged.scalars["t1"] = blind
        forged.points["S'1"] = world.curve.multiply(entry, blind)
        forged.points["Sbar1"] = world.curve.combine([world.issuer.digit_base, entry], [blind, blind])
        verifier.rejects(statement, binding, forged.proof(binding))

    @pytest.mark.attack("G4")
    @pytest.mark.parametrize("what", ["A", "C", "digit of another issuer"])
    def test_another_signature_as_a_digit(
        self,
        verifier: Verifier,
        world: World,
        second_world: World,
        statement: Statement,
        binding: Binding,
        holding: Holding,
        what: str,
    ) -> None:
        entry = {
            "A": holding.signature,
            "C": holding.witness,
            "digit of another issuer": table_entry(second_world.table, 3),
        }[what]
        forged, blind = draft(statement, holding), nonzero()
        digit = holding.messages[4] - 2
        forged.scalars["t2"] = blind
        forged.points["S'2"] = world.curve.multiply(entry, blind)
        forged.points["Sbar2"] = world.curve.combine([world.issuer.digit_base, entry], [blind, -blind * digit])
        verifier.rejects(statement, binding, forged.proof(binding))

    @pytest.mark.attack("G5")
    def test_no_digit(self, verifier: Verifier, statement: Statement, binding: Binding, holding: Holding) -> None:
        forged = draft(statement, holding)
        forged.scalars["t1"] = 0
        forged.points["S'1"] = forged.points["Sbar1"] = statement.issuer.suite.curve.g1_identity()
        verifier.finds_malformed(statement, binding, forged.proof(binding))

    @pytest.mark.attack("G5")
    def test_an_image_that_vanishes(
        self, verifier: Verifier, world: World, statement: Statement, binding: Binding, holding: Holding
    ) -> None:
        """Check 9: Sbar = b S' leaves nothing for the equation to say."""
        for position, (_, bound) in enumerate(bounds(statement), 1):
            forged = draft(statement, holding)
            forged.points[f"Sbar{position}"] = world.curve.multiply(forged.points[f"S'{position}"], bound)
            verifier.rejects(statement, binding, forged.proof(binding))

    def test_a_digit_key_that_is_a_bound(self, world: World, statement: Statement) -> None:
        """Check 9 once for all proofs: under such a key Sbar = b S' would satisfy every equation and claim."""
        curve = world.curve
        for bound, one in ((2, AtLeast(4, 2)), (-2, AtMost(4, 2))):
            key = curve.encode_g2(curve.multiply_g2(curve.g2_generator(), bound))
            with pytest.raises(Misuse, match="is a bound"):
                layout_of(said(statement, issuer=replace(world.issuer, digit_key=key), predicates=(one,)))
        key = curve.encode_g2(curve.multiply_g2(curve.g2_generator(), 3))
        layout_of(said(statement, issuer=replace(world.issuer, digit_key=key), predicates=(AtLeast(4, 2),)))

    @pytest.mark.attack("G6")
    def test_the_digit_of_another_attribute(self, verifier: Verifier, world: World, binding: Binding) -> None:
        statement = world.statement()
        own = holding_of(world, world.licence(good_until=bounds(statement)[0][1] - 1))
        digits = [own.messages[8] - bounds(statement)[0][1], own.messages[4] - 2]
        verifier.rejects(statement, binding, draft(statement, own, digits).proof(binding))

    @pytest.mark.attack("G8")
    def test_a_wrong_entry_of_the_table(self, world: World) -> None:
        octets = world.table.octets
        altered = octets[:48] + octets[:48] + octets[96:]
        with pytest.raises(Rejected) as refusal:
            check_digit_table(world.issuer, altered)
        assert refusal.value.code == "digit-table"
        record: IssuerRecord = replace(world.issuer, table_hash=hashlib.sha256(altered).digest())
        with pytest.raises(Rejected) as refusal:
            check_digit_table(record, altered)
        assert refusal.value.code == "digit-table"
        for wrong in (octets[:-48], octets + octets[:48], b""):
            with pytest.raises(Malformed):
                check_digit_table(world.issuer, wrong)
        # Errors of 1, -2 and 1 at the digits 0, 1 and 2 cancel where every entry weighs the same.
        shifts = [world.curve.multiply(world.curve.g1_generator(), weight) for weight in (1, -2, 1)]
        bad = [world.curve.add(table_entry(world.table, digit), shift) for digit, shift in enumerate(shifts)]
        cancelling = b"".join(map(world.curve.encode_g1, bad)) + octets[144:]
        record = replace(world.issuer, table_hash=hashlib.sha256(cancelling).digest())
        check_digit_table(record, cancelling, all_ones())
        with pytest.raises(Rejected):
            check_digit_table(record, cancelling)
        ones = b"\xc0" + bytes(47) + octets[48:]
        with pytest.raises(Malformed):
            check_digit_table(replace(world.issuer, table_hash=hashlib.sha256(ones).digest()), ones)

    @pytest.mark.attack("G1")
    def test_no_digit_outside_the_table(self, world: World) -> None:
        for digit in (-1, 4096):
            with pytest.raises(Misuse):
                world.table.signature(digit)


class TestPseudonym:
    @pytest.mark.attack("N2")
    def test_the_pseudonym_of_another_context(
        self, verifier: Verifier, world: World, statement: Statement, binding: Binding, holding: Holding
    ) -> None:
        forged = draft(statement, holding)
        forged.points["Nym"] = world.curve.multiply(pseudonym_point(statement, b"elsewhere"), holding.messages[11])
        verifier.rejects(statement, binding, forged.proof(binding))

    @pytest.mark.attack("N3")
    def test_a_link_secret_of_zero(
        self,
        verifier: Verifier,
        world: World,
        statement: Statement,
        binding: Binding,
        holding: Holding,
        licence: Licence,
    ) -> None:
        forged = draft(statement, holding.with_message(11, 0))
        assert world.curve.is_identity(forged.points["Nym"])
        verifier.finds_malformed(statement, binding, forged.proof(binding))
        own = licence.credential
        for link_secret in (0, ORDER):
            nobody = Credential(own.issuer, own.signature, own.attributes, own.blind, Secret(link_secret % ORDER))
            with pytest.raises(Malformed):
                nobody.check()

    @pytest.mark.requirement("R74")
    def test_the_same_here_and_meaningless_elsewhere(
        self, verifier: Verifier, world: World, statement: Statement, binding: Binding, licence: Licence
    ) -> None:
        here = verifier.accepts(statement, binding, world.proof(statement, licence, binding)).pseudonym
        again = verifier.accepts(statement, binding, world.proof(statement, licence, binding)).pseudonym
        next_week = world.statement(time=1_794_000_000 + 7 * 86_400)
        later = verifier.accepts(next_week, binding, world.proof(next_week, licence, binding)).pseudonym
        assert here == again != later


class TestEscrow:
    @pytest.mark.attack("X4")
    def test_no_randomness(
        self, verifier: Verifier, world: World, statement: Statement, binding: Binding, holding: Holding
    ) -> None:
        forged = draft(statement, holding)
        forged.scalars["k"] = 0
        forged.points["E1"] = world.curve.g1_identity()
        base = forged.elements_by_name()
        forged.points["E2"] = world.curve.combine([base["J1"], base["H0"]], [holding.messages[11], holding.messages[0]])
        verifier.finds_malformed(statement, binding, forged.proof(binding))

    @pytest.mark.attack("X5")
    def test_a_ciphertext_made_new(
        self, verifier: Verifier, world: World, statement: Statement, binding: Binding, holding: Holding
    ) -> None:
        shift = nonzero()
        forged = draft(statement, holding)
        base = forged.elements_by_name()
        forged.points["E1"] = world.curve.add(forged.points["E1"], world.curve.multiply(base["Ge"], shift))
        forged.points["E2"] = world.curve.add(forged.points["E2"], world.curve.multiply(base["K"], shift))
        verifier.rejects(statement, binding, forged.proof(binding))
        honest = world.proof(statement, world.licence(), binding)
        first, second = (world.curve.decode_g1(honest[at : at + 48]) for at in (480, 528))
        moved = world.curve.encode_g1(world.curve.add(first, world.curve.multiply(base["Ge"], shift)))
        moved += world.curve.encode_g1(world.curve.add(second, world.curve.multiply(base["K"], shift)))
        verifier.rejects(statement, binding, honest[:480] + moved + honest[576:])

    @pytest.mark.attack("X1")
    def test_any_ciphertext(
        self, verifier: Verifier, world: World, statement: Statement, binding: Binding, holding: Holding
    ) -> None:
        for names in (("E1",), ("E2",), ("E1", "E2")):
            forged = draft(statement, holding)
            for name in names:
                forged.points[name] = random_point(world.curve)
            verifier.rejects(statement, binding, forged.proof(binding))
