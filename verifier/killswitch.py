"""The kill switch: a deny set of pseudonyms, lease trees and leases.

Every call asks it, cached decision or not. A denial is on disk before it is acknowledged, so that a restart
forgets nothing. Denying a pseudonym stops its holder here for the pseudonym's period; denying a root stops a lease and
all that came of it; denying a lease stops that one. There is no key that switches it off.
Source: docs/gateway.md, sections 1 and 2; requirements R51, R65, R66.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from circuits import CircuitError, Malformed, Misuse, Rejected
from verifier.durable import read_bounded, write_durably


class Denied(Enum):
    """What can be denied: `sub`, `rid` and `jti` of a lease."""

    PSEUDONYM = "pseudonym"
    ROOT = "root"
    LEASE = "lease"


MAX_VALUE_CHARACTERS = 128
MAX_REASON_CHARACTERS = 200


@dataclass(frozen=True)
class Denial:
    """One entry. `until` (unix seconds) is when it can be forgotten, None for never.

    Raises `Malformed` unless `value` is 1 to 128 printable ASCII characters and `reason` at most 200 printable ones:
    both are written down and given out again, and JSON can hold texts that no encoding takes.
    """

    kind: Denied
    value: str
    reason: str
    at: int
    until: int | None = None

    def __post_init__(self) -> None:
        plain = self.value.isascii() and self.value.isprintable()
        if not 0 < len(self.value) <= MAX_VALUE_CHARACTERS or not plain:
            raise Malformed("a denial names a value of 1 to 128 printable ASCII characters")
        if len(self.reason) > MAX_REASON_CHARACTERS or not self.reason.isprintable():
            raise Malformed("the reason of a denial is at most 200 printable characters")


class KillSwitch:
    """The deny set, kept in `path`. Raises `Misuse` when the file exists and cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._denials = _read(path)

    @property
    def denials(self) -> tuple[Denial, ...]:
        """All entries, oldest first."""
        return tuple(self._denials.values())

    def deny(self, denial: Denial) -> None:
        """Adds an entry, on disk before it returns. Raises `OSError`."""
        with self._lock:
            denials = {
                key: kept for key, kept in self._denials.items() if kept.until is None or kept.until >= denial.at
            }
            known = denials.get((denial.kind, denial.value))
            if known is None or known.until is not None:
                denials[(denial.kind, denial.value)] = denial
            self._denials = denials
            self._write()

    def check(self, pseudonym: str, root: str | None, lease: str) -> None:
        """Raises `Rejected` (`revoked`) when any of the three is denied."""
        denials = self._denials
        names = ((Denied.PSEUDONYM, pseudonym), (Denied.ROOT, root), (Denied.LEASE, lease))
        if any((kind, name) in denials for kind, name in names):
            raise Rejected("revoked", "This licence or lease has been stopped here.")

    def _write(self) -> None:
        rows = [
            [entry.kind.value, entry.value, entry.reason, entry.at, entry.until] for entry in self._denials.values()
        ]
        content = {"version": 1, "denied": rows}
        write_durably(self._path, json.dumps(content).encode("utf-8"))


def _read(path: Path) -> dict[tuple[Denied, str], Denial]:
    try:
        content = json.loads(read_bounded(path))
        if content["version"] != 1:
            raise ValueError("unknown version")
        entries = [
            Denial(Denied(kind), str(value), str(reason), int(at), None if until is None else int(until))
            for kind, value, reason, at, until in content["denied"]
        ]
        return {(entry.kind, entry.value): entry for entry in entries}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, CircuitError) as error:
        raise Misuse(f"{path.name} cannot be read; forgetting whom it stops is worse than not starting") from error
