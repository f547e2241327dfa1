"""The keys that sign leases: one that signs now, earlier ones that still verify, and what is published of them.

A new key is made when an urgent epoch raises the floor, and when the gateway starts with another trust bundle or
policy, of which a lease names the id alone; the earlier ones are then withdrawn. They leave the published
set (any gateway that checks leases by JWKS alone refuses them within its cache time) and no lease of theirs is good for
a call any more. For as long as such a lease could run this gateway still reads it, to answer `floor` with a fresh
challenge; one that cannot have been made before the withdrawal is refused as signed by an unknown key.
Kept in a file of mode 0600, so that a restart does not end running leases. ES256 because of docs/gateway.md, section 1.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from circuits import Misuse, Rejected
from verifier.durable import read_bounded, write_durably

VERSION = 2
KEEP_SECONDS = 960
ROUTINE_ROTATION_SECONDS = 24 * 3600
# A lease may be given its time and signed while the keys change places, which takes as long as the disk does.
CHANGE_SECONDS = 5


@dataclass(frozen=True)
class LeaseKey:
    """One key: `kid`, the epoch it was made in, unix seconds of its making and of its retirement (None: not yet).

    `withdrawn_in` is the epoch that took it out of use before its time (None: it was not).
    """

    key: ECKey = field(repr=False)
    kid: str
    epoch_number: int
    made_at: int
    retired_at: int | None = None
    withdrawn_in: int | None = None

    def check_made(self, issued_at: int, epoch_number: int) -> None:
        """Whether the gateway itself can have signed a lease of this time (unix seconds) and epoch with this key.

        Raises `Rejected` (`unknown-key`) for one made after the key's retirement, or proved in the epoch that withdrew
        the key or a later one: then somebody else has the key.
        """
        late = self.retired_at is not None and issued_at > self.retired_at + CHANGE_SECONDS
        if late or (self.withdrawn_in is not None and epoch_number >= self.withdrawn_in):
            raise _unknown_key()


class LeaseKeyRing:
    """The signing key and the earlier ones, kept in `path`. Raises `Misuse` when the file cannot be read."""

    def __init__(self, path: Path, now: int, epoch_number: int = 0) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._keys, self._terms = _read(path)
        if not any(key.retired_at is None for key in self._keys.values()):
            self.rotate(now, epoch_number, withdraw=False)

    @property
    def signing(self) -> LeaseKey:
        """The key that signs now."""
        return next(key for key in self._keys.values() if key.retired_at is None)

    def find(self, kid: str, now: int) -> LeaseKey:
        """The key called `kid`, if leases of its could still run at `now`. Raises `Rejected` (`unknown-key`)."""
        key = self._keys.get(kid)
        if key is None or (key.retired_at is not None and now > key.retired_at + KEEP_SECONDS):
            raise _unknown_key()
        return key

    def check_not_withdrawn(self, kid: str) -> None:
        """Raises `Rejected` (`floor`) when the key called `kid` was withdrawn: its leases are to be proved again."""
        key = self._keys.get(kid)
        if key is None or key.withdrawn_in is not None:
            raise Rejected("floor", "The key that signed this lease was withdrawn; prove again.")

    def rotate(self, now: int, epoch_number: int, withdraw: bool) -> None:
        """Makes a new signing key; `withdraw` takes the earlier ones out of use at once. Raises `OSError`."""
        with self._lock:
            keys: dict[str, LeaseKey] = {}
            for key in self._keys.values():
                retired_at = now if key.retired_at is None else key.retired_at
                if now <= retired_at + KEEP_SECONDS:
                    withdrawn_in = epoch_number if withdraw and key.withdrawn_in is None else key.withdrawn_in
                    keys[key.kid] = replace(key, retired_at=retired_at, withdrawn_in=withdrawn_in)
            fresh = ECKey.generate_key("P-256")
            kid = f"{epoch_number}-{fresh.thumbprint()[:16]}"
            keys[kid] = LeaseKey(fresh, kid, epoch_number, now)
            self._write(keys)
            self._keys = keys

    def serve(self, terms: str, now: int, epoch_number: int) -> None:
        """From now on the keys sign under `terms` (any text): those that signed under others are withdrawn.

        Raises `OSError`.
        """
        if terms == self._terms:
            return
        changed, self._terms = self._terms is not None, terms
        if changed:
            self.rotate(now, epoch_number, withdraw=True)
        else:
            with self._lock:
                self._write(self._keys)

    def rotate_if_due(self, now: int, epoch_number: int) -> None:
        """Routine rotation, once a day; earlier keys stay published while a lease of theirs could run."""
        if now - self.signing.made_at >= ROUTINE_ROTATION_SECONDS:
            self.rotate(now, epoch_number, withdraw=False)

    def jwks(self, now: int) -> dict[str, Any]:
        """The published set (RFC 7517), public parts only."""
        live = (key for key in self._keys.values() if key.retired_at is None or now <= key.retired_at + KEEP_SECONDS)
        return {"keys": [_public(key) for key in live if key.withdrawn_in is None]}

    def _write(self, keys: dict[str, LeaseKey]) -> None:
        rows = [
            {
                "jwk": dict(key.key.as_dict(private=True)),
                "kid": key.kid,
                "epoch": key.epoch_number,
                "made_at": key.made_at,
                "retired_at": key.retired_at,
                "withdrawn_in": key.withdrawn_in,
            }
            for key in keys.values()
        ]
        write_durably(self._path, json.dumps({"version": VERSION, "keys": rows, "terms": self._terms}).encode("ascii"))


def _unknown_key() -> Rejected:
    return Rejected("unknown-key", "The lease is signed by a key that is not, or no longer, in use here.")


def _public(key: LeaseKey) -> dict[str, Any]:
    return {**key.key.as_dict(private=False), "kid": key.kid, "alg": "ES256", "use": "sig"}


def _read(path: Path) -> tuple[dict[str, LeaseKey], str | None]:
    try:
        content = json.loads(read_bounded(path))
        if content["version"] != VERSION:
            raise ValueError("unknown version")
        keys, terms = [_row(row) for row in content["keys"]], content.get("terms")
        if terms is not None and not isinstance(terms, str):
            raise ValueError("not the terms of keys")
    except FileNotFoundError:
        return {}, None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, JoseError) as error:
        raise Misuse(f"{path.name} does not hold lease keys; remove it to start with a new key") from error
    return {key.kid: key for key in keys}, terms


def _row(row: dict[str, Any]) -> LeaseKey:
    kid, epoch, made_at = row["kid"], row["epoch"], row["made_at"]
    retired_at, withdrawn_in = row["retired_at"], row["withdrawn_in"]
    if not isinstance(kid, str) or any(type(number) is not int for number in (epoch, made_at)):
        raise ValueError("not a key's name, epoch and time")
    if any(number is not None and type(number) is not int for number in (retired_at, withdrawn_in)):
        raise ValueError("not the times of a key's end")
    return LeaseKey(ECKey.import_key(row["jwk"]), kid, epoch, made_at, retired_at, withdrawn_in)
