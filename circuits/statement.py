"""Statements: what a holder says about a licence, in normal form, without saying whose it is. The words: `language`.

A statement is closed: possession, standing and a pseudonym always, an escrow or none. Its octets, with the binding to
one challenge, are what the proof's session is made of, so nothing in them can be changed afterwards.
Source: [PROTOCOL 5].
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from circuits.attributes import (
    ATTRIBUTE_COUNT,
    MAX_BOUND,
    MAX_PREDICATES,
    WINDOW,
    AttributeValue,
    Kind,
    check_value,
)
from circuits.cached import cached_property
from circuits.calendar import day_number, period_label
from circuits.encoding import (
    MAX_UINT,
    PartialMap,
    Value,
    check_text,
    decode_map,
    encode,
    lp,
    take_list,
    take_octets,
    take_text,
    take_uint,
)
from circuits.errors import Malformed, Misuse, Rejected
from circuits.language import (
    AtLeast,
    AtMost,
    Between,
    Companion,
    Disclose,
    Equals,
    Escrowed,
    Node,
    NotRevoked,
    OneOf,
    OwnNode,
    Possession,
    Predicate,
    Pseudonym,
    Signed,
)
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.epoch import EpochRecord
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord
from circuits.records.policy import BOUND_DAY, PolicyRecord
from circuits.records.set import SetRecord
from circuits.suite import Suite

MAX_STATEMENT_OCTETS = 4096
MAX_AUDIENCE_OCTETS = 255
MAX_CONTEXT_OCTETS = 1024
FLAVOUR = "DSFS"


@dataclass(frozen=True)
class Binding:
    """What ties a proof to one challenge.

    `policy_hash`, `nonce`, `request_digest` and `session_thumbprint` (RFC 7638, of the session's key) 32 octets each;
    `audience` the verifier's origin, 1 to 255 octets; `not_after` unix seconds, below 2^64. Raises `Misuse` otherwise.
    """

    policy_hash: bytes
    audience: str
    nonce: bytes
    request_digest: bytes
    session_thumbprint: bytes
    not_after: int

    def __post_init__(self) -> None:
        if any(
            len(item) != 32 for item in (self.policy_hash, self.nonce, self.request_digest, self.session_thumbprint)
        ):
            raise Misuse("a binding is made of 32-octet values")
        check_text(self.audience, "a binding names its audience in at most 255 octets of Unicode", MAX_AUDIENCE_OCTETS)
        if type(self.not_after) is not int or not 0 <= self.not_after <= MAX_UINT:
            raise Misuse("a binding ends at a whole number of seconds below 2^64")


@dataclass(frozen=True)
class Claims:
    """What is said about one credential, in normal form."""

    issuer: IssuerRecord
    accumulator: AccumulatorRecord
    epoch: EpochRecord
    disclosed: tuple[tuple[int, AttributeValue], ...]
    predicates: tuple[Predicate, ...]

    @cached_property
    def hidden(self) -> tuple[int, ...]:
        """The indexes of the signed scalars that stay hidden, the blind (10) and the link secret (11) among them."""
        shown = {index for index, _ in self.disclosed}
        return tuple(index for index in range(ATTRIBUTE_COUNT + 2) if index not in shown)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for claims whose proofs have the same relation: records by their hashes."""
        predicates = tuple(
            (type(one), one.index, one.members.hash if isinstance(one, OneOf) else one.bound) for one in self.predicates
        )
        records = self.issuer.suite, self.issuer.hash, self.accumulator.hash, self.epoch.value
        return *records, self.disclosed, predicates

    def comparisons(self, kind: type[AtLeast] | type[AtMost]) -> list[Value]:
        """The predicates of one `kind` as they stand in the statement octets."""
        return [[one.index, one.bound, WINDOW] for one in self.predicates if isinstance(one, kind)]

    def memberships(self) -> list[Value]:
        """The memberships of sets as they stand in the statement octets."""
        return [[one.index, one.members.hash] for one in self.predicates if isinstance(one, OneOf)]

    def shown(self) -> list[Value]:
        """The disclosed attributes as they stand in statement and presentation."""
        return [[index, value] for index, value in self.disclosed]


@dataclass(frozen=True)
class Statement:
    """A closed statement, in normal form: `all_of` makes it. Two equal statements have equal octets.

    `companion` what is said of a second credential, and `equal` the pairs (index, companion's index) of hidden
    attributes that are the same in both; `document` the digest that is signed, or none.
    """

    licence: Claims
    escrow: EscrowRecord | None
    context: bytes
    companion: Claims | None = None
    equal: tuple[tuple[int, int], ...] = ()
    document: bytes = b""

    @property
    def issuer(self) -> IssuerRecord:
        """The licence's issuer."""
        return self.licence.issuer

    @property
    def accumulator(self) -> AccumulatorRecord:
        """The licence's accumulator."""
        return self.licence.accumulator

    @property
    def epoch(self) -> EpochRecord:
        """The epoch at which the licence is live."""
        return self.licence.epoch

    @property
    def disclosed(self) -> tuple[tuple[int, AttributeValue], ...]:
        """What is shown of the licence."""
        return self.licence.disclosed

    @property
    def predicates(self) -> tuple[Predicate, ...]:
        """What is proved of the licence's hidden attributes."""
        return self.licence.predicates

    @property
    def claims(self) -> tuple[Claims, ...]:
        """The licence's claims, then the companion's."""
        return (self.licence,) if self.companion is None else (self.licence, self.companion)

    @cached_property
    def _fields(self) -> PartialMap:
        """What no challenge enters, encoded once."""
        own = self.licence
        fields: dict[int, Value] = {
            1: 1,
            2: FLAVOUR,
            3: own.issuer.hash,
            4: own.accumulator.hash,
            5: own.epoch.number,
            6: own.epoch.value,
            7: b"" if self.escrow is None else self.escrow.hash,
            9: own.shown(),
            10: own.comparisons(AtLeast),
            11: self.context,
        }
        # A key that is not needed is not there, so that the statements of before keep their octets.
        further: dict[int, Value] = {
            17: own.comparisons(AtMost),
            18: own.memberships(),
            19: [] if self.companion is None else _companion_value(self.companion, self.equal),
            20: self.document,
        }
        return PartialMap(fields | {key: value for key, value in further.items() if value})

    def octets(self, binding: Binding) -> bytes:
        """The statement octets under `binding`: what the proof's tag is the hash of."""
        return self._fields.complete(
            {
                8: binding.policy_hash,
                12: binding.audience,
                13: binding.nonce,
                14: binding.request_digest,
                15: binding.session_thumbprint,
                16: binding.not_after,
            }
        )

    def present(self, binding: Binding, proof: bytes) -> bytes:
        """The presentation: what the holder sends. Its fields only select; see `decode_presentation`.

        Raises `Misuse` for a statement about a companion or a document, for which a gateway has no place.
        """
        if self.companion is not None or self.document:
            raise Misuse("a presentation is about one licence and signs nothing")
        return encode(
            {
                1: 1,
                2: binding.nonce,
                3: self.issuer.hash,
                4: self.accumulator.hash,
                5: self.epoch.number,
                6: self.licence.shown(),
                7: proof,
            }
        )


def all_of(*nodes: Node) -> Statement:
    """The conjunction of `nodes`, in normal form.

    Raises `Misuse` when possession, standing or the pseudonym is missing or repeated, for a repeated disclosure, more
    than eight predicates, an index that may not be named so, or a bound out of range; `Malformed` for a disclosed value
    that is not of its attribute's kind.
    """
    if any(not isinstance(node, Node) for node in nodes):
        raise Misuse("a statement is made of the nodes of this language")
    own = [node for node in nodes if isinstance(node, OwnNode)]
    pseudonyms = [node for node in nodes if isinstance(node, Pseudonym)]
    escrows = [node for node in nodes if isinstance(node, Escrowed)]
    companions = [node for node in nodes if isinstance(node, Companion)]
    signed = [node for node in nodes if isinstance(node, Signed)]
    if len(pseudonyms) != 1 or any(len(several) > 1 for several in (escrows, companions, signed)):
        raise Misuse("a statement has one pseudonym and at most one escrow, companion and document")
    # What is verified today must load when it is opened: the bounds keep every statement under MAX_STATEMENT_OCTETS.
    if not 0 < len(pseudonyms[0].context) <= MAX_CONTEXT_OCTETS:
        raise Misuse("a pseudonym needs a context of at most 1024 octets")
    statement = Statement(
        licence=_claims(own),
        escrow=escrows[0].escrow if escrows else None,
        context=pseudonyms[0].context,
        companion=_claims(companions[0].nodes) if companions else None,
        equal=_pairs([node for node in nodes if isinstance(node, Equals)]),
        document=signed[0].digest if signed else b"",
    )
    _check_together(statement)
    return statement


def _claims(nodes: Sequence[OwnNode]) -> Claims:
    if any(not isinstance(node, OwnNode) for node in nodes):
        raise Misuse("this cannot be said about one credential")
    possessions = [node for node in nodes if isinstance(node, Possession)]
    standings = [node for node in nodes if isinstance(node, NotRevoked)]
    if len(possessions) != 1 or len(standings) != 1:
        raise Misuse("a credential has one possession and one standing")
    issuer, standing = possessions[0].issuer, standings[0]
    shown = [node for node in nodes if isinstance(node, Disclose)]
    disclosed = {node.index: node.value for node in shown}
    said: list[Predicate] = [node for node in nodes if isinstance(node, Predicate)]
    for node in nodes:
        if isinstance(node, Between):
            said += [AtLeast(node.index, node.low), AtMost(node.index, node.high)]
    _check_disclosed(issuer, disclosed)
    _check_predicates(issuer, said, set(disclosed))
    if len(disclosed) != len(shown) or len({_order(one) for one in said}) != len(said):
        raise Misuse("the same thing is said twice")
    if standing.accumulator.issuer_id != issuer.id:
        raise Misuse("the accumulator is another issuer's")
    if standing.epoch.accumulator_hash != standing.accumulator.hash:
        raise Misuse("the epoch is another accumulator's")
    return Claims(
        issuer, standing.accumulator, standing.epoch, tuple(sorted(disclosed.items())), tuple(sorted(said, key=_order))
    )


def _order(one: Predicate) -> tuple[int, int, bytes]:
    """Lower bounds first, then upper bounds, then sets; each by index."""
    if isinstance(one, OneOf):
        return 2, one.index, one.members.hash
    return int(isinstance(one, AtMost)), one.index, one.bound.to_bytes(4, "big")


def _pairs(nodes: Sequence[Equals]) -> tuple[tuple[int, int], ...]:
    pairs = {(node.index, node.companion_index) for node in nodes}
    if len(pairs) != len(nodes):
        raise Misuse("the same thing is said twice")
    return tuple(sorted(pairs))


def _companion_value(claims: Claims, equal: tuple[tuple[int, int], ...]) -> list[Value]:
    return [
        claims.issuer.hash,
        claims.accumulator.hash,
        claims.epoch.number,
        claims.epoch.value,
        claims.shown(),
        claims.comparisons(AtLeast),
        claims.comparisons(AtMost),
        claims.memberships(),
        [[index, other] for index, other in equal],
    ]


def policy_statement(
    policy: PolicyRecord,
    issuer: IssuerRecord,
    accumulator: AccumulatorRecord,
    epoch: EpochRecord,
    escrow: EscrowRecord | None,
    disclosed: Mapping[int, AttributeValue],
    audience: str,
    time: int,
) -> Statement:
    """The statement that `policy` asks for at `audience` (an origin) and `time` (unix seconds of the challenge).

    Both sides call it with the challenge's own time, so that midnight is no race. Raises `Rejected`: `unknown-issuer`,
    `unknown-epoch`, `unknown-escrow` where a record is not one that goes with the policy, `predicate` where a disclosed
    value is not one that it allows. Source: [PROTOCOL 5].
    """
    if issuer.hash not in policy.issuers or accumulator.issuer_id != issuer.id:
        raise Rejected("unknown-issuer", "the policy does not accept this issuer")
    if epoch.accumulator_hash != accumulator.hash:
        raise Rejected("unknown-epoch", "the epoch is not one of this accumulator")
    nodes: list[Node] = [
        Possession(issuer),
        NotRevoked(accumulator, epoch),
        Pseudonym(encode(["verifier", audience, period_label(time, policy.period)])),
    ]
    if policy.escrow_hash:
        if escrow is None or escrow.hash != policy.escrow_hash or not escrow.not_before <= time < escrow.not_after:
            raise Rejected("unknown-escrow", "the escrow is not the policy's, or not in force")
        nodes.append(Escrowed(escrow))
    if set(disclosed) != {index for index, _ in policy.disclosed}:
        raise Rejected("predicate", "other attributes are disclosed than the policy asks for")
    for index, allowed in policy.disclosed:
        value = disclosed[index]
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise Rejected("predicate", f"the policy does not allow this {issuer.attributes[index][0]}")
        nodes.append(Disclose(index, value))
    # A set, for a constant and a moving bound of a policy may be the same on some day.
    day = day_number(time)
    bounds = {AtLeast(index, value + day if kind == BOUND_DAY else value) for index, kind, value in policy.predicates}
    return all_of(*nodes, *bounds)


def request_digest(resource: str, scope: str) -> bytes:
    """SHA-256 of detCBOR [resource, scope]: what a presentation asks a lease for."""
    return hashlib.sha256(encode([resource, scope])).digest()


def proof_hash(statement_octets: bytes, proof: bytes) -> bytes:
    """SHA-256(lp(statement octets) || lp(proof)), the name of one presentation. Source: [PROTOCOL 7]."""
    return hashlib.sha256(lp(statement_octets) + lp(proof)).digest()


def decode_statement(
    octets: bytes,
    issuer: IssuerRecord,
    accumulator: AccumulatorRecord,
    epoch: EpochRecord,
    escrow: EscrowRecord | None,
    *,
    companion: tuple[IssuerRecord, AccumulatorRecord, EpochRecord] | None = None,
    sets: Sequence[SetRecord] = (),
) -> tuple[Statement, Binding]:
    """Statement and binding of logged octets, which must be about no other records than these.

    A statement may leave out an escrow or a companion whose records are given: who needs it there looks at the result.
    Raises `Malformed` for octets that are not a statement's or name other records. For openers and auditors: a gateway
    builds its statement from its own policy and challenge instead.
    """
    fields = decode_map(octets, MAX_STATEMENT_OCTETS, range(1, 17), optional=range(17, 21))
    known = {record.hash: record for record in sets}
    nodes: list[Node] = [
        Possession(issuer),
        NotRevoked(accumulator, epoch),
        Pseudonym(take_octets(fields[11])),
        *_take_said(fields[9], fields[10], fields.get(17, []), fields.get(18, []), known),
    ]
    if fields[7] != b"" and escrow is not None:
        nodes.append(Escrowed(escrow))
    if 19 in fields and companion is not None:
        nodes += _take_companion(fields[19], companion, known)
    binding = Binding(
        policy_hash=take_octets(fields[8], 32),
        audience=take_text(fields[12]),
        nonce=take_octets(fields[13], 32),
        request_digest=take_octets(fields[14], 32),
        session_thumbprint=take_octets(fields[15], 32),
        not_after=take_uint(fields[16]),
    )
    try:
        if 20 in fields:
            nodes.append(Signed(take_octets(fields[20])))
        statement = all_of(*nodes)
    except Misuse as error:
        raise Malformed(error.sentence) from None
    if statement.octets(binding) != octets:
        raise Malformed("the statement is about other records")
    return statement, binding


def _take_companion(
    item: Value, records: tuple[IssuerRecord, AccumulatorRecord, EpochRecord], sets: Mapping[bytes, SetRecord]
) -> list[Node]:
    parts = take_list(item, 9)
    if len(parts) != 9:
        raise Malformed("what is said of a companion has nine parts")
    issuer, accumulator, epoch = records
    said = _take_said(parts[4], parts[5], parts[6], parts[7], sets)
    pairs = [_take_uints(pair, 2) for pair in take_list(parts[8], ATTRIBUTE_COUNT)]
    return [
        Companion(Possession(issuer), NotRevoked(accumulator, epoch), *said),
        *(Equals(index, other) for index, other in pairs),
    ]


def _take_said(
    shown: Value, at_least: Value, at_most: Value, one_of: Value, sets: Mapping[bytes, SetRecord]
) -> list[OwnNode]:
    nodes: list[OwnNode] = [Disclose(*take_pair(item)) for item in take_list(shown, ATTRIBUTE_COUNT)]
    kinds: tuple[tuple[type[AtLeast] | type[AtMost], Value], ...] = (AtLeast, at_least), (AtMost, at_most)
    for kind, items in kinds:
        for item in take_list(items, MAX_PREDICATES):
            index, bound, window = _take_uints(item, 3)
            if window != WINDOW:
                raise Malformed("not a predicate of this version")
            nodes.append(kind(index, bound))
    for item in take_list(one_of, MAX_PREDICATES):
        pair = take_list(item, 2)
        if len(pair) != 2 or take_octets(pair[1], 32) not in sets:
            raise Malformed("the statement names a set that is not at hand")
        nodes.append(OneOf(take_uint(pair[0], 32), sets[take_octets(pair[1])]))
    return nodes


def _take_uints(item: Value, count: int) -> list[int]:
    numbers = [take_uint(part, 32) for part in take_list(item, count)]
    if len(numbers) != count:
        raise Malformed("not a list of the length expected")
    return numbers


def take_pair(item: Value) -> tuple[int, AttributeValue]:
    """An [index, value] pair of CBOR, or `Malformed`."""
    pair = take_list(item, 2)
    if len(pair) != 2:
        raise Malformed("a disclosed attribute is an index and a value")
    value = pair[1]
    return take_uint(pair[0], 8), take_text(value) if isinstance(value, str) else take_uint(value, 32)


def _check_disclosed(issuer: IssuerRecord, disclosed: dict[int, AttributeValue]) -> None:
    for index, value in disclosed.items():
        if type(index) is not int or not 0 < index < ATTRIBUTE_COUNT:
            raise Misuse("this attribute is never disclosed")
        check_value(issuer.attributes[index][1], value)


def _check_predicates(issuer: IssuerRecord, predicates: Sequence[Predicate], disclosed: set[int]) -> None:
    if len(predicates) > MAX_PREDICATES:
        raise Misuse("a statement has at most eight predicates")
    for one in predicates:
        if type(one.index) is not int:  # True and 1.0 equal 1, also as a key of the layouts kept
            raise Misuse("an attribute is named by a whole number")
        if not 0 < one.index < ATTRIBUTE_COUNT or one.index in disclosed:
            raise Misuse("no predicate is possible on this attribute")
        kind = issuer.attributes[one.index][1]
        if isinstance(one, OneOf):
            if kind is not one.members.kind:
                raise Misuse("a set of another kind than the attribute's")
            _check_suites(issuer.suite, one.members.suite)
        elif kind not in (Kind.INT, Kind.DAY):
            raise Misuse("a predicate compares a number")
        elif type(one.bound) is not int or not 0 <= one.bound <= MAX_BOUND:
            raise Misuse("a bound out of range")


def _check_together(statement: Statement) -> None:
    """That the records are read alike, and that only hidden attributes of one kind are said to be equal."""
    others = [claims.accumulator.suite for claims in statement.claims] + [c.epoch.suite for c in statement.claims]
    others += [claims.issuer.suite for claims in statement.claims]
    if statement.escrow is not None:
        others.append(statement.escrow.suite)
    _check_suites(statement.issuer.suite, *others)
    if statement.companion is None:
        if statement.equal:
            raise Misuse("there is no companion to be equal to")
        return
    pair = statement.licence, statement.companion
    if len({right for _, right in statement.equal}) != len(statement.equal):
        raise Misuse("two attributes of the licence equal to one of the companion: say so of one")
    for indexes in statement.equal:
        for index, claims in zip(indexes, pair, strict=True):
            if type(index) is not int or not 0 < index < ATTRIBUTE_COUNT or index not in claims.hidden:
                raise Misuse("only hidden attributes are said to be equal")
        left, right = (claims.issuer.attributes[index][1] for index, claims in zip(indexes, pair, strict=True))
        if left is not right:
            raise Misuse("attributes of two kinds are never equal")


def _check_suites(mine: Suite, *others: Suite) -> None:
    """Records are equal, and have equal hashes, under every suite; their points and bases are not."""
    if any(one.ciphersuite_id != mine.ciphersuite_id or one.curve is not mine.curve for one in others):
        raise Misuse("the records are read under different suites")
