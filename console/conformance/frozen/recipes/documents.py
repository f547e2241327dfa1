"""Documents signed under a pseudonym: signatures, and what is none."""

from __future__ import annotations

import hashlib
from typing import Any

import cbor2

from circuits.head_count import scope_context
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.randomness import derived_octets
from console.conformance.frozen.recipes.holders import (
    beside,
    between,
    equals,
    licensing,
    one_of,
    permit,
    permits,
    signed,
    union,
)
from console.conformance.frozen.recipes.topic import Topic, cut, difference, lengths, text
from console.conformance.frozen.recipes.world import NOW, TODAY, at_least, disclose, the_world

DOCUMENT = b'{"artefact":"sha256:00","permissions":["read"],"checklist":4}'
SCOPE = scope_context("permit", ("permit-1",), "2026-46")
_SAID: list[Leaf] = [disclose(1, 3), at_least(3, TODAY)]


def recipe(topic: Topic) -> None:
    """Signed, checked, refused."""
    topic.accept("digest", "document-digest", "SHA-256 of the document", {"document": DOCUMENT.hex()})
    topic.accept("digest/empty", "document-digest", "a document may be empty", {"document": ""})
    own: dict[str, Leaf] = {
        **the_world().records,
        **the_world().licence.members,
        **licensing().witness_members(),
        "policy_hash": the_world().policy.hash.hex(),
        "audience": text("deploy.example"),
        "nonce": derived_octets("document nonce", 0, 32).hex(),
        "not_after": str(NOW + 86_400),
        "context": SCOPE.hex(),
        "nodes": _signing(DOCUMENT),
        "digits": licensing().digits([3, 4, 300]),
        "document": DOCUMENT.hex(),
    }
    _accepted(topic, "sign-off", "a permit's sign-off, with an escrow", own)
    other: dict[str, Leaf] = {"document": b"another".hex(), "nodes": _signing(b"another")}
    _accepted(topic, "another", "another document under the same pseudonym", other, "sign-off")
    _accepted(topic, "both", "licence and permit, a range, a set, an equality; no escrow", _both(), "sign-off")
    topic.accept("sign-off/read", "read-signature", "its statement and its proof", base="sign-off")
    _signing_refused(topic)
    _bound_elsewhere(topic)
    _checks_refused(topic)
    _encodings_refused(topic)


def _accepted(topic: Topic, name: str, comment: str, own: dict[str, Leaf], base: str = "") -> None:
    topic.accept(name, "sign-document", comment, own, base)
    topic.accept(f"{name}/check", "check-signature", f"{comment}: checked", base=name)


def _signing(document: bytes) -> list[Leaf]:
    return [*_SAID, signed(hashlib.sha256(document).digest())]


def _both() -> dict[str, Leaf]:
    companion: dict[str, Leaf] = {**permits().records, **permits().witness_members(), **permit().members}
    companion |= {"nodes": [disclose(6, 1)], "digits": []}
    own: dict[str, Leaf] = {"escrow": "", "sets": [union().octets.hex()]}
    nodes: list[Leaf] = [*_signing(DOCUMENT), between(4, 2, 9), one_of(2, union()), equals(5, 5)]
    return {**own, "nodes": nodes, **beside(companion)}


def _signing_refused(topic: Topic) -> None:
    request = derived_octets("request digest", 0, 32).hex()
    bound: dict[str, Leaf] = {"request_digest": request, "session_thumbprint": "00" * 32}
    other_tier: dict[str, Leaf] = {"nodes": [disclose(1, 2), *_signing(DOCUMENT)[1:]]}
    cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        ("document", "another document than the proof is for", "misuse", {"document": b"another".hex()}),
        ("no-node", "a statement that signs nothing", "misuse", {"nodes": _SAID}),
        ("request", "bound to a request", "document", bound),
        ("predicate", "another tier than the licence's", "predicate", other_tier),
    )
    for name, comment, code, own in cases:
        topic.refuse(f"sign/{name}", "sign-document", comment, code, own, base="sign-off")


def _bound_elsewhere(topic: Topic) -> None:
    """True proofs that are no signatures: of a plain presentation, and of one that names the document too."""
    session = derived_octets("session key", 0, 32).hex()
    own: dict[str, Leaf] = {"request_digest": "00" * 32, "session_thumbprint": "00" * 32}
    cases: tuple[tuple[str, str, dict[str, Leaf]], ...] = (
        ("presentation", "a presentation that names no document", {"nodes": _SAID}),
        ("bound", "a proof that names the document, and a session too", {"session_thumbprint": session}),
    )
    for name, comment, changes in cases:
        topic.accept(name, "present", comment, {**own, **changes}, "sign-off")
        topic.accept(f"{name}/verify", "verify", f"{comment}: verified", base=name)
        topic.accept(f"{name}/enclosed", "enclose-signature", f"{comment}: as a signature is written", base=name)
        topic.refuse(f"{name}/check", "check-signature", "it is no signature", "document", base=f"{name}/enclosed")
    unsigned: dict[str, Leaf] = {**own, "nodes": _SAID}
    comment = "a signature is no presentation of the same without its document"
    topic.refuse("sign-off/presented", "verify", comment, "proof", unsigned, base="sign-off/read")
    topic.refuse("bound/envelope", "envelope", "no presentation has a place for a document", "misuse", base="bound")


def _checks_refused(topic: Topic) -> None:
    cases: tuple[tuple[str, str, str, dict[str, Leaf]], ...] = (
        ("document", "a document that has changed", "document", {"document": (DOCUMENT + b" ").hex()}),
        ("empty", "no document", "document", {"document": ""}),
        ("epoch", "the record of another epoch", "malformed", {"epoch": licensing().next_epoch().octets.hex()}),
        ("escrow", "the record of another escrow", "malformed", {"escrow": the_world().other_escrow.octets.hex()}),
        ("issuer", "the record of another issuer", "malformed", {"issuer": the_world().other_issuer.octets.hex()}),
    )
    for name, comment, code, own in cases:
        topic.refuse(f"check/{name}", "check-signature", comment, code, own, base="sign-off")
    absent: tuple[tuple[str, str, dict[str, Leaf]], ...] = (
        ("no-sets", "the set is not at hand", {"sets": []}),
        ("no-companion", "the companion's records are not at hand", {"companion_issuer": ""}),
    )
    for name, comment, own in absent:
        topic.refuse(f"check/{name}", "check-signature", comment, "malformed", own, base="both")


def _encodings_refused(topic: Topic) -> None:
    whole = topic.given("sign-off/check").octets("document_signature")
    values: dict[int, Any] = cbor2.loads(whole)
    proof, statement = values[3], values[2]
    spoilt = proof[:-1] + bytes([proof[-1] ^ 1])
    renamed = cbor2.dumps({**cbor2.loads(statement), 12: "elsewhere.example"}, canonical=True)
    other = cbor2.loads(topic.given("another/check").octets("document_signature"))[2]
    cases: tuple[tuple[str, str, str, dict[int, Any]], ...] = (
        ("version", "another version", "malformed", {1: 2}),
        ("statement-text", "a statement as text", "malformed", {2: "x"}),
        ("statement-short", "a statement an octet short", "malformed", {2: statement[:-1]}),
        ("no-proof", "no proof", "malformed", {3: b""}),
        ("proof", "a response changed", "proof", {3: spoilt}),
        ("audience", "another audience in its statement", "proof", {2: renamed}),
        ("statement", "the statement about another document", "document", {2: other}),
    )
    for name, comment, code, members in cases:
        after = cbor2.dumps({**values, **members}, canonical=True)
        change = difference("document_signature", name, whole, after)
        topic.refuse(f"signature/{name}", "check-signature", comment, code, base="sign-off", change=change)
    for name, comment, change in list(lengths("document_signature", whole.hex()))[:3]:  # doubled, it would be long
        topic.refuse(f"signature/{name}", "check-signature", comment, "malformed", base="sign-off", change=change)
    indefinite = cut("document_signature", "map", 0, 1, b"\xbf")
    comment = "an open map"
    topic.refuse("signature/open", "check-signature", comment, "malformed", base="sign-off", change=indefinite)
