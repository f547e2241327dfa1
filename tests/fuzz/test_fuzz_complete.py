"""Every public function that reads octets or decides about a proof is reached by a target, or it says here why not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source_laws import python_files, relative, tree_of
from tests.fuzz.table import TARGETS

READERS = {
    "circuits": re.compile(r"(^|_)(decode|deserialize|verify|reverify)(_|$)"),
    "verifier": re.compile(r"^(decode|parse|read)(_|$)|^verify$|^check_holder"),
    "prover": re.compile(r"^(decode|parse)(_|$)|^from_base64url$|^check_sign_in|^unseal$"),
    "issuer": re.compile(r"^(decode|parse|read)(_|$)|^from_text$|^check_id_token$"),
}
_PARTS = "a part of {}, with values in the place of octets"
EXEMPT = {
    "circuits.bbs.proof.core_proof_verify": _PARTS.format("proof_verify"),
    "circuits.bbs.proof.proof_verify_init": _PARTS.format("proof_verify"),
    "circuits.bbs.signature.core_verify": _PARTS.format("verify"),
    "circuits.bbs.signature.verify_point": _PARTS.format("verify"),
    "circuits.bbs.blind.blind_verify": "the holder's check of a signature: decode_signature, then core_verify",
    "circuits.bbs.pseudonym.verify_finalize_with_nym": "the holder's check: decode_signature, then core_verify",
    "circuits.curve.backend.Curve.decode_g1": "the interface of the two backends",
    "circuits.curve.backend.Curve.decode_g1_or_identity": "the interface of the two backends",
    "circuits.curve.backend.Curve.decode_g1_affine": "the interface of the two backends",
    "circuits.curve.backend.Curve.decode_g2": "the interface of the two backends",
    "verifier.durable.read_bounded": "gives octets as they are; target gateway-files reads what is in them",
    "verifier.batching.ProofBatcher.verify": "hands a proof to verify_batch",
    "verifier.steady.SteadyClock.read": "reads a clock; its file is in target gateway-files",
    "issuer.db.base.Database.read": "a transaction",
    "issuer.assessment.routes.read_number": "a part of a path: target issuer-http",
}


def readers(package: str) -> Iterator[str]:
    """The dotted names of a package's public functions and methods that look as if they read something."""
    for path in python_files(package):
        module = relative(path).removesuffix(".py").replace("/", ".")
        for node in tree_of(path).body:
            for prefix, item in _functions(node):
                if READERS[package].search(item.name) and not item.name.startswith("_"):
                    yield f"{module}.{prefix}{item.name}"


def _functions(node: ast.stmt) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield "", node
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        for item in node.body:
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{node.name}.", item


@pytest.mark.parametrize("package", READERS)
def test_every_reader_has_a_target(package: str) -> None:
    covered = {name for target in TARGETS for name in target.covers}
    missing = [name for name in readers(package) if name not in covered and name not in EXEMPT]
    assert not missing, f"add a target in tests/fuzz/targets_*.py (docs/fuzzing.md says how) for {missing}"


def test_what_is_named_is_there() -> None:
    """A function that was renamed must not stay covered by its old name, or exempt."""
    names = {name for target in TARGETS for name in target.covers} | set(EXEMPT)
    for name in sorted(names):
        assert any(_defines(name, path_name) for path_name in _modules()), f"{name} is nowhere"


def _modules() -> list[str]:
    return [relative(path).removesuffix(".py").replace("/", ".") for path in python_files(*READERS, "console")]


def _defines(name: str, module: str) -> bool:
    if not name.startswith(module + "."):
        return False
    first, _, rest = name.removeprefix(module + ".").partition(".")
    path = next(
        path for path in python_files(*READERS, "console") if relative(path) == module.replace(".", "/") + ".py"
    )
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == first:
            return not rest or any(isinstance(item, ast.FunctionDef) and item.name == rest for item in ast.walk(node))
    return False
