"""What cannot be installed is told, not guessed."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from benchmarks.peers.environment import Missing, _run, node_environment


def test_without_node_there_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="node and npm are not installed"):
        node_environment(tmp_path)


@pytest.mark.parametrize("said", ["v18.20.1", ""])
def test_an_old_node_is_no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {said}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="Node 20 or newer is needed"):
        node_environment(tmp_path / "build")


def test_an_installer_s_last_words_are_the_reason(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="failed: no matching wheel"):
        _run(
            [sys.executable, "-c", "import sys; print('trying'); sys.exit('long story\\nno matching wheel')"], tmp_path
        )
    with pytest.raises(Missing, match="failed: no message"):
        _run([sys.executable, "-c", "import sys; sys.exit(3)"], tmp_path)
