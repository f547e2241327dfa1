"""Verifying on several threads at once, through caches that are cold, shared and too small."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from circuits import AtLeast, Binding, Statement, finish, prepare, verify
from circuits.cached import cached_property
from circuits.layout import _KEPT_LAYOUTS, _Kept, _kept, layout_of
from tests.circuits.core.world import Licence, World, said


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_share_the_caches(world: World, licence: Licence, binding: Binding, hasty: None) -> None:
    """Layouts of more contexts than are kept, some of them asked for again and again."""
    base = world.statement()
    contexts = [base.context + bytes([number % 40]) for number in range(80)]

    def use(context: bytes) -> bytes:
        statement = replace(base, context=context)
        return verify(statement, binding, world.proof(statement, licence, binding)).pseudonym

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(use, contexts))
    assert found[:40] == found[40:]
    assert len(set(found)) == 40
    assert len(_kept._layouts) <= _KEPT_LAYOUTS


def test_nothing_is_lost_between_threads_that_ask_for_layouts(statement: Statement, hasty: None) -> None:
    many = [said(statement, predicates=(AtLeast(3, bound),)) for bound in range(_KEPT_LAYOUTS + 1)]
    with ThreadPoolExecutor(4) as pool:
        layouts = list(pool.map(layout_of, many * 8))
    for position, layout in enumerate(layouts):
        assert layout.prefix == layouts[position % len(many)].prefix


def test_no_dictionary_that_others_may_see_is_changed(statement: Statement) -> None:
    """Nobody waits for a lock there, so whoever walks through one walks through one that stays."""
    layout_of(statement)
    before = _kept._layouts
    seen = list(before)
    layout_of(replace(statement, context=b"seen by nobody before"))
    layout_of(statement)
    assert list(before) == seen
    assert len(_kept._layouts) == min(len(seen) + 1, _KEPT_LAYOUTS)


def test_the_layouts_asked_for_last_are_kept(statement: Statement) -> None:
    kept = _Kept()
    first = kept.get(0, statement)
    for key in range(1, _KEPT_LAYOUTS):
        kept.get(key, statement)
    assert kept.get(0, statement) is first
    kept.get("one more", statement)
    assert len(kept._layouts) == _KEPT_LAYOUTS
    assert 1 not in kept._layouts
    assert kept.get(0, statement) is first


def test_a_layout_belongs_to_its_statement(world: World, statement: Statement) -> None:
    """Statements that differ in one thing have different octets before the wire's points."""
    later, _ = world.revoke(world.epoch, 9)
    others = [
        said(statement, disclosed=((1, 2), (2, "GB"))),
        said(statement, disclosed=((1, 3), (6, 1))),
        said(statement, predicates=(AtLeast(3, 1), AtLeast(4, 2))),
        replace(statement, context=b"elsewhere"),
        said(statement, epoch=later),
        replace(statement, escrow=None),
        said(statement, issuer=replace(world.issuer, profile_id="operator-2027")),
    ]
    prefixes = {layout_of(one).prefix for one in (statement, *others)}
    assert len(prefixes) == 1 + len(others)
    digits = said(statement, issuer=replace(world.issuer, digit_key=world.accumulator.public_key))
    assert layout_of(digits) is not layout_of(statement)


def test_prepared_in_one_thread_and_finished_in_another(
    world: World, licence: Licence, statement: Statement, hasty: None
) -> None:
    with ThreadPoolExecutor(4) as pool:
        prepared = list(
            pool.map(lambda _: prepare(statement, licence.credential, licence.membership, world.table), range(24))
        )
        bindings = [world.binding(str(number)) for number in range(24)]
        proofs = list(pool.map(finish, prepared, bindings))
        list(pool.map(verify, [statement] * 24, bindings, proofs))
    assert len({proof[:48] for proof in proofs}) == 24


class Slow:
    """Computes while `begun` is set and `go` is not."""

    def __init__(self) -> None:
        self.begun, self.go = Event(), Event()

    @cached_property
    def value(self) -> int:
        self.begun.set()
        self.go.wait()
        return 7


def test_a_child_that_was_forked_while_a_thread_computed_a_property_computes_its_own() -> None:
    ours, childs = Slow(), Slow()
    childs.go.set()
    thread = Thread(target=lambda: ours.value)
    thread.start()
    ours.begun.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        os._exit(0 if childs.value == 7 else 1)
    ours.go.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ours.__dict__["value"] == ours.value == 7


def test_no_property_of_the_mathematics_or_the_wallet_has_a_lock() -> None:
    for folder in ("circuits", "prover"):
        for path in Path(folder).rglob("*.py"):
            assert "functools import cached_property" not in path.read_text(), path
