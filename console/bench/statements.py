"""What each further word of the statement language costs beside the gateway's statement: proving, checking, octets."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from circuits import (
    AtLeast,
    AtMost,
    Between,
    Companion,
    Equals,
    Escrowed,
    Held,
    NotRevoked,
    OneOf,
    Possession,
    Prepared,
    Pseudonym,
    Signed,
    Statement,
    all_of,
    check_signature,
    count_heads,
    create_set,
    day_number,
    document_digest,
    finish,
    prepare,
    scope_context,
    sign_document,
    signing_binding,
    verify,
)
from circuits.attributes import Kind
from circuits.language import Node
from console.bench.measure import Row, Work, run_rounds
from console.bench.world import NOW, ORIGIN, World, make_world

HEADS = 10
_DOCUMENT = b"the sign-off of an artefact" * 40
_REPEATS = 2
_COUNTRIES = ("DE", "ES", "FR", "GB", "IT", "NL", "PL", "SE")


@dataclass(frozen=True)
class _Stage:
    """The holder's licence, and a permit of the same holder from another issuer."""

    world: World
    permits: World

    def say(self, *nodes: Node, context: bytes = b"bench") -> Statement:
        """A statement with possession, standing, pseudonym and escrow, and `nodes`."""
        world = self.world
        own = Possession(world.issuer.record), NotRevoked(world.accumulator.record, world.epoch), Pseudonym(context)
        return all_of(*own, Escrowed(world.escrow.record), *nodes)

    @cached_property
    def companion(self) -> Companion:
        """What is said of the permit: who issued it, and that it stands."""
        permits = self.permits
        return Companion(Possession(permits.issuer.record), NotRevoked(permits.accumulator.record, permits.epoch))

    def prepare(self, statement: Statement) -> Prepared:
        """The holder's part."""
        world, permits = self.world, self.permits
        held = Held(permits.credential, permits.membership, permits.table)
        companion = None if statement.companion is None else held
        return prepare(statement, world.credential, world.membership, world.table, companion=companion)


def measure_statements(world: World, unit: Row, rounds: int) -> list[dict[str, Any]]:
    """A row for each kind of statement: {"statement", "prove", "verify", "octets"}, in pairing checks of two pairs."""
    stage = _Stage(world, make_world("bench-permits", world.credential.link_secret))
    today = day_number(NOW)
    kinds = {
        "possession, standing, pseudonym, escrow": stage.say(),
        "and AtLeast": stage.say(AtLeast(3, today)),
        "and AtMost": stage.say(AtMost(3, today + 3000)),
        "and Between": stage.say(Between(3, today, today + 3000)),
        "and OneOf eight": stage.say(OneOf(2, create_set("bench-set", Kind.TEXT, _COUNTRIES))),
        "and a companion": stage.say(stage.companion),
        "and a companion with Equals": stage.say(stage.companion, Equals(3, 3)),
    }
    pairs = [(name, *_rows(stage, statement)) for name, statement in kinds.items()]
    pairs.append(("Signed", *_signed_rows(stage)))
    pairs.append((f"head count, one of {HEADS}", *_head_rows(stage)))
    run_rounds([row for _, prove, check, _ in pairs for row in (prove, check)], unit, rounds)
    return [
        {"statement": name, "prove": prove.summary()["ratio"], "verify": check.summary()["ratio"], "octets": octets}
        for name, prove, check, octets in pairs
    ]


def _rows(stage: _Stage, statement: Statement) -> tuple[Row, Row, int]:
    binding = stage.world.binding()
    proof = finish(stage.prepare(statement), binding)
    return (
        _row("prove", lambda: finish(stage.prepare(statement), binding)),
        _row("verify", lambda: verify(statement, binding, proof)),
        len(proof),
    )


def _signed_rows(stage: _Stage) -> tuple[Row, Row, int]:
    world = stage.world
    statement = stage.say(Signed(document_digest(_DOCUMENT)))
    binding = signing_binding(world.policy.hash, ORIGIN, secrets.token_bytes(32), NOW + 3600)
    signature = sign_document(stage.prepare(statement), _DOCUMENT, binding)
    records = world.issuer.record, world.accumulator.record, world.epoch, world.escrow.record
    return (
        _row("prove", lambda: sign_document(stage.prepare(statement), _DOCUMENT, binding)),
        _row("verify", lambda: check_signature(_DOCUMENT, signature, *records)),
        len(signature.proof),
    )


def _head_rows(stage: _Stage) -> tuple[Row, Row, int]:
    """One holder, who presents ten times: the work is that of ten, though it is one head."""
    statement = stage.say(context=scope_context("permit", ("P-bench",), "2026-Q4"))
    binding = stage.world.binding()
    presented = [(binding, finish(stage.prepare(statement), binding)) for _ in range(HEADS)]
    return (
        _row("prove", lambda: finish(stage.prepare(statement), binding)),
        _row("verify", lambda: count_heads(statement, presented, 1), HEADS),
        len(presented[0][1]),
    )


def _row(name: str, work: Work, divisor: int = 1) -> Row:
    return Row(name, name, work, repeats=_REPEATS, divisor=divisor)
