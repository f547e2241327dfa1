"""`licence bench`: what the cryptography costs on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.options import Json
from console.output import speaking

if TYPE_CHECKING:
    from rich.table import Table


def bench(
    as_json: Json = False,
    page_path: Annotated[Path | None, typer.Option("--page", help="Write the figures there as Markdown, too.")] = None,
) -> None:
    """Measure proving, verifying, updating and issuing, each also as a ratio to one two-pair pairing check."""
    with speaking(as_json) as speaker:
        from console.bench import run
        from console.bench.page import page

        with speaker.console().status("measuring, in interleaved rounds"):
            result = run()
        if page_path is not None:
            page_path.write_text(page(result, date.today()), encoding="utf-8")
        if as_json:
            speaker.done(result)
            return
        for table in _tables(result):
            speaker.console().print(table)
        memory = result["memory"]
        speaker.line(f"one pairing check {result['unit_us'] / 1000:.3f} ms · proof {result['proof_octets']} octets")
        speaker.line(
            f"a verifier's memory {memory['peak_mb']:.0f} MB at its peak, of which tables {memory['tables_mb']:.0f} MB "
            f"(target {memory['target_mb']} MB)"
        )
        speaker.line("targets missed: " + (", ".join(result["missed"]) or "none"))


def _tables(result: dict[str, Any]) -> Iterator[Table]:
    from rich.table import Table

    rows = Table("what", "", "median", "pairing checks", "target", box=None, padding=(0, 2))
    for row in result["rows"]:
        rows.add_row(row["name"], row["what"], _ms(row["median_us"]), f"{row['ratio']:.3g}", _target(row))
    yield rows
    kinds = Table("statement", "prove", "verify", "octets", box=None, padding=(0, 2))
    for one in result["statements"]:
        kinds.add_row(one["statement"], f"{one['prove']:.3g}", f"{one['verify']:.3g}", str(one["octets"]))
    yield kinds
    profile = Table("verify, by part", "calls", "pairing checks", box=None, padding=(0, 2))
    for part in result["profile"]:
        profile.add_row(part["part"], str(part["calls"]), f"{part['ratio']:.2f}")
    yield profile
    waits = Table("callers at once", "way", "p50", "p99", "p50, p99 in checks", "a second", box=None, padding=(0, 2))
    for row in result["concurrency"]:
        checks = f"{row['p50']:.1f}, {row['p99']:.1f}"
        times = _ms(row["p50_us"]), _ms(row["p99_us"])
        waits.add_row(str(row["callers"]), row["way"], *times, checks, str(row["per_second"]))
    yield waits


def _ms(microseconds: float) -> str:
    return f"{microseconds / 1000:.3g} ms"


def _target(row: dict[str, Any]) -> str:
    if row["target"] is None:
        return ""
    unit = " s" if row["target_unit"] == "seconds" else ""
    return f"{row['target']:g}{unit}, {'met' if row['met'] else 'missed'}"
