"""The wallet: contents in memory, their encrypted file, and the one way to change both.

`update` is the only writer. It takes the lock, reads the file again, applies a change to what it finds there, and
replaces the file; so two processes with the same wallet never lose each other's changes, and a crash leaves the state
before or after. Whoever must not lose something (the secrets of a licence request) calls `update` BEFORE sending.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from circuits import CircuitError, Secret
from prover.errors import WalletError
from prover.wallet.file import (
    DEFAULT_LOG_COST,
    FileKey,
    file_seen,
    key_for,
    locked,
    new_key,
    read_file,
    replace_file,
    seal,
    unseal,
)
from prover.wallet.records import Contents


class Wallet:
    """An open wallet. Safe to share between threads; made by `Wallet.create` or `Wallet.open`."""

    _all: ClassVar[weakref.WeakSet[Wallet]] = weakref.WeakSet()

    def __init__(self, path: Path, key: FileKey, contents: Contents) -> None:
        self._path = path
        self._key = key
        self._contents = contents
        self._seen: tuple[int, int, int] | None = None
        self._guard = threading.Lock()
        Wallet._all.add(self)

    def __repr__(self) -> str:
        return f"Wallet({str(self._path)!r})"

    @classmethod
    def create(
        cls, path: Path, passphrase: Secret[str], contents: Contents, log_cost: int = DEFAULT_LOG_COST
    ) -> Wallet:
        """A new wallet file at `path` holding `contents`; `log_cost` is log2 of scrypt's N.

        Raises `WalletError`: `wallet-exists`, `wallet-busy`, `wallet-cost`, `wallet-passphrase`.
        """
        key, path = new_key(passphrase, log_cost), path.resolve()
        with locked(path):
            if path.exists():
                raise WalletError("wallet-exists", f"There is a wallet at {path}.", "Open it, or choose another path.")
            replace_file(path, seal(key, contents.encode().expose()))
        return cls(path, key, contents)

    @classmethod
    def open(cls, path: Path, passphrase: Secret[str]) -> Wallet:
        """The wallet at `path`, or where a link there leads. Raises `WalletError`, see `prover.wallet.file`."""
        path = path.resolve()
        octets = read_file(path)
        key = key_for(octets, passphrase)
        return cls(path, key, _contents(key, octets))

    @property
    def path(self) -> Path:
        """Where the file is. Public data that goes with it lies beside it."""
        return self._path

    @property
    def contents(self) -> Contents:
        """The contents as last read or written by this object."""
        with self._guard:
            return self._contents

    def reload(self) -> Contents:
        """Read the file again, for changes that another process made. Raises `WalletError`."""
        contents = _contents(self._key, read_file(self._path), self.contents)
        with self._guard:
            if contents.generation >= self._contents.generation:
                self._contents = contents
            return self._contents

    def glance(self) -> Contents:
        """The contents, read again if the file is another one than at the last glance; what is held where it cannot be
        read. A few microseconds, for every call."""
        with suppress(WalletError):  # who needs more than what is held reloads, and is told
            seen = file_seen(self._path)
            if seen != self._seen:
                self.reload()
                self._seen = seen
        return self.contents

    def update(self, change: Callable[[Contents], Contents]) -> Contents:
        """Apply `change` to the contents in the file and save them; gives the contents saved.

        `change` must depend on nothing but the contents it is given and what it draws; when it gives back the very
        object it got, nothing is written.
        Raises `WalletError`, and whatever `change` raises; then the file is as it was.
        """
        with locked(self._path):
            found = _contents(self._key, read_file(self._path), self.contents)
            changed = change(found)
            saved = found
            if changed is not found:
                saved = changed.following()
                replace_file(self._path, seal(self._key, saved.encode().expose()))
            with self._guard:
                self._contents = saved
        return saved

    def change_passphrase(self, passphrase: Secret[str], log_cost: int = DEFAULT_LOG_COST) -> None:
        """Encrypt the wallet anew under `passphrase` and a fresh salt. Raises `WalletError`.

        Other processes that have the wallet open must open it again.
        """
        key = new_key(passphrase, log_cost)
        with locked(self._path):
            found = _contents(self._key, read_file(self._path), self.contents).following()
            replace_file(self._path, seal(key, found.encode().expose()))
            with self._guard:
                self._key, self._contents = key, found

    @classmethod
    def _after_fork(cls) -> None:
        for wallet in cls._all:  # a thread that is not here may have held the lock
            wallet._guard = threading.Lock()


os.register_at_fork(after_in_child=Wallet._after_fork)


def _contents(key: FileKey, octets: bytes, before: Contents | None = None) -> Contents:
    try:
        return Contents.decode(Secret(unseal(key, octets)), before)
    except CircuitError as error:
        raise WalletError(
            "wallet-damaged", f"The wallet's content does not read: {error.sentence}.", "Restore the file from a copy."
        ) from error
