"""Words that must not stand in the files: product names, paths of one machine, hosts of package indexes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source_laws import ROOT

# One letter of each stands in brackets, so that this file does not name what it looks for.
PRODUCTS = re.compile(
    r"gp[t]|claud[e]|gemin[i]|mistra[l]|\b(?:opena[i]|anthropi[c]|llam[a]\d*|deepsee[k]|gro[k]|copilo[t]|coher[e]|qwe[n])\b",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w.])/(?:wor[k]|tm[p]/w|roo[t]|hom[e]/\w+|User[s]/\w+)/|[A-Z]:\\Users\\", re.IGNORECASE)
INDEXES = re.compile(
    r"pyp[i]\.org|pythonhoste[d]\.org|registry\.npm[j]s|npmj[s]\.com|crate[s]\.io|proxy\.golan[g]\.org",
    re.IGNORECASE,
)
TEXT = frozenset(
    {".py", ".md", ".toml", ".cfg", ".ini", ".txt", ".html", ".css", ".json", ".yaml", ".yml", ".mako", ".sh", ""}
)


def texts(names: list[Path]) -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace"))
        for path in names
        if path.suffix in TEXT
    ]


def found(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts(files)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.requirement("R78")
@pytest.mark.parametrize("package", ["circuits", "issuer", "prover", "verifier"])
def test_no_product_of_any_provider_is_named(package: str) -> None:
    files = [path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert not found(PRODUCTS, files)


def tracked_files() -> list[Path]:
    """The files that are, or are about to be, under version control."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("not a git working tree: the list of tracked files comes from git")
    return [path for name in done.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert not found(MACHINE, tracked_files())


def test_no_file_names_a_package_index() -> None:
    assert not found(INDEXES, tracked_files())


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (PRODUCTS, "model = 'Claud" + "e'"),
        (PRODUCTS, "chatgp" + "t"),
        (MACHINE, "cd /wor" + "k/main"),
        (MACHINE, "/hom" + "e/alice/x"),
        (INDEXES, "https://pyp" + "i.org/simple"),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("line", ["framework/main", "./work/x", "a network", "{'/rooted'}", "grokking"])
def test_the_patterns_leave_ordinary_words_alone(line: str) -> None:
    assert not MACHINE.search(line)
    assert not PRODUCTS.search(line)
