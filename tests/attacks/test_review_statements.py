"""What two reviews tried against statements: what a caller could put together wrongly, and what one who says AtMost,
OneOf, Companion, Signed or counts heads could get accepted without it being true. Each refusal has its control."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from circuits import (
    LICENCE_ATTRIBUTES,
    Accepted,
    AtLeast,
    AtMost,
    Between,
    Binding,
    Companion,
    Disclose,
    Equals,
    Escrowed,
    Held,
    Kind,
    Malformed,
    Misuse,
    NotRevoked,
    OneOf,
    Possession,
    Pseudonym,
    Rejected,
    Signed,
    Statement,
    all_of,
    count_heads,
    create_set,
    deal_escrow,
    decode_statement,
    document_digest,
    encode_cbor,
    finish,
    prepare,
    reverify,
    scope_context,
    sign_document,
    signing_binding,
    verify,
    verify_batch,
)
from circuits.curve import G1
from circuits.encoding import PartialMap
from circuits.entropy import SystemEntropy
from circuits.language import OwnNode
from circuits.layout import layout_of
from circuits.records import (
    AccumulatorRecord,
    EpochRecord,
    EscrowRecord,
    IssuerRecord,
    SetRecord,
    TrustBundle,
    default_policy,
)
from circuits.scalar import ORDER, inverse
from circuits.suite import SHA256, SHAKE256, Suite
from tests.attacks.forge import (
    Draft,
    Holding,
    draft_of,
    draft_two,
    honest_digits,
    nonzero,
    random_point,
    refused_rows,
    table_entry,
)
from tests.circuits.core.world import AUDIENCE, NOW, TODAY, Licence, World, bounds, octets32, other_world
from tests.circuits.statements.conftest import PERMIT, Stage

REFERENCE = SHA256.on("reference")
JURISDICTION, COVER_BAND = 2, 4


def standing(world: World) -> list[Any]:
    """The nodes that every statement has."""
    return [Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"somewhere")]


def under(world: World, suite: Suite) -> tuple[IssuerRecord, AccumulatorRecord, EpochRecord, EscrowRecord]:
    """The world's records, read under `suite`: equal records, with equal hashes, and other points."""
    return (
        IssuerRecord.decode(world.issuer.octets, suite),
        AccumulatorRecord.decode(world.accumulator.octets, suite),
        EpochRecord.decode(world.epoch.octets, suite),
        EscrowRecord.decode(world.dealt.record.octets, suite),
    )


@pytest.mark.attack("G1")
@pytest.mark.parametrize("node", [AtLeast(True, 1), AtLeast(3, True), AtLeast(3, 1.0), AtLeast(3.0, 1)], ids=str)  # type: ignore[arg-type]
def test_a_predicate_is_made_of_whole_numbers(world: World, node: AtLeast) -> None:
    with pytest.raises(Misuse):
        all_of(*standing(world), node)


@pytest.mark.attack("F2")
@pytest.mark.parametrize("index", [True, 1.0, "1"])
def test_a_disclosed_index_is_a_whole_number(world: World, index: Any) -> None:
    with pytest.raises((Misuse, TypeError)):
        all_of(*standing(world), Disclose(index, 3))


@pytest.mark.attack("F4")
@pytest.mark.parametrize("position", [1, 2, 3])
def test_records_of_one_statement_are_under_one_suite(world: World, position: int) -> None:
    # The escrow's keys lie on no polynomial over another suite's base, but interpolation does not involve the base.
    for suite in (REFERENCE, SHAKE256):
        records = list(under(world, SHA256))
        records[position] = under(world, suite)[position]
        issuer, accumulator, epoch, escrow = records
        with pytest.raises(Misuse, match="different suites"):
            all_of(Possession(issuer), NotRevoked(accumulator, epoch), Pseudonym(b"x"), Escrowed(escrow))  # type: ignore[arg-type]


@pytest.mark.attack("24")
@pytest.mark.parametrize("change", ["swapped", "renamed", "kind"])
def test_policies_and_profile_of_a_bundle_mean_the_same_indexes(world: World, change: str) -> None:
    profile = list(world.issuer.attributes)
    if change == "swapped":
        profile[3], profile[8] = profile[8], profile[3]
    else:
        profile[4] = ("cover_band", Kind.DAY) if change == "kind" else ("other_band", Kind.INT)
    issuer = dataclasses.replace(world.issuer, attributes=tuple(profile))
    policy = default_policy(issuer, world.dealt.record)
    with pytest.raises(Malformed):
        TrustBundle(issuer, world.accumulator, world.dealt.record, bytes(32), (policy,), "https://issuer.example")


@pytest.mark.attack("B7")
def test_a_batch_is_on_one_curve_backend(
    world: World, honest: tuple[Statement, Binding, bytes], statement: Statement, proof: bytes
) -> None:
    issuer, accumulator, epoch, escrow = under(world, REFERENCE)
    same = all_of(
        Possession(issuer),
        NotRevoked(accumulator, epoch),
        Pseudonym(statement.context),
        Escrowed(escrow),
        *(Disclose(index, value) for index, value in statement.disclosed),
        *(AtLeast(index, bound) for index, bound in bounds(statement)),
    )
    with pytest.raises(Misuse, match="backends"):
        verify_batch([honest, (same, honest[1], proof)])


@pytest.mark.attack("X11")
@pytest.mark.parametrize(("threshold", "openers"), [(0, 3), (-1, 3), (1, 3), (4, 3), (2, 33), (2, 0), (0, 0)])
def test_an_escrow_that_no_record_allows_is_not_dealt(threshold: int, openers: int) -> None:
    with pytest.raises(Malformed):
        deal_escrow("escrow-review", threshold, openers, 0, 1)


@pytest.fixture(scope="module")
def stage(world: World, licence: Licence) -> Stage:
    permits = other_world()
    return Stage(world, permits, licence, permits.licence(link_secret=licence.credential.link_secret))


@pytest.fixture(scope="module")
def own(stage: Stage) -> Holding:
    return of(stage.licence, stage.world)


@pytest.fixture(scope="module")
def permit(stage: Stage) -> Holding:
    return of(stage.permit, stage.permits)


@pytest.fixture(scope="module")
def home() -> SetRecord:
    return create_set("review-home", Kind.TEXT, ["GB", "IE", "FR"])


@pytest.fixture(scope="module")
def joint(stage: Stage, home: SetRecord) -> Statement:
    """Everything that can be said, of both credentials."""
    return stage.say(
        Disclose(1, 3),
        AtLeast(3, TODAY),
        AtMost(COVER_BAND, 9),
        OneOf(JURISDICTION, home),
        stage.beside(AtLeast(3, TODAY), AtMost(COVER_BAND, 9), OneOf(JURISDICTION, home), Disclose(6, 1)),
        Equals(PERMIT, PERMIT),
    )


@pytest.fixture(scope="module")
def true(stage: Stage, joint: Statement, binding: Binding) -> tuple[Statement, Binding, bytes]:
    return joint, binding, finish(stage.prepare(joint), binding)


def of(licence: Licence, world: World) -> Holding:
    return Holding.of(licence.credential, licence.membership.witness_point, world.table)


def is_accepted(statement: Statement, binding: Binding, proof: bytes) -> bool:
    try:
        verify(statement, binding, proof)
    except (Malformed, Rejected):
        return False
    return True


@dataclasses.dataclass(frozen=True)
class Makings:
    """What a forger of the joint statement has to hand."""

    stage: Stage
    statement: Statement
    own: Holding
    permit: Holding
    home: SetRecord

    def draft(self, permit: Holding | None = None) -> Draft:
        return draft_two(self.statement, self.own, self.permit if permit is None else permit)

    def other_permit(self, **changes: Any) -> Holding:
        secret = self.stage.licence.credential.link_secret
        return of(self.stage.permits.licence(link_secret=secret, **changes), self.stage.permits)

    def showing(self, name: str, number: int, entry: G1, base: G1) -> Draft:
        """The pair of predicate `name` shows `number` under the signature `entry`."""
        made, curve = self.draft(), self.stage.world.curve
        blind = made.scalars[f"t{name}"]
        made.points[f"S'{name}"] = curve.multiply(entry, blind)
        made.points[f"Sbar{name}"] = curve.combine([base, entry], [blind, -blind * number])
        return made


def invented_messages(m: Makings) -> Draft:
    made, genuine = m.draft(m.permit.with_message(7, 77)), m.draft()
    made.points |= {name: genuine.points[name] for name in ("Abar~", "Bbar~")}
    made.scalars["r1~"] = genuine.scalars["r1~"]
    return made


def lent_standing(m: Makings) -> Draft:
    made, lent = m.draft(), m.draft(m.other_permit())
    made.points |= {name: lent.points[name] for name in ("C'~", "Cbar~")}
    made.scalars["rho~"] = lent.scalars["rho~"]
    return made


def random_standing(m: Makings) -> Draft:
    made, curve = m.draft(), m.stage.world.curve
    witness, rho = random_point(curve), made.scalars["rho~"]
    value, handle = m.stage.permits.epoch.point, m.permit.messages[0]
    made.points["C'~"] = curve.multiply(witness, rho)
    made.points["Cbar~"] = curve.combine([value, witness], [rho, -rho * handle])
    return made


def first_digit(name: str) -> Callable[[Makings], Draft]:
    def forge(m: Makings) -> Draft:
        world = m.stage.permits if name.endswith("~") else m.stage.world
        return m.showing(name, 0, table_entry(world.table, 0), world.issuer.digit_base)

    return forge


def other_member(name: str) -> Callable[[Makings], Draft]:
    def forge(m: Makings) -> Draft:
        number = m.home.scalar("FR")
        return m.showing(name, number, m.home.signatures[number], m.home.base)

    return forge


def unsigned_digit(m: Makings) -> Draft:
    return m.showing("2", 4, random_point(m.stage.world.curve), m.stage.world.issuer.digit_base)


def unsigned_member(m: Makings) -> Draft:
    return m.showing("3~", m.home.scalar("GB"), random_point(m.stage.world.curve), m.home.base)


FORGERIES: dict[str, tuple[int, Callable[[Makings], Draft]]] = {
    "R4 at most, licence": (4, first_digit("2")),
    "R4 one of, licence": (5, other_member("3")),
    "R1 companion": (9, invented_messages),
    "R2 companion, other permit number": (10, lambda m: m.draft(m.other_permit(permit="P-2"))),
    "R2 companion, other value shown": (10, lambda m: m.draft(m.other_permit(permit_kind=2))),
    "R3 companion": (11, lent_standing),
    "R4 at most, companion": (13, first_digit("2~")),
    "R4 one of, companion": (14, other_member("3~")),
    "pair digit, licence": (-4, unsigned_digit),
    "pair possession, companion": (-6, lambda m: m.draft(m.permit.with_message(7, 77))),
    "pair standing, companion": (-7, random_standing),
    "pair member, companion": (-10, unsigned_member),
}
"""By name: the coin of the only equation that is false (claims count from the end), and the forgery."""


@pytest.mark.attack("25")
@pytest.mark.attack("G1")
@pytest.mark.parametrize("name", FORGERIES)
def test_each_equation_of_both_parts_is_the_only_guard(
    stage: Stage,
    joint: Statement,
    true: tuple[Statement, Binding, bytes],
    own: Holding,
    permit: Holding,
    home: SetRecord,
    binding: Binding,
    name: str,
) -> None:
    """Refused at all three doors; let in where this equation has the coin 0, refused where it alone has another."""
    coin, forge = FORGERIES[name]
    proof = forge(Makings(stage, joint, own, permit, home)).proof(binding)
    records = stage.world.issuer, stage.world.accumulator, stage.world.epoch, stage.world.escrow
    with pytest.raises(Rejected):
        verify(joint, binding, proof)
    with pytest.raises(Rejected):
        reverify(joint.octets(binding), proof, *records, companion=stage.companion_records, sets=[home])
    before, false, after = verify_batch([true, (joint, binding, proof), true])
    assert isinstance(before, Accepted)
    assert isinstance(false, Rejected)
    assert isinstance(after, Accepted)
    layout = layout_of(joint)
    coins = len(layout.shape.equations) + len(layout.claims)
    assert not refused_rows([coin % coins], true, (joint, binding, proof))
    assert refused_rows(set(range(coins)) - {coin % coins}, true, (joint, binding, proof))


def test_what_the_forger_makes_is_true_where_nothing_is_changed(
    joint: Statement, own: Holding, permit: Holding, binding: Binding
) -> None:
    verify(joint, binding, draft_two(joint, own, permit).proof(binding))


@pytest.mark.attack("25")
@pytest.mark.attack("F5")
def test_two_licences_of_one_issuer_are_not_exchanged(stage: Stage, binding: Binding) -> None:
    """Tier 3 as the licence and tier 2 beside it: no block of points, and no reading of them, in the other's place."""
    world, first = stage.world, stage.licence
    second = world.licence(link_secret=first.credential.link_secret, tier=2)
    live = NotRevoked(world.accumulator, world.epoch)
    statement, other = (
        stage.say(Disclose(1, tier), Companion(Possession(world.issuer), live, Disclose(1, 5 - tier)))
        for tier in (3, 2)
    )
    held = Held(second.credential, second.membership, world.table)
    proof = finish(prepare(statement, first.credential, first.membership, world.table, companion=held), binding)
    verify(statement, binding, proof)
    assert not is_accepted(other, binding, proof)
    wire = layout_of(statement).wire
    for block in (("C'", "Cbar"), ("Abar", "Bbar", "D"), ("Abar", "Bbar", "D", "C'", "Cbar")):
        order = [name.rstrip("~") if name.endswith("~") else f"{name}~" if name in block else name for name in wire]
        order = [new if new.rstrip("~") in block else old for old, new in zip(wire, order, strict=True)]
        points = b"".join(proof[48 * wire.index(name) : 48 * wire.index(name) + 48] for name in order)
        assert not is_accepted(statement, binding, points + proof[len(points) :])


@pytest.mark.attack("V1")
@pytest.mark.attack("25")
def test_the_standing_of_another_licence_of_ones_own(stage: Stage, binding: Binding) -> None:
    """Tier 3 was revoked, tier 2 of the same holder is live: its membership does not stand for the other."""
    world, gone = stage.world, stage.licence
    later, _ = world.revoke(world.epoch, gone.credential.handle)
    lower = of(world.licence(epoch=later, link_secret=gone.credential.link_secret, tier=2), world)
    live = NotRevoked(world.accumulator, later)

    def say(tier: int) -> Statement:
        nodes = Possession(world.issuer), live, Pseudonym(b"here"), Escrowed(world.escrow)
        return all_of(*nodes, Disclose(1, tier), Companion(Possession(world.issuer), live))

    assert is_accepted(say(2), binding, draft_two(say(2), lower, lower).proof(binding))
    for handle in (gone.credential.handle, lower.messages[0]):
        forged = draft_two(say(3), of(gone, world), lower)
        forged.points |= {name: forged.points[f"{name}~"] for name in ("C'", "Cbar")}
        forged.scalars |= {"rho": forged.scalars["rho~"], "m0": handle}
        assert not is_accepted(say(3), binding, forged.proof(binding))


def test_one_licence_can_be_its_own_companion(stage: Stage, binding: Binding) -> None:
    """A companion is a credential of the same holder. That it is another one is not said: values shown may say so."""
    world, own = stage.world, stage.licence
    live = NotRevoked(world.accumulator, world.epoch)
    statement = stage.say(Companion(Possession(world.issuer), live))
    held = Held(own.credential, own.membership, world.table)
    verify(
        statement,
        binding,
        finish(prepare(statement, own.credential, own.membership, world.table, companion=held), binding),
    )


@pytest.mark.attack("F5")
@pytest.mark.attack("N2")
def test_a_signature_a_head_and_a_presentation_are_three_things(stage: Stage, binding: Binding) -> None:
    document, scope = b"document", scope_context("permit", ("P-1",), "2026-47")
    own_binding = signing_binding(octets32("policy"), "deploy.example", octets32("nonce"), NOW + 9)
    signed = stage.say(Signed(document_digest(document)), context=scope, escrow=False)
    signature = sign_document(stage.prepare(signed), document, own_binding)
    head = stage.say(context=scope, escrow=False)
    proof = finish(stage.prepare(head), binding)
    assert len(count_heads(head, [(binding, proof)], 1)) == 1
    assert is_accepted(signed, own_binding, signature.proof)
    for bound in (own_binding, binding):
        with pytest.raises(Rejected):
            count_heads(head, [(bound, signature.proof)], 1)
    other = dataclasses.replace(signed, document=document_digest(b"another"))
    assert not is_accepted(other, own_binding, signature.proof)
    for context in (
        scope_context("permit", ("P-1",), "2026-48"),
        scope_context("insurer", ("P-1", "P-1"), "2026-47"),
        encode_cbor(["verifier", AUDIENCE, "2026-47"]),
    ):
        assert not is_accepted(dataclasses.replace(head, context=context), binding, proof)


@pytest.mark.attack("B2")
@pytest.mark.attack("B3")
@pytest.mark.attack("B7")
def test_defects_that_cancel_among_statements_of_two_kinds(
    stage: Stage,
    joint: Statement,
    true: tuple[Statement, Binding, bytes],
    own: Holding,
    permit: Holding,
    binding: Binding,
) -> None:
    """+D in a companion's row or point, -D in the same of the licence or of another proof; true ones beside them."""
    curve, shift = stage.world.curve, random_point(stage.world.curve)
    plain = stage.say(Disclose(1, 3))
    honest = plain, binding, finish(stage.prepare(plain), binding)
    for row, second in ((1, 10), (4, 13), (14, 14), (6, 6)):
        one, two = draft_two(joint, own, permit), draft_two(joint, own, permit)
        one.shifts, two.shifts = {row: shift}, {second: curve.negate(shift)}
        both = draft_two(joint, own, permit)
        both.shifts = {2: shift, 11: curve.negate(shift)}
        items = [(joint, binding, draft.proof(binding)) for draft in (one, two, both)]
        outcomes = verify_batch([items[0], honest, items[1], true, items[2]])
        assert [isinstance(outcome, Accepted) for outcome in outcomes] == [False, True, False, True, False]
    for name, other in (("Cbar", "Cbar~"), ("Sbar3", "Sbar3~"), ("E2", "Nym")):
        made = draft_two(joint, own, permit)
        made.points[name] = curve.add(made.points[name], shift)
        made.points[other] = curve.add(made.points[other], curve.negate(shift))
        assert not is_accepted(joint, binding, made.proof(binding))


@pytest.mark.attack("G3")
def test_the_other_issuers_digit_key_signs_nothing_here(stage: Stage, own: Holding, binding: Binding) -> None:
    """An insider who knows the digit key of the companion's issuer signs a digit over the base of the licence's."""
    world, curve = stage.world, stage.world.curve
    key, bound = nonzero(), TODAY + 400  # the licence ends before that
    number = own.messages[3] - bound
    entry = curve.multiply(world.issuer.digit_base, inverse(key + number))
    theirs = dataclasses.replace(world.issuer, digit_key=curve.encode_g2(curve.multiply_g2(curve.g2_generator(), key)))
    live = NotRevoked(world.accumulator, world.epoch)

    def say(licence: IssuerRecord, beside: IssuerRecord) -> Statement:
        nodes = Possession(licence), live, Pseudonym(b"here"), AtLeast(3, bound)
        return all_of(*nodes, Companion(Possession(beside), live))

    def forged(statement: Statement) -> bytes:
        made = draft_two(statement, own, own)
        blind = made.scalars["t1"]
        made.points["S'1"] = curve.multiply(entry, blind)
        made.points["Sbar1"] = curve.combine([world.issuer.digit_base, entry], [blind, -blind * number])
        return made.proof(binding)

    control = say(theirs, world.issuer)
    assert is_accepted(control, binding, forged(control))
    attacked = say(world.issuer, theirs)
    assert not is_accepted(attacked, binding, forged(attacked))


@pytest.mark.attack("G3")
@pytest.mark.parametrize("copied", ["digits", "issuer", "accumulator"])
def test_a_set_under_a_copied_key(stage: Stage, own: Holding, binding: Binding, copied: str) -> None:
    """Whoever makes a set without its key, with the key of something else: what that key has signed is no member."""
    world, curve = stage.world, stage.world.curve
    keys = {
        "digits": world.issuer.digit_key,
        "issuer": world.issuer.public_key,
        "accumulator": world.accumulator.public_key,
    }
    bands = create_set("review-bands", Kind.INT, [7, 9])
    statement = stage.say(OneOf(COVER_BAND, dataclasses.replace(bands, public_key=keys[copied])))
    digit = table_entry(world.table, 5)
    for entry in (digit, own.witness, own.signature, bands.base, world.epoch.point):
        assert not is_accepted(statement, binding, draft_of(statement, own, {1: 5}, {1: entry}).proof(binding))
    forged = draft_of(statement, own, {1: 5})
    blind = forged.scalars["t1"]
    forged.points["S'1"] = curve.multiply(digit, blind)
    forged.points["Sbar1"] = curve.combine([world.issuer.digit_base, digit], [blind, -5 * blind])
    assert not is_accepted(statement, binding, forged.proof(binding))
    member = create_set("review-bands-too", Kind.INT, [5, 9])
    control = stage.say(OneOf(COVER_BAND, member))
    assert is_accepted(control, binding, draft_of(control, own, {1: 5}).proof(binding))


@pytest.mark.attack("G1")
@pytest.mark.attack("G4")
def test_one_predicates_commitment_in_anothers_place(stage: Stage, own: Holding, binding: Binding) -> None:
    statement = stage.say(AtLeast(COVER_BAND, 2), AtMost(COVER_BAND, 9))

    def make() -> Draft:
        return draft_of(statement, own, honest_digits(statement.licence, own))

    assert is_accepted(statement, binding, make().proof(binding))
    pairs = {"S'1": "Sbar1", "S'2": "Sbar2", "C'": "Cbar", "Abar": "Bbar"}
    secrets = {"S'1": "t1", "S'2": "t2", "C'": "rho", "Abar": "r1"}
    for place, other in itertools.permutations(pairs, 2):
        forged = make()
        forged.points |= {place: forged.points[other], pairs[place]: forged.points[pairs[other]]}
        forged.scalars[secrets[place]] = forged.scalars[secrets[other]]
        assert not is_accepted(statement, binding, forged.proof(binding)), (place, other)


LAST = 2**32 - 1
LAST_BOUND = LAST - 4095


@pytest.mark.attack("G1")
@pytest.mark.attack("24")
@pytest.mark.parametrize(
    ("node", "inside", "outside"),
    [
        (AtMost(COVER_BAND, 0), 0, [1, LAST, ORDER - 1]),
        (AtMost(COVER_BAND, 4095), 0, [4096, LAST, ORDER - 1]),
        (AtMost(COVER_BAND, LAST_BOUND), LAST_BOUND - 4095, [LAST, LAST_BOUND - 4096, 0]),
        (AtLeast(COVER_BAND, LAST_BOUND), LAST, [LAST_BOUND - 1, 0, 4095]),
        (AtLeast(COVER_BAND, 0), 4095, [4096, ORDER - 1]),
    ],
    ids=str,
)
def test_no_window_wraps_around(
    stage: Stage, own: Holding, binding: Binding, node: AtLeast | AtMost, inside: int, outside: list[int]
) -> None:
    statement, sign = stage.say(node), 1 if isinstance(node, AtLeast) else -1
    edge = stage.world.licence(cover_band=inside)
    assert is_accepted(statement, binding, finish(stage.prepare(statement, edge), binding))
    for value in outside:
        number = sign * (value - node.bound)
        for claimed in (number % 4096, number % ORDER, 0, 4095):
            forged = draft_of(statement, own.with_message(COVER_BAND, value), {1: claimed})
            assert not is_accepted(statement, binding, forged.proof(binding))


def variants(stage: Stage, home: SetRecord) -> list[Statement]:
    """Statements of which no two say the same, many of them nearly."""
    also = create_set("review-home-too", Kind.TEXT, ["GB", "IE", "FR"])
    beside = stage.beside()
    said: list[tuple[Any, ...]] = [
        (), (AtLeast(4, 5),), (AtMost(4, 5),), (Between(4, 5, 5),), (AtLeast(7, 5),), (Disclose(4, 5),),
        (Disclose(7, 5),), (OneOf(2, home),), (OneOf(2, also),), (OneOf(5, home),), (beside,), (AtLeast(4, 5), beside),
        (stage.beside(AtLeast(4, 5)),), (stage.beside(AtMost(4, 5)),), (stage.beside(Disclose(4, 5)),),
        (stage.beside(OneOf(2, home)),), (beside, Equals(5, 5)), (beside, Equals(5, 2)), (beside, Equals(2, 5)),
        (beside, Equals(5, 2), Equals(2, 5)), (beside, Equals(5, 5), Equals(2, 2)),
        (beside, Equals(5, 5), Equals(5, 2)),
    ]  # fmt: skip
    return [
        stage.say(*nodes, escrow=escrow, context=c) for nodes in said for escrow in (True, False) for c in (b"a", b"b")
    ]


@pytest.mark.attack("F4")
@pytest.mark.attack("F5")
def test_what_says_something_else_has_other_octets_and_another_layout(
    stage: Stage, home: SetRecord, binding: Binding
) -> None:
    statements = variants(stage, home)
    octets = [one.octets(binding) for one in statements]
    assert len(set(octets)) == len(statements)
    keys = {
        (one.licence.key, one.companion.key if one.companion else None, one.equal, one.escrow is None, one.context)
        for one in statements
    }
    assert len(keys) == len(statements)
    signed = dataclasses.replace(statements[0], document=bytes(32))
    assert signed.octets(binding) not in octets
    assert layout_of(signed) is layout_of(statements[0])  # the relation is the same, the tag is not
    world = stage.world
    sets = [home, create_set("review-other", Kind.TEXT, ["a", "b"])]
    for one in statements[::9]:
        if any(isinstance(node, OneOf) and node.members.id == "review-home-too" for node in one.predicates):
            continue
        escrow = None if one.escrow is None else world.escrow
        companion = None if one.companion is None else stage.companion_records
        again = decode_statement(
            one.octets(binding), world.issuer, world.accumulator, world.epoch, escrow, companion=companion, sets=sets
        )
        assert again == (one, binding)


@pytest.mark.attack("F5")
def test_a_map_made_in_two_parts_is_the_map() -> None:
    values: list[Any] = [
        0,
        23,
        24,
        2**64 - 1,
        b"",
        b"x" * 256,
        "",
        "\u00fc" * 12,
        [],
        [[1, "a"], [b"b"]],
        {0: 1, 23: 2},
    ]
    for count, cut in itertools.product((0, 1, 5, 16, 20, 23), (0, 1, 4, 23)):
        fields = {key: values[(key + count) % len(values)] for key in range(count)}
        known = {key: value for key, value in reversed(fields.items()) if key < cut}
        rest = {key: value for key, value in reversed(fields.items()) if key >= cut}
        both = PartialMap(known)
        assert both.complete(rest) == encode_cbor(fields)
        assert both.complete(fields) == encode_cbor(fields)
        assert both.complete(rest) == encode_cbor(fields)  # and nothing stays behind
    for key in (23, -1, True, "a"):
        with pytest.raises(Misuse):
            PartialMap({key: 1})  # type: ignore[dict-item]


def test_the_longest_statement_about_two_credentials_loads(stage: Stage, binding: Binding) -> None:
    """Text in every attribute, eight sets and eight values shown twice, all names at their longest."""
    names = tuple((f"text{index}", Kind.TEXT) for index in range(1, 10))
    one, two = (
        dataclasses.replace(w.issuer, attributes=(LICENCE_ATTRIBUTES[0], *names)) for w in (stage.world, stage.permits)
    )
    sets = [create_set(f"review-{n}", Kind.TEXT, ["GB", "IE"]) for n in range(8)]
    shown: list[OwnNode] = [Disclose(index, "x" * 64) for index in range(1, 9)]
    said = [*shown, *(OneOf(9, one_set) for one_set in sets)]
    world, beside = stage.world, stage.permits
    statement = all_of(
        Possession(one),
        NotRevoked(world.accumulator, world.epoch),
        Pseudonym(b"c" * 1024),
        Escrowed(world.escrow),
        *said,
        Companion(Possession(two), NotRevoked(beside.accumulator, beside.epoch), *said),
        Equals(9, 9),
        Signed(bytes(32)),
    )
    longest = dataclasses.replace(binding, audience="a" * 255, not_after=2**63)
    records = one, world.accumulator, world.epoch, world.escrow
    companion = two, beside.accumulator, beside.epoch
    assert decode_statement(statement.octets(longest), *records, companion=companion, sets=sets) == (statement, longest)


class Counted(SystemEntropy):
    """The operating system's scalars, written down."""

    def __init__(self) -> None:
        self.drawn: list[int] = []

    def scalar(self) -> int:
        self.drawn.append(super().scalar())
        return self.drawn[-1]


@pytest.mark.attack("48")
def test_two_parts_share_no_blinding(stage: Stage, joint: Statement, binding: Binding) -> None:
    """Each blind and each nonce is drawn once; one licence as its own companion shows the same point nowhere twice."""
    world, own = stage.world, stage.licence
    source, layout = Counted(), layout_of(joint)
    prepare(joint, own.credential, own.membership, world.table, source, companion=stage.held())
    blinds = (3 + 3 + 1) + (3 + 3)  # r1, r2, rho, t_1 .. t_3, and k for the licence
    assert len(source.drawn) == len(set(source.drawn)) == blinds + len(layout.scalars)
    statement = stage.say(Companion(Possession(world.issuer), NotRevoked(world.accumulator, world.epoch)))
    held = Held(own.credential, own.membership, world.table)
    proofs = [
        finish(prepare(statement, own.credential, own.membership, world.table, companion=held), bound)
        for bound in (binding, world.binding("another"))
    ]
    at = 48 * layout_of(statement).wire.index("Nym")
    pieces = [[proof[i : i + 16] for i in range(0, len(proof), 16)] for proof in proofs]
    assert all(len(set(own_pieces)) == len(own_pieces) for own_pieces in pieces)
    assert set(pieces[0]) & set(pieces[1]) == {proofs[0][i : i + 16] for i in range(at, at + 48, 16)}
