"""Statements, their octets under a binding, and what is read back."""

from __future__ import annotations

from circuits import (
    AtLeast,
    AtMost,
    Between,
    Binding,
    Companion,
    Disclose,
    Equals,
    Escrowed,
    NotRevoked,
    OneOf,
    Possession,
    Pseudonym,
    Signed,
    Statement,
    all_of,
    decode_statement,
    policy_statement,
    request_digest,
)
from circuits.attributes import AttributeValue
from circuits.language import Node, OwnNode
from circuits.presentation import decode_presentation
from circuits.records import SetRecord
from console.conformance.fields import BadVector
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.given import Given


def statement_of(given: Given) -> Statement:
    """The statement of the records, `context`, `nodes` and, of a companion, `companion_nodes`."""
    nodes: list[Node] = [*_standing(given), Pseudonym(given.octets("context"))]
    nodes += [_node(item, given) for item in given.inner("nodes")]
    companion = given.companion
    if companion is not None:
        said = [_own_node(item, given) for item in companion.inner("nodes")]
        nodes.append(Companion(*_standing(companion), *said))
    escrow = given.escrow_or_none
    return all_of(*nodes) if escrow is None else all_of(*nodes, Escrowed(escrow))


def binding_of(given: Given) -> Binding:
    """The binding to one challenge."""
    return Binding(
        policy_hash=given.octets("policy_hash"),
        audience=given.text("audience"),
        nonce=given.octets("nonce"),
        request_digest=given.octets("request_digest"),
        session_thumbprint=given.octets("session_thumbprint"),
        not_after=given.number("not_after"),
    )


def octets(given: Given) -> dict[str, Leaf]:
    """The statement octets."""
    return {"statement": statement_of(given).octets(binding_of(given)).hex()}


def from_policy(given: Given) -> dict[str, Leaf]:
    """The statement octets that a `policy` asks for at `audience` and `time`, with the values in `nodes`."""
    shown: dict[int, AttributeValue] = {item.number("index"): item.attribute() for item in given.inner("nodes")}
    made = policy_statement(
        given.policy,
        given.issuer,
        given.accumulator,
        given.epoch,
        given.escrow_or_none,
        shown,
        given.text("audience"),
        given.number("time"),
    )
    return {"context": made.context.hex(), "statement": made.octets(binding_of(given)).hex()}


def decode(given: Given) -> dict[str, Leaf]:
    """Logged statement octets, read against the records; what they say, and that they are written the same again."""
    made, binding = decode_statement(
        given.octets("statement"),
        given.issuer,
        given.accumulator,
        given.epoch,
        given.escrow_or_none,
        companion=given.companion_records,
        sets=given.sets,
    )
    return {
        "encoded": made.octets(binding).hex(),
        "context": made.context.hex(),
        "policy_hash": binding.policy_hash.hex(),
        "audience": binding.audience.encode().hex(),
        "nonce": binding.nonce.hex(),
        "request_digest": binding.request_digest.hex(),
        "session_thumbprint": binding.session_thumbprint.hex(),
        "not_after": str(binding.not_after),
    }


def decode_envelope(given: Given) -> dict[str, Leaf]:
    """A presentation, as it is sent, read into its parts."""
    found = decode_presentation(given.octets("presentation"))
    return {
        "nonce": found.nonce.hex(),
        "issuer_hash": found.issuer_hash.hex(),
        "accumulator_hash": found.accumulator_hash.hex(),
        "epoch_number": str(found.epoch_number),
        "disclosed": [_disclosed(index, value) for index, value in found.disclosed.items()],
        "proof": found.proof.hex(),
    }


def digest(given: Given) -> dict[str, Leaf]:
    """`resource` and `scope` to the request digest."""
    return {"request_digest": request_digest(given.text("resource"), given.text("scope")).hex()}


def _standing(given: Given) -> tuple[OwnNode, OwnNode]:
    return Possession(given.issuer), NotRevoked(given.accumulator, given.epoch)


def _node(item: Given, given: Given) -> Node:
    match item.word("node"):
        case "equals":
            return Equals(item.number("index"), item.number("companion_index"))
        case "signed":
            return Signed(item.octets("digest"))
        case _:
            return _own_node(item, given)


def _own_node(item: Given, given: Given) -> OwnNode:
    """What may be said of either credential."""
    match item.word("node"):
        case "disclose":
            return Disclose(item.number("index"), item.attribute())
        case "at-least":
            return AtLeast(item.number("index"), item.number("bound"))
        case "at-most":
            return AtMost(item.number("index"), item.number("bound"))
        case "between":
            return Between(item.number("index"), item.number("low"), item.number("high"))
        case "one-of":
            return OneOf(item.number("index"), _set_called(item.octets("set"), given))
        case other:
            raise BadVector(f"no node is called {other}")


def _set_called(set_hash: bytes, given: Given) -> SetRecord:
    for record in given.sets:
        if record.hash == set_hash:
            return record
    raise BadVector("a set that is not given")


def _disclosed(index: int, value: AttributeValue) -> Leaf:
    shown = {"text": value.encode().hex()} if isinstance(value, str) else {"number": str(value)}
    return {"index": str(index), **shown}
