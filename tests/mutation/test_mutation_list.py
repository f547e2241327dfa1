"""The list of guards and equations in the documentation is the one of the source, and a mutant is what it says."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.mutants import Mutant, enumerate_mutants, files, functions, mutated, source
from tests.mutation.report import check_page

KINDS = {"guard", "part", "refusal", "check", "row", "claim", "coin"}


@pytest.fixture(scope="module")
def mutants() -> list[Mutant]:
    return enumerate_mutants()


def test_the_page_lists_what_the_source_has() -> None:
    """`make mutation` writes the page anew."""
    assert check_page() == []


def test_a_name_names_one_mutant(mutants: list[Mutant]) -> None:
    assert [key for key, count in Counter(mutant.key for mutant in mutants).items() if count > 1] == []
    assert {mutant.kind for mutant in mutants} == KINDS


def test_what_is_listed_as_equivalent_is_there(mutants: list[Mutant]) -> None:
    assert set(EQUIVALENT) <= {mutant.key for mutant in mutants}
    assert all(len(reason) > 20 for reason in EQUIVALENT.values())


def test_every_raise_is_a_guard_a_refusal_or_a_translation(mutants: list[Mutant]) -> None:
    """Counted a second way: a raise in a function that is not directly under `except` is in the list."""
    for file in files():
        listed = sum(mutant.kind in ("guard", "refusal") for mutant in mutants if mutant.file == file)
        tree = ast.parse(source(file))
        bodies = [handler.body for handler in ast.walk(tree) if isinstance(handler, ast.ExceptHandler)]
        translated = sum(isinstance(one, ast.Raise) for body in bodies for one in body)
        assert listed == sum(isinstance(node, ast.Raise) for node in ast.walk(tree)) - translated, file


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_mutant_changes_one_function(mutants: list[Mutant], kind: str) -> None:
    for mutant in [one for one in mutants if one.kind == kind and one.scope][::25]:
        before = functions(ast.parse(source(mutant.file)), mutant.file)
        after = functions(mutated(mutant), mutant.file)
        changed = {
            name.replace(".<locals>", "") for (name, line), code in before.items() if after.get((name, line)) != code
        }
        assert mutant.scope in changed, str(mutant)
        assert all(name.startswith(mutant.scope) or mutant.scope.startswith(name) for name in changed), str(mutant)


def test_a_guard_that_is_switched_off_lets_through() -> None:
    """One mutant, run: the functions of its tree beside the real ones."""
    off = next(one for one in enumerate_mutants(["circuits/scalar.py"]) if one.scope == "encode_scalar")
    spaces: list[dict[str, object]] = [{}, {}]
    for space, tree in zip(spaces, (ast.parse(source(off.file)), mutated(off)), strict=True):
        exec(compile(tree, off.file, "exec"), space)  # noqa: S102
    honest, lax = (space["encode_scalar"] for space in spaces)
    assert callable(honest)
    assert callable(lax)
    assert honest(5) == lax(5)
    with pytest.raises(Exception, match="out of range"):
        honest(2**255)
    assert lax(2**255) == (2**255).to_bytes(32, "big")
