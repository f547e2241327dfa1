"""Proofs checked together: everybody gets the own verdict, whatever the neighbours sent, and the queue is bounded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait

import pytest

from circuits import Accepted, CircuitError, Malformed, Misuse, Rejected, verify_batch
from tests.circuits.core.world import the_licence, the_world
from verifier.batching import Item, ProofBatcher
from verifier.unavailable import Unavailable

pytestmark = pytest.mark.attack("52")


def made(label: str) -> Item:
    world = the_world()
    statement, binding = world.statement(), world.binding(label)
    return statement, binding, world.proof(statement, the_licence(), binding)


@pytest.fixture(scope="module")
def good() -> list[Item]:
    return [made(f"batch-{at}") for at in range(4)]


@pytest.fixture(scope="module")
def false(good: list[Item]) -> Item:
    """A proof for another challenge."""
    return good[0][0], good[0][1], good[1][2]


@pytest.fixture
def slow(good: list[Item]) -> Iterator[SlowCheck]:
    found = SlowCheck()
    yield found
    found.go_on.set()


class SlowCheck:
    """`verify_batch` that notes the sizes of its batches and holds the first until told to go on."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, items: Sequence[Item]) -> list[Accepted | CircuitError]:
        self.sizes.append(len(items))
        self.begun.set()
        assert self.go_on.wait(20)
        return verify_batch(items)


def submitted_behind(batcher: ProofBatcher, slow: SlowCheck, first: Item, rest: list[Item]) -> list[Future[Accepted]]:
    """`first` is under way when `rest` arrive."""
    found = [batcher.submit(*first)]
    assert slow.begun.wait(20)
    return found + [batcher.submit(*item) for item in rest]


def test_everybody_gets_the_own_verdict(good: list[Item], false: Item, slow: SlowCheck) -> None:
    malformed = (*good[2][:2], good[2][2][:-1])
    batcher = ProofBatcher(check_together=slow)
    verdicts = submitted_behind(batcher, slow, good[0], [good[1], false, malformed, good[3]])
    slow.go_on.set()
    wait(verdicts, 20)
    batcher.close()
    assert slow.sizes == [1, 4]
    for at, item in ((0, good[0]), (1, good[1]), (4, good[3])):
        assert verdicts[at].result().statement_octets == item[0].octets(item[1])
    assert isinstance(verdicts[2].exception(), Rejected)
    assert isinstance(verdicts[3].exception(), Malformed)


def test_tasks_and_threads_may_ask(good: list[Item], false: Item) -> None:
    batcher = ProofBatcher()

    async def ask() -> list[Accepted | BaseException]:
        return await asyncio.gather(*(batcher.verify_async(*item) for item in [*good, false]), return_exceptions=True)

    found = asyncio.run(ask())
    assert [type(one) for one in found] == [Accepted] * len(good) + [Rejected]
    assert batcher.verify(*good[0]) == found[0]
    with pytest.raises(Rejected):
        batcher.verify(*false)
    batcher.close()


def test_the_queue_is_bounded(good: list[Item], slow: SlowCheck) -> None:
    batcher = ProofBatcher(waiting=2, check_together=slow)
    verdicts = submitted_behind(batcher, slow, good[0], good[1:3])
    with pytest.raises(Unavailable) as caught:
        batcher.submit(*good[3])
    assert caught.value.code == "overloaded"
    slow.go_on.set()
    assert all(isinstance(one.result(20), Accepted) for one in verdicts)
    batcher.close()


def test_who_leaves_is_not_checked_and_harms_nobody(good: list[Item], slow: SlowCheck) -> None:
    batcher = ProofBatcher(check_together=slow)

    async def leave() -> list[Accepted]:
        stays = [asyncio.create_task(batcher.verify_async(*good[0]))]
        await asyncio.to_thread(slow.begun.wait, 20)
        leaves = asyncio.create_task(batcher.verify_async(*good[1]))
        stays.append(asyncio.create_task(batcher.verify_async(*good[2])))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.sleep(0)
        slow.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await leaves
        return await asyncio.gather(*stays)

    assert len(asyncio.run(leave())) == 2
    assert slow.sizes == [1, 1]
    batcher.close()


def test_false_proofs_shrink_the_batch_and_clean_ones_let_it_grow(good: list[Item], false: Item) -> None:
    sizes: list[int] = []

    def noted(items: Sequence[Item]) -> list[Accepted | CircuitError]:
        sizes.append(len(items))
        return verify_batch(items)

    batcher = ProofBatcher(together=4, check_together=noted)
    for _ in range(3):
        with pytest.raises(Rejected):
            batcher.verify(*false)
    assert batcher._limit == 1
    malformed = (*good[2][:2], good[2][2][:-1])
    for grown in (2, 3, 4, 4):
        assert isinstance(batcher.verify(*good[0]), Accepted)
        for _ in range(4):
            with pytest.raises(Malformed):
                batcher.verify(*malformed)  # strangers have as many as they like: they neither shrink nor grow it
        assert batcher._limit == grown
    batcher.close()
    assert set(sizes) == {1}


def test_a_failure_of_ours_decides_for_nobody(good: list[Item], false: Item) -> None:
    def broken(items: Sequence[Item]) -> list[Accepted | CircuitError]:
        raise MemoryError

    def forgetful(items: Sequence[Item]) -> list[Accepted | CircuitError]:
        return []

    for check in (broken, forgetful):
        batcher = ProofBatcher(check_together=check)
        assert isinstance(batcher.verify(*good[0]), Accepted)
        with pytest.raises(Rejected):
            batcher.verify(*false)
        batcher.close()


class Panic(BaseException):
    """What a native library raises when it has lost its way is no `Exception`."""


class Hostile(bytes):
    """A proof on which whatever looks at it comes to grief."""

    def __len__(self) -> int:
        raise Panic


def test_nothing_ends_the_thread(good: list[Item]) -> None:
    batcher = ProofBatcher()
    with pytest.raises(Misuse, match="Panic"):
        batcher.submit(*good[0][:2], Hostile()).result(20)
    assert isinstance(batcher.submit(*good[0]).result(20), Accepted)
    batcher.close()


def test_a_thread_that_ended_is_replaced(good: list[Item]) -> None:
    batcher = ProofBatcher()
    ended = threading.Thread(target=int)
    ended.start()
    ended.join()
    batcher._thread = ended  # as after a fork
    assert isinstance(batcher.submit(*good[0]).result(20), Accepted)
    batcher.close()


def test_where_no_thread_is_to_be_had_nobody_waits(good: list[Item], monkeypatch: pytest.MonkeyPatch) -> None:
    batcher = ProofBatcher()

    def exhausted(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as world:
        world.setattr(threading.Thread, "start", exhausted)
        with pytest.raises(Unavailable):
            batcher.submit(*good[0])
    assert isinstance(batcher.submit(*good[0]).result(20), Accepted)
    batcher.close()


def test_a_verdict_about_another_statement_is_no_verdict(good: list[Item], false: Item, slow: SlowCheck) -> None:
    """Whoever checks may answer in another order, or about somebody else."""

    def turned(items: Sequence[Item]) -> list[Accepted | CircuitError]:
        return list(reversed(slow(items)))

    batcher = ProofBatcher(check_together=turned)
    verdicts = submitted_behind(batcher, slow, good[1], [false, good[2], good[3]])
    slow.go_on.set()
    wait(verdicts, 20)
    batcher.close()
    assert slow.sizes == [1, 3]
    assert isinstance(verdicts[1].exception(), Rejected)
    for at in (2, 3):
        assert verdicts[at].result().statement_octets == good[at][0].octets(good[at][1])


def test_what_could_not_be_decided_is_not_tried_again_here(good: list[Item], slow: SlowCheck) -> None:
    """A process that checks may have died of one of these proofs."""

    def died(items: Sequence[Item]) -> list[Accepted | CircuitError]:
        slow(items[:1])
        raise Unavailable("overloaded", "it has ended", 5)

    batcher = ProofBatcher(check_together=died)
    verdicts = submitted_behind(batcher, slow, good[0], good[1:3])
    slow.go_on.set()
    failures = [one.exception(20) for one in verdicts]
    batcher.close()
    assert all(isinstance(one, Unavailable) and one.retry_after_seconds == 5 for one in failures)
    assert failures[1] is not failures[2]
    assert batcher._limit == 16


def test_who_waits_when_it_stops_is_refused(good: list[Item], slow: SlowCheck) -> None:
    batcher = ProofBatcher(check_together=slow)
    verdicts = submitted_behind(batcher, slow, good[0], [good[1]])
    closing = threading.Thread(target=batcher.close)
    closing.start()
    while not batcher._closed:
        closing.join(0.01)
    slow.go_on.set()
    closing.join(20)
    assert isinstance(verdicts[0].result(), Accepted)
    assert isinstance(verdicts[1].exception(), Unavailable)
    with pytest.raises(Unavailable):
        batcher.submit(*good[0])
    ProofBatcher().close()  # one that never had a proof
    for sizes in ((0, 1), (1, 0)):
        with pytest.raises(Misuse):
            ProofBatcher(*sizes)
