"""Puts changed code into the functions that live in this process, and switches equations off at the verifier.

A function keeps its identity and takes another `__code__`, so that everything that holds it, whether by import, as a
method, behind a cache or inside a dataclass, runs the changed one. Equations are switched off by the coin 0, where the
verifier weighs them; the prover and the octets of the relation stay as they are.
"""

from __future__ import annotations

import ast
import builtins
import gc
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import FunctionType
from typing import Any

import circuits.layout
import circuits.presentation
from circuits.sigma import protocol
from tests.mutation.mutants import (
    CHANGE_COINS,
    PROBE,
    RECORD_CLAIM,
    RECORD_ROW,
    ROOT,
    Mutant,
    files,
    functions,
    mutated,
    parse,
    probed,
)

Live = dict[str, dict[tuple[str, int], list[FunctionType]]]
Hit = tuple[str, str, int]


def live_functions() -> Live:
    """Every function of the files that exists in this process, closures among them."""
    found: Live = {file: {} for file in files()}
    by_path = {str(ROOT / file): file for file in found}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and (file := by_path.get(one.__code__.co_filename)) is not None:
            key = one.__code__.co_qualname, one.__code__.co_firstlineno
            found[file].setdefault(key, []).append(one)
    return found


def install(live: Live, file: str, tree: ast.Module) -> None:
    """Give the functions of `file` the code of `tree`."""
    for key, code in functions(tree, file).items():
        for function in live[file].get(key, ()):
            if function.__code__ != code:
                function.__code__ = code


class Probes:
    """What was hit since `clear`."""

    def __init__(self, live: Live) -> None:
        self.hits: set[Hit] = set()
        setattr(builtins, PROBE, self._hit)
        for file in live:
            install(live, file, probed(file))

    def _hit(self, file: str, what: str, node: int) -> None:
        self.hits.add((file, what, node))

    @staticmethod
    def remove(live: Live) -> None:
        """Back to the code as it is written."""
        for file in live:
            install(live, file, parse(file))


def switch_off(live: Live, mutant: Mutant) -> None:
    """Make this process the mutant. There is no way back: call it in a child."""
    install(live, mutant.file, mutated(mutant))
    match mutant.kind:
        case "row" | "claim":
            _switch_equation(mutant)
        case "coin":
            setattr(builtins, CHANGE_COINS, _COINS[mutant.detail])
        case _:
            pass
    if mutant.kind in ("row", "claim", "coin"):
        forget_caches()


def forget_caches() -> None:
    """Compiled relations and the like, which were made with the equation in them."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "circuits":
            for one in list(vars(module).values()):
                if isinstance(one, _CACHED):
                    one.cache_clear()
    circuits.layout._kept._layouts.clear()


_CACHED = type(lru_cache(lambda: None))


def _first_off(coins: list[int]) -> list[int]:
    return [0, *coins[1:]]


def _last_off(coins: list[int]) -> list[int]:
    return [*coins[:-1], 0]


def _all_one(coins: list[int]) -> list[int]:
    return [1] * len(coins)


_COINS: dict[str, Callable[[list[int]], list[int]]] = {"first": _first_off, "last": _last_off, "ones": _all_one}


class _Off:
    """What has the coin 0: rows by identity, claims by the names of their points in the layout that they stand in."""

    def __init__(self, detail: str) -> None:
        self._part, _, self._word = detail.partition(":")
        self.rows: list[object] = []
        self.claims: set[tuple[str, str]] = set()

    def _is_meant(self) -> bool:
        """Whether the function that is recording is at the credential and the word that are switched off."""
        at = sys._getframe(2).f_locals
        if self._part and (at["part"].suffix != "") != (self._part == "companion"):
            return False
        if not self._word:
            return True
        node = at["node"] if "node" in at else at["part"].claims.predicates[at["position"] - 1]
        return type(node).__name__ == self._word

    def record_row(self, result: object, receiver: Any) -> None:
        """The row that a Frame or a Builder has just taken."""
        if self._is_meant():
            self.rows.append(getattr(receiver, "builder", receiver)._equations[-1])

    def record_claim(self, claim: Any) -> Any:
        """The claim that has just been made."""
        if self._is_meant():
            self.claims.add((claim.left, claim.right))
        return claim

    def places(self, shape: Any) -> list[int]:
        """Which rows of a shape are off."""
        return [place for place, one in enumerate(shape.equations) if any(one is off for off in self.rows)]


def _switch_equation(mutant: Mutant) -> None:
    off = _Off(mutant.detail)
    setattr(builtins, RECORD_ROW, off.record_row)
    setattr(builtins, RECORD_CLAIM, off.record_claim)
    compile_, add, verify = circuits.layout._compile, circuits.presentation._add, protocol._verify_batchable
    claims: list[tuple[object, set[tuple[str, str]]]] = []

    def compile_recorded(statement: Any) -> Any:
        off.claims = set()
        layout = compile_(statement)
        claims.append((layout, off.claims))
        return layout

    def add_without(fold: Any, one: Any, coins: Sequence[int]) -> None:
        changed = list(coins)
        for place in off.places(one.layout.shape):
            changed[place] = 0
        without = next((names for layout, names in claims if layout is one.layout), set())
        for place, (left, _, right) in enumerate(one.layout.claims):
            names = [one.layout.wire[index - one.layout.first_wire] for index in (left, right)]
            if tuple(names) in without:
                changed[-1 - place] = 0
        add(fold, one, changed)

    def verify_without(
        curve: Any, session: Any, instance: Any, shape: Any, elements: Any, proof: Any, entropy: Any
    ) -> None:
        verify(curve, session, instance, shape, elements, proof, _Without(entropy, off.places(shape)))

    circuits.layout._compile = compile_recorded
    circuits.presentation._add = add_without
    protocol._verify_batchable = verify_without


class _Without:
    """Entropy whose coins at some places are 0."""

    def __init__(self, entropy: Any, places: list[int]) -> None:
        self._entropy = entropy
        self._places = places

    def scalar(self) -> int:
        return self._entropy.scalar()  # type: ignore[no-any-return]

    def octets(self, count: int) -> bytes:
        out = bytearray(self._entropy.octets(count))
        for place in self._places:
            out[16 * place : 16 * place + 16] = bytes(16)
        return bytes(out)
