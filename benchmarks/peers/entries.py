"""Who is measured: for each peer its names, and the commands of its process and of a fresh verifier."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.environment import HERE, Missing, node_environment, python_environment


@dataclass(frozen=True)
class Entry:
    """A peer that can be started. `fresh` takes the path of a packed file as one argument more."""

    key: str
    title: str
    command: tuple[str, ...]
    fresh: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True)
class LeftOut:
    """A peer that cannot be started here, and why."""

    key: str
    title: str
    why: str


TITLES = {
    "ours": "This project, same work",
    "ours-whole": "This project, default policy",
    "anoncreds": "AnonCreds v1",
    "dock-fastest": "Dock, fastest choice",
    "dock-defaults": "Dock, default choice",
}


def entries(build: Path) -> tuple[list[Entry], list[LeftOut]]:
    """Every peer, started or left out, in the order of the table; `build` takes what they need."""
    makers: dict[str, Callable[[], Entry]] = {
        "ours": lambda: _ours("ours", "same"),
        "ours-whole": lambda: _ours("ours-whole", "whole"),
        "anoncreds": lambda: _anoncreds(build),
        "dock-fastest": lambda: _dock("dock-fastest", "fastest", build),
        "dock-defaults": lambda: _dock("dock-defaults", "defaults", build),
    }
    found: list[Entry] = []
    left_out: list[LeftOut] = []
    for key, make in makers.items():
        try:
            found.append(make())
        except Missing as missing:
            left_out.append(LeftOut(key, TITLES[key], str(missing)))
    return found, left_out


def _ours(key: str, which: str) -> Entry:
    python = (sys.executable, "-m")
    return Entry(
        key, TITLES[key], (*python, "benchmarks.peers.ours", which), (*python, "benchmarks.peers.ours_verifier")
    )


def _anoncreds(build: Path) -> Entry:
    python = (str(python_environment(build)), "-m")
    tails = build / "tails"
    tails.mkdir(parents=True, exist_ok=True)
    return Entry(
        "anoncreds",
        TITLES["anoncreds"],
        (*python, "benchmarks.peers.anoncreds_peer", str(tails)),
        (*python, "benchmarks.peers.anoncreds_verifier"),
    )


def _dock(key: str, way: str, build: Path) -> Entry:
    node, modules = node_environment(build)
    return Entry(
        key,
        TITLES[key],
        (str(node), str(HERE / "dock" / "peer.mjs"), way),
        (str(node), str(HERE / "dock" / "verifier.mjs")),
        dict(os.environ) | {"NODE_PATH": str(modules)},
    )
