"""The operator's agent: a program of its own that calls an API with plain httpx, and one line for its licence.

Run: python -m console.demo.agent --api URL --wallet FILE
The passphrase comes from LICENCE_PASSPHRASE. Orders come as lines of JSON on standard input, {"calls": 1000} or
{"until": "FILE"} to keep calling until that file appears; each is answered with one line of JSON about what it saw.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from console.clock import clock_of
from console.demo.loopback import TRUSTS_NOBODY
from console.passphrase import read_passphrase
from prover.errors import ProverError
from prover.leases import LicensedTransport
from prover.session import WalletSession
from prover.wallet.store import Wallet

PAUSE_SECONDS = 0.02
MAX_SECONDS = 60.0


@dataclass
class Report:
    """What the agent saw. Moments are readings of the machine's monotonic clock, which all processes share."""

    calls: int = 0
    answered: int = 0
    seconds: float = 0.0
    first_call_seconds: float = 0.0
    leases: list[str] = field(default_factory=list)
    tiers: list[str] = field(default_factory=list)
    presentations: int = 0
    challenged_403: int = 0
    first_403_at: float | None = None
    ended_by: str = ""
    sentence: str = ""
    seen_upstream: dict[str, str] = field(default_factory=dict)


class Watched(httpx.HTTPTransport):
    """The agent's ordinary transport, and a note of what passes over the wire."""

    def __init__(self, report: Report) -> None:
        super().__init__(verify=TRUSTS_NOBODY)
        self._report = report

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and note a refusal or a presentation."""
        response = super().handle_request(request)
        if response.status_code == 403:
            self._report.challenged_403 += 1
            if self._report.first_403_at is None:
                self._report.first_403_at = time.monotonic()
        if request.url.path == "/licence/token":
            self._report.presentations += 1
        return response


def work(api: str, session: WalletSession, report: Report, turns: Iterator[int]) -> None:
    """The agent's work: one autonomous call after another, until there are no more turns or it is stopped."""
    with httpx.Client(
        base_url=api,
        transport=LicensedTransport(session, Watched(report)),  # <- the one line that a licence adds
    ) as client:
        for turn in turns:
            answer = client.post("/v1/autonomous/plan", json={"step": turn})
            note(report, answer)


def note(report: Report, answer: httpx.Response) -> None:
    """Keep what the API behind the gateway says that it saw."""
    report.answered += answer.status_code == 200
    headers = answer.json().get("headers", {}) if answer.status_code == 200 else {}
    lease, tier = headers.get("agent-lease-id", ""), headers.get("agent-licence-tier", "")
    if lease not in report.leases:
        report.leases.append(lease)
    if tier not in report.tiers:
        report.tiers.append(tier)
    report.seen_upstream = headers


def run(api: str, session: WalletSession, order: dict[str, Any]) -> Report:
    """Carry an order out, measure, and say how it ended.

    :param order: `calls`, or `until` with the path of a file; and how many `workers` share the work (1).
    """
    report = Report()
    turns = Turns(report, order)
    workers = int(order.get("workers", 1))
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, api, session, report, turns) for _ in range(workers)]:
            try:
                done.result()
            except ProverError as error:
                report.ended_by, report.sentence = error.code, error.sentence
    report.seconds = time.monotonic() - turns.started
    return report


class Turns:
    """Hands out turns until the order is carried out. Safe among threads."""

    def __init__(self, report: Report, order: dict[str, Any]) -> None:
        self.started = time.monotonic()
        self._report = report
        self._calls = order.get("calls")
        self._until = Path(order.get("until", ""))
        self._guard = threading.Lock()

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        """The next turn."""
        with self._guard:
            turn = self._report.calls
            if turn == 1:
                self._report.first_call_seconds = time.monotonic() - self.started
            if self._is_over(turn):
                raise StopIteration
            self._report.calls += 1
        if self._calls is None and turn:
            time.sleep(PAUSE_SECONDS)
        return turn

    def _is_over(self, turn: int) -> bool:
        if self._calls is not None:
            return turn >= int(self._calls)
        return self._until.exists() or time.monotonic() - self.started > MAX_SECONDS


def main() -> None:
    """Take orders until standard input ends."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--api", required=True)
    options.add_argument("--wallet", type=Path, required=True)
    options.add_argument("--clock-file", type=Path)
    given = options.parse_args()
    wallet = Wallet.open(given.wallet, read_passphrase(None))
    session = WalletSession(wallet, [given.api], now=clock_of(given.clock_file))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(asdict(run(given.api, session, json.loads(line)))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
