"""The laws of the house on every shipped file, and on samples that break each of them."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterator

import pytest

from tests.architecture import source_laws as laws
from tests.architecture.source_laws import PACKAGES, ROLES, ROOT, broken, python_files, relative

# The conformance command runs the drafts' vectors on the drafts' own operations; the benchmark times single operations.
REACH_INSIDE = ("console/conformance/", "console/bench/")

Check = Callable[[str, ast.Module], Iterator[str]]


def exported() -> dict[str, frozenset[str]]:
    """The names that the two doors of the mathematics export."""
    return {door: frozenset(names_of(door)) for door in ("circuits", "circuits.records")}


def names_of(door: str) -> list[str]:
    """The names that a module exports; a door without a list is no door."""
    names: list[str] | None = getattr(importlib.import_module(door), "__all__", None)
    if not names:
        pytest.fail(f"{door} exports nothing: it has no __all__")
    return names


@pytest.mark.parametrize("role", ROLES)
def test_law_1_roles_do_not_import_each_other(role: str) -> None:
    assert not broken(laws.role_imports, python_files(role))


def test_law_2_the_mathematics_imports_only_what_is_pure() -> None:
    assert not broken(laws.impure_imports, python_files("circuits"))


def test_law_2_the_mathematics_opens_nothing() -> None:
    assert not broken(laws.impure_calls, python_files("circuits"))


def test_law_3_each_curve_library_is_imported_in_one_file() -> None:
    assert not broken(laws.backend_imports, python_files(*PACKAGES))
    for library, home in laws.BACKENDS.items():
        assert any(module.split(".")[0] == library for _, module, _ in laws.imports(laws.tree_of(ROOT / home)))


def test_law_4_randomness_has_one_source() -> None:
    assert not broken(laws.random_imports, python_files("circuits"))


def test_law_4_the_issuer_signs_in_its_keyring_alone() -> None:
    assert not broken(laws.signing_uses, python_files("issuer"))


@pytest.mark.parametrize("package", [*ROLES, "console"])
def test_law_6_other_packages_use_exported_names_only(package: str) -> None:
    files = [path for path in python_files(package) if not relative(path).startswith(REACH_INSIDE)]
    assert not broken(laws.foreign_circuit_names, files, exported())


@pytest.mark.parametrize("door", ["circuits", "circuits.records"])
def test_every_exported_name_exists_and_is_listed_once(door: str) -> None:
    names = names_of(door)
    module = importlib.import_module(door)
    assert len(set(names)) == len(names)
    assert [name for name in names if not hasattr(module, name)] == []
    assert [name for name in names if name.startswith("_")] == []


def test_tests_have_no_package_files() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize("package", [*PACKAGES, "tests", "benchmarks"])
def test_modules_say_what_they_are_for(package: str) -> None:
    folders = {path.parent for path in python_files(package)}
    names = {path.stem: path for path in python_files(package)} | {folder.name: folder for folder in folders}
    assert not [str(path) for name, path in names.items() if name in laws.VAGUE_NAMES]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_exception_is_passed_over(package: str) -> None:
    assert not broken(laws.silent_handlers, python_files(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_checked_by_assert(package: str) -> None:
    assert not broken(laws.assertions, python_files(package))


@pytest.mark.parametrize("package", ["circuits", "prover", "verifier"])
def test_public_names_have_docstrings(package: str) -> None:
    assert not broken(laws.undocumented, python_files(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_stay_small(package: str) -> None:
    files = [path for path in python_files(package) if "migrations" not in path.parts]
    assert not broken(laws.long_functions, files)


def test_citations_resolve() -> None:
    page = ROOT / "docs" / "references.md"
    if not page.exists():
        pytest.skip("docs/references.md is not written yet")
    known = laws.reference_keys(page.read_text(encoding="utf-8"))
    cited = {key: relative(path) for path in python_files(*PACKAGES) for key in laws.citations(laws.tree_of(path))}
    assert not {key: file for key, file in cited.items() if key not in known}


SAMPLES: list[tuple[Check, str, str]] = [
    (laws.role_imports, "prover/a.py", "import verifier.policy"),
    (laws.role_imports, "issuer/a.py", "def f():\n    from console import main"),
    (laws.impure_imports, "circuits/a.py", "import os.path"),
    (laws.impure_imports, "circuits/a.py", "from datetime import date"),
    (laws.impure_imports, "circuits/a.py", "import pydantic"),
    (laws.impure_imports, "circuits/a.py", "from py_ecc.bls import hash_to_curve"),
    (laws.impure_calls, "circuits/a.py", "open('f')"),
    (laws.impure_calls, "circuits/a.py", "x.environ"),
    (laws.impure_calls, "circuits/calendar.py", "from datetime import date\ndate.today()"),
    (laws.impure_imports, "circuits/calendar.py", "import datetime"),
    (laws.impure_imports, "circuits/calendar.py", "from datetime import datetime"),
    (laws.backend_imports, "circuits/bbs/a.py", "from py_arkworks_bls12381 import Scalar"),
    (laws.backend_imports, "circuits/curve/arkworks.py", "import py_ecc"),
    (laws.random_imports, "circuits/bbs/a.py", "import secrets"),
    (laws.random_imports, "circuits/entropy.py", "import random"),
    (laws.random_imports, "circuits/a.py", "import os\nos.urandom(3)"),
    (laws.signing_uses, "issuer/licences/service.py", "from circuits import sign"),
    (laws.signing_uses, "issuer/app.py", "from circuits import sign_licence"),
    (laws.signing_uses, "issuer/app.py", "import circuits\ncircuits.core_sign(1)"),
    (laws.silent_handlers, "a.py", "try:\n    f()\nexcept ValueError:\n    pass"),
    (laws.silent_handlers, "a.py", "try:\n    f()\nexcept:\n    raise"),
    (laws.assertions, "a.py", "assert x"),
    (laws.undocumented, "a.py", "x = 1"),
    (laws.undocumented, "a.py", "'''m'''\ndef f(): ..."),
    (laws.undocumented, "a.py", "'''m'''\nclass C(Protocol):\n    '''c'''\n    def f(self): ..."),
    (laws.long_functions, "a.py", "def f():\n" + "    x = 1\n" * laws.MAX_FUNCTION_LINES),
]


@pytest.mark.parametrize(("check", "file", "source"), SAMPLES)
def test_each_law_sees_what_breaks_it(check: Check, file: str, source: str) -> None:
    assert list(check(file, ast.parse(source)))


OBEDIENT: list[tuple[Check, str, str]] = [
    (laws.role_imports, "prover/a.py", "import circuits\nimport prover.wallet\nimport httpx"),
    (
        laws.impure_imports,
        "circuits/curve/arkworks.py",
        "from py_arkworks_bls12381 import Scalar\nimport hashlib, cbor2",
    ),
    (laws.impure_imports, "circuits/calendar.py", "from datetime import date"),
    (laws.signing_uses, "issuer/keys/keyring.py", "from circuits import sign_licence"),
    (laws.signing_uses, "issuer/kyc/service.py", "from circuits import registration_nonce\nself.signed = 1"),
    (laws.silent_handlers, "a.py", "try:\n    f()\nexcept ValueError:\n    raise TypeError from None"),
    (laws.undocumented, "a.py", "'''m'''\ndef _f(): ...\nclass _C: ..."),
    (laws.undocumented, "a/__init__.py", ""),
]


@pytest.mark.parametrize(("check", "file", "source"), OBEDIENT)
def test_each_law_lets_the_rest_be(check: Check, file: str, source: str) -> None:
    assert not list(check(file, ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "from circuits.curve import load",
        "import circuits.suite",
        "from circuits import _hidden",
        "from circuits.records import nothing_such",
        "import circuits\ncircuits.suite",
    ],
)
def test_law_6_sees_what_breaks_it(source: str) -> None:
    doors = {"circuits": frozenset({"prove"}), "circuits.records": frozenset({"IssuerRecord"})}
    assert list(laws.foreign_circuit_names("prover/a.py", ast.parse(source), doors))
    fine = "from circuits import prove\nfrom circuits.records import IssuerRecord\nimport circuits\ncircuits.prove()"
    assert not list(laws.foreign_circuit_names("prover/a.py", ast.parse(fine), doors))


def test_citations_are_found_and_keys_are_read() -> None:
    tree = ast.parse('"""What it proves.\n\nSource: [BBS CoreProofVerify 5], [RFC9380\n5.3].\n\nNot [THIS]."""')
    assert sorted(laws.citations(tree)) == ["BBS", "RFC9380"]
    page = "# References\n\n| BBS | draft |\n## RFC9380\n- **PFC**: a draft\n[FS]: http://example.org\n"
    assert {"BBS", "RFC9380", "PFC", "FS"} <= laws.reference_keys(page)
