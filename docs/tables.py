"""Writes the tables of docs/requirements.md and docs/threat-model.md from the marks that the tests carry.

    python docs/tables.py            write both
    python docs/tables.py --check    say whether both are up to date; exit 1 when not

The tables stand between `<!-- tests -->` and `<!-- end -->`; everything else in the pages is written by hand.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- tests -->\n", "<!-- end -->"


def marked(kind: str) -> dict[str, list[str]]:
    """Mark argument to the tests that carry `@pytest.mark.<kind>(argument)`, as `path::test`."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, argument in _marks(tree, kind):
            found[argument].append(f"{path.relative_to(ROOT / 'tests')}::{name}")
    return found


def _marks(tree: ast.Module, kind: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for argument in _arguments(node.decorator_list, kind):
                yield node.name, argument
            for call in ast.walk(node):  # marks on parameters: pytest.param(..., marks=pytest.mark.attack("E1"))
                if isinstance(call, ast.keyword) and call.arg == "marks":
                    for argument in _arguments([call.value], kind):
                        yield node.name, argument
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "pytestmark" for target in node.targets):
            values = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            for argument in _arguments(values, kind):
                yield "*", argument


def _arguments(nodes: list[ast.expr], kind: str) -> Iterator[str]:
    for node in nodes:
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == f"pytest.mark.{kind}":
                yield from (str(one.value) for one in call.args if isinstance(one, ast.Constant))


def _order(name: str) -> tuple[str, int, str]:
    match = re.fullmatch(r"([A-Za-z]*)(\d+)(.*)", name)
    return (match[1], int(match[2]), match[3]) if match else (name, 0, "")


def table(kind: str) -> str:
    """A markdown table: the number, and the tests that show it."""
    lines = [f"| {kind} | shown by (under `tests/`) |", "|---|---|"]
    for name, tests in sorted(marked(kind).items(), key=lambda item: _order(item[0])):
        lines.append(f"| {name} | {'<br>'.join(f'`{test}`' for test in dict.fromkeys(tests))} |")
    return "\n".join(lines) + "\n"


def renewed(page: Path, kind: str) -> str:
    """The page's text with its table as the tests have it now."""
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return head + BEGIN + "\n" + table(kind) + "\n" + END + tail


def main() -> None:
    """See the module's text."""
    stale = []
    for page, kind in (("requirements.md", "requirement"), ("threat-model.md", "attack")):
        path = ROOT / "docs" / page
        text = renewed(path, kind)
        if text != path.read_text(encoding="utf-8"):
            stale.append(page)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"out of date: {', '.join(stale)}; run python docs/tables.py")


if __name__ == "__main__":
    main()
