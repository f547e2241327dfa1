"""Proves a statement about a licence; verifies such proofs one by one or in batches. The door the other packages use.

The proof is one linear relation (rows of `predicates`) in the batchable flavour, with pairing claims beside it:

    wire = points | T_1 .. T_(6+n) | responses, all in declaration order.

The verifier folds every equation and every claim of every proof, each with its own 128-bit coin, into one product of
pairings with one Miller loop per distinct key. Source: [PROTOCOL 5, 6], [SIGMA Non-interactive].

The caller still owes: a nonce of its own, consumed before anything is checked; a fresh epoch from its own trusted
state; a statement built from its own policy, never from the presentation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from circuits.accumulator import Membership, check_membership_once
from circuits.attributes import ATTRIBUTE_COUNT, LINK_SECRET_INDEX, MAX_PREDICATES, AttributeValue
from circuits.credential import Credential
from circuits.curve import G1, G1_OCTETS, Curve, FixedBase
from circuits.encoding import decode_map, take_list, take_octets, take_uint
from circuits.entropy import SYSTEM, Entropy
from circuits.errors import CircuitError, Malformed, Misuse, Rejected, Unsatisfiable
from circuits.language import OneOf
from circuits.layout import Layout, layout_of, pseudonym_base
from circuits.predicates import escrow, interval, one_of, possession, pseudonym, standing
from circuits.predicates.frame import Part, Witness, parts_of
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.epoch import EpochRecord
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord
from circuits.records.set import SetRecord
from circuits.scalar import ORDER
from circuits.sigma import protocol
from circuits.sigma.coins import draw_coins
from circuits.sigma.pairing import Fold
from circuits.statement import (
    MAX_STATEMENT_OCTETS,
    Binding,
    Claims,
    Statement,
    decode_statement,
    proof_hash,
    take_pair,
)
from circuits.threshold import EscrowCiphertext
from circuits.weak_bb import DigitTable

MAX_PRESENTATION_OCTETS = 4096
_TAG = "AIOL-V01-PRESENT"
_FIXED_POINTS = ("Abar", "Bbar", "D", "C'", "Cbar", "Nym")


class Prepared:
    """Everything of a proof that no challenge enters, ready for `finish`. One use: two would reveal the link secret.

    Memory only: it is neither pickled nor copied, and shows nothing of itself.
    The caller still owes: nothing here sees a fork, so a child process must `discard` what its parent prepared.
    """

    __slots__ = ("_state", "statement")

    def __init__(self, statement: Statement, state: _State) -> None:
        self.statement = statement
        self._state: list[_State] = [state]

    def _pop(self) -> _State:
        try:
            return self._state.pop()  # one step, so that of two threads only one gets it
        except IndexError:
            raise Misuse("a prepared proof is used once") from None

    def discard(self) -> None:
        """Forget the secrets; `finish` raises from now on."""
        self._state.clear()

    def __repr__(self) -> str:
        return "Prepared(<redacted>)"

    def __reduce_ex__(self, protocol: object) -> str:
        raise Misuse("a prepared proof is not pickled or copied")


@dataclass(frozen=True)
class _State:
    layout: Layout
    points_octets: bytes = field(repr=False)
    commitment_octets: bytes = field(repr=False)
    nonces: list[int] = field(repr=False)
    witness: list[int] = field(repr=False)


@dataclass(frozen=True)
class Presentation:
    """What a holder sends, parsed and nothing more. All but `proof` only select: an open challenge, a trusted record,
    an allowed epoch, values that the policy allows. `nonce`, `issuer_hash`, `accumulator_hash` 32 octets each.
    """

    nonce: bytes
    issuer_hash: bytes
    accumulator_hash: bytes
    epoch_number: int
    disclosed: dict[int, AttributeValue]
    proof: bytes


@dataclass(frozen=True)
class Accepted:
    """What a verified proof says beyond its statement: `pseudonym` 48 octets, `proof_hash` 32, `statement_octets`."""

    pseudonym: bytes
    proof_hash: bytes
    statement_octets: bytes


@dataclass(frozen=True)
class _Received:
    """A decoded proof whose subgroup checks and cheap checks are done and whose equations are not."""

    layout: Layout
    curve: Curve
    points: list[G1]
    commitments: list[G1]
    responses: list[int]
    challenge: int
    accepted: Accepted


@dataclass(frozen=True)
class Held:
    """A credential that a holder proves something about, with its membership and its issuer's digit table."""

    credential: Credential
    membership: Membership
    table: DigitTable


def prepare(
    statement: Statement,
    credential: Credential,
    membership: Membership,
    table: DigitTable,
    entropy: Entropy = SYSTEM,
    *,
    companion: Held | None = None,
) -> Prepared:
    """The part of a proof that needs no challenge, about two milliseconds of work. `companion` where the statement has
    one.

    Raises `Unsatisfiable`: `predicate` when the licence does not satisfy the statement, `stale-witness` when the
    membership is not the epoch's; `Rejected` (`membership`) when its witness is not the licence's own; `Misuse` for
    records that do not go together.
    """
    held = [Held(credential, membership, table)] + ([] if companion is None else [companion])
    _check_holder(statement, held)
    layout = layout_of(statement)
    curve = statement.issuer.suite.curve
    found = _witness(statement, held, entropy)
    nonces = [entropy.scalar() for _ in layout.scalars]
    points = [_combine(curve, found.points[name]) for name in layout.wire]
    commitments = [_commitment(curve, layout, found, nonces, row) for row in range(len(layout.shape.equations))]
    state = _State(
        layout=layout,
        points_octets=b"".join(curve.encode_g1(point) for point in points),
        commitment_octets=protocol.encode_commitments(curve, commitments),
        nonces=nonces,
        witness=[found.scalars[name] for name in layout.scalars],
    )
    return Prepared(statement, state)


def finish(prepared: Prepared, binding: Binding) -> bytes:
    """The proof for one challenge: hash and respond. Raises `Misuse` when `prepared` was used before."""
    state = prepared._pop()
    session = _session(prepared.statement.octets(binding))
    instance = state.layout.prefix + state.points_octets
    c = protocol.challenge(session, instance, state.commitment_octets)
    responses = protocol.respond(state.nonces, c, state.witness)
    return state.points_octets + state.commitment_octets + protocol.encode_responses(responses)


def decode_presentation(octets: bytes) -> Presentation:
    """The parts of a presentation of at most 4096 octets. Raises `Malformed`."""
    fields = decode_map(octets, MAX_PRESENTATION_OCTETS, range(1, 8))
    disclosed = [take_pair(item) for item in take_list(fields[6], ATTRIBUTE_COUNT)]
    indexes = [index for index, _ in disclosed]
    if indexes != sorted(set(indexes)):
        raise Malformed("disclosed attributes are in ascending order")
    return Presentation(
        nonce=take_octets(fields[2], 32),
        issuer_hash=take_octets(fields[3], 32),
        accumulator_hash=take_octets(fields[4], 32),
        epoch_number=take_uint(fields[5]),
        disclosed=dict(disclosed),
        proof=take_octets(fields[7]),
    )


def verify(statement: Statement, binding: Binding, proof: bytes, entropy: Entropy = SYSTEM) -> Accepted:
    """Check one proof. Raises `Malformed` for its encoding, `Rejected` with code `proof` when it is false."""
    received = _receive(statement, binding, proof)
    _check([received], entropy)
    return received.accepted


def verify_batch(
    items: Sequence[tuple[Statement, Binding, bytes]], entropy: Entropy = SYSTEM
) -> list[Accepted | CircuitError]:
    """Check many proofs at once: for each what `verify` returns or raises, in order.

    Raises `Misuse` for no proofs, and for records on two curve backends.

    All proofs are folded into one product of pairings; where it fails, halves are checked with new coins until every
    false proof is found, so that one forgery costs its neighbours time but not their verdict.
    """
    if not items:
        raise Misuse("an empty batch proves nothing")
    outcomes: list[Accepted | CircuitError] = []
    received: list[tuple[int, _Received]] = []
    for position, (statement, binding, proof) in enumerate(items):
        try:
            one = _receive(statement, binding, proof)
        except CircuitError as refusal:  # a `Misuse` too: it is about this one, and its neighbours have their verdicts
            outcomes.append(refusal)
        else:
            outcomes.append(one.accepted)
            received.append((position, one))
    for position, false in _bisect(received, entropy):
        outcomes[position] = false
    return outcomes


def reverify(
    statement_octets: bytes,
    proof: bytes,
    issuer: IssuerRecord,
    accumulator: AccumulatorRecord,
    epoch: EpochRecord,
    escrow_record: EscrowRecord | None,
    *,
    companion: tuple[IssuerRecord, AccumulatorRecord, EpochRecord] | None = None,
    sets: Sequence[SetRecord] = (),
) -> Accepted:
    """Check a logged proof against the records of its time, freshness excepted. For openers and auditors.

    Raises `Malformed` for octets about other records, else as `verify`. Source: [PROTOCOL 7].
    """
    statement, binding = decode_statement(
        statement_octets, issuer, accumulator, epoch, escrow_record, companion=companion, sets=sets
    )
    return verify(statement, binding, proof)


def escrow_ciphertext(statement_octets: bytes, proof: bytes) -> EscrowCiphertext:
    """(E1, E2) of a logged proof, which `reverify` has checked. Raises `Malformed`, `Rejected` (`no-escrow`)."""
    fields = decode_map(statement_octets, MAX_STATEMENT_OCTETS, range(1, 17), optional=range(17, 21))
    if fields[7] == b"":
        raise Rejected("no-escrow", "the proof carries no escrow")
    count = sum(len(take_list(fields.get(key, []), MAX_PREDICATES)) for key in (10, 17, 18))
    at = G1_OCTETS * (len(_FIXED_POINTS) + 2 * count)
    if len(proof) < at + 2 * G1_OCTETS:
        raise Malformed("a proof of another length than the statement's")
    return EscrowCiphertext(proof[at : at + G1_OCTETS], proof[at + G1_OCTETS : at + 2 * G1_OCTETS])


def _check_holder(statement: Statement, held: Sequence[Held]) -> None:
    if len(held) != len(statement.claims):
        raise Misuse("a statement about another number of credentials")
    for claims, own in zip(statement.claims, held, strict=True):
        _check_held(claims, own)
    secrets = {own.credential.link_secret.expose() for own in held}
    if len(secrets) != 1:
        raise Unsatisfiable("binding", "the two credentials are not of one holder")
    for index, other in statement.equal:
        if held[0].credential.messages.expose()[index] != held[1].credential.messages.expose()[other]:
            raise Unsatisfiable("predicate", "the attributes that must be equal are not")


def _check_held(claims: Claims, held: Held) -> None:
    if held.credential.issuer.hash != claims.issuer.hash or held.table.issuer.hash != claims.issuer.hash:
        raise Misuse("a credential or digit table of another issuer")
    if held.membership.accumulator.hash != claims.accumulator.hash:
        raise Misuse("a membership of another accumulator")
    if held.membership.epoch_number != claims.epoch.number or held.membership.value != claims.epoch.value:
        raise Unsatisfiable("stale-witness", "the wallet is not at this epoch; refresh it")
    # Whoever has the accumulator's key can tell from a proof with a witness that does not fit whose handle is in it.
    check_membership_once(held.membership, held.credential.handle)
    for index, value in claims.disclosed:
        if held.credential.attributes[index] != value:
            raise Unsatisfiable("predicate", "an attribute of the licence is not the one that is asked for")


def _witness(statement: Statement, held: Sequence[Held], entropy: Entropy) -> Witness:
    """Draw order: r1, r2, rho, t_1 .., k, then the companion's r1, r2, rho, t_1 .. ."""
    found = Witness()
    for part, own in zip(parts_of(statement), held, strict=True):
        messages = own.credential.messages.expose()
        _own_witness(found, part, own, messages, entropy)
        if part.claims is statement.licence:
            issuer, handle, link_secret = part.claims.issuer, messages[0], messages[LINK_SECRET_INDEX]
            pseudonym.witness(found, pseudonym_base(issuer.suite, issuer.api_id, statement.context), link_secret)
            if statement.escrow is not None:
                escrow.witness(found, statement.escrow, issuer, link_secret, handle, entropy.scalar())
    return found


def _own_witness(found: Witness, part: Part, held: Held, messages: Sequence[int], entropy: Entropy) -> None:
    r1, r2, rho = entropy.scalar(), entropy.scalar(), entropy.scalar()
    blinds = [entropy.scalar() for _ in part.claims.predicates]
    possession.witness(found, part, held.credential, r1, r2)
    standing.witness(found, part, held.membership, messages[0], rho)
    for position, (node, blind) in enumerate(zip(part.claims.predicates, blinds, strict=True), 1):
        if isinstance(node, OneOf):
            one_of.witness(found, part, position, node, messages[node.index], blind)
        else:
            interval.witness(found, part, position, node, held.table, messages[node.index], blind)


def _combine(curve: Curve, terms: Sequence[tuple[FixedBase, int]]) -> G1:
    return curve.combine_fixed([base for base, _ in terms], [scalar for _, scalar in terms])


def _commitment(curve: Curve, layout: Layout, found: Witness, nonces: Sequence[int], row: int) -> G1:
    """T of one row: every element it names is a prepared base or a known combination of such."""
    weights: dict[FixedBase, int] = {}
    for term in layout.shape.equations[row].terms:
        scalar = term.coefficient * nonces[term.scalar] % ORDER
        base = layout.public.get(term.element)
        terms = [(base, 1)] if base is not None else found.points[layout.wire[term.element - layout.first_wire]]
        for known, weight in terms:
            weights[known] = weights.get(known, 0) + scalar * weight
    return curve.combine_fixed(list(weights), list(weights.values()))


def _session(statement_octets: bytes) -> bytes:
    digest = hashlib.sha256(statement_octets).hexdigest()
    return protocol.session_id(protocol.make_tag(_TAG, suffix=digest))


def _receive(statement: Statement, binding: Binding, proof: bytes) -> _Received:
    layout = layout_of(statement)
    if len(proof) != layout.proof_octets:
        raise Malformed("a proof of another length than the statement's")
    curve = statement.issuer.suite.curve
    ends = layout.points_octets, layout.points_octets + layout.commitments_octets
    points_octets, commitment_octets, response_octets = proof[: ends[0]], proof[ends[0] : ends[1]], proof[ends[1] :]
    responses = protocol.decode_responses(response_octets, len(layout.scalars))
    points = protocol.decode_commitments(curve, points_octets, len(layout.wire))
    commitments = protocol.decode_commitments(curve, commitment_octets, len(layout.shape.equations))
    statement_octets = statement.octets(binding)
    c = protocol.challenge(_session(statement_octets), layout.prefix + points_octets, commitment_octets)
    at = G1_OCTETS * layout.wire.index("Nym")
    accepted = Accepted(proof[at : at + G1_OCTETS], proof_hash(statement_octets, proof), statement_octets)
    return _Received(layout, curve, points, commitments, responses, c, accepted)


def _bisect(received: list[tuple[int, _Received]], entropy: Entropy) -> list[tuple[int, Rejected]]:
    if not received:
        return []
    try:
        _check([one for _, one in received], entropy)
    except Rejected as refusal:
        if len(received) == 1:
            return [(received[0][0], refusal)]
        half = len(received) // 2
        return _bisect(received[:half], entropy) + _bisect(received[half:], entropy)
    return []


def _check(received: Sequence[_Received], entropy: Entropy) -> None:
    """One product of pairings over all proofs, with coins drawn now, after receipt."""
    if any(one.curve is not received[0].curve for one in received):
        raise Misuse("points of two curve backends do not mix in one batch")
    fold = Fold(received[0].curve)
    for position, one in enumerate(received):
        coins = draw_coins(entropy, len(one.layout.shape.equations) + len(one.layout.claims))
        if position == 0:
            coins[-1] = 1  # one defect may have the fixed coin 1: the others still cannot be made to cancel it
        _add(fold, one, coins)
    try:
        fold.check()
    except Rejected:
        raise Rejected("proof", "the proof does not verify") from None


def _add(fold: Fold, one: _Received, coins: Sequence[int]) -> None:
    layout, shape = one.layout, one.layout.folded
    rows = len(shape.equations)
    # Every defect T + c image - R(z) is weighed with its coin, this way round: so T keeps its short coin as it is.
    weights = [-weight for weight in protocol.combine_equations(shape, coins[:rows], one.challenge, one.responses)]
    for (left, key, right), coin in zip(layout.claims, reversed(coins[rows:]), strict=True):
        fold.pair(one.points[left - layout.first_wire], key, coin)
        weights[right] += coin
    fold.vanish_fixed(list(layout.public.values()), [weights[element] for element in layout.public])
    for row, base in layout.image_bases.items():
        fold.vanish_fixed([base], [coins[row] * one.challenge])
    fold.vanish(one.points, [weight % ORDER for weight in weights[layout.first_wire :]])
    fold.vanish(one.commitments, coins[:rows])
