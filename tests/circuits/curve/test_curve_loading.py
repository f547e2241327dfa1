"""Loading a backend changes nothing else in the process."""

from __future__ import annotations

import subprocess
import sys


def test_loading_the_reference_leaves_the_recursion_limit_alone() -> None:
    code = "import sys; before = sys.getrecursionlimit(); from circuits.curve import load; load('reference'); " + (
        "sys.exit(sys.getrecursionlimit() != before)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
