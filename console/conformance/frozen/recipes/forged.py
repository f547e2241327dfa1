"""Proofs of which every equation holds but one.

A changed octet is caught by the challenge, whatever a verifier forgets. These proofs are put together by a prover that
keeps no rules, from any points and secrets, and hash to their own challenge: the one equation or pairing that a vector
is named after is the only thing that refuses it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from circuits import (
    AtLeast,
    Binding,
    Disclose,
    Escrowed,
    NotRevoked,
    Possession,
    Pseudonym,
    Statement,
    all_of,
    issuance,
)
from circuits.accumulator import witness_for
from circuits.curve import G1, G1_OCTETS
from circuits.generators import PSEUDONYM_BASE, named_base
from circuits.layout import layout_of
from circuits.scalar import ORDER, inverse
from circuits.secret import Secret
from circuits.sigma import protocol
from circuits.suite import SHA256
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.randomness import Derived, derived_scalar
from console.conformance.frozen.recipes.topic import Topic
from console.conformance.frozen.recipes.world import AUDIENCE, NOW, TODAY, context, the_world

_CURVE = SHA256.curve
_PERMIT = 5
_BOUNDS = ((3, TODAY), (4, 2))


@dataclass
class Draft:
    """A proof in the making: points and secrets by their names in protocol.md, and where their randomness is from."""

    points: dict[str, G1]
    scalars: dict[str, int]
    entropy: Derived

    def proof(self, statement: Statement, binding: Binding) -> bytes:
        """T from fresh nonces, the challenge over all octets, the responses."""
        layout = layout_of(statement)
        bases = layout.prefix[len(layout.shape.prefix) :]
        public = [_CURVE.decode_g1(bases[at : at + G1_OCTETS]) for at in range(0, len(bases), G1_OCTETS)]
        wire = [self.points[name] for name in layout.wire]
        nonces = [self.entropy.scalar() for _ in layout.scalars]
        commitments = protocol.commit(_CURVE, layout.shape, [_CURVE.g1_generator(), *public, *wire], nonces)
        points, committed = (b"".join(map(_CURVE.encode_g1, these)) for these in (wire, commitments))
        tag = protocol.make_tag("AIOL-V01-PRESENT", suffix=hashlib.sha256(statement.octets(binding)).hexdigest())
        c = protocol.challenge(protocol.session_id(tag), layout.prefix + points, committed)
        responses = protocol.respond(nonces, c, [self.scalars[name] for name in layout.scalars])
        return points + committed + protocol.encode_responses(responses)


@dataclass(frozen=True)
class Holding:
    """What a forger works from: (A, e), twelve messages, a witness C, and the digits to be shown."""

    signature: bytes
    messages: tuple[int, ...]
    witness: G1
    digits: tuple[int, int]

    def draft(self, label: str) -> Draft:
        """The honest formulas over whatever is held."""
        world, m, entropy = the_world(), self.messages, Derived(f"forged {label}")
        r1, r2, rho, t1, t2, k = (entropy.scalar() for _ in range(6))
        a, e = _CURVE.decode_g1(self.signature[:48]), int.from_bytes(self.signature[48:], "big")
        b = world.issuer.signed_point(m)
        draft = Draft(
            {
                "Abar": _CURVE.multiply(a, r1 * r2),
                "Bbar": _CURVE.combine([b, a], [r1 * r2, -r1 * r2 * e]),
                "D": _CURVE.multiply(b, r2),
                "Nym": _CURVE.multiply(pseudonym_point(), m[11]),
                "E1": _CURVE.multiply(world.escrow.base, k),
                "E2": ciphertext(k, m[11], m[0]),
            },
            {"e": e, "r1": r1, "r3": inverse(r2), "rho": rho, "t1": t1, "t2": t2, "k": k}
            | {f"m{index}": value for index, value in enumerate(m)},
            entropy,
        )
        _set_standing(draft, self.witness, m[0])
        for position, digit in enumerate(self.digits, 1):
            _set_digit(draft, position, _CURVE.decode_g1(world.digit_signature(digit)), digit)
        return draft


def recipe(topic: Topic) -> None:
    """One forgery for every equation and every pairing."""
    own = _holding(3)
    forgeries: tuple[tuple[str, str, Callable[[], Draft]], ...] = (
        ("R1", "a signed Abar, Bbar beside a D of messages that nobody signed", lambda: _invented(own)),
        ("R2", "a licence of tier 2 that says it is of tier 3", lambda: _holding(2).draft("R2")),
        ("R3", "the standing of another licence", lambda: _lent_standing(own)),
        ("R4_1", "digit 0 in the place of what good_until is above its bound", lambda: _claimed(own, (0, 3))),
        ("R4_2", "digit 0 in the place of what cover_band is above its bound", lambda: _claimed(own, (300, 0))),
        ("R5", "the pseudonym of another secret", lambda: _with(own, "R5", "Nym", any_point("R5"))),
        ("R6", "E1 of another k than E2", lambda: _with(own, "R6", "E1", any_point("R6"))),
        ("R7-identity", "somebody else's archive point in E2", lambda: _escrowed(own, "R7-identity")),
        ("R7-key", "E2 to a key of the holder's own", lambda: _escrowed(own, "R7-key")),
        ("pairing-W", "another permit than was signed, throughout", lambda: _unsigned(own)),
        ("pairing-Q_a", "any point as a witness", lambda: _any_witness(own)),
        ("pairing-X_d-1", "any point as the first digit's signature", lambda: _any_digit(own, 1)),
        ("pairing-X_d-2", "any point as the second digit's signature", lambda: _any_digit(own, 2)),
    )
    statement, binding = _statement(), _binding()
    for guard, comment, forge in forgeries:
        proof: dict[str, Leaf] = {"proof": forge().proof(statement, binding).hex()}
        topic.refuse(f"forged/{guard}", "verify", comment, "proof", proof, base="default")
    honest: dict[str, Leaf] = {"proof": own.draft("honest").proof(statement, binding).hex()}
    topic.accept("forged/none", "verify", "the same prover, keeping the rules", honest, base="default")


def _holding(tier: int) -> Holding:
    """The licence of the vectors, signed for this tier."""
    world, licence = the_world(), the_world().licence
    attributes = (licence.attributes[0], tier, *licence.attributes[2:])
    signature = issuance.sign_licence(
        world.issuer, Secret(world.issuer_secret_key), licence.request, attributes, licence.signer_share
    )
    link_secret = (licence.registration.secret.expose() + licence.signer_share) % ORDER
    messages = (*world.issuer.scalars(attributes), licence.blind, link_secret)
    return Holding(signature, messages, _CURVE.decode_g1(licence.witness), (300, 3))


def _invented(own: Holding) -> Draft:
    draft, signed = _other_permit(own).draft("R1"), own.draft("R1")
    draft.points |= {name: signed.points[name] for name in ("Abar", "Bbar")}
    return draft


def _unsigned(own: Holding) -> Draft:
    return _other_permit(own).draft("pairing-W")


def _other_permit(own: Holding) -> Holding:
    messages = (*own.messages[:_PERMIT], 7, *own.messages[_PERMIT + 1 :])
    return Holding(own.signature, messages, own.witness, own.digits)


def _lent_standing(own: Holding) -> Draft:
    world, other = the_world(), derived_scalar("another live handle")
    witness = witness_for(world.accumulator, world.accumulator_secret_key, world.epoch.value, other)
    draft = own.draft("R3")
    _set_standing(draft, _CURVE.decode_g1(witness), other)
    return draft


def _any_witness(own: Holding) -> Draft:
    draft = own.draft("pairing-Q_a")
    _set_standing(draft, any_point("pairing-Q_a"), own.messages[0])
    return draft


def _claimed(own: Holding, digits: tuple[int, int]) -> Draft:
    return Holding(own.signature, own.messages, own.witness, digits).draft(f"R4 {digits}")


def _any_digit(own: Holding, position: int) -> Draft:
    draft = own.draft(f"pairing-X_d-{position}")
    _set_digit(draft, position, any_point("digit"), own.digits[position - 1])
    return draft


def _escrowed(own: Holding, label: str) -> Draft:
    draft = own.draft(label)
    k, link_secret, handle = draft.scalars["k"], own.messages[11], own.messages[0]
    if label == "R7-key":
        draft.points["E2"] = ciphertext(k, link_secret, handle, any_point(label))
    else:
        draft.points["E2"] = ciphertext(k, derived_scalar("another link secret"), derived_scalar("another handle"))
    return draft


def _with(own: Holding, label: str, name: str, point: G1) -> Draft:
    draft = own.draft(label)
    draft.points[name] = point
    return draft


def _set_standing(draft: Draft, witness: G1, handle: int) -> None:
    rho = draft.scalars["rho"]
    draft.points["C'"] = _CURVE.multiply(witness, rho)
    draft.points["Cbar"] = _CURVE.combine([the_world().epoch.point, witness], [rho, -rho * handle])


def _set_digit(draft: Draft, position: int, signature: G1, digit: int) -> None:
    blind, base = draft.scalars[f"t{position}"], the_world().issuer.digit_base
    draft.points[f"S'{position}"] = _CURVE.multiply(signature, blind)
    draft.points[f"Sbar{position}"] = _CURVE.combine([base, signature], [blind, -blind * digit])


def ciphertext(k: int, link_secret: int, handle: int, key: G1 | None = None) -> G1:
    """E2, to the world's openers or another key."""
    world = the_world()
    bases: Sequence[G1] = world.issuer.message_bases
    common = world.escrow.public_point if key is None else key
    return _CURVE.combine([common, bases[11], bases[0]], [k, link_secret, handle])


def any_point(label: str) -> G1:
    """A point that stands for `label` and for nothing else."""
    return _CURVE.multiply(_CURVE.g1_generator(), derived_scalar(f"any point {label}"))


def pseudonym_point() -> G1:
    """OP of the vectors' usual context."""
    issuer = the_world().issuer
    return named_base(issuer.suite, issuer.api_id, PSEUDONYM_BASE, bytes.fromhex(context()))


def _statement() -> Statement:
    world = the_world()
    return all_of(
        Possession(world.issuer),
        NotRevoked(world.accumulator, world.epoch),
        Pseudonym(bytes.fromhex(context())),
        Disclose(1, 3),
        Disclose(2, "GB"),
        *(AtLeast(index, bound) for index, bound in _BOUNDS),
        Escrowed(world.escrow),
    )


def _binding() -> Binding:
    members = {name: bytes.fromhex(str(value)) for name, value in the_world().binding.items() if name != "not_after"}
    return Binding(
        policy_hash=members["policy_hash"],
        audience=AUDIENCE,
        nonce=members["nonce"],
        request_digest=members["request_digest"],
        session_thumbprint=members["session_thumbprint"],
        not_after=NOW + 120,
    )
