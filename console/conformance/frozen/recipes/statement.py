"""Statement octets, from nodes and from a policy; what is read back, and what is no statement."""

from __future__ import annotations

from typing import Any

import cbor2

from console.conformance.frozen.document import Leaf
from console.conformance.frozen.randomness import derived_octets
from console.conformance.frozen.recipes.topic import Topic, cut, lengths, text
from console.conformance.frozen.recipes.world import (
    AUDIENCE,
    NOW,
    TODAY,
    at_least,
    context,
    disclose,
    the_world,
)

_TIER, _PLACE, _GOOD, _COVER = disclose(1, 3), disclose(2, "GB"), at_least(3, TODAY), at_least(4, 2)


def recipe(topic: Topic) -> None:
    """Statements, policies, envelopes."""
    world = the_world()
    own: dict[str, Leaf] = {
        **world.records,
        **world.binding,
        "context": context(),
        "nodes": [_TIER, _PLACE, _GOOD, _COVER],
    }
    made = topic.accept("default", "statement", "two disclosed, two predicates, an escrow", own)
    topic.accept("no-escrow", "statement", "an empty escrow hash", {"escrow": ""}, base="default")
    topic.accept(
        "least",
        "statement",
        "nothing but possession, standing and pseudonym",
        {"nodes": [], "escrow": ""},
        base="default",
    )
    topic.accept(
        "order",
        "statement",
        "the nodes' order does not matter",
        {"nodes": [_COVER, _PLACE, _GOOD, _TIER]},
        base="default",
    )
    eight: list[Leaf] = [at_least(index, bound) for index in (3, 4, 6, 7) for bound in (0, 2**32 - 4096)]
    topic.accept(
        "eight", "statement", "eight predicates, the largest bound among them", {"nodes": eight}, base="default"
    )
    topic.accept("read", "decode-statement", "read back by an opener", base="default")
    without: dict[str, Leaf] = {"escrow": own["escrow"]}
    comment = "a statement without an escrow stays one, whatever record is at hand"
    topic.accept("no-escrow/read", "decode-statement", comment, without, base="no-escrow")
    for resource, scope in ((f"{AUDIENCE}/v1/autonomous", "autonomous"), (f"{AUDIENCE}/", "")):
        asked: dict[str, Leaf] = {"resource": text(resource), "scope": text(scope)}
        topic.accept(
            f"request-digest/{scope or 'no-scope'}", "request-digest", "SHA-256 of detCBOR [resource, scope]", asked
        )
    _nodes_refused(topic)
    _bindings_refused(topic)
    _octets_refused(topic, str(made["statement"]))
    _policies(topic)
    _envelopes(topic)


def _nodes_refused(topic: Topic) -> None:
    cases: tuple[tuple[str, str, str, list[Leaf]], ...] = (
        ("handle-shown", "the handle shown", "misuse", [disclose(0, 1)]),
        ("blind-shown", "the blind shown", "misuse", [disclose(10, 1)]),
        ("link-secret-shown", "the link secret shown", "misuse", [disclose(11, 1)]),
        ("shown-twice", "one attribute shown twice", "misuse", [_TIER, _TIER]),
        ("shown-two-values", "one attribute with two values", "misuse", [_TIER, disclose(1, 2)]),
        ("text-tier", "a tier as text", "malformed", [disclose(1, "3")]),
        ("number-place", "a jurisdiction as a number", "malformed", [disclose(2, 3)]),
        ("large-tier", "a tier of 2^32", "malformed", [disclose(1, 2**32)]),
        ("handle-bounded", "a predicate on the handle", "misuse", [at_least(0, 1)]),
        ("blind-bounded", "a predicate on the blind", "misuse", [at_least(10, 1)]),
        ("link-secret-bounded", "a predicate on the link secret", "misuse", [at_least(11, 1)]),
        ("text-bounded", "a predicate on text", "misuse", [at_least(5, 1)]),
        ("shown-and-bounded", "a predicate on what is shown", "misuse", [_TIER, at_least(1, 1)]),
        ("bounded-twice", "a predicate twice", "misuse", [_COVER, _COVER]),
        ("nine", "nine predicates", "misuse", [at_least(4, bound) for bound in range(9)]),
        ("bound-too-large", "a bound whose window leaves the ints", "misuse", [at_least(4, 2**32 - 4095)]),
        ("bound-negative", "a bound below zero", "misuse", [at_least(4, -1)]),
    )
    for name, comment, code, nodes in cases:
        topic.refuse(f"nodes/{name}", "statement", comment, code, {"nodes": nodes}, base="default")


def _bindings_refused(topic: Topic) -> None:
    world = the_world()
    short = derived_octets("short", 0, 31).hex()
    cases: list[tuple[str, str, dict[str, Leaf]]] = [
        (f"short-{name}", "31 octets", {name: short})
        for name in ("policy_hash", "nonce", "request_digest", "session_thumbprint")
    ]
    cases += [
        ("no-audience", "no audience", {"audience": ""}),
        ("long-audience", "an audience of 256 octets", {"audience": text("x" * 256)}),
        ("no-context", "no context", {"context": ""}),
        ("long-context", "a context of 1025 octets", {"context": "00" * 1025}),
        ("accumulator", "the epoch of another accumulator", {"accumulator": world.other_accumulator.octets.hex()}),
        ("issuer", "the accumulator of another issuer", {"issuer": world.other_issuer.octets.hex()}),
    ]
    for name, comment, own in cases:
        topic.refuse(f"binding/{name}", "statement", comment, "misuse", own, base="default")


def _octets_refused(topic: Topic, statement: str) -> None:
    """Logged octets that are no statement's, or another's."""
    octets = bytes.fromhex(statement)
    values: dict[int, Any] = cbor2.loads(octets)
    zero = bytes(32)
    cases: tuple[tuple[str, str, dict[int, Any]], ...] = (
        ("version", "another version", {1: 2}),
        ("flavour", "another flavour", {2: "CSFS"}),
        ("issuer", "another issuer", {3: zero}),
        ("accumulator", "another accumulator", {4: zero}),
        ("number", "another epoch", {5: 1}),
        ("value", "another V", {6: the_world().other_accumulator.start_value}),
        ("escrow", "another escrow", {7: zero}),
        ("short-policy", "a policy hash of 31 octets", {8: zero[:-1]}),
        ("descending", "shown attributes in descending order", {9: values[9][::-1]}),
        ("shown-twice", "an attribute twice", {9: [values[9][0], values[9][0]]}),
        ("handle", "the handle shown", {9: [[0, 1], *values[9]]}),
        ("single", "an index without a value", {9: [[1]]}),
        ("text-tier", "a tier as text", {9: [[1, "3"], values[9][1]]}),
        ("predicates-descending", "predicates in descending order", {10: values[10][::-1]}),
        ("window", "another window", {10: [[4, 2, 65536]]}),
        ("no-window", "no window", {10: [[4, 2]]}),
        ("text-bounded", "a predicate on text", {10: [[5, 2, 4096]]}),
        ("nine", "nine predicates", {10: [[4, bound, 4096] for bound in range(9)]}),
        ("context", "no context", {11: b""}),
        ("audience", "an audience of octets", {12: b"x"}),
        ("nonce", "a nonce of 33 octets", {13: zero + b"\0"}),
        ("not-after", "a time as text", {16: "0"}),
    )
    for name, comment, members in cases:
        spoilt = cbor2.dumps({**values, **members}, canonical=True)
        topic.refuse(
            f"read/{name}", "decode-statement", comment, "malformed", {"statement": spoilt.hex()}, base="default"
        )
    for name, comment, change in lengths("statement", statement):
        topic.refuse(f"read/{name}", "decode-statement", comment, "malformed", base="default", change=change)
    long_form = cut("statement", "version", 2, 3, b"\x18\x01")
    topic.refuse("read/long-form", "decode-statement", "1 in two octets", "malformed", base="default", change=long_form)


def _policies(topic: Topic) -> None:
    world = the_world()
    own: dict[str, Leaf] = {
        "policy": world.policy.octets.hex(), "time": str(NOW), "nodes": [_TIER, _PLACE],
    }  # fmt: skip
    topic.accept("policy", "policy-statement", "the default policy at this time", own, base="default")
    midnight = {"time": str(86400 * (TODAY + 1))}
    topic.accept("policy/midnight", "policy-statement", "the same a day later", midnight, base="policy")
    monday = {"time": str(86400 * (TODAY + 3))}
    topic.accept("policy/monday", "policy-statement", "the week after: another pseudonym", monday, base="policy")
    after, ended = world.escrow.not_after, world.escrow.not_before - 1
    cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        (
            "issuer",
            "an issuer that the policy does not name",
            "unknown-issuer",
            {"issuer": world.other_issuer.octets.hex()},
        ),
        (
            "epoch",
            "the epoch of another accumulator",
            "unknown-epoch",
            {"accumulator": world.other_accumulator.octets.hex()},
        ),
        ("escrow", "another escrow", "unknown-escrow", {"escrow": world.other_escrow.octets.hex()}),
        ("no-escrow", "no escrow", "unknown-escrow", {"escrow": ""}),
        ("escrow-ended", "the escrow is no longer in force", "unknown-escrow", {"time": str(after)}),
        ("escrow-later", "the escrow is not yet in force", "unknown-escrow", {"time": str(ended)}),
        ("tier-2", "a tier that does not suffice", "predicate", {"nodes": [disclose(1, 2), _PLACE]}),
        ("place", "a jurisdiction that is not allowed", "predicate", {"nodes": [_TIER, disclose(2, "FR")]}),
        ("text-tier", "the tier as text", "predicate", {"nodes": [disclose(1, "3"), _PLACE]}),
        ("fewer", "an attribute that is asked for is missing", "predicate", {"nodes": [_TIER]}),
        ("more", "an attribute that nobody asked for", "predicate", {"nodes": [_TIER, _PLACE, disclose(6, 1)]}),
    )
    for name, comment, code, changes in cases:
        topic.refuse(f"policy/{name}", "policy-statement", comment, code, changes, base="policy")


def _envelopes(topic: Topic) -> None:
    """Presentations as they are sent. The proof in them is any octets, for it is not looked at here."""
    world = the_world()
    nonce, proof = derived_octets("challenge nonce", 0, 32), derived_octets("any proof", 0, 64)
    values: dict[int, Any] = {
        1: 1, 2: nonce, 3: world.issuer.hash, 4: world.accumulator.hash, 5: 0, 6: [[1, 3], [2, "GB"]], 7: proof,
    }  # fmt: skip
    octets = cbor2.dumps(values, canonical=True)
    topic.accept("envelope", "decode-presentation", "a presentation", {"presentation": octets.hex()})
    cases: tuple[tuple[str, str, dict[int, Any]], ...] = (
        ("version", "another version", {1: 2}),
        ("nonce", "a nonce of 31 octets", {2: nonce[:-1]}),
        ("issuer", "an issuer as text", {3: "issuer-1"}),
        ("descending", "shown attributes in descending order", {6: [[2, "GB"], [1, 3]]}),
        ("twice", "an attribute twice", {6: [[1, 3], [1, 3]]}),
        ("eleven", "eleven attributes", {6: [[index, 0] for index in range(11)]}),
        ("value", "a value of octets", {6: [[1, b"3"]]}),
        ("true", "true as a value", {6: [[1, True]]}),
        ("negative", "a negative value", {6: [[1, -1]]}),
        ("float", "a value of 3.0", {6: [[1, 3.0]]}),
        ("large", "a value of 2^32", {6: [[1, 2**32]]}),
        ("number", "an epoch number of 2^64", {5: 2**64}),
        ("proof", "a proof as text", {7: "x"}),
        ("member", "a member more", {8: 0}),
        ("key", "a member under a text key", {"7": 0}),  # type: ignore[dict-item]
    )
    for name, comment, members in cases:
        spoilt = cbor2.dumps({**values, **members}, canonical=True)
        topic.refuse(f"envelope/{name}", "decode-presentation", comment, "malformed", {"presentation": spoilt.hex()})
    for name, comment, change in lengths("presentation", octets.hex()):
        topic.refuse(f"envelope/{name}", "decode-presentation", comment, "malformed", base="envelope", change=change)
    longest = cbor2.dumps({**values, 7: bytes(4096)}, canonical=True)
    topic.refuse(
        "envelope/4096", "decode-presentation", "more than 4096 octets", "malformed", {"presentation": longest.hex()}
    )
    indefinite = cut("presentation", "map", 0, 1, b"\xbf")
    topic.refuse(
        "envelope/indefinite", "decode-presentation", "an open map", "malformed", base="envelope", change=indefinite
    )
