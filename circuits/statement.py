"""The statement language: what a holder says about a licence, without saying whose it is.

    all_of(Possession(issuer), NotRevoked(accumulator, epoch), Pseudonym(context),
           Disclose(1, 3), Disclose(2, "GB"), AtLeast(3, today), AtLeast(4, 2), Escrowed(escrow))

A statement is closed: possession, standing and a pseudonym always, an escrow or none. Its octets, with the binding to
one challenge, are what the proof's session is made of, so nothing in them can be changed afterwards.
Source: [PROTOCOL 5].
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from circuits.attributes import (
    ATTRIBUTE_COUNT,
    MAX_BOUND,
    MAX_PREDICATES,
    WINDOW,
    AttributeValue,
    Kind,
    check_value,
)
from circuits.calendar import day_number, period_label
from circuits.encoding import Value, decode_map, encode, lp, take_list, take_octets, take_text, take_uint
from circuits.errors import Malformed, Misuse, Rejected
from circuits.records.accumulator import AccumulatorRecord
from circuits.records.epoch import EpochRecord
from circuits.records.escrow import EscrowRecord
from circuits.records.issuer import IssuerRecord
from circuits.records.policy import BOUND_DAY, PolicyRecord
from circuits.suite import Suite

MAX_STATEMENT_OCTETS = 4096
MAX_AUDIENCE_OCTETS = 255
MAX_CONTEXT_OCTETS = 1024
FLAVOUR = "DSFS"


@dataclass(frozen=True)
class Possession:
    """The holder has a licence signed by `issuer`."""

    issuer: IssuerRecord


@dataclass(frozen=True)
class Disclose:
    """The attribute at `index` has this `value`, and the verifier may see it."""

    index: int
    value: AttributeValue


@dataclass(frozen=True)
class AtLeast:
    """bound <= the hidden attribute at `index` <= bound + 4095."""

    index: int
    bound: int


@dataclass(frozen=True)
class NotRevoked:
    """The licence's handle is live in `accumulator` at `epoch`."""

    accumulator: AccumulatorRecord
    epoch: EpochRecord


@dataclass(frozen=True)
class Pseudonym:
    """The holder shows its pseudonym for `context` (octets), the same each time, and meaningless elsewhere."""

    context: bytes


@dataclass(frozen=True)
class Escrowed:
    """The proof carries the holder's archive point, encrypted to the openers of `escrow`."""

    escrow: EscrowRecord


Node = Possession | Disclose | AtLeast | NotRevoked | Pseudonym | Escrowed


@dataclass(frozen=True)
class Binding:
    """What ties a proof to one challenge.

    `policy_hash`, `nonce`, `request_digest` and `session_thumbprint` (RFC 7638, of the session's key) 32 octets each;
    `audience` the verifier's origin; `not_after` unix seconds. Raises `Misuse` for another length.
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
        if not 0 < len(self.audience.encode(errors="surrogatepass")) <= MAX_AUDIENCE_OCTETS:
            raise Misuse("a binding names its audience in at most 255 octets")


@dataclass(frozen=True)
class Statement:
    """A closed statement, in normal form: `all_of` makes it. Two equal statements have equal octets."""

    issuer: IssuerRecord
    accumulator: AccumulatorRecord
    epoch: EpochRecord
    escrow: EscrowRecord | None
    disclosed: tuple[tuple[int, AttributeValue], ...]
    predicates: tuple[tuple[int, int], ...]
    context: bytes

    @cached_property
    def hidden(self) -> tuple[int, ...]:
        """The indexes of the signed scalars that stay hidden, the blind (10) and the link secret (11) among them."""
        shown = {index for index, _ in self.disclosed}
        return tuple(index for index in range(ATTRIBUTE_COUNT + 2) if index not in shown)

    @cached_property
    def _fields(self) -> dict[int, Value]:
        return {
            1: 1,
            2: FLAVOUR,
            3: self.issuer.hash,
            4: self.accumulator.hash,
            5: self.epoch.number,
            6: self.epoch.value,
            7: b"" if self.escrow is None else self.escrow.hash,
            9: [[index, value] for index, value in self.disclosed],
            10: [[index, bound, WINDOW] for index, bound in self.predicates],
            11: self.context,
        }

    def octets(self, binding: Binding) -> bytes:
        """The statement octets under `binding`: what the proof's tag is the hash of."""
        return encode(
            self._fields
            | {
                8: binding.policy_hash,
                12: binding.audience,
                13: binding.nonce,
                14: binding.request_digest,
                15: binding.session_thumbprint,
                16: binding.not_after,
            }
        )

    def present(self, binding: Binding, proof: bytes) -> bytes:
        """The presentation: what the holder sends. Its fields only select; see `decode_presentation`."""
        return encode(
            {
                1: 1,
                2: binding.nonce,
                3: self.issuer.hash,
                4: self.accumulator.hash,
                5: self.epoch.number,
                6: [[index, value] for index, value in self.disclosed],
                7: proof,
            }
        )


def all_of(*nodes: Node) -> Statement:
    """The conjunction of `nodes`, in normal form.

    Raises `Misuse` when possession, standing or the pseudonym is missing or repeated, for a repeated disclosure, more
    than eight predicates, an index that may not be named so, or a bound out of range; `Malformed` for a disclosed value
    that is not of its attribute's kind.
    """
    found: dict[type, list[Node]] = {
        kind: [] for kind in (Possession, NotRevoked, Pseudonym, Escrowed, Disclose, AtLeast)
    }
    for node in nodes:
        if type(node) not in found:
            raise Misuse("a statement is made of the nodes of this language")
        found[type(node)].append(node)
    if any(len(found[kind]) != 1 for kind in (Possession, NotRevoked, Pseudonym)) or len(found[Escrowed]) > 1:
        raise Misuse("a statement has one possession, one standing, one pseudonym and at most one escrow")
    possession, standing, pseudonym = found[Possession][0], found[NotRevoked][0], found[Pseudonym][0]
    escrowed = found[Escrowed][0] if found[Escrowed] else None
    if (
        not isinstance(possession, Possession)
        or not isinstance(standing, NotRevoked)
        or not isinstance(pseudonym, Pseudonym)
    ):
        raise Misuse("a node in another's place")
    issuer = possession.issuer
    disclosed = {node.index: node.value for node in found[Disclose] if isinstance(node, Disclose)}
    predicates = sorted({(node.index, node.bound) for node in found[AtLeast] if isinstance(node, AtLeast)})
    if len(disclosed) != len(found[Disclose]) or len(predicates) != len(found[AtLeast]):
        raise Misuse("the same thing is said twice")
    _check_disclosed(issuer, disclosed)
    _check_predicates(issuer, predicates, set(disclosed))
    _check_standing(issuer, standing, pseudonym)
    _check_suites(issuer.suite, standing.accumulator.suite, standing.epoch.suite)
    if isinstance(escrowed, Escrowed):
        _check_suites(issuer.suite, escrowed.escrow.suite)
    return Statement(
        issuer=issuer,
        accumulator=standing.accumulator,
        epoch=standing.epoch,
        escrow=escrowed.escrow if isinstance(escrowed, Escrowed) else None,
        disclosed=tuple(sorted(disclosed.items())),
        predicates=tuple(predicates),
        context=pseudonym.context,
    )


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
) -> tuple[Statement, Binding]:
    """Statement and binding of logged octets, which must be about exactly these records.

    Raises `Malformed` for octets that are not a statement's or name other records. For openers and auditors: a gateway
    builds its statement from its own policy and challenge instead.
    """
    fields = decode_map(octets, MAX_STATEMENT_OCTETS, range(1, 17))
    disclosed = []
    for item in take_list(fields[9], ATTRIBUTE_COUNT):
        index, value = take_pair(item)
        disclosed.append(Disclose(index, value))
    predicates = []
    for item in take_list(fields[10], MAX_PREDICATES):
        triple = [take_uint(part, 32) for part in take_list(item, 3)]
        if len(triple) != 3 or triple[2] != WINDOW:
            raise Malformed("not a predicate of this version")
        predicates.append(AtLeast(triple[0], triple[1]))
    nodes: list[Node] = [
        Possession(issuer),
        NotRevoked(accumulator, epoch),
        Pseudonym(take_octets(fields[11])),
        *disclosed,
        *predicates,
    ]
    if fields[7] != b"" and escrow is not None:
        nodes.append(Escrowed(escrow))
    binding = Binding(
        policy_hash=take_octets(fields[8], 32),
        audience=take_text(fields[12]),
        nonce=take_octets(fields[13], 32),
        request_digest=take_octets(fields[14], 32),
        session_thumbprint=take_octets(fields[15], 32),
        not_after=take_uint(fields[16]),
    )
    try:
        statement = all_of(*nodes)
    except Misuse as error:
        raise Malformed(error.sentence) from None
    if statement.octets(binding) != octets:
        raise Malformed("the statement is about other records")
    return statement, binding


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


def _check_predicates(issuer: IssuerRecord, predicates: list[tuple[int, int]], disclosed: set[int]) -> None:
    if len(predicates) > MAX_PREDICATES:
        raise Misuse("a statement has at most eight predicates")
    for index, bound in predicates:
        if type(index) is not int or type(bound) is not int:  # True and 1.0 equal 1, also as a key of the layouts kept
            raise Misuse("a predicate is made of two whole numbers")
        if not 0 < index < ATTRIBUTE_COUNT or index in disclosed:
            raise Misuse("no predicate is possible on this attribute")
        if issuer.attributes[index][1] not in (Kind.INT, Kind.DAY):
            raise Misuse("a predicate compares a number")
        if not 0 <= bound <= MAX_BOUND:
            raise Misuse("a bound out of range")


def _check_suites(mine: Suite, *others: Suite) -> None:
    """Records are equal, and have equal hashes, under every suite; their points and bases are not."""
    if any(one.ciphersuite_id != mine.ciphersuite_id or one.curve is not mine.curve for one in others):
        raise Misuse("the records are read under different suites")


def _check_standing(issuer: IssuerRecord, standing: NotRevoked, pseudonym: Pseudonym) -> None:
    if standing.accumulator.issuer_id != issuer.id:
        raise Misuse("the accumulator is another issuer's")
    if standing.epoch.accumulator_hash != standing.accumulator.hash:
        raise Misuse("the epoch is another accumulator's")
    # What is verified today must load when it is opened: the bounds keep every statement under MAX_STATEMENT_OCTETS.
    if not 0 < len(pseudonym.context) <= MAX_CONTEXT_OCTETS:
        raise Misuse("a pseudonym needs a context of at most 1024 octets")
