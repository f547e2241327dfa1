"""Proofs of further statements of which every equation holds but one: for each equation that the default proof lacks.

As in `forged`, which says why. They are put together from any holdings, and each holding from any signature, messages,
witness and shown signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from circuits.accumulator import witness_for
from circuits.attributes import BLIND_INDEX
from circuits.curve import G1
from circuits.language import AtMost, OneOf, Predicate
from circuits.predicates.frame import Part, parts_of
from circuits.scalar import ORDER, inverse
from circuits.statement import Claims, Statement
from circuits.suite import SHA256
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.operations.statement import binding_of, statement_of
from console.conformance.frozen.randomness import Derived, derived_scalar
from console.conformance.frozen.recipes.forged import Draft, any_point, pseudonym_point
from console.conformance.frozen.recipes.holders import (
    Authority,
    bands,
    licensing,
    permit,
    permits,
    strangers_permit,
    union,
)
from console.conformance.frozen.recipes.topic import Topic
from console.conformance.frozen.recipes.world import Licence, the_world

_CURVE = SHA256.curve
_PERMIT = 5


@dataclass(frozen=True)
class Holding:
    """What a forger works from for one credential: (A, e), twelve messages, a witness C, and of each predicate, by
    position, the number that is shown and the signature on it."""

    signature: bytes
    messages: tuple[int, ...]
    witness: G1
    shown: dict[int, tuple[int, G1]]

    def showing(self, position: int, number: int, signature: G1) -> Holding:
        """The same with something else shown for one predicate."""
        return replace(self, shown={**self.shown, position: (number, signature)})

    def with_message(self, index: int, value: int) -> Holding:
        """The same with another message."""
        return replace(self, messages=(*self.messages[:index], value, *self.messages[index + 1 :]))


@dataclass(frozen=True)
class Forger:
    """What is held for each credential of a statement without an escrow."""

    statement: Statement
    held: tuple[Holding, ...]

    def draft(self, label: str) -> Draft:
        """The honest formulas over whatever is held. A secret of both parts is the licence's."""
        draft = Draft({}, {}, Derived(f"further forged {label}"))
        for part, held in zip(parts_of(self.statement), self.held, strict=True):
            _fill(draft, part, held)
        draft.points["Nym"] = _CURVE.multiply(pseudonym_point(), self.held[0].messages[11])
        return draft

    def holding(self, last: Holding) -> Forger:
        """The same with another holding for the last credential, which is the forged one."""
        return replace(self, held=(*self.held[:-1], last))

    def showing(self, position: int, number: int, signature: G1) -> Forger:
        """The same with something else shown for one predicate of the last credential."""
        return self.holding(self.held[-1].showing(position, number, signature))


Forgery = tuple[str, str, Callable[[], Draft]]


def recipe(topic: Topic) -> None:
    """One forgery for every further equation and pairing."""
    for base, forgeries, none in (("between", _alone, "none"), ("equals", _beside, "none-beside")):
        given = topic.given(f"{base}/verify")
        statement, binding = statement_of(given), binding_of(given)
        holders = ((licensing(), the_world().licence), (permits(), permit()))
        held = tuple(_honest(claims, *holder) for claims, holder in zip(statement.claims, holders, strict=False))
        forger = Forger(statement, held)
        for guard, comment, forge in forgeries(forger):
            proof: dict[str, Leaf] = {"proof": forge().proof(statement, binding).hex()}
            topic.refuse(f"forged/{guard}", "verify", comment, "proof", proof, base=base)
        honest: dict[str, Leaf] = {"proof": forger.draft(none).proof(statement, binding).hex()}
        topic.accept(f"forged/{none}", "verify", "the same prover, keeping the rules", honest, base=base)


def _alone(forger: Forger) -> tuple[Forgery, ...]:
    """Of the licence: its second predicate is an upper bound, its third a set."""
    digit = _CURVE.decode_g1(licensing().digit_signature(0))
    return (
        (
            "R4_2",
            "digit 0 in the place of what cover_band is below its bound",
            lambda: forger.showing(2, 0, digit).draft("R4_2"),
        ),
        ("R4_3", "the signature on another member of the set", lambda: forger.showing(3, *_french()).draft("R4_3")),
        ("pair-X_d", "any point as the signature of an upper bound's digit", lambda: _any_shown(forger, 2, "X_d")),
        ("pair-X_s", "any point as the signature of a member", lambda: _any_shown(forger, 3, "X_s")),
    )


def _beside(forger: Forger) -> tuple[Forgery, ...]:
    """Of the companion: its first predicate is an upper bound, its second a set."""
    digit = _CURVE.decode_g1(permits().digit_signature(1))
    return (
        ("R1~", "a signed Abar~, Bbar~ beside a D~ of messages that nobody signed", lambda: _invented(forger)),
        ("R2~-link-secret", "the permit of somebody else", lambda: _permit(forger, strangers_permit(), "link secret")),
        ("R2~-equal", "another permit than the licence's", lambda: _permit(forger, _other_permit(forger), "equal")),
        ("R3~", "the standing of another permit", lambda: _lent_standing(forger)),
        (
            "R4~_1",
            "digit 1 in the place of what competence is below its bound",
            lambda: forger.showing(1, 1, digit).draft("R4~_1"),
        ),
        ("R4~_2", "the signature on another member of the set", lambda: forger.showing(2, *_zero()).draft("R4~_2")),
        ("pair-W~", "messages that nobody signed, throughout", lambda: _unsigned(forger).draft("pair-W~")),
        ("pair-Q_a~", "any point as the permit's witness", lambda: _any_witness(forger)),
        ("pair-X_d~", "any point as the signature of a digit", lambda: _any_shown(forger, 1, "X_d~")),
        ("pair-X_s~", "any point as the signature of a member", lambda: _any_shown(forger, 2, "X_s~")),
    )


def _honest(claims: Claims, authority: Authority, licence: Licence) -> Holding:
    link_secret = (licence.registration.secret.expose() + licence.signer_share) % ORDER
    messages = (*authority.issuer.scalars(licence.attributes), licence.blind, link_secret)
    shown = {place: _shown(authority, node, messages[node.index]) for place, node in enumerate(claims.predicates, 1)}
    return Holding(licence.signature, messages, _CURVE.decode_g1(licence.witness), shown)


def _shown(authority: Authority, node: Predicate, value: int) -> tuple[int, G1]:
    if isinstance(node, OneOf):
        return value, node.members.signatures[value]
    digit = node.bound - value if isinstance(node, AtMost) else value - node.bound
    return digit, _CURVE.decode_g1(authority.digit_signature(digit))


def _fill(draft: Draft, part: Part, held: Holding) -> None:
    """The points and secrets of one part. Draws r1, r2, rho, t_1 .. ."""
    r1, r2, rho = (draft.entropy.scalar() for _ in range(3))
    a, e = _CURVE.decode_g1(held.signature[:48]), int.from_bytes(held.signature[48:], "big")
    b = part.claims.issuer.signed_point(held.messages)
    points = {
        "Abar": _CURVE.multiply(a, r1 * r2),
        "Bbar": _CURVE.combine([b, a], [r1 * r2, -r1 * r2 * e]),
        "D": _CURVE.multiply(b, r2),
    }
    draft.points |= {part.name(name): point for name, point in points.items()}
    secrets = {"e": e, "r1": r1, "r3": inverse(r2), "rho": rho}
    draft.scalars |= {part.name(name): value for name, value in secrets.items()}
    for index, value in enumerate(held.messages):
        draft.scalars.setdefault(part.message(index), value)
    _set_standing(draft, part, held.witness, held.messages[0])
    for position, (number, signature) in held.shown.items():
        _set_shown(draft, part, position, number, signature)


def _set_standing(draft: Draft, part: Part, witness: G1, handle: int) -> None:
    rho = draft.scalars[part.name("rho")]
    draft.points[part.name("C'")] = _CURVE.multiply(witness, rho)
    cbar = _CURVE.combine([part.claims.epoch.point, witness], [rho, -rho * handle])
    draft.points[part.name("Cbar")] = cbar


def _set_shown(draft: Draft, part: Part, position: int, number: int, signature: G1) -> None:
    node = part.claims.predicates[position - 1]
    base = node.members.base if isinstance(node, OneOf) else part.claims.issuer.digit_base
    blind = draft.scalars[part.name(f"t{position}")] = draft.entropy.scalar()
    draft.points[part.name(f"S'{position}")] = _CURVE.multiply(signature, blind)
    draft.points[part.name(f"Sbar{position}")] = _CURVE.combine([base, signature], [blind, -blind * number])


def _french() -> tuple[int, G1]:
    scalar = union().scalar("FR")
    return scalar, union().signatures[scalar]


def _zero() -> tuple[int, G1]:
    return 0, bands().signatures[0]


def _any_shown(forger: Forger, position: int, label: str) -> Draft:
    number, _ = forger.held[-1].shown[position]
    return forger.showing(position, number, any_point(f"shown {label}")).draft(f"pair-{label}")


def _unsigned(forger: Forger) -> Forger:
    return forger.holding(forger.held[-1].with_message(BLIND_INDEX, 7))


def _invented(forger: Forger) -> Draft:
    draft, signed = _unsigned(forger).draft("R1~"), forger.draft("R1~")
    draft.points |= {name: signed.points[name] for name in ("Abar~", "Bbar~")}
    return draft


def _permit(forger: Forger, other: Licence, label: str) -> Draft:
    return forger.holding(_honest(forger.statement.claims[1], permits(), other)).draft(f"R2~ {label}")


def _other_permit(forger: Forger) -> Licence:
    values = list(permit().attributes)
    values[_PERMIT] = "permit-2"
    return permits().issue("another permit", tuple(values[1:]), forger.held[0].messages[11])


def _lent_standing(forger: Forger) -> Draft:
    authority, other = permits(), derived_scalar("another live permit")
    witness = witness_for(authority.accumulator, authority.accumulator_secret_key, authority.epoch.value, other)
    draft = forger.draft("R3~")
    _set_standing(draft, parts_of(forger.statement)[1], _CURVE.decode_g1(witness), other)
    return draft


def _any_witness(forger: Forger) -> Draft:
    draft = forger.draft("pair-Q_a~")
    _set_standing(draft, parts_of(forger.statement)[1], any_point("pair-Q_a~"), forger.held[1].messages[0])
    return draft
