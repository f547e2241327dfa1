"""The `licence` command with LICENCE_CURVE=reference: a licence issued, shown and verified, all by py_ecc.

In a process of its own, because the curve is chosen once, and for all suites, before anything is computed. What is done
is told by vectors, so that every octet of it is known beforehand: the two libraries must agree on all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# The default library cannot be imported there, so that nothing can be computed by it.
ALONE = "import sys; sys.modules['py_arkworks_bls12381'] = None; from console.main import app; app()"
ROOT = Path(__file__).resolve().parents[2]
WHOLE = {
    "issuance": (
        "issuance/register", "issuance/request", "issuance/request/checked", "issuance/sign", "issuance/receive",
    ),
    "accumulator": ("accumulator/create", "accumulator/witness", "accumulator/membership"),
    "presentation": ("presentation/default", "presentation/default/verify"),
    "sets": ("sets/bands", "sets/bands/check"),
    "further": ("further/equals", "further/equals/verify"),
    "threshold": ("threshold/share-1", "threshold/share-2", "threshold/combine-1-2", "threshold/open"),
}  # fmt: skip


def selected(folder: Path) -> int:
    """Write the chosen vectors, with all that they start from, as files of their own. Returns how many these are."""
    count = 0
    for topic, names in WHOLE.items():
        content = json.loads((ROOT / "vectors" / f"{topic}.json").read_text())
        known = {vector["id"]: vector for vector in content["vectors"]}
        wanted = set(names)
        while bases := {known[name]["base"] for name in wanted if "base" in known[name]} - wanted:
            wanted |= bases
        content["vectors"] = [vector for vector in content["vectors"] if vector["id"] in wanted]
        (folder / f"{topic}.json").write_text(json.dumps(content))
        count += len(wanted)
    return count


@pytest.mark.slow
@pytest.mark.requirement("R33")
@pytest.mark.requirement("R73")
def test_issued_proved_and_verified_by_the_independent_library(tmp_path: Path) -> None:
    """Issued from registration to licence, made live, shown, judged, and opened."""
    count = selected(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", ALONE, "conformance", str(tmp_path), "--json"],
        env=os.environ | {"LICENCE_CURVE": "reference"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert (said["passed"], said["failed"]) == (count, 0)
