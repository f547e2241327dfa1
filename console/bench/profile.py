"""What one verification spends where: each operation of the curve, as it was called, measured again by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from circuits import Binding, Statement, verify
from circuits.curve import Curve
from console.bench.measure import Row, run_rounds

_ROUNDS = 25
_PARTS = {
    "decode_g1": "decode points, each with its subgroup check",
    "multiply": "short multiplications (coins on the left sides)",
    "combine": "multi-exponentiations over the proof's points",
    "combine_fixed": "tables of the public bases",
    "pairing_product_is_one": "four pairings, one final exponentiation",
}
_Call = tuple[Callable[..., Any], tuple[Any, ...]]


def verify_profile(proof: tuple[Statement, Binding, bytes], unit: Row, rounds: int = _ROUNDS) -> list[dict[str, Any]]:
    """Parts of `verify`, in pairing checks: {"part", "calls", "ratio"}; the last is what is left for Python."""
    calls = _recorded(proof)
    rows = [Row(name, what, _again(calls[name])) for name, what in _PARTS.items()]
    whole = Row("verify", "the whole", lambda: verify(*proof))
    run_rounds([*rows, whole], unit, math.ceil(rounds / whole.repeats))
    parts = [{"part": row.what, "calls": len(calls[row.name]), "ratio": row.summary()["ratio"]} for row in rows]
    left = whole.summary()["ratio"] - sum(float(part["ratio"]) for part in parts)
    return [*parts, {"part": "hashing, encodings, scalars, Python", "calls": 1, "ratio": round(left, 4)}]


def _again(calls: Sequence[_Call]) -> Callable[[], None]:
    def work() -> None:
        for operation, arguments in calls:
            operation(*arguments)

    return work


def _recorded(proof: tuple[Statement, Binding, bytes]) -> dict[str, list[_Call]]:
    """The curve's operations that one verification asks for. The curve's class is put back as it was."""
    kind: type[Curve] = type(proof[0].issuer.suite.curve)
    calls: dict[str, list[_Call]] = {name: [] for name in _PARTS}
    originals = {name: getattr(kind, name) for name in _PARTS}
    depth = [0]

    def recording(name: str) -> Callable[..., Any]:
        def operation(*arguments: Any) -> Any:
            if not depth[0]:  # an operation inside another is part of that one
                calls[name].append((originals[name], arguments))
            depth[0] += 1
            try:
                return originals[name](*arguments)
            finally:
                depth[0] -= 1

        return operation

    try:
        for name in _PARTS:
            setattr(kind, name, recording(name))
        verify(*proof)
    finally:
        for name, original in originals.items():
            setattr(kind, name, original)
    return calls
