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

from circuits import (
    Accepted,
    AtLeast,
    Malformed,
    Misuse,
    NotRevoked,
    Possession,
    Pseudonym,
    Rejected,
    all_of,
    verify_batch,
)
from circuits.records import IssuerRecord
from circuits.suite import SHAKE256
from tests.circuits.core.world import TODAY, first_epoch, the_licence, the_world
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


def undecidable(item: Item, kind: str) -> Item:
    """An item that the processes cannot read, or that nobody can decide."""
    world = the_world()
    curve, (statement, binding, proof) = world.curve, item
    if kind == "a binding without octets":
        wrong = replace(binding)
        object.__setattr__(wrong, "not_after", 2**64)
        return statement, wrong, proof
    issuer, accumulator = world.issuer, world.accumulator
    if kind == "a key that is a bound":
        key = curve.encode_g2(curve.multiply_g2(curve.g2_generator(), TODAY))
        issuer = replace(issuer, digit_key=key)
    if kind == "an issuer that does not load":
        issuer = replace(issuer, id="x" * 256)
        accumulator = replace(accumulator, issuer_id=issuer.id)
    if kind == "an accumulator that does not load":
        accumulator = replace(accumulator, id="x" * 256)
    live = NotRevoked(accumulator, first_epoch(accumulator))
    return all_of(Possession(issuer), live, Pseudonym(b"here"), AtLeast(3, TODAY)), binding, proof


@pytest.mark.attack("B7")
@pytest.mark.parametrize(
    "kind",
    [
        "a key that is a bound",
        "a binding without octets",
        "an issuer that does not load",
        "an accumulator that does not load",
    ],
)
def test_what_cannot_be_decided_spoils_no_neighbour(pool: ProofPool, items: list[Item], kind: str) -> None:
    mixed = [*items[:3], undecidable(items[3], kind), *items[4:]]
    found, expected = pool.verify_batch(mixed), verify_batch(mixed)
    assert [type(one) for one in found] == [type(one) for one in expected]
    assert str(found[3]) == str(expected[3])
    assert [at for at, one in enumerate(found) if not isinstance(one, Accepted)] == [3]
    with pytest.raises(Misuse):
        pool.verify_batch([])


@pytest.mark.parametrize("used", [False, True])
def test_a_forked_child_has_processes_of_its_own(items: list[Item], used: bool) -> None:
    """With its parent's it would wait for a thread that it does not have, or read what was meant for the parent."""
    pool, expected = ProofPool(2), verify_batch(items)
    if used:
        assert pool.verify_batch(items) == expected
    of_the_parent = pool._processes
    pool._lock.acquire()  # as if another thread held it at that moment
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)
        outcome = 1
        try:
            same = pool.verify_batch(items) == expected
            outcome = 0 if same and pool._processes is not of_the_parent else 2
            pool.close()
        finally:
            os._exit(outcome)
    pool._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool.verify_batch(items) == expected
    assert pool._processes is of_the_parent
    pool.close()


def test_a_forked_child_leaves_its_parents_processes_alone(items: list[Item]) -> None:
    pool = ProofPool(2)
    pool.verify_batch(items)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(20)
        outcome = 1
        try:
            pool._processes._shutdown_lock.acquire()  # as if the parent's thread held it at that moment
            pool.close()
            outcome = 0
        finally:
            os._exit(outcome)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool.verify_batch(items) == verify_batch(items)
    pool.close()


def test_processes_do_not_outlive_a_gateway_that_is_killed() -> None:
    gateway = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )  # ends only when nobody has its standard output any more
    assert gateway.returncode == -signal.SIGKILL, gateway.stderr
