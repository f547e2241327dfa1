"""Laws 1, 2 and 5 by import-linter, which also follows imports of imports."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source_laws import DECIDING, ROOT


def lint_imports() -> subprocess.CompletedProcess[str]:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    if program is None:
        pytest.fail("lint-imports is not installed; it comes with the extra `test`")
    return subprocess.run(
        [program, "--config", ".importlinter", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_contract_is_kept() -> None:
    done = lint_imports()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", DECIDING)
def test_the_contract_names_modules_that_exist(name: str) -> None:
    assert (ROOT / "verifier" / f"{name}.py").is_file() or (ROOT / "verifier" / name / "__init__.py").is_file()
