"""What a review found that a caller could put together wrongly is refused before anything is computed from it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from circuits import (
    AtLeast,
    Binding,
    Disclose,
    Escrowed,
    Kind,
    Malformed,
    Misuse,
    NotRevoked,
    Possession,
    Pseudonym,
    Statement,
    all_of,
    deal_escrow,
    verify_batch,
)
from circuits.records import AccumulatorRecord, EpochRecord, EscrowRecord, IssuerRecord, TrustBundle, default_policy
from circuits.suite import SHA256, SHAKE256, Suite
from tests.circuits.core.world import World, bounds

REFERENCE = SHA256.on("reference")


def standing(world: World) -> list[Any]:
    """The nodes that every statement has."""
    return [Possession(world.issuer), NotRevoked(world.accumulator, world.epoch), Pseudonym(b"somewhere")]


def under(world: World, suite: Suite) -> tuple[IssuerRecord, AccumulatorRecord, EpochRecord, EscrowRecord]:
    """The world's records, read under `suite`: equal records, with equal hashes, and other points."""
    return (
        IssuerRecord.decode(world.issuer.octets, suite),
        AccumulatorRecord.decode(world.accumulator.octets, suite),
        EpochRecord.decode(world.epoch.octets, suite),
        EscrowRecord.decode(world.dealt.record.octets, suite),
    )


@pytest.mark.attack("G1")
@pytest.mark.parametrize("node", [AtLeast(True, 1), AtLeast(3, True), AtLeast(3, 1.0), AtLeast(3.0, 1)], ids=str)  # type: ignore[arg-type]
def test_a_predicate_is_made_of_whole_numbers(world: World, node: AtLeast) -> None:
    with pytest.raises(Misuse):
        all_of(*standing(world), node)


@pytest.mark.attack("F2")
@pytest.mark.parametrize("index", [True, 1.0, "1"])
def test_a_disclosed_index_is_a_whole_number(world: World, index: Any) -> None:
    with pytest.raises((Misuse, TypeError)):
        all_of(*standing(world), Disclose(index, 3))


@pytest.mark.attack("F4")
@pytest.mark.parametrize("position", [1, 2, 3])
def test_records_of_one_statement_are_under_one_suite(world: World, position: int) -> None:
    # The escrow's keys lie on no polynomial over another suite's base, but interpolation does not involve the base.
    for suite in (REFERENCE, SHAKE256):
        records = list(under(world, SHA256))
        records[position] = under(world, suite)[position]
        issuer, accumulator, epoch, escrow = records
        with pytest.raises(Misuse, match="different suites"):
            all_of(Possession(issuer), NotRevoked(accumulator, epoch), Pseudonym(b"x"), Escrowed(escrow))  # type: ignore[arg-type]


@pytest.mark.attack("24")
@pytest.mark.parametrize("change", ["swapped", "renamed", "kind"])
def test_policies_and_profile_of_a_bundle_mean_the_same_indexes(world: World, change: str) -> None:
    profile = list(world.issuer.attributes)
    if change == "swapped":
        profile[3], profile[8] = profile[8], profile[3]
    else:
        profile[4] = ("cover_band", Kind.SCALAR) if change == "kind" else ("other_band", Kind.INT)
    issuer = dataclasses.replace(world.issuer, attributes=tuple(profile))
    policy = default_policy(issuer, world.dealt.record)
    with pytest.raises(Malformed):
        TrustBundle(issuer, world.accumulator, world.dealt.record, bytes(32), (policy,), "https://issuer.example")


@pytest.mark.attack("B7")
def test_a_batch_is_on_one_curve_backend(
    world: World, honest: tuple[Statement, Binding, bytes], statement: Statement, proof: bytes
) -> None:
    issuer, accumulator, epoch, escrow = under(world, REFERENCE)
    same = all_of(
        Possession(issuer),
        NotRevoked(accumulator, epoch),
        Pseudonym(statement.context),
        Escrowed(escrow),
        *(Disclose(index, value) for index, value in statement.disclosed),
        *(AtLeast(index, bound) for index, bound in bounds(statement)),
    )
    with pytest.raises(Misuse, match="backends"):
        verify_batch([honest, (same, honest[1], proof)])


@pytest.mark.attack("X11")
@pytest.mark.parametrize(("threshold", "openers"), [(0, 3), (-1, 3), (1, 3), (4, 3), (2, 33), (2, 0), (0, 0)])
def test_an_escrow_that_no_record_allows_is_not_dealt(threshold: int, openers: int) -> None:
    with pytest.raises(Malformed):
        deal_escrow("escrow-review", threshold, openers, 0, 1)
