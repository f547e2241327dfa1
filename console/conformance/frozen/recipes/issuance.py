"""From registration to licence."""

from __future__ import annotations

from circuits import issuance as issuing
from circuits.bbs import blind as bbs_blind
from circuits.curve import G1
from circuits.entropy import Entropy
from circuits.scalar import ORDER
from circuits.sigma import protocol
from circuits.suite import SHA256
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.randomness import Derived, derived_octets, derived_scalar
from console.conformance.frozen.recipes.points import ORDER_3, bad_points, shifted
from console.conformance.frozen.recipes.topic import Topic, cut, lengths
from console.conformance.frozen.recipes.world import NONCE, SESSION, attribute_members, scalar, the_world


def recipe(topic: Topic) -> None:
    """Registration, request, signature, reply, archive; and what is refused of each."""
    world = the_world()
    registered = topic.accept(
        "register", "register", "ls_h, X_h = ls_h J_1 and a salt, drawn", {"issuer": world.issuer.octets.hex()}
    )
    topic.accept("sign-in-nonce", "registration-nonce", "the nonce of the sign-in, text in base64url", base="register")
    topic.accept("sign-in-code", "registration-code", "six digits to compare by eye", base="register")
    requested = topic.accept(
        "request",
        "request",
        "the commitment, as the blind BBS draft makes it, and the joint proof",
        {"nonce": NONCE.hex(), "session": SESSION.hex(), "refresh": "0"},
        base="register",
    )
    topic.accept("request/checked", "check-request", "the issuer's check", base="request")
    _signed(topic)
    _registrations(topic, str(registered["registered_point"]))
    _requests(topic, str(requested["commitment"]), str(requested["request_proof"]))
    _refresh(topic)


def _signed(topic: Topic) -> None:
    world = the_world()
    reply: dict[str, Leaf] = {
        "issuer_secret_key": scalar(world.issuer_secret_key),
        "attributes": attribute_members(world.licence.attributes),
        "signer_share": scalar(world.licence.signer_share),
    }
    topic.accept("sign", "sign", "A || e on ten attributes and the committed secret", reply, base="request")
    received: dict[str, Leaf] = {
        "accumulator": world.accumulator.octets.hex(),
        "epoch": world.epoch.octets.hex(),
        "epoch_number": "0",
        "witness": world.licence.witness.hex(),
    }
    topic.accept("receive", "receive", "the holder's check of the reply, and B", received, base="sign")
    handle: dict[str, Leaf] = {"handle": scalar(world.licence.handle)}
    archived = topic.accept("archive", "archive-point", "X and M = X + y H_0", handle, base="sign")
    opened: dict[str, Leaf] = {"opened": archived["archive_point"]}
    topic.accept("opening", "check-opening", "M fits the row", opened, base="archive")
    for name in ("signer_share", "handle"):
        own: dict[str, Leaf] = {name: scalar(derived_scalar("another"))}
        topic.refuse(f"opening/{name}", "check-opening", f"another {name}", "bad-opening", own, base="opening")
    _signing_refused(topic)
    _receiving_refused(topic)
    cancelled: dict[str, Leaf] = {"signer_share": scalar(-world.licence.registration.secret.expose() % ORDER)}
    topic.refuse(
        "archive/cancelled", "archive-point", "X is the identity", "bad-registration", cancelled, base="archive"
    )


def _signing_refused(topic: Topic) -> None:
    attributes = attribute_members(the_world().licence.attributes)
    cases: tuple[tuple[str, str, str, list[Leaf]], ...] = (
        ("nine", "nine attributes", "malformed", attributes[:9]),
        ("eleven", "eleven attributes", "malformed", [*attributes, {"number": "0"}]),
        ("handle-0", "a handle of zero", "misuse", [{"scalar": "00" * 32}, *attributes[1:]]),
        ("tier-text", "text as the tier", "malformed", [attributes[0], {"text": "33"}, *attributes[2:]]),
    )
    for name, comment, code, values in cases:
        topic.refuse(f"sign/{name}", "sign", comment, code, {"attributes": values}, base="sign")


def _receiving_refused(topic: Topic) -> None:
    world = the_world()
    attributes = attribute_members(world.licence.attributes)
    lower: list[Leaf] = [attributes[0], {"number": "2"}, *attributes[2:]]
    curve, signature = SHA256.curve, world.licence.signature
    other = curve.encode_g1(curve.multiply(curve.decode_g1(world.licence.witness), 2)).hex()
    cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        ("tier", "another tier than was signed", "bad-signature", {"attributes": lower}),
        ("blind", "another blind", "bad-signature", {"blind": scalar(derived_scalar("another"))}),
        ("share", "another share of the issuer's", "bad-signature", {"signer_share": scalar(1)}),
        ("witness", "the witness of nobody", "membership", {"witness": other}),
        ("epoch-number", "a witness for another epoch", "membership", {"epoch_number": "1"}),
        ("accumulator", "another accumulator", "membership", {"accumulator": world.other_accumulator.octets.hex()}),
        ("issuer", "another issuer", "bad-signature", {"issuer": world.other_issuer.octets.hex()}),
    )
    for name, comment, code, own in cases:
        topic.refuse(f"receive/{name}", "receive", comment, code, own, base="receive")
    cancelled: dict[str, Leaf] = {"signer_share": scalar(-world.licence.registration.secret.expose() % ORDER)}
    topic.refuse("receive/no-secret", "receive", "the shares add up to zero", "malformed", cancelled, base="receive")
    for name, comment, octets in bad_points(signature[:48]):
        change = cut("signature", "A", 0, 48, octets)
        topic.refuse(f"receive/A/{name}", "receive", f"A: {comment}", "malformed", base="receive", change=change)
    exponents = (("zero", bytes(32)), ("r", ORDER.to_bytes(32, "big")))
    for name, octets in exponents:
        change = cut("signature", "e", 48, 80, octets)
        topic.refuse(f"receive/e/{name}", "receive", f"e is {name}", "malformed", base="receive", change=change)
    change = cut("signature", "A", 0, 48, shifted(curve, signature[:48], ORDER_3))
    topic.refuse(
        "receive/A/plus-order-3", "receive", "A and a point of order 3", "malformed", base="receive", change=change
    )


def _registrations(topic: Topic, point: str) -> None:
    for operation, place in (("registration-nonce", "sign-in-nonce"), ("registration-code", "sign-in-code")):
        for name, comment, change in lengths("registered_point", point):
            topic.refuse(f"{place}/{name}", operation, comment, "malformed", base="register", change=change)


def _requests(topic: Topic, commitment: str, proof: str) -> None:
    world = the_world()
    other = derived_octets("something else", 0, 32).hex()
    cases: tuple[tuple[str, str, dict[str, Leaf]], ...] = (
        ("nonce", "another nonce", {"nonce": other}),
        ("session", "another session", {"session": other}),
        ("refresh", "a first issue taken for a refresh", {"refresh": "1"}),
        ("issuer", "another issuer", {"issuer": world.other_issuer.octets.hex()}),
    )
    for name, comment, own in cases:
        topic.refuse(f"request/{name}", "check-request", comment, "bad-request", own, base="request")
    point = world.licence.registration.point
    curve = SHA256.curve
    moved = curve.encode_g1(curve.add(curve.decode_g1(point), curve.g1_generator()))
    own_point: dict[str, Leaf] = {"registered_point": moved.hex()}
    topic.refuse(
        "request/point", "check-request", "X_h and another point added", "bad-request", own_point, base="request"
    )
    for member, part, name_of in (
        (point, "Xh", "registered_point"),
        (bytes.fromhex(commitment)[:48], "C", "commitment"),
    ):
        for name, comment, octets in bad_points(member):
            change = cut(name_of, part, 0, 48, octets)
            topic.refuse(
                f"request/{part}/{name}",
                "check-request",
                f"{part}: {comment}",
                "malformed",
                base="request",
                change=change,
            )
    _spoilt_request(topic, commitment, proof)
    _two_secrets(topic)


def _spoilt_request(topic: Topic, commitment: str, proof: str) -> None:
    """The draft's commitment proof and the joint one, part by part."""
    parts = (
        ("commitment", "bad-commitment", bytes.fromhex(commitment), (("s^", 48), ("m^", 80), ("c", 112))),
        ("request_proof", "bad-request", bytes.fromhex(proof), (("blind", 96), ("ls", 128))),
    )
    for member, code, octets, scalars in parts:
        for part, at in scalars:
            value = (int.from_bytes(octets[at : at + 32], "big") + 1) % ORDER
            change = cut(member, part, at, at + 32, value.to_bytes(32, "big"))
            topic.refuse(
                f"request/{part}/plus-1", "check-request", f"{part} and one", code, base="request", change=change
            )
            change = cut(member, part, at, at + 32, ORDER.to_bytes(32, "big"))
            topic.refuse(
                f"request/{part}/r", "check-request", f"{part} is r", "malformed", base="request", change=change
            )
        for name, comment, change in lengths(member, octets.hex()):
            topic.refuse(
                f"request/{member}/{name}", "check-request", comment, "malformed", base="request", change=change
            )
    joint = bytes.fromhex(proof)
    for part, at in (("T_1", 0), ("T_2", 48)):
        negated = bytes([joint[at] ^ 0x20])
        change = cut("request_proof", part, at, at + 1, negated)
        topic.refuse(
            f"request/{part}/negated", "check-request", f"{part} negated", "bad-request", base="request", change=change
        )
        for name, comment, octets in bad_points(joint[at : at + 48]):
            change = cut("request_proof", part, at, at + 48, octets)
            topic.refuse(
                f"request/{part}/{name}",
                "check-request",
                f"{part}: {comment}",
                "malformed",
                base="request",
                change=change,
            )


def _two_secrets(topic: Topic) -> None:
    """C holds another secret than X_h. The joint proof's two equations are each made as if it stood alone."""
    world = the_world()
    curve, randomness = SHA256.curve, Derived("two secrets")
    commitment, blind = bbs_blind.commit(
        SHA256, [derived_scalar("another link share")], world.issuer.api_id, randomness
    )
    point = world.licence.registration.point
    elements = issuing._elements(world.issuer, curve.decode_g1(commitment[:48]), curve.decode_g1(point))
    tag = issuing._request_tag(world.issuer, NONCE, SESSION, False)
    for name, share in (
        ("C", derived_scalar("another link share")),
        ("Xh", world.licence.registration.secret.expose()),
    ):
        proof = _unchecked(tag, elements, [blind.expose(), share], randomness)
        own: dict[str, Leaf] = {"commitment": commitment.hex(), "request_proof": proof.hex()}
        comment = f"C and X_h hold different secrets, and the proof is true of {name} alone"
        topic.refuse(f"request/two-secrets/{name}", "check-request", comment, "bad-request", own, base="request")


def _unchecked(tag: bytes, elements: list[G1], witness: list[int], entropy: Entropy) -> bytes:
    """A proof by a prover that does not look whether its witness satisfies the relation."""
    curve, shape = SHA256.curve, issuing._relation()
    nonces = [entropy.scalar() for _ in witness]
    commitments = protocol.encode_commitments(curve, protocol.commit(curve, shape, elements, nonces))
    instance = shape.prefix + b"".join(curve.encode_g1(element) for element in elements[1:])
    c = protocol.challenge(protocol.session_id(tag), instance, commitments)
    return commitments + protocol.encode_responses(protocol.respond(nonces, c, witness))


def _refresh(topic: Topic) -> None:
    """A refresh registers the link secret itself, and the issuer's share is zero."""
    world = the_world()
    own: dict[str, Leaf] = {"issuer": world.issuer.octets.hex(), "link_secret": world.licence.members["link_secret"]}
    topic.accept("refresh/register", "register", "X_h is X; the salt alone is drawn", own)
    request: dict[str, Leaf] = {"nonce": NONCE.hex(), "session": SESSION.hex(), "refresh": "1"}
    topic.accept("refresh/request", "request", "a request to keep the licence", request, base="refresh/register")
    topic.accept("refresh/request/checked", "check-request", "the issuer's check", base="refresh/request")
    again: dict[str, Leaf] = {"refresh": "0"}
    topic.refuse(
        "refresh/request/as-first",
        "check-request",
        "a refresh taken for a first issue",
        "bad-request",
        again,
        base="refresh/request",
    )
    reply: dict[str, Leaf] = {
        "issuer_secret_key": scalar(world.issuer_secret_key),
        "attributes": attribute_members(world.licence.attributes),
        "signer_share": scalar(0),
    }
    topic.accept("refresh/sign", "sign", "the same handle, a new signature", reply, base="refresh/request")
