"""Finds every guard and every equation in the source and makes the mutant in which that one is switched off.

A mutant is one change of one function. Its key (file, function, kind, text, ordinal) names no line, so that it stays
the same while code around it moves. Kinds:

    guard     `if condition: raise ..` never fires
    part      one disjunct, conjunct, link of a comparison or item of an any(..) in such a condition is left out
    refusal   a `raise` under a case, an else or after a loop is passed over
    check     a statement that only calls a check, or only looks at a checked property, is left out
    row       one equation of a linear relation has the coin 0 at the verifier
    claim     one pairing claim has the coin 0 at the verifier
    coin      the first or last coin of a combination is 0, or all of them are 1

A `raise` that turns one exception into another inside `except` is no guard of its own.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from typing import TypeGuard

ROOT = Path(__file__).resolve().parents[2]
NOT_ON_THE_WAY_IN = ("app", "proxy", "settings", "sources", "workbench", "durable")
CHECKS = re.compile(r"(^|_)(check|verify|audit)(_|$)")
RECORD_ROW, RECORD_CLAIM, CHANGE_COINS, PROBE = "__row__", "__claim__", "__coins__", "__probe__"
COIN_CHANGES = {"first": "the first coin is 0", "last": "the last coin is 0", "ones": "every coin is 1"}
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Mutant:
    """One thing switched off.

    `node` says where, in the order of `ast.walk`, and `owner` of what statement it is a part; they are no part of the
    key. `fires_less`: the guard never fires where it did not before.
    """

    file: str
    scope: str
    kind: str
    text: str
    ordinal: int
    refusal: str
    node: int
    owner: int
    detail: str
    fires_less: bool

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names it, without lines."""
        return self.file, self.scope, self.kind, self.text, self.ordinal

    def __str__(self) -> str:
        again = f" ({self.ordinal})" if self.ordinal > 1 else ""
        return f"{self.file} {self.scope} {self.kind}: {self.text}{again}"


def files() -> list[str]:
    """The files whose guards count: all of the mathematics, and the gateway's way in."""
    found = [*ROOT.glob("circuits/**/*.py"), *ROOT.glob("verifier/*.py")]
    kept = [path for path in found if not (path.parent.name == "verifier" and path.stem in NOT_ON_THE_WAY_IN)]
    return sorted(str(path.relative_to(ROOT)) for path in kept)


@cache
def source(file: str) -> str:
    """The text of a file, read once: the tree may change while the harness runs."""
    return (ROOT / file).read_text(encoding="utf-8")


def parse(file: str) -> ast.Module:
    """A fresh tree, every node numbered (`index`) and told its parent (`above`)."""
    tree = ast.parse(source(file))
    tree.file = file  # type: ignore[attr-defined]
    for index, node in enumerate(ast.walk(tree)):
        node.index = index  # type: ignore[attr-defined]
        for child in ast.iter_child_nodes(node):
            child.above = node  # type: ignore[attr-defined]
    return tree


def enumerate_mutants(chosen: list[str] | None = None) -> list[Mutant]:
    """All mutants of the files, in the order of the source."""
    out: list[Mutant] = []
    for file in files() if chosen is None else chosen:
        seen: Counter[tuple[str, str, str]] = Counter()
        for node, kind, text, refusal, detail, fires_less in sorted(_sites(parse(file)), key=_place):
            scope = scope_of(node)
            if scope == "" and kind != "claim":
                continue  # the module's own statements run once, when it is imported
            seen[scope, kind, text] += 1
            ordinal = seen[scope, kind, text]
            out.append(
                Mutant(file, scope, kind, text, ordinal, refusal, _index(node), _owner(node), detail, fires_less)
            )
    return out


Site = tuple[ast.AST, str, str, str, str, bool]


def _place(site: Site) -> tuple[int, int, int, str]:
    node, kind, _, _, detail, _ = site
    order = {"guard": 0, "part": 1}.get(kind, 2)
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0), order, detail


def _index(node: ast.AST) -> int:
    return node.index  # type: ignore[attr-defined, no-any-return]


def _owner(node: ast.AST) -> int:
    """The statement that a node belongs to: where its probe is."""
    at: ast.AST | None = node
    while at is not None and not isinstance(at, ast.stmt):
        at = _above(at)
    return -1 if at is None else _index(at)


def _above(node: ast.AST) -> ast.AST | None:
    return getattr(node, "above", None)


def scope_of(node: ast.AST) -> str:
    """The dotted name of the function around a node; empty at the module's own level."""
    names: list[str] = []
    inside = False
    at: ast.AST | None = node
    while at is not None:
        if isinstance(at, FunctionNode):
            inside = True
            names.append(at.name)
        elif isinstance(at, ast.ClassDef):
            names.append(at.name)
        at = _above(at)
    return ".".join(reversed(names)) if inside else ""


def _sites(tree: ast.Module) -> Iterator[Site]:
    for node in ast.walk(tree):
        match node:
            case ast.If() if (raised := _direct_raise(node.body)) is not None:
                refusal = _refusal(raised)
                yield node, "guard", ast.unparse(node.test), refusal, "", True
                for part, detail, less in _parts(node.test, True):
                    yield part, "part", _part_text(part, detail, node.test), refusal, detail, less
            case ast.Raise() if node.exc is not None and _is_refusal(node):
                yield node, "refusal", ast.unparse(node), _refusal(node), "", True
            case ast.Expr(value=ast.Call() as call):
                name = _called(call)
                if CHECKS.search(name):
                    yield node, "check", ast.unparse(node), "", "", True
                if name in ("row", "equation") and not _inside(node, "Frame", "Builder"):
                    yield from _equation(node, "row", node)
            case ast.Assign(targets=[ast.Name(id="_")]):
                items = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for place, item in enumerate(items):
                    yield node, "check", f"_ = {ast.unparse(item)}", "", str(place), True
            case ast.Call() if _called(node) == "draw_coins":
                for change, words in COIN_CHANGES.items():
                    yield node, "coin", f"{ast.unparse(node)}: {words}", "", change, True
            case ast.Call() if _called(node) == "Claim":
                yield from _equation(node, "claim", node)
            case ast.Assign(targets=[ast.Name(id="shared")], value=ast.Tuple(elts=items)):
                for place, item in enumerate(items):
                    yield node, "row", f"{ast.unparse(item)} in {ast.unparse(node)}", "", f"item {place}", True


def _equation(node: ast.AST, kind: str, call: ast.AST) -> Iterator[Site]:
    """One site, for each credential it is said of and each word of the language that it stands for."""
    tree = call
    while (above := _above(tree)) is not None:
        tree = above
    assert isinstance(tree, ast.Module)
    for part in _credentials(tree):
        for word in _words(tree):
            told = ", ".join(filter(None, (word, part)))
            text = f"{ast.unparse(call)}{f' ({told})' if told else ''}"
            yield node, kind, text, "", f"{part}:{word}", True


def _credentials(tree: ast.Module) -> tuple[str, ...]:
    """Licence and companion, where `layout._own_rows` asks this predicate for the rows of each."""
    file = getattr(tree, "file", "")
    if not file.startswith("circuits/predicates/"):
        return ("",)
    own = next(
        node
        for node in ast.parse(source("circuits/layout.py")).body
        if isinstance(node, ast.FunctionDef) and node.name == "_own_rows"
    )
    asked = {node.value.id for node in ast.walk(own) if isinstance(node, ast.Attribute) and _is_name(node.value)}
    return ("licence", "companion") if Path(file).stem in asked else ("",)


def _is_name(node: ast.expr) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def _words(tree: ast.Module) -> tuple[str, ...]:
    """The words that `rows` takes as its node, where there are several."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name == "rows":
            for argument in function.args.args:
                if argument.arg == "node" and isinstance(argument.annotation, ast.BinOp):
                    return tuple(ast.unparse(argument.annotation).split(" | "))
    return ("",)


def _inside(node: ast.AST, *classes: str) -> bool:
    return scope_of(node).split(".")[0] in classes


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _direct_raise(body: list[ast.stmt]) -> ast.Raise | None:
    return next((one for one in body if isinstance(one, ast.Raise)), None)


def _is_refusal(node: ast.Raise) -> bool:
    above = _above(node)
    if isinstance(above, ast.ExceptHandler):
        return False
    return not (isinstance(above, ast.If) and node in above.body)


def _refusal(node: ast.Raise) -> str:
    return "" if node.exc is None else ast.unparse(node.exc)


def _parts(test: ast.expr, fires_when: bool) -> Iterator[tuple[ast.expr, str, bool]]:
    """The pieces of a condition that can be left out: (node, detail, whether the guard then fires less often)."""
    match test:
        case ast.BoolOp(op=op):
            less = isinstance(op, ast.Or) == fires_when
            for value in test.values:
                yield value, "or" if isinstance(op, ast.Or) else "and", less
                yield from _parts(value, fires_when)
        case ast.UnaryOp(op=ast.Not()):
            yield from _parts(test.operand, not fires_when)
        case ast.Compare() if len(test.ops) > 1:
            for place in range(len(test.ops)):
                yield test, f"link {place}", not fires_when
        case ast.Call(func=ast.Name(id="any" | "all" as name), args=[ast.GeneratorExp() as inner]):
            yield from _parts(inner.elt, fires_when)
            over = inner.generators[0].iter
            if isinstance(over, ast.Tuple | ast.List):
                for item in over.elts:
                    yield item, "item", (name == "any") == fires_when
        case _:
            return


def _part_text(part: ast.expr, detail: str, whole: ast.expr) -> str:
    if detail.startswith("link"):
        assert isinstance(part, ast.Compare)
        return f"{ast.unparse(_link(part, int(detail.split()[1])))} in {ast.unparse(whole)}"
    return f"{ast.unparse(part)} in {ast.unparse(whole)}"


def _link(compare: ast.Compare, place: int) -> ast.Compare:
    sides = [compare.left, *compare.comparators]
    return ast.Compare(sides[place], [compare.ops[place]], [sides[place + 1]])


class _Switch(ast.NodeTransformer):
    """Replaces the numbered node by what `change` makes of it."""

    def __init__(self, index: int, change: Callable[[ast.AST], ast.AST]) -> None:
        self._index = index
        self._change = change

    def visit(self, node: ast.AST) -> ast.AST:
        if getattr(node, "index", None) == self._index:
            return ast.copy_location(self._change(node), node)
        return self.generic_visit(node)


def mutated(mutant: Mutant) -> ast.Module:
    """The file's tree with that one thing switched off."""
    tree = parse(mutant.file)
    change = _CHANGES[mutant.kind]
    changed = _Switch(mutant.node, lambda node: change(node, mutant.detail)).visit(tree)
    assert isinstance(changed, ast.Module)
    return ast.fix_missing_locations(changed)


def _never(expression: ast.expr) -> ast.expr:
    """Evaluated as ever, and then False: the names it uses stay used."""
    return ast.BoolOp(ast.And(), [expression, ast.Constant(False)])


def _guard_off(node: ast.AST, detail: str) -> ast.AST:
    assert isinstance(node, ast.If)
    node.test = _never(node.test)
    return node


def _part_off(node: ast.AST, detail: str) -> ast.AST:
    assert isinstance(node, ast.expr)
    match detail.split():
        case ["or"]:
            return _never(node)
        case ["and"]:
            return ast.BoolOp(ast.Or(), [node, ast.Constant(True)])
        case ["item"]:
            return ast.Starred(ast.Tuple([], ast.Load()), ast.Load())
        case ["link", place]:
            assert isinstance(node, ast.Compare)
            links: list[ast.expr] = [_link(node, other) for other in range(len(node.ops)) if other != int(place)]
            return links[0] if len(links) == 1 else ast.BoolOp(ast.And(), links)
        case _:
            raise AssertionError(detail)


def _statement_off(node: ast.AST, detail: str) -> ast.AST:
    assert isinstance(node, ast.stmt)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
        node.value.elts.pop(int(detail))
        return node
    return ast.If(ast.Constant(False), [node], [])


def _row_off(node: ast.AST, detail: str) -> ast.AST:
    if isinstance(node, ast.Assign):
        assert isinstance(node.value, ast.Tuple)
        node.value.elts.pop(int(detail.removeprefix("item ")))
        return node
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Call)
    assert isinstance(node.value.func, ast.Attribute)
    call = node.value
    receiver = ast.NamedExpr(ast.Name("_receiver", ast.Store()), node.value.func.value)
    call.func = ast.Attribute(receiver, node.value.func.attr, ast.Load())
    recorded = ast.Call(ast.Name(RECORD_ROW, ast.Load()), [call, ast.Name("_receiver", ast.Load())], [])
    return ast.Expr(recorded)


def _recorded(name: str) -> Callable[[ast.AST, str], ast.AST]:
    def change(node: ast.AST, detail: str) -> ast.AST:
        assert isinstance(node, ast.Call)
        return ast.Call(ast.Name(name, ast.Load()), [node], [])

    return change


_CHANGES: dict[str, Callable[[ast.AST, str], ast.AST]] = {
    "guard": _guard_off,
    "part": _part_off,
    "refusal": _statement_off,
    "check": _statement_off,
    "row": _row_off,
    "claim": _recorded(RECORD_CLAIM),
    "coin": _recorded(CHANGE_COINS),
}


class _Probes(ast.NodeTransformer):
    """Tells which conditions are asked, which raises happen, and out of which checks an exception comes."""

    def __init__(self, file: str) -> None:
        self._file = file

    def _call(self, what: str, node: ast.AST) -> ast.Call:
        return ast.Call(
            ast.Name(PROBE, ast.Load()), [ast.Constant(part) for part in (self._file, what, _index(node))], []
        )

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if _direct_raise(node.body) is not None:
            node.body.insert(0, ast.copy_location(ast.Expr(self._call("fired", node)), node))
            node.test = ast.copy_location(ast.BoolOp(ast.Or(), [self._call("asked", node), node.test]), node.test)
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST | list[ast.stmt]:
        return [ast.copy_location(ast.Expr(self._call("fired", node)), node), node]

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Call) and CHECKS.search(_called(node.value)):
            return self._watched(node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_":
            return self._watched(node)
        return node

    def _watched(self, node: ast.stmt) -> ast.AST:
        again: list[ast.stmt] = [ast.Expr(self._call("fired", node)), ast.Raise()]
        handler = ast.ExceptHandler(ast.Name("BaseException", ast.Load()), None, again)
        return ast.copy_location(ast.Try([node], [handler], [], []), node)


def probed(file: str) -> ast.Module:
    """The file's tree with probes in it, and otherwise as it is."""
    tree = _Probes(file).visit(parse(file))
    assert isinstance(tree, ast.Module)
    return ast.fix_missing_locations(tree)


def functions(tree: ast.Module, file: str) -> dict[tuple[str, int], CodeType]:
    """The compiled functions of a tree, by dotted name and first line."""
    found: dict[tuple[str, int], CodeType] = {}

    def collect(code: CodeType) -> None:
        for one in code.co_consts:
            if isinstance(one, CodeType):
                found[one.co_qualname, one.co_firstlineno] = one
                collect(one)

    collect(compile(tree, str(ROOT / file), "exec", dont_inherit=True))
    return found
