"""The rows about proofs: making, finishing and checking them, alone, together and on two processes; and updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from circuits import (
    Accepted,
    Binding,
    Membership,
    Prepared,
    Statement,
    audit_entries,
    decode_entries,
    finish,
    prepare,
    update_membership,
    verify,
    verify_batch,
)
from circuits.layout import layout_of
from circuits.records import EpochRecord
from console.bench.measure import Row, Work
from console.bench.world import World
from verifier.pool import ProofPool

Item = tuple[Statement, Binding, bytes]
_FINISHES = 10
_UPDATES = ((548, 12.0, 2), (10_000, 130.0, 1))


def proof_rows(world: World, many: list[Item], pool: ProofPool) -> list[Row]:
    """Proving and verifying; `many` are a hundred proofs."""
    proof = many[0]
    return [
        Row("prove", "a proof from nothing, all tables warm", world.proof, target=1.3),
        _first_of_epoch(world),
        _finish_row(world),
        Row("verify", "check one proof", lambda: verify(*proof), target=4.1),
        Row("batch10", "check one of 10 together", _batch(verify_batch, many[:10]), divisor=10, repeats=3),
        Row("batch100", "check one of 100 together", _batch(verify_batch, many), 2, divisor=100, target=1.6),
        Row("pool100", "the same on two processes", _batch(pool.verify_batch, many), 2, divisor=100, wall=True),
    ]


def update_rows(world: World) -> list[Row]:
    """Bringing a wallet up to date."""
    rows = []
    for many, target, repeats in _UPDATES:
        octets, epoch = world.revocations(many)
        what = f"bring a wallet over {many:,} revocations"
        rows.append(Row(f"update{many}", what, _update(world, octets, epoch), repeats=repeats, target=target))
        audited = "audit them, as a wallet does before"
        rows.append(Row(f"audit{many}", audited, _audit(world, octets), repeats=repeats))
    return rows


def _first_of_epoch(world: World) -> Row:
    """All tables of the licence are warm, and none is made for the epoch: its value and the witness are new."""
    fresh: list[tuple[Statement, Membership]] = []
    binding = world.binding()

    def reset() -> None:
        octets, epoch = world.revocations(1)
        entries = decode_entries(octets, affine=True)
        membership = update_membership(world.membership, world.credential.handle, entries, epoch)
        statement = world.statement_at(epoch)
        layout_of(statement)
        fresh[:] = [(statement, membership)]

    def work() -> None:
        statement, membership = fresh[0]
        finish(prepare(statement, world.credential, membership, world.table), binding)

    what = "the same, first of an epoch: no tables for it yet"
    return Row("prove_first", what, work, reset=reset, target=1.7)


def _finish_row(world: World) -> Row:
    ready: list[Prepared] = []
    binding = world.binding()

    def refill() -> None:
        ready[:] = [prepare(world.statement, world.credential, world.membership, world.table) for _ in range(_FINISHES)]

    def finish_all() -> None:
        while ready:
            finish(ready.pop(), binding)

    what = "answer a challenge with a proof prepared ahead"
    return Row("finish", what, finish_all, divisor=_FINISHES, reset=refill, target=0.03)


def _batch(check: Callable[[list[Item]], list[Any]], items: list[Item]) -> Work:
    def work() -> None:
        if not all(isinstance(outcome, Accepted) for outcome in check(items)):
            raise RuntimeError("a true proof was refused")

    return work


def _update(world: World, octets: bytes, epoch: EpochRecord) -> Work:
    numbers = count(epoch.number)  # each to an epoch of its own, for a membership that was checked is not checked again

    def work() -> None:
        entries = decode_entries(octets, affine=True)
        update_membership(world.membership, world.credential.handle, entries, replace(epoch, number=next(numbers)))

    return work


def _audit(world: World, octets: bytes) -> Work:
    def work() -> None:
        entries = decode_entries(octets, affine=True)
        audit_entries(world.accumulator.record, world.membership.value, entries)

    return work
