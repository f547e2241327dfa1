"""The octets of a proof and of its challenge, computed here a second time from protocol.md, section 5, and hashlib."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import cbor2
import pytest

from circuits import (
    Accepted,
    Binding,
    Rejected,
    Statement,
    finish,
    open_share,
    prepare,
    register,
    request_licence,
    verify,
    verify_batch,
)
from circuits.encoding import decode_map, take_octets
from circuits.entropy import ReplayEntropy
from circuits.errors import Misuse
from circuits.generators import (
    ACCUMULATOR_START,
    DIGIT_BASE,
    ESCROW_BASE,
    PSEUDONYM_BASE,
    create_generators,
    named_base,
)
from circuits.layout import layout_of
from circuits.records import IssuerRecord
from circuits.scalar import ORDER, decode_scalar, inverse
from circuits.sigma import protocol
from circuits.sigma.relation import Builder
from circuits.statement import AtLeast, Disclose, NotRevoked, Possession, Pseudonym, all_of
from circuits.suite import LICENCE_API_ID, SHA256
from tests.circuits.core.world import TODAY, Licence, World, bounds, octets32, said

POINTS = {
    "Abar": 0, "Bbar": 48, "D": 96, "C'": 144, "Cbar": 192, "S'1": 240, "Sbar1": 288, "S'2": 336, "Sbar2": 384,
    "Nym": 432, "E1": 480, "E2": 528,
}  # fmt: skip
COMMITMENTS = 576
RESPONSES = {
    "e": 960, "r1": 992, "r3": 1024, "m0": 1056, "m3": 1088, "m4": 1120, "m5": 1152, "m6": 1184, "m7": 1216,
    "m8": 1248, "m9": 1280, "m10": 1312, "m11": 1344, "rho": 1376, "t1": 1408, "t2": 1440, "k": 1472,
}  # fmt: skip
DRAWN = ("r1", "r2", "rho", "t1", "t2", "k")


@pytest.fixture(scope="module")
def replayed(world: World, licence: Licence, statement: Statement, binding: Binding) -> bytes:
    """A proof from fixed randomness: 6 blinds, then 17 nonces, all small and different."""
    entropy = ReplayEntropy(range(1001, 1001 + len(DRAWN) + len(RESPONSES)))
    prepared = prepare(statement, licence.credential, licence.membership, world.table, entropy)
    with pytest.raises(Misuse):
        entropy.scalar()
    return finish(prepared, binding)


def witness(licence: Licence) -> dict[str, int]:
    """The secrets behind `replayed`."""
    secrets = dict(zip(DRAWN, range(1001, 1007), strict=True))
    values = {f"m{index}": value for index, value in enumerate(licence.credential.messages.expose())}
    return values | secrets | {"e": licence.credential.exponent, "r3": inverse(secrets["r2"])}


def test_length_and_names(statement: Statement, replayed: bytes) -> None:
    layout = layout_of(statement)
    assert len(replayed) == layout.proof_octets == 1504 == 48 * (14 + 3 * 2) + 32 * (5 + 2 + 10)
    assert layout.wire == tuple(POINTS)
    assert layout.scalars == tuple(RESPONSES)
    assert layout.points_octets == COMMITMENTS
    assert layout.points_octets + layout.commitments_octets == RESPONSES["e"]


@pytest.mark.parametrize("escrowed", [True, False])
@pytest.mark.parametrize("disclosed", [(), ((1, 3),), ((1, 3), (2, "GB"), (5, "P-1"))])
@pytest.mark.parametrize("count", [0, 1, 2, 8])
def test_length_of_other_statements(
    statement: Statement, escrowed: bool, disclosed: tuple[tuple[int, int | str], ...], count: int
) -> None:
    predicates = tuple(AtLeast(3, TODAY + step) for step in range(count))
    other = said(statement, disclosed=disclosed, predicates=predicates)
    if escrowed:
        assert layout_of(other).proof_octets == 48 * (14 + 3 * count) + 32 * (5 + count + 12 - len(disclosed))
    else:
        other = replace(other, escrow=None)
        assert layout_of(other).proof_octets == 48 * (10 + 3 * count) + 32 * (4 + count + 12 - len(disclosed))


def test_randomness_in_order_gives_the_same_octets(
    world: World, licence: Licence, statement: Statement, binding: Binding, replayed: bytes
) -> None:
    entropy = ReplayEntropy(range(1001, 1024))
    again = prepare(statement, licence.credential, licence.membership, world.table, entropy)
    assert finish(again, binding) == replayed
    verify(statement, binding, replayed)


def test_each_point_is_where_it_belongs(world: World, licence: Licence, statement: Statement, replayed: bytes) -> None:
    """Every point computed from its formula, with the randomness in the order r1, r2, rho, t_1, t_2, k."""
    curve, issuer, x = world.curve, world.issuer, witness(licence)
    a = curve.decode_g1(licence.credential.signature[:48])
    b = issuer.signed_point(licence.credential.messages.expose())
    c, v = licence.membership.witness_point, world.epoch.point
    expected = {
        "Abar": curve.multiply(a, x["r1"] * x["r2"]),
        "Bbar": curve.combine([b, a], [x["r1"] * x["r2"], -x["r1"] * x["r2"] * x["e"]]),
        "D": curve.multiply(b, x["r2"]),
        "C'": curve.multiply(c, x["rho"]),
        "Cbar": curve.combine([v, c], [x["rho"], -x["rho"] * x["m0"]]),
        "E1": curve.multiply(world.escrow.base, x["k"]),
        "E2": curve.combine(
            [world.escrow.public_point, issuer.message_bases[11], issuer.message_bases[0]], [x["k"], x["m11"], x["m0"]]
        ),
    }
    for q, (index, bound) in enumerate(bounds(statement), 1):
        digit = x[f"m{index}"] - bound
        entry = curve.decode_g1(world.table.octets[48 * digit : 48 * digit + 48])
        expected[f"S'{q}"] = curve.multiply(entry, x[f"t{q}"])
        expected[f"Sbar{q}"] = curve.combine([issuer.digit_base, entry], [x[f"t{q}"], -x[f"t{q}"] * digit])
    op = issuer.suite.hash_to_g1(statement.context, issuer.api_id)
    expected["Nym"] = curve.multiply(op, x["m11"])
    assert set(expected) == set(POINTS)
    for name, at in POINTS.items():
        assert replayed[at : at + 48] == curve.encode_g1(expected[name]), name


def relation(statement: Statement) -> tuple[bytes, bytes]:
    """Shape octets and bases of the relation, written down here as the page has it."""
    issuer, suite = statement.issuer, statement.issuer.suite
    builder, points = Builder(), {}
    h = {index: f"H{index}" for index in range(10)} | {10: "Q2", 11: "J1"}
    bases = {"P1": suite.p1, "Q1": issuer.q1}
    bases |= {h[index]: point for index, point in enumerate(issuer.message_bases)}
    bases |= {"V": statement.epoch.point, "Gd": issuer.digit_base}
    bases["OP"] = suite.hash_to_g1(statement.context, issuer.api_id)
    assert statement.escrow is not None
    bases |= {"Ge": statement.escrow.base, "K": statement.escrow.public_point}
    for name in (*bases, *POINTS):
        points[name] = builder.element(name)
    x = {name: builder.scalar(name) for name in RESPONSES}
    shown = [(issuer.scalar(index, value), points[h[index]]) for index, value in statement.disclosed]
    hidden = [index for index in range(12) if index not in dict(statement.disclosed)]
    builder.equation([(1, points["Bbar"])], [(1, x["r1"], points["D"]), (-1, x["e"], points["Abar"])])
    builder.equation(
        [(1, points["P1"]), (issuer.domain, points["Q1"]), *shown],
        [(1, x["r3"], points["D"]), *((-1, x[f"m{index}"], points[h[index]]) for index in hidden)],
    )
    builder.equation([(1, points["Cbar"])], [(1, x["rho"], points["V"]), (-1, x["m0"], points["C'"])])
    for q, (index, bound) in enumerate(bounds(statement), 1):
        builder.equation(
            [(1, points[f"Sbar{q}"]), (-bound, points[f"S'{q}"])],
            [(1, x[f"t{q}"], points["Gd"]), (-1, x[f"m{index}"], points[f"S'{q}"])],
        )
    builder.equation([(1, points["Nym"])], [(1, x["m11"], points["OP"])])
    builder.equation([(1, points["E1"])], [(1, x["k"], points["Ge"])])
    builder.equation(
        [(1, points["E2"])], [(1, x["k"], points["K"]), (1, x["m11"], points["J1"]), (1, x["m0"], points["H0"])]
    )
    return builder.shape().prefix, b"".join(suite.curve.encode_g1(point) for point in bases.values())


def test_prefix_is_the_serialised_relation(statement: Statement) -> None:
    assert layout_of(statement).prefix == b"".join(relation(statement))


def independent_challenge(statement: Statement, binding: Binding, proof: bytes) -> int:
    """c by hashlib alone."""
    digest = hashlib.sha256(statement.octets(binding)).hexdigest()
    tag = b"AIOL-V01-PRESENT-DSFS-with-sigma-proofs_Shake128_BLS12381-" + digest.encode()
    session = hashlib.shake_128(b"irtf-cfrg-fiat-shamir/session-id" + bytes(136) + tag).digest(32)
    octets = session + bytes(136) + b"".join(relation(statement)) + proof[:960]
    return int.from_bytes(hashlib.shake_128(octets).digest(48), "little") % ORDER


def test_responses_answer_the_challenge(
    licence: Licence, statement: Statement, binding: Binding, replayed: bytes
) -> None:
    c, x = independent_challenge(statement, binding, replayed), witness(licence)
    for nonce, (name, at) in enumerate(RESPONSES.items(), 1007):
        assert decode_scalar(replayed[at : at + 32]) == (nonce + c * x[name]) % ORDER, name


def generic(statement: Statement, binding: Binding, proof: bytes) -> None:
    """The generic engine with its ten checks, and the pairing claims one by one."""
    curve, layout = statement.issuer.suite.curve, layout_of(statement)
    prefix, bases = relation(statement)
    assert prefix == layout.shape.prefix
    octets = bases + proof[:COMMITMENTS]
    elements = [curve.g1_generator(), *(curve.decode_g1(octets[at : at + 48]) for at in range(0, len(octets), 48))]
    tag = protocol.make_tag("AIOL-V01-PRESENT", suffix=hashlib.sha256(statement.octets(binding)).hexdigest())
    protocol.verify(curve, tag, layout.shape, elements, proof[COMMITMENTS:])
    keys = statement.issuer.public_point, statement.accumulator.public_point, *[statement.issuer.digit_point] * 2
    names = ("Abar", "Bbar"), ("C'", "Cbar"), ("S'1", "Sbar1"), ("S'2", "Sbar2")
    for (left, right), key in zip(names, keys, strict=True):
        pair = [curve.decode_g1(proof[POINTS[name] : POINTS[name] + 48]) for name in (left, right)]
        if not curve.pairing_product_is_one([(pair[0], key), (curve.negate(pair[1]), curve.g2_generator())]):
            raise Rejected("proof", "a pairing claim is false")


@pytest.mark.requirement("R73")
def test_the_generic_engine_agrees(statement: Statement, binding: Binding, replayed: bytes) -> None:
    generic(statement, binding, replayed)
    forgeries = [replayed[:at] + bytes([replayed[at] ^ 1]) + replayed[at + 1 :] for at in range(991, 1504, 32)]
    forgeries.append(replayed[:48] + replayed[96:144] + replayed[96:])
    forgeries.append(replayed[:576] + replayed[624:672] + replayed[624:])
    for forged in forgeries:
        with pytest.raises(Rejected):
            generic(statement, binding, forged)
        with pytest.raises(Rejected):
            verify(statement, binding, forged)
    with pytest.raises(Rejected):
        generic(statement, replace(binding, not_after=5), replayed)


def test_statements_of_many_forms(world: World, licence: Licence, binding: Binding) -> None:
    """No predicate, no escrow, nothing disclosed; everything disclosed; eight predicates."""
    start = Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"here")
    forms = [
        all_of(*start),
        all_of(*start, *(Disclose(index, licence.credential.attributes[index]) for index in range(1, 10))),
        all_of(*start, *(AtLeast(3, TODAY + step) for step in range(8))),
        all_of(*start, AtLeast(4, 0), AtLeast(9, 0), Disclose(1, 3)),
    ]
    items = [(form, binding, world.proof(form, licence, binding)) for form in forms]
    assert all(isinstance(outcome, Accepted) for outcome in verify_batch(items))
    for item in items:
        assert verify(*item).pseudonym == verify(*items[0]).pseudonym


def test_nodes_in_any_order_give_the_same_octets(world: World, binding: Binding) -> None:
    nodes = [
        Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"c"),
        Disclose(1, 3), Disclose(2, "GB"), AtLeast(4, 2), AtLeast(3, TODAY),
    ]  # fmt: skip
    one, other = all_of(*nodes), all_of(*reversed(nodes))
    assert one == other
    assert one.octets(binding) == other.octets(binding)
    assert layout_of(one) is layout_of(other)


def test_cross_check_values() -> None:
    """protocol.md, section 10."""
    own = create_generators(SHA256, 11, LICENCE_API_ID)
    blind = create_generators(SHA256, 2, b"BLIND_" + LICENCE_API_ID)
    context = b"\x83\x68verifier\x6fgateway.example\x672026-47"
    found = {
        ("934a9ae1", "42fc70ef"): own[0],
        ("a69df0b8", "7a00a932"): own[1],
        ("b6c90334", "3bf86eed"): own[10],
        ("99d3ba12", "cc15df1a"): blind[0],
        ("942c7c89", "cfbaf2f01d"): blind[1],
        ("a47b5d30", "2c773015"): named_base(SHA256, LICENCE_API_ID, DIGIT_BASE, b"issuer-1"),
        ("938acd61", "ab4ae1028"): named_base(SHA256, LICENCE_API_ID, ACCUMULATOR_START, b"acc-1"),
        ("8c1e375f", "86076d"): named_base(SHA256, LICENCE_API_ID, ESCROW_BASE, b"escrow-1"),
        ("b02afd97", "42115050"): named_base(SHA256, LICENCE_API_ID, PSEUDONYM_BASE, context),
    }
    for (head, tail), point in found.items():
        octets = SHA256.curve.encode_g1(point).hex()
        assert (octets[: len(head)], octets[-len(tail) :]) == (head, tail)


def test_the_domain_is_the_pages(world: World) -> None:
    """h2s(P(W) || I8(12) || P(Q_1) .. P(J_1) || api_id || I8(len h) || h), h = header || I8(1)."""
    issuer: IssuerRecord = world.issuer
    h = issuer.header + (1).to_bytes(8, "big")
    bases = b"".join(world.curve.encode_g1(point) for point in (issuer.q1, *issuer.message_bases))
    octets = issuer.public_key + (12).to_bytes(8, "big") + bases + issuer.api_id + len(h).to_bytes(8, "big") + h
    assert issuer.domain == issuer.suite.hash_to_scalar(octets, issuer.api_id + b"H2S_")


def test_the_tags_of_requests_and_shares(world: World) -> None:
    """protocol.md, sections 4 and 7: what a request and a share are bound to, written out here again."""
    curve, issuer, escrow = world.curve, world.issuer, world.escrow
    suite_name = b"-DSFS-with-sigma-proofs_Shake128_BLS12381-"

    def tag(name: bytes, fields: dict[int, object]) -> bytes:
        return name + suite_name + hashlib.sha256(cbor2.dumps(fields, canonical=True)).hexdigest().encode()

    nonce, session, digest = (octets32(label) for label in ("nonce", "session", "digest"))
    registration = register(issuer)
    for refresh in (False, True):
        request, _ = request_licence(issuer, registration, nonce, session, refresh)
        shape = Builder()
        q2, j1, c, xh = (shape.element(name) for name in ("Q2", "J1", "C", "Xh"))
        blind, ls = shape.scalar("blind"), shape.scalar("ls")
        shape.equation([(1, c)], [(1, blind, q2), (1, ls, j1)])
        shape.equation([(1, xh)], [(1, ls, j1)])
        points = [*issuer.message_bases[10:], *map(curve.decode_g1, (request.commitment[:48], registration.point))]
        bound = tag(b"AIOL-V01-ISSUE", {1: 1, 2: issuer.hash, 3: nonce, 4: session, 5: int(refresh)})
        protocol.verify(curve, bound, shape.shape(), [curve.g1_generator(), *points], request.proof)
    first = curve.encode_g1(curve.multiply(escrow.base, 9))
    share = decode_map(open_share(escrow, 2, world.dealt.shares[1], first, "case-1", digest), 512, range(1, 5))
    shape = Builder()
    ge, ki, e1, di = (shape.element(name) for name in ("Ge", "Ki", "E1", "Di"))
    kappa = shape.scalar("kappa")
    shape.equation([(1, ki)], [(1, kappa, ge)])
    shape.equation([(1, di)], [(1, kappa, e1)])
    points = [escrow.base, escrow.share_points[1], *(curve.decode_g1(take_octets(o)) for o in (first, share[3]))]
    bound = tag(b"AIOL-V01-SHARE", {1: 1, 2: escrow.hash, 3: "case-1", 4: digest, 5: 2})
    protocol.verify(curve, bound, shape.shape(), [curve.g1_generator(), *points], take_octets(share[4]))
