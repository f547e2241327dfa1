"""A prover that does not keep the rules: it puts a proof together from any points and any secrets.

It follows the layout of the statement, so that what it makes is well-formed, and true but for what a test has changed.
Beside it coins of a test's choice, by which one equation of the verifier is switched off without touching its code.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from circuits import AtLeast, AtMost, Binding, Credential, OneOf, Statement, verify_batch
from circuits.curve import G1, G1_OCTETS, Curve
from circuits.generators import PSEUDONYM_BASE, named_base
from circuits.layout import Layout, layout_of
from circuits.predicates.frame import Part, parts_of
from circuits.presentation import Accepted, _check, _Received, _session
from circuits.scalar import ORDER, decode_scalar, encode_scalar, inverse
from circuits.sigma import protocol
from circuits.sigma.coins import COIN_OCTETS
from circuits.sigma.relation import Shape, encode_elements
from circuits.statement import Claims
from circuits.weak_bb import DigitTable
from tests.circuits.core.world import bounds

IDENTITY = b"\xc0" + bytes(G1_OCTETS - 1)


def nonzero() -> int:
    """A random scalar other than 0."""
    return secrets.randbelow(ORDER - 1) + 1


def random_point(curve: Curve) -> G1:
    """A point of the subgroup whose logarithms nobody knows well."""
    return curve.multiply(curve.g1_generator(), nonzero())


def encode(curve: Curve, point: G1) -> bytes:
    """48 octets, the identity included."""
    return IDENTITY if curve.is_identity(point) else curve.encode_g1(point)


@dataclass(frozen=True)
class Holding:
    """What a dishonest holder works from: a signature (A, e), twelve messages, a witness C, a table of digits."""

    signature: G1
    exponent: int
    messages: tuple[int, ...]
    witness: G1
    table: DigitTable

    @classmethod
    def of(cls, credential: Credential, witness: G1, table: DigitTable) -> Holding:
        """An honest licence, to begin with."""
        curve = credential.issuer.suite.curve
        return cls(
            signature=curve.decode_g1(credential.signature[:48]),
            exponent=credential.exponent,
            messages=credential.messages.expose(),
            witness=witness,
            table=table,
        )

    def with_message(self, index: int, value: int) -> Holding:
        """The same with another message."""
        changed = list(self.messages)
        changed[index] = value
        return replace(self, messages=tuple(changed))


def prove_anyway(curve: Curve, tag: bytes, shape: Shape, elements: Sequence[G1], witness: Sequence[int]) -> bytes:
    """A sigma proof with the right challenge, whether or not the witness satisfies every equation."""
    nonces = [nonzero() for _ in witness]
    commitments = protocol.encode_commitments(curve, protocol.commit(curve, shape, elements, nonces))
    instance = shape.prefix + encode_elements(curve, elements)
    c = protocol.challenge(protocol.session_id(tag), instance, commitments)
    return commitments + protocol.encode_responses(protocol.respond(nonces, c, witness))


@dataclass
class Draft:
    """A proof in the making. `points` and `scalars` by the layout's names; `shifts` are added to T, by row."""

    statement: Statement
    points: dict[str, G1]
    scalars: dict[str, int]
    blinds: dict[str, int]
    shifts: dict[int, G1] = field(default_factory=dict)

    @property
    def curve(self) -> Curve:
        return self.statement.issuer.suite.curve

    @property
    def layout(self) -> Layout:
        return layout_of(self.statement)

    def elements(self) -> list[G1]:
        """All elements of the relation, the generator first."""
        return [*public_elements(self.statement), *(self.points[name] for name in self.layout.wire)]

    def elements_by_name(self) -> dict[str, G1]:
        """The public bases by their names in protocol.md, section 5."""
        names = ["P1", "Q1", *(f"H{index}" for index in range(10)), "Q2", "J1", "V"]
        names += ["Gd"] if self.statement.predicates else []
        names += ["OP"] if self.statement.escrow is None else ["OP", "Ge", "K"]
        return dict(zip(names, public_elements(self.statement)[1:], strict=True))

    def proof(self, binding: Binding, session: bytes | None = None, instance: bytes | None = None) -> bytes:
        """The proof: T from fresh nonces, the challenge, the responses. `session` and `instance` octets if not the
        statement's own."""
        points, commitments, responses = self.parts(binding, session, instance)
        wire = [encode(self.curve, point) for point in (*points, *commitments)]
        return b"".join(wire) + b"".join(map(encode_scalar, responses))

    def parts(
        self, binding: Binding, session: bytes | None = None, instance: bytes | None = None
    ) -> tuple[list[G1], list[G1], list[int]]:
        """The same before it is encoded."""
        curve, layout = self.curve, self.layout
        points = [self.points[name] for name in layout.wire]
        nonces = [nonzero() for _ in layout.scalars]
        commitments = protocol.commit(curve, layout.shape, self.elements(), nonces)
        for row, shift in self.shifts.items():
            commitments[row] = curve.add(commitments[row], shift)
        c = protocol.challenge(
            _session(self.statement.octets(binding)) if session is None else session,
            layout.prefix + b"".join(encode(curve, point) for point in points) if instance is None else instance,
            b"".join(encode(curve, point) for point in commitments),
        )
        witness = [self.scalars[name] for name in layout.scalars]
        return points, commitments, protocol.respond(nonces, c, witness)

    def check_unchecked(self, binding: Binding) -> None:
        """Verify as a verifier would that decodes points without subgroup checks: the real equations, fresh coins."""
        points, commitments, responses = self.parts(binding)
        curve, layout = self.curve, self.layout
        c = protocol.challenge(
            _session(self.statement.octets(binding)),
            layout.prefix + b"".join(encode(curve, point) for point in points),
            b"".join(encode(curve, point) for point in commitments),
        )
        received = _Received(layout, curve, points, commitments, responses, c, Accepted(b"", b"", b""))
        _check([received], _SYSTEM)


def public_elements(statement: Statement) -> list[G1]:
    """The generator and the public bases of a statement's relation, read from the layout's prefix."""
    layout, curve = layout_of(statement), statement.issuer.suite.curve
    octets = layout.prefix[len(layout.shape.prefix) :]
    bases = [curve.decode_g1(octets[at : at + G1_OCTETS]) for at in range(0, len(octets), G1_OCTETS)]
    return [curve.g1_generator(), *bases]


def draft(statement: Statement, holding: Holding, digits: Sequence[int] | None = None) -> Draft:
    """The honest formulas over whatever `holding` says. `digits` are shown as the predicates' digits, if not the true
    ones, with S' and Sbar made for them."""
    curve, issuer, m = statement.issuer.suite.curve, statement.issuer, holding.messages
    r1, r2, rho, k = (nonzero() for _ in range(4))
    signed = issuer.signed_point(m)
    difference = curve.add(signed, curve.multiply(holding.signature, -holding.exponent))
    points = {
        "Abar": curve.multiply(holding.signature, r1 * r2),
        "Bbar": curve.multiply(difference, r1 * r2),
        "D": curve.multiply(signed, r2),
        "C'": curve.multiply(holding.witness, rho),
        "Cbar": curve.combine([statement.epoch.point, holding.witness], [rho, -rho * m[0]]),
        "Nym": curve.multiply(pseudonym_point(statement, statement.context), m[11]),
    }
    scalars = {"e": holding.exponent, "r1": r1, "r3": inverse(r2), "rho": rho, "k": k}
    scalars |= {f"m{index}": value for index, value in enumerate(m)}
    blinds = {"r1": r1, "r2": r2, "rho": rho, "k": k}
    for position, (index, bound) in enumerate(bounds(statement), 1):
        digit = m[index] - bound if digits is None else digits[position - 1]
        blinds[f"t{position}"] = scalars[f"t{position}"] = blind = nonzero()
        entry = table_entry(holding.table, digit)
        points[f"S'{position}"] = curve.multiply(entry, blind)
        points[f"Sbar{position}"] = curve.combine([issuer.digit_base, entry], [blind, -blind * digit])
    if statement.escrow is not None:
        points["E1"] = curve.multiply(statement.escrow.base, k)
        points["E2"] = ciphertext_point(statement, k, m[11], m[0])
    return Draft(statement, points, scalars, blinds)


def table_entry(table: DigitTable, digit: int) -> G1:
    """S_digit."""
    return table.issuer.suite.curve.decode_g1(table.octets[48 * digit : 48 * digit + 48])


def pseudonym_point(statement: Statement, context: bytes) -> G1:
    """OP of a context."""
    return named_base(statement.issuer.suite, statement.issuer.api_id, PSEUDONYM_BASE, context)


def ciphertext_point(statement: Statement, k: int, link_secret: int, handle: int, key: G1 | None = None) -> G1:
    """E2 under the statement's key, or another."""
    assert statement.escrow is not None
    bases = statement.issuer.message_bases
    common = statement.escrow.public_point if key is None else key
    return statement.issuer.suite.curve.combine([common, bases[11], bases[0]], [k, link_secret, handle])


class _System:
    def scalar(self) -> int:
        return nonzero()

    def octets(self, count: int) -> bytes:
        return secrets.token_bytes(count)


_SYSTEM = _System()


class ChosenCoins:
    """Coins by a rule: `choose(draw, index)`, or None for a random one. Counts the draws and keeps what it gave."""

    def __init__(self, choose: Callable[[int, int], int | None]) -> None:
        self._choose = choose
        self.draws: list[bytes] = []

    def scalar(self) -> int:
        raise AssertionError("a verifier draws no scalars")

    def octets(self, count: int) -> bytes:
        coins = []
        for index in range(count // COIN_OCTETS):
            chosen = self._choose(len(self.draws), index)
            coins.append(secrets.token_bytes(COIN_OCTETS) if chosen is None else chosen.to_bytes(COIN_OCTETS, "little"))
        self.draws.append(b"".join(coins))
        return self.draws[-1]


def all_ones() -> ChosenCoins:
    """The coins of a verifier that forgot to weigh its equations."""
    return ChosenCoins(lambda draw, index: 1)


def equation_names(statement: Statement) -> dict[str, int]:
    """The verifier's equations and, for each, the place of its coin."""
    count = len(statement.predicates)
    rows = ["R1", "R2", "R3", *(f"R4.{q}" for q in range(1, count + 1)), "R5"]
    if statement.escrow is not None:
        rows += ["R6", "R7"]
    claims = ["pair licence", "pair standing", *(f"pair digit {q}" for q in range(1, count + 1))]
    last = len(rows) + len(claims) - 1
    places = {name: place for place, name in enumerate(rows)}
    return places | {name: last - place for place, name in enumerate(claims)}


def refused_without(
    off: Collection[str],
    honest: tuple[Statement, Binding, bytes],
    item: tuple[Statement, Binding, bytes],
) -> bool:
    """Whether `item` is refused by a verifier in which the equations `off` have the coin 0.

    It stands second in a batch, because one coin of the first proof is fixed."""
    places = {equation_names(item[0])[name] for name in off}

    def choose(draw: int, index: int) -> int | None:
        if draw > 1:  # the product has failed, and halves are checked next, which is not the question here
            raise _FoldFailed
        return 0 if draw == 1 and index in places else None

    try:
        outcomes = verify_batch([honest, item], ChosenCoins(choose))
    except _FoldFailed:
        return True
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    return False


class _FoldFailed(Exception):
    pass


def replace_point(proof: bytes, position: int, octets: bytes) -> bytes:
    """The proof with another 48 octets at point `position` (T included)."""
    at = G1_OCTETS * position
    return proof[:at] + octets + proof[at + G1_OCTETS :]


def replace_scalar(proof: bytes, first: int, position: int, change: Callable[[int], int]) -> bytes:
    """The proof with response `position` changed; `first` is where the responses begin."""
    at = first + 32 * position
    value = change(decode_scalar(proof[at : at + 32]))
    return proof[:at] + value.to_bytes(32, "big") + proof[at + 32 :]


def draft_of(
    statement: Statement, holding: Holding, shown: dict[int, int], entries: dict[int, G1] | None = None
) -> Draft:
    """A draft of a statement with any predicates: what each (by position) shows as its signed number, and the signature
    shown for it, if not the one that is published."""
    plain = replace(statement, licence=replace(statement.licence, predicates=()), companion=None, equal=())
    made = draft(plain, holding)
    _add_predicates(made, parts_of(statement)[0], holding, shown, entries or {})
    return replace(made, statement=statement)


def draft_two(statement: Statement, holding: Holding, companion: Holding) -> Draft:
    """A draft of a statement with a companion, each part by its own holding, whoever's it is. Secrets that the
    statement shares are the licence's."""
    assert statement.companion is not None
    curve, part = statement.issuer.suite.curve, parts_of(statement)[1]
    made = draft_of(statement, holding, honest_digits(statement.licence, holding))
    beside = Statement(statement.companion, None, statement.context)
    other = draft_of(beside, companion, honest_digits(statement.companion, companion))
    assert curve is other.curve
    for name in layout_of(beside).wire:
        if name != "Nym":
            made.points[part.name(name)] = other.points[name]
    for name, value in other.scalars.items():
        index = int(name[1:]) if name.startswith("m") else None
        own = part.name(name) if index is None else part.message(index)
        made.scalars.setdefault(own, value)
    return made


def honest_digits(claims: Claims, holding: Holding) -> dict[int, int]:
    """The signed number of each predicate, by position."""
    found = {}
    for position, node in enumerate(claims.predicates, 1):
        value = holding.messages[node.index]
        match node:
            case AtLeast():
                found[position] = value - node.bound
            case AtMost():
                found[position] = node.bound - value
            case OneOf():
                found[position] = value
    return found


def refused_rows(
    off: Collection[int],
    honest: tuple[Statement, Binding, bytes],
    item: tuple[Statement, Binding, bytes],
) -> bool:
    """As `refused_without`, for any statement: the equations of the rows `off` have the coin 0."""

    def choose(draw: int, index: int) -> int | None:
        if draw > 1:
            raise _FoldFailed
        return 0 if draw == 1 and index in off else None

    try:
        outcomes = verify_batch([honest, item], ChosenCoins(choose))
    except _FoldFailed:
        return True
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    return False


def _add_predicates(made: Draft, part: Part, holding: Holding, shown: dict[int, int], entries: dict[int, G1]) -> None:
    curve, issuer = made.curve, part.claims.issuer
    for position, node in enumerate(part.claims.predicates, 1):
        number, blind = shown[position], nonzero()
        if isinstance(node, OneOf):
            base = node.members.base
            entry = entries.get(position, node.members.signatures.get(number, base))
        else:
            base = issuer.digit_base
            entry = entries.get(position) or table_entry(holding.table, number % 4096)
        made.scalars[f"t{position}"] = blind
        made.points[f"S'{position}"] = curve.multiply(entry, blind)
        made.points[f"Sbar{position}"] = curve.combine([base, entry], [blind, -blind * number])
