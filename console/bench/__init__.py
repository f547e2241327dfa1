"""`licence bench`: what proving, verifying, updating and issuing cost, each also in two-pair pairing checks.

Ratios compare across machines and busy hours; microseconds do not. A further row is one more `Row` in `proof_rows`,
with what it does and, where there is one, its target. What the figures mean: docs/benchmarks.md.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from circuits import verify
from console.bench.concurrency import measure_waits
from console.bench.leases import lease_row
from console.bench.measure import Row, run_rounds, yardstick
from console.bench.packing import pack
from console.bench.profile import verify_profile
from console.bench.proofs import proof_rows, update_rows
from console.bench.starting import ColdStart
from console.bench.statements import measure_statements
from console.bench.world import make_world
from verifier.pool import ProofPool

ROUNDS = 5
PEAK_TARGET_MB = 80
COLD_START_TARGET_SECONDS = 0.6
_WARM_UPS = 60
_PROOFS = 100


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure everything.

    {"unit_us", "proof_octets", "rows": [`Row.summary`...], "statements": [`measure_statements`...],
    "profile": [`verify_profile`...], "concurrency": [`measure_waits`...],
    "memory": {"peak_mb", "tables_mb", "target_mb", "met"}, "missed": [names]}
    """
    world = make_world()
    unit = yardstick()
    many = [world.proof() for _ in range(_PROOFS)]
    pool = ProofPool()
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "cold.cbor"
            path.write_bytes(pack(world, *many[0][1:]))
            cold_start = ColdStart(path)
            rows = [
                *proof_rows(world, many, pool),
                *update_rows(world),
                Row("issue", "sign a licence, with all checks of the request", world.issue),
                lease_row(world, Path(folder)),
                _cold_row(cold_start),
            ]
            for _ in range(_WARM_UPS):
                world.proof()
                verify(*many[0])
                pool.verify_batch(many[:8])
            run_rounds(rows, unit, rounds)
            cold_start.reap()
        memory: dict[str, Any] = {**cold_start.summary(), "target_mb": PEAK_TARGET_MB}
        memory["met"] = memory["peak_mb"] <= PEAK_TARGET_MB
        summaries = [row.summary() for row in rows]
        return {
            "unit_us": round(median(unit.samples), 2),
            "proof_octets": len(many[0][2]),
            "rows": summaries,
            "statements": measure_statements(world, unit, rounds),
            "profile": verify_profile(many[0], unit),
            "concurrency": measure_waits(many, pool, unit),
            "memory": memory,
            "missed": [one["name"] for one in summaries if one["met"] is False] + ["memory"] * (not memory["met"]),
        }
    finally:
        pool.close()


def _cold_row(cold_start: ColdStart) -> Row:
    return Row(
        "cold_start",
        "fresh interpreter to first verdict",
        cold_start.start,
        repeats=1,
        reset=cold_start.reap,
        target=COLD_START_TARGET_SECONDS,
        in_seconds=True,
        wall=True,
    )
