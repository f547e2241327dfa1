"""Writes the account of a demonstration as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from console.demo.account import Account, duration


@dataclass(frozen=True)
class Highlight:
    """One number for the head of the page."""

    value: str
    label: str


def write_page(account: Account, path: Path, processes: int, highlights: list[Highlight]) -> None:
    """Render the account to `path`, whole or not at all.

    :param processes: how many processes took part.
    """
    environment = Environment(
        loader=PackageLoader("console.demo"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("account.html").render(
        sections=account.sections,
        failed=len(account.failures),
        total=len(account.checks),
        took=duration(account.seconds),
        processes=processes,
        highlights=highlights,
        duration=duration,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
