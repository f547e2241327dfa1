"""The laws of the house as functions over syntax trees; each gives the places where a law is broken.

The tests call them on the shipped packages and, so that a law cannot fall silent, on samples that break it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("circuits", "issuer", "prover", "verifier", "registry", "console")
ROLES = ("issuer", "prover", "verifier", "registry")
DECIDING = ("policy", "trust", "challenge", "verify", "verdict", "lease", "killswitch", "evidence")

IMPURE = frozenset(
    {
        "_io", "_thread", "asyncio", "builtins", "calendar", "codecs", "concurrent", "ctypes", "datetime", "dbm",
        "fileinput", "ftplib", "getpass", "glob", "http", "imaplib", "io", "locale", "logging", "mmap",
        "multiprocessing", "os", "pathlib", "pickle", "platform", "poplib", "posix", "queue", "random", "runpy",
        "sched", "select", "selectors", "shelve", "shutil", "signal", "site", "smtplib", "socket", "socketserver",
        "sqlite3", "ssl", "subprocess", "sys", "tempfile", "time", "tomllib", "uuid", "urllib", "warnings",
        "webbrowser", "xmlrpc", "zipfile", "zoneinfo",
    }
)  # fmt: skip
BACKENDS = {"py_arkworks_bls12381": "circuits/curve/arkworks.py", "py_ecc": "circuits/curve/reference.py"}
# Days have names and weeks have numbers: a pure function of the number, in the one file that needs it.
ALLOWED = frozenset(
    {
        ("circuits/calendar.py", "datetime", "date"),
        ("circuits/curve/__init__.py", "sys", "getrecursionlimit"),
        ("circuits/curve/__init__.py", "sys", "setrecursionlimit"),
    }
)
CLOCKS = frozenset({"today", "now", "utcnow", "fromtimestamp", "utcfromtimestamp"})
RANDOM_MODULES = frozenset({"secrets", "random", "uuid", "numpy"})
RANDOM_HOMES = frozenset({"circuits/entropy.py"})
IMPURE_CALLS = frozenset({"open", "input", "print", "breakpoint", "eval", "exec", "compile", "__import__"})
VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "misc"})
# What is done with a key of the issuer: a licence signed, a witness made, a handle revoked.
KEY_ACTS = re.compile(r"(core_|blind_|core_blind_)?sign(_\w+)?|witness_for|revoke")
MAX_FUNCTION_LINES = 60


def python_files(*packages: str) -> Iterator[Path]:
    """Every Python file of the packages."""
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def relative(path: Path) -> str:
    """The path as the laws write it."""
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(tree: ast.Module) -> Iterator[tuple[int, str, str | None]]:
    """(line, module, imported name or None) of every import statement, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, "." * node.level + (node.module or ""), alias.name


def impure_imports(file: str, tree: ast.Module) -> Iterator[str]:
    """Law 2: imports of the mathematics beyond the pure standard library, cbor2 and its own package."""
    for line, module, name in imports(tree):
        top = module.split(".")[0]
        if (file, module, name) in ALLOWED:
            continue
        pure = (top in sys.stdlib_module_names and top not in IMPURE) or top in {"circuits", "cbor2"}
        if not pure and BACKENDS.get(top) != file:
            yield f"{file}:{line}: imports {module}"


def impure_calls(file: str, tree: ast.Module) -> Iterator[str]:
    """Law 2: builtins that reach outside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield f"{file}:{node.lineno}: calls {node.func.id}()"
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "read_bytes", "read_text"} | CLOCKS:
            yield f"{file}:{node.lineno}: uses .{node.attr}"


def backend_imports(file: str, tree: ast.Module) -> Iterator[str]:
    """Law 3: a curve library outside its one module."""
    for line, module, _ in imports(tree):
        top = module.split(".")[0]
        if top in BACKENDS and file != BACKENDS[top]:
            yield f"{file}:{line}: imports {module}"


def random_imports(file: str, tree: ast.Module) -> Iterator[str]:
    """Law 4: randomness of the mathematics from anywhere but circuits/entropy.py (and the blinding of an inverse)."""
    for line, module, name in imports(tree):
        top = module.split(".")[0]
        if top in RANDOM_MODULES and not (top == "secrets" and file in RANDOM_HOMES):
            yield f"{file}:{line}: imports {module}"
        if name in {"urandom", "getrandom"}:
            yield f"{file}:{line}: imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"urandom", "getrandom", "SystemRandom"}:
            yield f"{file}:{node.lineno}: uses {node.attr}"


def signing_uses(file: str, tree: ast.Module) -> Iterator[str]:
    """Law 4: what takes a key of the issuer, imported anywhere in the issuer but in its keyring."""
    if file == "issuer/keys/keyring.py":
        return
    for line, module, name in imports(tree):
        if module.split(".")[0] == "circuits" and name is not None and KEY_ACTS.fullmatch(name):
            yield f"{file}:{line}: imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"sign_point", "core_sign", "sign_licence"}:
            yield f"{file}:{node.lineno}: uses {node.attr}"


def foreign_circuit_names(file: str, tree: ast.Module, exported: dict[str, frozenset[str]]) -> Iterator[str]:
    """Law 6: whatever another package takes from the mathematics beyond the exported names."""
    for line, module, name in imports(tree):
        if module.split(".")[0] != "circuits":
            continue
        if module not in exported:
            yield f"{file}:{line}: imports from {module}"
        elif name is not None and name not in exported[module]:
            yield f"{file}:{line}: imports {name} from {module}, which does not export it"
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "circuits"):
            continue
        if node.attr not in exported["circuits"] | {"records"}:
            yield f"{file}:{node.lineno}: uses circuits.{node.attr}"


def role_imports(file: str, tree: ast.Module) -> Iterator[str]:
    """Law 1: a role that imports another role or the console, also where the import stands inside a function."""
    own = file.split("/")[0]
    for line, module, _ in imports(tree):
        top = module.split(".")[0]
        if top in PACKAGES and top not in {own, "circuits"}:
            yield f"{file}:{line}: imports {module}"


def silent_handlers(file: str, tree: ast.Module) -> Iterator[str]:
    """Exception handlers that do nothing at all, and bare ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield f"{file}:{node.lineno}: bare except"
            if all(isinstance(item, ast.Pass) or _is_constant(item) for item in node.body):
                yield f"{file}:{node.lineno}: an exception is passed over in silence"


def assertions(file: str, tree: ast.Module) -> Iterator[str]:
    """`assert` statements: they vanish under -O and so check nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield f"{file}:{node.lineno}: assert"


def undocumented(file: str, tree: ast.Module) -> Iterator[str]:
    """Public modules, classes, functions and methods of protocols without a docstring."""
    if not ast.get_docstring(tree) and tree.body:
        yield f"{file}:1: module"
    for node in tree.body:
        if not _is_public(node) or _is_overload(node):
            continue
        if not ast.get_docstring(node):
            yield f"{file}:{node.lineno}: {node.name}"
        if isinstance(node, ast.ClassDef) and any(_last_name(base) == "Protocol" for base in node.bases):
            for method in filter(_is_public, node.body):
                if not ast.get_docstring(method):
                    yield f"{file}:{method.lineno}: {node.name}.{method.name}"


def long_functions(file: str, tree: ast.Module) -> Iterator[str]:
    """Functions of more lines than the cap."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{file}:{node.lineno}: {node.name} has {lines} lines"


def citations(tree: ast.Module) -> Iterator[str]:
    """The keys cited as `Source: [KEY section], [KEY ..]` in the file's docstrings and strings that document a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for sentence in re.findall(r"Sources?:(.*?)(?:\n\s*\n|\Z)", node.value, re.DOTALL):
                yield from re.findall(r"\[([A-Z][A-Za-z0-9-]*)(?:\s[^\]]*)?\]", sentence)


def reference_keys(page: str) -> frozenset[str]:
    """The keys that docs/references.md defines: the first word of a heading, list entry, table row or `[KEY]` line."""
    return frozenset(re.findall(r"^\s*[#|*\-\s]*[`\[*]*([A-Z][A-Za-z0-9-]*)", page, re.MULTILINE))


def broken(check, files: Iterable[Path], *extra: object) -> list[str]:  # type: ignore[no-untyped-def]
    """All places in `files` where `check` finds its law broken."""
    return [place for path in files for place in check(relative(path), tree_of(path), *extra)]


def _is_public(node: ast.stmt) -> TypeGuard[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_overload(node: ast.AST) -> bool:
    return any(_last_name(decorator) == "overload" for decorator in getattr(node, "decorator_list", []))


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _last_name(node.value)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
