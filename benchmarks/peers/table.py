"""The published figures as one markdown table, and its place in a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured -->", "<!-- end -->"
_COLUMNS = (("prove", "prove"), ("verify", "verify"), ("issue", "issue"), ("cold", "cold start"))


def table(summary: dict[str, Any]) -> str:
    """A row for each peer: units and times of each operation, octets of a presentation, memory of a verifier."""
    heads = ["", *(f"{title}, units (time)" for _, title in _COLUMNS), "presentation, octets", "verifier, MiB"]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for peer in summary["peers"]:
        cells = [_cell(peer["operations"][name]) for name, _ in _COLUMNS]
        memory = "not told" if peer["peak_mib"] is None else f"{peer['peak_mib']:.0f}"
        lines.append("| " + " | ".join([peer["title"], *cells, f"{peer['octets']:,}", memory]) + " |")
    return "\n".join(lines) + "\n"


def section(summary: dict[str, Any]) -> str:
    """The table with what must be known to read it."""
    unit, machine = summary["unit"], summary["machine"]
    lines = [
        table(summary),
        f"Units are of processor time: {unit['what']}, here {short_time(unit['us'])} (middle half "
        f"{short_time(unit['us_low'])} to {short_time(unit['us_high'])}). In brackets the time that passed. Medians of "
        f"{summary['rounds']} interleaved rounds on {machine['system']} with {machine['cores']} cores, Python "
        f"{machine['python']}.",
        "",
        *(f"* {peer['title']}: {peer['version']}" for peer in summary["peers"]),
        *(f"* **Left out: {one['title']}.** {one['why']}" for one in summary["left_out"]),
    ]
    return "\n".join(lines) + "\n"


def renew(page: Path, text: str) -> None:
    """Put `text` between the page's marks; a page that is not there yet is made of nothing else."""
    before, after = "", ""
    if page.exists():
        before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise ValueError(f"{page.name} has no place for the table: {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after or chr(10)}", encoding="utf-8")


def units(ratio: float) -> str:
    """A ratio for people: three digits that mean something."""
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"


def short_time(us: float) -> str:
    """A time for people."""
    if us >= 1e6:
        return f"{us / 1e6:.1f} s"
    return f"{us / 1e3:.0f} ms" if us >= 1e4 else f"{us / 1e3:.1f} ms"


def _cell(operation: dict[str, Any]) -> str:
    return f"**{units(operation['ratio'])}** ({short_time(operation['us'])})"
