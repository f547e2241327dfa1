"""Batches on several processes: the same verdicts as in one, and none when a process dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from circuits import Accepted, Malformed, Misuse, Rejected, verify_batch
from tests.circuits.core.world import the_licence, the_world
from verifier.batching import Item
from verifier.pool import SMALLEST_SHARE, ProofPool
from verifier.unavailable import Unavailable


@pytest.fixture(scope="module")
def pool() -> Iterator[ProofPool]:
    found = ProofPool(2)
    yield found
    found.close()


@pytest.fixture(scope="module")
def items() -> list[Item]:
    world = the_world()
    statement = world.statement()
    bindings = [world.binding(f"pool-{at}") for at in range(2 * SMALLEST_SHARE + 1)]
    return [(statement, binding, world.proof(statement, the_licence(), binding)) for binding in bindings]


def test_the_verdicts_are_the_same_and_in_order(pool: ProofPool, items: list[Item]) -> None:
    assert pool.verify_batch(items) == verify_batch(items)
    spoilt = list(items)
    spoilt[2] = (*items[2][:2], items[3][2])
    spoilt[5] = (*items[5][:2], items[5][2] + b"\0")
    found = pool.verify_batch(spoilt)
    expected = verify_batch(spoilt)
    for at, outcome in enumerate(found):
        assert type(outcome) is {2: Rejected, 5: Malformed}.get(at, Accepted)
        assert str(outcome) == str(expected[at])


def test_a_small_batch_stays_here(items: list[Item]) -> None:
    pool = ProofPool(2)
    few = items[: 2 * SMALLEST_SHARE - 1]
    assert pool.verify_batch(few) == verify_batch(few)
    assert not pool._processes._processes
    with pytest.raises(Misuse):
        pool.verify_batch([])
    pool.close()
    with pytest.raises(Misuse):
        ProofPool(0)


def test_nothing_is_decided_when_a_process_dies(items: list[Item]) -> None:
    pool = ProofPool(2)
    pool.verify_batch(items)
    for process in list(pool._processes._processes.values()):
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(Unavailable):
        pool.verify_batch(items)
    pool.close()
