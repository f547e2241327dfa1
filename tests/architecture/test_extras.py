"""Who installs one role gets that role: a gateway needs neither the issuer's framework nor its database library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ISSUER_ONLY = ("fastapi", "sqlalchemy", "alembic", "jinja2")
DEMO_ONLY = ("authlib", "Crypto", "py_ecc")
WITHOUT = "import sys; sys.modules.update(dict.fromkeys({names!r})); "


def _run(source: str, *names: str) -> subprocess.CompletedProcess[str]:
    code = WITHOUT.format(names=names) + source
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("group", [["gateway", "serve"], ["gateway", "deny"], ["wallet", "show"]])
def test_a_role_without_the_issuer_has_its_command(group: list[str]) -> None:
    found = _run(
        f"sys.argv = ['licence', *{group!r}, '--help']; from console.main import app; app()", *ISSUER_ONLY, *DEMO_ONLY
    )
    assert found.returncode == 0, found.stderr


@pytest.mark.requirement("R08")
def test_the_verifier_is_imported_without_the_issuers_libraries() -> None:
    found = _run("import verifier.app, verifier.asgi, verifier.authoriser", *ISSUER_ONLY, *DEMO_ONLY)
    assert found.returncode == 0, found.stderr


def test_deciding_needs_no_network_library() -> None:
    names = (*ISSUER_ONLY, *DEMO_ONLY, "httpx", "starlette", "uvicorn")
    found = _run("import verifier.verify, verifier.lease, verifier.killswitch, verifier.evidence", *names)
    assert found.returncode == 0, found.stderr


def test_the_verifiers_pins_hold_none_of_them() -> None:
    pins = (ROOT / "requirements" / "verifier.txt").read_text(encoding="utf-8").lower()
    assert [name for name in (*ISSUER_ONLY, *DEMO_ONLY) if f"\n{name}==" in "\n" + pins] == []
