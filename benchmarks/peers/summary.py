"""From samples to the figures that are published: medians, with the middle half of the samples beside them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.peers.entries import LeftOut
from benchmarks.peers.measure import Measured, Run, Samples

FORMAT = 1


def summarise(measured: Sequence[Measured], left_out: Sequence[LeftOut], run: Run, rounds: int) -> dict[str, Any]:
    """Everything about one run, as JSON values. A peer that failed is among those left out."""
    failed = [LeftOut(one.entry.key, one.entry.title, one.failed) for one in measured if one.failed]
    return {
        "format": FORMAT,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "rounds": rounds,
        "unit": {"what": "one native pairing check of two pairs", **_figures(run.units_us)},
        "peers": [_peer(one) for one in measured if not one.failed],
        "left_out": [{"key": one.key, "title": one.title, "why": one.why} for one in (*left_out, *failed)],
    }


def write(summary: dict[str, Any], path: Path) -> None:
    """As indented JSON."""
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _peer(one: Measured) -> dict[str, Any]:
    return {
        "key": one.entry.key,
        "title": one.entry.title,
        "version": one.version,
        "refusals": one.refusals,
        "operations": {name: _operation(samples) for name, samples in one.samples.items()},
        "octets": round(median(one.octets)),
        "peak_mib": None if one.peak_mib is None else round(one.peak_mib, 1),
    }


def _operation(samples: Samples) -> dict[str, Any]:
    low, high = _middle_half(samples.ratios)
    return {
        "samples": len(samples.ratios),
        "ratio": _significant(median(samples.ratios)),
        "ratio_low": _significant(low),
        "ratio_high": _significant(high),
        "us": round(median(samples.us), 1),
    }


def _figures(us: Sequence[float]) -> dict[str, Any]:
    low, high = _middle_half(us)
    return {"us": round(median(us), 1), "us_low": round(low, 1), "us_high": round(high, 1)}


def _middle_half(values: Sequence[float]) -> tuple[float, float]:
    """The first and third quartile."""
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = quantiles(values, n=4, method="inclusive")
    return first, third


def _significant(value: float) -> float:
    return float(f"{value:.4g}")
