"""Batches on several processes: the same verdicts as in one, and none when a process dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from circuits import Accepted, Malformed, Misuse, Rejected, verify_batch
from circuits.records import IssuerRecord
from circuits.suite import SHAKE256
from tests.circuits.core.world import the_licence, the_world
from verifier.batching import Item
from verifier.pool import SMALLEST_SHARE, ProofPool, _travels
from verifier.unavailable import Unavailable

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os, signal
from verifier.pool import ProofPool
processes = ProofPool(1)._processes
processes.submit(int).result()
os.kill(os.getpid(), signal.SIGKILL)
"""


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


def kill(processes: ProcessPoolExecutor) -> None:
    for process in list(processes._processes.values()):
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("noticed", [False, True])
def test_nothing_is_decided_when_a_process_dies(items: list[Item], noticed: bool) -> None:
    pool = ProofPool(2)
    pool.verify_batch(items)
    kill(pool._processes)
    while noticed and not pool._processes._broken:
        time.sleep(0.01)
    with pytest.raises(Unavailable):
        pool.verify_batch(items)
    assert pool.verify_batch(items) == verify_batch(items)  # by new processes
    pool.close()
    with pytest.raises(Unavailable):
        pool.verify_batch(items)


def test_where_no_process_can_begin_that_is_no_matter_of_load(items: list[Item]) -> None:
    pool = ProofPool(2)
    pool._processes = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), os._exit, (1,))
    with pytest.raises(Misuse):
        pool.verify_batch(items)
    pool.close()


def test_records_read_another_way_do_not_travel(items: list[Item]) -> None:
    """No suite is written in octets: a worker would decide about the same words under other bases."""
    world = the_world()
    shake = IssuerRecord.decode(world.issuer.octets, SHAKE256)
    licence = replace(items[0][0].licence, issuer=shake)
    assert _travels(items[0][0])
    assert not _travels(replace(items[0][0], licence=licence))


def test_processes_do_not_outlive_a_gateway_that_is_killed() -> None:
    gateway = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )  # ends only when nobody has its standard output any more
    assert gateway.returncode == -signal.SIGKILL, gateway.stderr
