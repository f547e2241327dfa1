"""The peers' own environments, under one build folder: pinned by hash, made when missing, left alone when up to date.

AnonCreds and the picture live in a virtual environment, Dock in a folder of Node modules; neither touches the
project's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
_NODE_FILES = ("package.json", "package-lock.json", ".npmrc")
_LEAST_NODE = 20


class Missing(RuntimeError):
    """What a peer needs cannot be had on this machine; the text says what and why."""


def python_environment(build: Path) -> Path:
    """The interpreter with AnonCreds and matplotlib. Raises `Missing`."""
    home = build / "venv"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = _digest(REQUIREMENTS)
    if not _is_ready(home, stamp):
        _say("making the peers' Python environment")
        _run([sys.executable, "-m", "venv", "--clear", str(home)], build)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        _run([*pip, "install", "--require-hashes", "--only-binary", ":all:", "-r", str(REQUIREMENTS)], build)
        _mark_ready(home, stamp)
    return python


def node_environment(build: Path) -> tuple[Path, Path]:
    """Node, and the folder of Dock's modules. Raises `Missing`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Missing("node and npm are not installed")
    found = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if not found.startswith("v") or int(found[1:].split(".")[0]) < _LEAST_NODE:
        raise Missing(f"Node {_LEAST_NODE} or newer is needed, this is {found or 'nothing'}")
    home = build / "dock"
    stamp = _digest(*(HERE / "dock" / name for name in _NODE_FILES))
    if not _is_ready(home, stamp):
        _say("installing Dock's modules")
        home.mkdir(parents=True, exist_ok=True)
        for name in _NODE_FILES:
            shutil.copyfile(HERE / "dock" / name, home / name)
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], home)
        _mark_ready(home, stamp)
    return Path(node), home / "node_modules"


def _run(command: Sequence[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(f"{Path(command[0]).name} failed: {words[-1][:200] if words else 'no message'}")


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths) + sys.version.encode()).hexdigest()


def _is_ready(home: Path, stamp: str) -> bool:
    mark = home / "ready"
    return mark.exists() and mark.read_text(encoding="utf-8") == stamp


def _mark_ready(home: Path, stamp: str) -> None:
    (home / "ready").write_text(stamp, encoding="utf-8")


def _say(text: str) -> None:
    sys.stderr.write(f"→ {text}\n")
