"""`licence bench`: what proving, verifying, updating and issuing cost, each also in two-pair pairing checks.

Ratios compare across machines and busy hours; microseconds do not.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from circuits import Accepted, Prepared, decode_entries, finish, prepare, update_membership, verify, verify_batch
from circuits.curve import default
from circuits.records import EpochRecord
from console.bench.leases import lease_row
from console.bench.measure import Row, Work, run_rounds, summary
from console.bench.packing import pack
from console.bench.world import World, make_world

ROUNDS = 5
_WARM_UPS = 60
_FINISHES = 10


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure everything: {"unit_us", "rows": [{"name", "median_us", "ratio"}...], "proof_octets", "peak_rss_mib"}."""
    world = make_world()
    yardstick = Row("unit", _pairing_check(), repeats=2)
    proof = world.proof()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cold.cbor"
        path.write_bytes(pack(world, *proof[1:]))
        cold_start = _ColdStart(path)
        rows = [
            *_proof_rows(world),
            *_update_rows(world),
            Row("issue", world.issue),
            lease_row(world, Path(folder)),
            Row("cold_start", cold_start.start, repeats=1, reset=cold_start.reap),
        ]
        for _ in range(_WARM_UPS):
            world.proof()
            verify(*proof)
        run_rounds(rows, yardstick, rounds)
        cold_start.reap()
    return {
        "unit_us": round(median(yardstick.samples), 2),
        "rows": [summary(row) for row in rows],
        "proof_octets": len(proof[2]),
        "peak_rss_mib": round(max(cold_start.peaks_mib), 1),
    }


def _pairing_check() -> Work:
    curve = default()
    generator, key = curve.g1_generator(), curve.multiply_g2(curve.g2_generator(), 0x1234567 << 200)
    point = curve.multiply(generator, 0x1234567 << 200)
    pairs = [(point, curve.g2_generator()), (curve.negate(generator), key)]
    return lambda: curve.pairing_product_is_one(pairs)


def _proof_rows(world: World) -> list[Row]:
    proof = world.proof()
    many = [world.proof() for _ in range(100)]
    ready: list[Prepared] = []
    binding = world.binding()

    def refill() -> None:
        ready[:] = [prepare(world.statement, world.credential, world.membership, world.table) for _ in range(_FINISHES)]

    def finish_all() -> None:
        while ready:
            finish(ready.pop(), binding)

    def batch(items: list[Any]) -> Work:
        def work() -> None:
            if not all(isinstance(outcome, Accepted) for outcome in verify_batch(items)):
                raise RuntimeError("a true proof was refused")

        return work

    return [
        Row("prove", world.proof),
        Row("finish", finish_all, divisor=_FINISHES, reset=refill),
        Row("verify", lambda: verify(*proof)),
        Row("batch10", batch(many[:10]), divisor=10, repeats=3),
        Row("batch100", batch(many), divisor=100, repeats=3),
    ]


def _update_rows(world: World) -> list[Row]:
    rows = []
    for count, repeats in ((548, 2), (10_000, 1)):
        octets, epoch = world.revocations(count)
        rows.append(Row(f"update{count}", _update(world, octets, epoch), repeats=repeats))
    return rows


def _update(world: World, octets: bytes, epoch: EpochRecord) -> Work:
    def work() -> None:
        entries = decode_entries(octets, affine=True)
        update_membership(world.membership, world.credential.handle, entries, epoch)

    return work


class _ColdStart:
    """Starts a verifier in a fresh interpreter and waits for its first verdict; collects its peak memory afterwards."""

    def __init__(self, path: Path) -> None:
        self._command = [sys.executable, "-m", "console.bench.cold", str(path)]
        self._child: subprocess.Popen[str] | None = None
        self.peaks_mib: list[float] = []

    def start(self) -> None:
        self._child = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        if self._child.stdout is None or self._child.stdout.readline() != "verdict\n":
            raise RuntimeError("the cold verifier gave no verdict")

    def reap(self) -> None:
        if self._child is not None:
            rest, _ = self._child.communicate()
            self.peaks_mib.append(int(rest) / 1024)
            self._child = None
