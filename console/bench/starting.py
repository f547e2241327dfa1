"""Starts the cold verifier and collects what it says of its memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


class ColdStart:
    """Starts a verifier in a fresh interpreter and waits for its first verdict; collects its memory afterwards."""

    def __init__(self, path: Path) -> None:
        self._command = [sys.executable, "-m", "console.bench.cold", str(path)]
        self._child: subprocess.Popen[str] | None = None
        self._peaks_kib: list[int] = []
        self._tables_kib: list[int] = []

    def start(self) -> None:
        """One cold start, to the first verdict. Raises RuntimeError when there is none."""
        self._child = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        if self._child.stdout is None or self._child.stdout.readline() != "verdict\n":
            raise RuntimeError("the cold verifier gave no verdict")

    def reap(self) -> None:
        """Wait for the child that was started, if any, and note its memory."""
        if self._child is not None:
            peak, tables = self._child.communicate()[0].split()
            self._peaks_kib.append(int(peak))
            self._tables_kib.append(int(tables))
            self._child = None

    def summary(self) -> dict[str, float]:
        """`peak_mb`: a verifier's peak memory; `tables_mb`: what its tables took of it. Both in 10**6 octets."""
        return {"peak_mb": _mb(max(self._peaks_kib)), "tables_mb": _mb(max(self._tables_kib))}


def _mb(kib: int) -> float:
    return round(kib * 1024 / 1e6, 1)
