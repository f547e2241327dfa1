"""The default proof, untouched, under something else than what it was made for."""

from __future__ import annotations

from dataclasses import replace

from console.conformance.frozen.document import Leaf
from console.conformance.frozen.randomness import derived_octets
from console.conformance.frozen.recipes.topic import Topic, text
from console.conformance.frozen.recipes.world import NOW, TODAY, at_least, context, disclose, the_world

_TIER, _PLACE, _GOOD, _COVER = disclose(1, 3), disclose(2, "GB"), at_least(3, TODAY), at_least(4, 2)


def recipe(topic: Topic) -> None:
    """Other bindings, other statements, other records; and a proof beside another's statement."""
    other = derived_octets("something else", 0, 32).hex()
    bindings: tuple[tuple[str, str, Leaf], ...] = (
        ("nonce", "another nonce", other),
        ("policy_hash", "another policy", other),
        ("request_digest", "another request", other),
        ("session_thumbprint", "another session key", other),
        ("audience", "another audience", text("https://gateway.example:8443")),
        ("not_after", "a second longer", str(NOW + 121)),
    )
    for name, comment, value in bindings:
        topic.refuse(f"other/{name}", "verify", comment, "proof", {name: value}, base="default")
    for name, comment, code, nodes in _other_nodes():
        topic.refuse(f"other/{name}", "verify", comment, code, {"nodes": nodes}, base="default")
    contexts = (
        ("period", "the period before", context("2026-45")),
        ("origin", "another verifier's pseudonym", context(origin="https://other.example")),
        ("context-kind", "another kind of context", context(kind="permit")),
    )
    for name, comment, octets in contexts:
        topic.refuse(f"other/{name}", "verify", comment, "proof", {"context": octets}, base="default")
    for name, comment, code, own in _other_records():
        topic.refuse(f"other/{name}", "verify", comment, code, own, base="default")
    for name in ("no-escrow", "one-predicate", "nothing-disclosed"):
        topic.refuse(
            f"other/as-{name}",
            "verify",
            "a proof of another shape",
            "malformed",
            _statement(topic, name),
            base="default",
        )
    _reverified(topic)


def _other_nodes() -> tuple[tuple[str, str, str, list[Leaf]], ...]:
    return (
        ("tier", "a higher-sounding tier than was signed", "proof", [disclose(1, 2), _PLACE, _GOOD, _COVER]),
        ("jurisdiction", "another jurisdiction", "proof", [_TIER, disclose(2, "FR"), _GOOD, _COVER]),
        ("attribute-shown", "the same value under another index", "proof", [_PLACE, disclose(6, 3), _GOOD, _COVER]),
        ("bound-above", "a bound one higher", "proof", [_TIER, _PLACE, _GOOD, at_least(4, 3)]),
        ("bound-below", "a bound one lower", "proof", [_TIER, _PLACE, _GOOD, at_least(4, 1)]),
        ("day", "a bound one day later", "proof", [_TIER, _PLACE, at_least(3, TODAY + 1), _COVER]),
        (
            "attribute-bounded",
            "the same bound on another attribute",
            "proof",
            [_TIER, _PLACE, at_least(8, TODAY), _COVER],
        ),
        ("predicate-missing", "a predicate fewer", "malformed", [_TIER, _PLACE, _GOOD]),
        ("predicate-more", "a predicate more", "malformed", [_TIER, _PLACE, _GOOD, _COVER, at_least(7, 0)]),
        ("shown-less", "an attribute fewer shown", "malformed", [_TIER, _GOOD, _COVER]),
        ("shown-more", "an attribute more shown", "malformed", [_TIER, _PLACE, disclose(6, 1), _GOOD, _COVER]),
    )


def _other_records() -> tuple[tuple[str, str, str, dict[str, Leaf]], ...]:
    world = the_world()
    after, _ = world.revoked(1)
    renumbered = replace(after, value=world.epoch.value)
    other_key = replace(world.issuer, public_key=world.other_issuer.public_key)
    other_digits = replace(world.issuer, digit_key=world.other_issuer.digit_key)
    other_table = replace(world.issuer, table_hash=world.other_issuer.table_hash)
    other_live = replace(world.accumulator, public_key=world.other_accumulator.public_key)
    moved = replace(world.epoch, accumulator_hash=other_live.hash)
    return (
        ("epoch", "the epoch after, with another value", "proof", {"epoch": after.octets.hex()}),
        ("epoch-number", "the epoch after, with the same value", "proof", {"epoch": renumbered.octets.hex()}),
        ("issuer-key", "another W in the issuer's record", "proof", {"issuer": other_key.octets.hex()}),
        ("digit-key", "another X_d in the issuer's record", "proof", {"issuer": other_digits.octets.hex()}),
        ("table-hash", "another table in the issuer's record", "proof", {"issuer": other_table.octets.hex()}),
        (
            "accumulator-key",
            "another Q_a in the accumulator's record",
            "proof",
            {"accumulator": other_live.octets.hex(), "epoch": moved.octets.hex()},
        ),
        ("escrow", "another escrow", "proof", {"escrow": world.other_escrow.octets.hex()}),
        (
            "accumulator",
            "an accumulator that the epoch is not of",
            "misuse",
            {"accumulator": world.other_accumulator.octets.hex()},
        ),
        ("issuer", "an issuer that the accumulator is not of", "misuse", {"issuer": world.other_issuer.octets.hex()}),
    )


def _statement(topic: Topic, name: str) -> dict[str, Leaf]:
    (vector,) = [vector for vector in topic.vectors if vector.id == f"{topic.name}/{name}"]
    return {member: value for member, value in vector.own.items() if member in ("nodes", "escrow")}


def _reverified(topic: Topic) -> None:
    """Logged octets against records that they do not name, and other octets beside the proof."""
    world = the_world()
    after, _ = world.revoked(1)
    cases: tuple[tuple[str, str, dict[str, Leaf]], ...] = (
        ("epoch", "the record of another epoch", {"epoch": after.octets.hex()}),
        ("escrow", "the record of another escrow", {"escrow": world.other_escrow.octets.hex()}),
        ("no-escrow", "no escrow record for a statement with one", {"escrow": ""}),
        ("issuer", "the record of another issuer", {"issuer": world.other_issuer.octets.hex()}),
    )
    for name, comment, own in cases:
        topic.refuse(f"reverify/{name}", "reverify", comment, "malformed", own, base="default")
    (other,) = [vector for vector in topic.vectors if vector.id == f"{topic.name}/other-period"]
    own = {"statement": other.output["statement"]}
    topic.refuse("reverify/statement", "reverify", "the statement of another proof", "proof", own, base="default")
