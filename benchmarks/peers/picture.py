"""The picture of the published figures: `python -m benchmarks.peers.picture peers.json peers.svg`.

One panel for each cost, one row for each peer, logarithmic axes: a step to the right is a factor. The same figures give
the same file, octet for octet.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from benchmarks.peers.table import short_time, units

INK, MUTED, RULE, OURS, THEIRS = "#1f2933", "#6b7785", "#e4e8ec", "#0b6e69", "#9aa5b1"
STYLE = {
    "svg.hashsalt": "operator-licence-peers",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": INK,
}
PANELS = (
    ("prove", "Prove"),
    ("verify", "Verify"),
    ("issue", "Issue (the issuer's side)"),
    ("cold", "Cold start to first verdict"),
    ("octets", "Presentation on the wire"),
    ("peak_mib", "Peak memory of a verifier"),
)
ROOM = 12.0  # factor kept free to the right of the last mark, for its label


def draw(summary: dict[str, Any], path: Path) -> None:
    """Write the picture of `summary`, in the format of the path's ending."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(13, 6.6))
        axes = figure.subplots(2, 3, sharey=True)
        for axis, (key, title) in zip(axes.flat, PANELS, strict=True):
            _panel(axis, key, title, summary["peers"])
        for axis in axes[:, 0]:
            _names(axis, summary["peers"])
        _words(figure, summary)
        figure.subplots_adjust(left=0.175, right=0.985, top=0.815, bottom=0.115, wspace=0.09, hspace=0.42)
        metadata = {"Date": None, "Creator": None} if path.suffix == ".svg" else None
        figure.savefig(path, facecolor="white", metadata=metadata, dpi=110)


def _panel(axis: Any, key: str, title: str, peers: list[dict[str, Any]]) -> None:
    told = [(row, peer, _value(peer, key)) for row, peer in enumerate(peers)]
    values = [value for _, _, value in told if value is not None]
    least, most = min(values), max(values)
    left = least / 2.2
    axis.set_xscale("log")
    axis.set_xlim(left, most * ROOM)
    axis.set_ylim(len(peers) - 0.45, -0.55)
    for row, peer, value in told:
        if value is None:
            axis.text(left * 1.1, row, "not told by this system", va="center", color=MUTED, fontsize=9)
            continue
        colour = OURS if peer["key"].startswith("ours") else THEIRS
        axis.hlines(row, left, value, color=colour, linewidth=1.2, alpha=0.35)
        if key in peer["operations"]:
            operation = peer["operations"][key]
            axis.hlines(row, operation["ratio_low"], operation["ratio_high"], color=colour, linewidth=3.2)
        axis.plot(value, row, "o", color=colour, markersize=8, markeredgecolor="white", markeredgewidth=1)
        number, rest = _label(peer, key)
        high = peer["operations"][key]["ratio_high"] if key in peer["operations"] else value
        axis.annotate(
            number,
            (max(value, high), row),
            (10, 0),
            textcoords="offset points",
            va="center",
            weight="bold",
            fontsize=10,
        )
        axis.annotate(
            rest, (max(value, high), row), (14 + 7.2 * len(number), 0), textcoords="offset points", va="center",
            color=MUTED, fontsize=9,
        )  # fmt: skip
    axis.set_title(title, loc="left", fontsize=11.5, weight="bold", pad=7)
    axis.grid(axis="x", which="major", color=RULE, linewidth=0.8)
    axis.set_axisbelow(True)
    axis.tick_params(axis="both", which="both", length=0)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axis.xaxis.set_minor_formatter(lambda *_: "")
    for side in ("top", "right", "bottom"):
        axis.spines[side].set_visible(False)


def _names(axis: Any, peers: list[dict[str, Any]]) -> None:
    axis.set_yticks(range(len(peers)), [peer["title"] for peer in peers])
    for text, peer in zip(axis.get_yticklabels(), peers, strict=True):
        ours = peer["key"].startswith("ours")
        text.set(color=OURS if ours else INK, weight="bold" if ours else "normal")


def _value(peer: dict[str, Any], key: str) -> float | None:
    found = peer["operations"][key]["ratio"] if key in peer["operations"] else peer[key]
    return None if found is None else float(found)


def _label(peer: dict[str, Any], key: str) -> tuple[str, str]:
    """The figure, and its unit or the time that it took."""
    if key == "octets":
        return f"{peer[key]:,}", "octets"
    if key == "peak_mib":
        return f"{peer[key]:.0f}", "MiB"
    operation = peer["operations"][key]
    return units(operation["ratio"]), f"· {short_time(operation['us'])}"


def _words(figure: Any, summary: dict[str, Any]) -> None:
    unit = short_time(summary["unit"]["us"])
    figure.text(0.012, 0.945, "What one anonymous licence check costs", fontsize=17, weight="bold")
    figure.text(
        0.012, 0.9,
        "Ten attributes, two of them shown, not expired, not revoked, bound to a nonce. Further left is better.",
        fontsize=11, color=MUTED,
    )  # fmt: skip
    figure.text(
        0.012, 0.02,
        f"Bold: processor time in units of one native two-pair pairing check, timed beside each sample (here {unit}); "
        "after it the median time that passed.\nLogarithmic axes; the thick line is the middle half of the samples. "
        "The default policy also proves an insurance band and carries an escrow; both of this project's rows carry a "
        "pseudonym.",
        fontsize=9, color=MUTED, linespacing=1.5,
    )  # fmt: skip


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
