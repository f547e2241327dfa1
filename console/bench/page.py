"""docs/benchmarks.md from the figures of one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

_HEAD = """# What it costs

Written by `licence bench --page docs/benchmarks.md` on {day}. `make bench` measures and prints the same on any
machine, with `BENCH_ARGS=--json` for machines.

All figures but the last table's times are in **pairing checks**: one check of two pairs with the same curve
library. Each sample stands between samples of that yardstick, rounds of all rows are interleaved, and a figure is
the median of the ratios; so they carry over to other machines and busy hours, which times do not. Here the unit
took {unit:.2f} ms. What runs in this process alone is measured in its own processor time, what asks other processes
by the clock on the wall.
"""
_PROFILE = """
## Where a verification spends it

Every operation of the curve that one verification asks for, measured again by itself.
"""
_MISSED = """
{names}.

* **prove**: four fifths are some 1,300 additions out of the tables of 41 products, a tenth the encodings of 20 points,
  for each of which the library inverts. Wider windows would save a quarter of the additions and cost a wallet 120 MB.
* **prove_first**: the library itself multiplies the epoch's value and the witness, until tables of them would pay.
* **verify**: three fifths are decoding and pairings of the curve library, which the rules of the proof forbid to leave
  out: every point has its subgroup check, and four keys are paired. A fifth is the library's multi-exponentiation.
  Larger tables would save a twentieth of a pairing check more and cost a gateway that sees many countries another
  40 MB.
* **update**: nearly nine tenths are one multi-exponentiation with a full scalar for every revocation.
* **finish**: one hash over the whole instance, a product modulo r for each secret, and the statement's octets.

The library holds the interpreter's lock in all but the pairing, so threads do not help, and processes do: `pool100`.
"""
_STATEMENTS = """
## Each word of the statement language

The first row is what every statement has; the others add one thing to it. `Signed` and the head count stand for a
whole statement of that kind, the head count for each of ten proofs that are checked as one batch.
"""
_WAITS = """
## Many at once

So many callers hand in a proof at the same moment, as tasks of one event loop; each waits for its own verdict. *One
by one*: two threads, each proof by itself. *Together*: `ProofBatcher`, which checks what has gathered as one batch,
at most 16. *Two processes*: the same, where a batch is shared out to two processes (`ProofPool`). Median and 99th
percentile of the waits, in milliseconds and in pairing checks, and verdicts a second.
"""
_MEMORY = """
## Memory and bytes

A fresh verifier, sixty verdicts later, peaks at **{peak_mb:.0f} MB** (10^6 octets; target {target_mb}), of which
tables of fixed bases take {tables_mb:.0f} MB. The peak is the kernel's own figure for the process. A proof has
{octets} octets.
"""


def page(result: dict[str, Any], day: date) -> str:
    """The page for `result`, as `console.bench.run` gives it, measured on `day`."""
    parts = [_HEAD.format(day=day.isoformat(), unit=result["unit_us"] / 1000)]
    parts += _table(("row", "what", "pairing checks", "target"), map(_row, result["rows"]))
    if result["missed"]:
        parts.append(_MISSED.format(names="Missed: " + ", ".join(f"`{name}`" for name in result["missed"])))
    parts.append(_PROFILE)
    profile = ((one["part"], str(one["calls"]), f"{one['ratio']:.2f}") for one in result["profile"])
    parts += _table(("part", "calls", "pairing checks"), profile)
    parts.append(_STATEMENTS)
    kinds = (
        (one["statement"], f"{one['prove']:.2f}", f"{one['verify']:.2f}", str(one["octets"]))
        for one in result["statements"]
    )
    parts += _table(("statement", "prove", "verify", "octets"), kinds)
    parts.append(_WAITS)
    parts += _table(("callers", "way", "p50 ms", "p99 ms", "p50", "p99", "a second"), map(_wait, result["concurrency"]))
    parts.append(_MEMORY.format(octets=result["proof_octets"], **result["memory"]))
    return "".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "\n"
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(row)} |\n"


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    in_seconds = row["target_unit"] == "seconds"
    seconds = f"{row['median_us'] / 1e6:.2f} s" if in_seconds else ""
    target = "" if row["target"] is None else f"{row['target']:g}{' s' if in_seconds else ''}"
    return f"`{row['name']}`", row["what"], seconds or f"{row['ratio']:.3g}", target


def _wait(row: dict[str, Any]) -> tuple[str, ...]:
    times = (f"{row[name] / 1000:.0f}" for name in ("p50_us", "p99_us"))
    checks = (f"{row[name]:.0f}" for name in ("p50", "p99"))
    return str(row["callers"]), row["way"], *times, *checks, str(row["per_second"])
