"""Heads counted: scopes, holders who show a pseudonym in one, and who counts and who does not."""

from __future__ import annotations

from circuits.encoding import encode
from circuits.head_count import scope_context
from console.conformance.frozen.document import Leaf
from console.conformance.frozen.randomness import derived_octets
from console.conformance.frozen.recipes.holders import colleague, licensing
from console.conformance.frozen.recipes.topic import Topic, cut, text
from console.conformance.frozen.recipes.world import TODAY, at_least, context, disclose, the_world

_PERIOD = "2026-46"


def recipe(topic: Topic) -> None:
    """Contexts, proofs, counts."""
    _scopes(topic)
    own: dict[str, Leaf] = {
        **the_world().records,
        **the_world().licence.members,
        **the_world().binding,
        **licensing().witness_members(),
        "escrow": "",
        "context": _scope("permit", "permit-1"),
        "nodes": [disclose(5, "permit-1"), at_least(3, TODAY)],
        "digits": licensing().digits([300]),
    }
    _shown(topic, "one", "one holder of the permit", own)
    _shown(topic, "one-again", "the same under another nonce: the same pseudonym", _nonce("again"), "one")
    for name in ("two", "three"):
        _shown(topic, name, "somebody else", {**colleague(name).members, **_nonce(name)}, "one")
    elsewhere: dict[str, Leaf] = {"context": _scope("insurer", "insurer.example", "permit-1")}
    _shown(topic, "insurer", "the first holder for an insurer: another pseudonym", elsewhere, "one")
    _spoilt(topic)
    _counts(topic)


def _scopes(topic: Topic) -> None:
    for name, kind, identifiers in (
        ("permit", "permit", ["permit-1"]),
        ("insurer", "insurer", ["insurer.example", "permit-1"]),
        ("insurer-other-permit", "insurer", ["insurer.example", "permit-2"]),
    ):
        own: dict[str, Leaf] = _asked(kind, identifiers)
        topic.accept(f"scope/{name}", "scope-context", "detCBOR [kind, identifier .., period]", own)
    for name, comment, kind, identifiers in (
        ("verifier", "a gateway counts nobody", "verifier", ["gateway.example"]),
        ("nobody", "no permit", "permit", []),
        ("two-permits", "two permits", "permit", ["permit-1", "permit-2"]),
        ("no-permit", "an insurer without a permit", "insurer", ["insurer.example"]),
    ):
        topic.refuse(f"scope/{name}", "scope-context", comment, "misuse", _asked(kind, identifiers))


def _asked(kind: str, identifiers: list[str]) -> dict[str, Leaf]:
    return {"scope_kind": kind, "identifiers": [text(one) for one in identifiers], "period": text(_PERIOD)}


def _scope(kind: str, *identifiers: str) -> str:
    return scope_context(kind, identifiers, _PERIOD).hex()


def _nonce(label: str) -> dict[str, Leaf]:
    return {"nonce": derived_octets(f"head {label}", 0, 32).hex()}


def _shown(topic: Topic, name: str, comment: str, own: dict[str, Leaf], base: str = "") -> None:
    topic.accept(name, "present", comment, own, base)
    topic.accept(f"{name}/verify", "verify", f"{comment}: verified", base=name)


def _spoilt(topic: Topic) -> None:
    proof = topic.given("two/verify").octets("proof")
    end = len(proof)
    changed = cut("proof", "last response", end - 1, end, bytes([proof[-1] ^ 1]))
    topic.refuse("two/false", "verify", "a response changed", "proof", base="two", change=changed)
    short = cut("proof", "last octet", end - 1, end)
    topic.refuse("two/short", "verify", "one octet less", "malformed", base="two", change=short)


def _counts(topic: Topic) -> None:
    everybody = ["one/verify", "two/verify", "three/verify"]
    for name, comment, items, least in (
        ("three", "three holders", everybody, 3),
        ("order", "in another order", everybody[::-1], 1),
        ("twice", "who comes twice is one", [*everybody, "one-again/verify", "one/verify"], 3),
        ("false", "false proofs count for nobody and spoil no other", ["two/false", *everybody[:1], "two/short"], 1),
        ("true-among-false", "a false proof of somebody does not undo his true one", ["two/false", "two/verify"], 1),
        ("elsewhere", "a proof for another scope is none here", ["insurer/verify", "one/verify"], 1),
    ):
        topic.accept(f"count/{name}", "count-heads", comment, _items(items, least), "one")
    for name, comment, items, least in (
        ("four", "one fewer than is asked for", everybody, 4),
        ("same", "one holder is not two", ["one/verify", "one-again/verify"], 2),
        ("all-false", "nobody", ["two/false", "two/short"], 1),
        ("none", "no proof at all", [], 1),
    ):
        topic.refuse(f"count/{name}", "count-heads", comment, "head-count", _items(items, least), "one")
    gateway: dict[str, Leaf] = {"context": context()}
    for name, comment, changes in (
        ("nothing-asked", "none asked for", {"least": "0"}),
        ("scope", "the pseudonyms of a gateway are no heads", gateway),
        ("scope-two-permits", "a context that names two permits", {"context": _two_permits()}),
    ):
        own = {**_items(everybody, 1), **changes}
        topic.refuse(f"count/{name}", "count-heads", comment, "misuse", own, "one")
    unread: dict[str, Leaf] = {**_items(everybody, 1), "context": "80ff"}
    topic.refuse("count/scope-malformed", "count-heads", "a context that is no CBOR", "malformed", unread, "one")


def _items(names: list[str], least: int) -> dict[str, Leaf]:
    return {"items": [f"heads/{name}" for name in names], "least": str(least)}


def _two_permits() -> str:
    return encode(["permit", "permit-1", "permit-2", _PERIOD]).hex()
