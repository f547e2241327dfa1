"""The encrypted file: a passphrase on one side, some octets on the other, and nothing that can go half-way.

Format, version 1, all fixed widths so that there is one encoding of each file:

    offset  octets
    0       7       magic `AIOLWLT`
    7       1       version, 1
    8       1       log2 of the scrypt cost N (r = 8, p = 1), from 10 to 18
    9       16      salt
    25      16      key check: first half of HMAC-SHA256(check key, `AIOL-WALLET-CHECK` || octets 0..24)
    41      12      nonce, new for each save
    53      n + 16  ChaCha20-Poly1305 over the whole content, octets 0..52 as associated data

scrypt gives 64 octets: the check key and the sealing key. The key check tells a wrong passphrase from a damaged body.
N is the file's choice and so an attacker's: it is capped when read, at 2^18 (256 MiB and about a second). The default
2^17 costs 128 MiB and about half a second each time the wallet is opened, not each time it is saved.

A save writes a temporary file beside the wallet, flushes it, renames it over the old one and flushes the directory:
after a crash there is the old file or the new one. A lock file beside the wallet keeps two processes from losing each
other's changes. POSIX only (`flock`). Source: age's scrypt.go and format.go for caps and strictness; [RFC7914],
[RFC8439].
"""

from __future__ import annotations

import fcntl
import hmac
import os
import secrets
import stat
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from circuits import Secret
from prover.errors import WalletError

MAGIC = b"AIOLWLT\x01"
DEFAULT_LOG_COST = 17
MIN_LOG_COST = 10
MAX_LOG_COST = 18
MAX_WALLET_OCTETS = 1 << 20
LOCK_SECONDS = 10.0

_SALT_OCTETS = 16
_CHECK_OCTETS = 16
_NONCE_OCTETS = 12
_SALT_AT = len(MAGIC) + 1
_CHECK_AT = _SALT_AT + _SALT_OCTETS
_NONCE_AT = _CHECK_AT + _CHECK_OCTETS
_BODY_AT = _NONCE_AT + _NONCE_OCTETS
_TAG_OCTETS = 16
_LOOK_AT_DISK = "Look at the disk and the folder's permissions; the wallet's file is as it was."
_CHECK_LABEL = b"AIOL-WALLET-CHECK"


@dataclass(frozen=True)
class FileKey:
    """A passphrase stretched for one salt: `prefix` is octets 0..40 of the file, `sealing` the 32-octet AEAD key."""

    prefix: bytes
    sealing: Secret[bytes]


def new_key(passphrase: Secret[str], log_cost: int = DEFAULT_LOG_COST) -> FileKey:
    """A key for a new file under a fresh salt; `log_cost` is log2 of scrypt's N.

    Raises `WalletError` (`wallet-cost`) outside 10..18, (`wallet-passphrase`) for an empty passphrase.
    """
    _check_cost(log_cost)
    return _stretch(passphrase, MAGIC + bytes([log_cost]) + secrets.token_bytes(_SALT_OCTETS))


def key_for(octets: bytes, passphrase: Secret[str]) -> FileKey:
    """The key of the file `octets`. Raises `WalletError`: `wallet-damaged`, `wallet-cost`, `wallet-passphrase`."""
    _check_frame(octets)
    _check_cost(octets[len(MAGIC)])
    key = _stretch(passphrase, octets[:_CHECK_AT])
    if not hmac.compare_digest(key.prefix, octets[:_NONCE_AT]):
        raise WalletError(
            "wallet-passphrase",
            "The passphrase is wrong, or the first line of the wallet's file is damaged.",
            "Try the passphrase again; if you are sure of it, restore the file from a copy.",
        )
    return key


def seal(key: FileKey, content: bytes) -> bytes:
    """The whole file holding `content`. Raises `WalletError` (`wallet-size`) beyond 1 MiB."""
    header = key.prefix + secrets.token_bytes(_NONCE_OCTETS)
    octets = header + ChaCha20Poly1305(key.sealing.expose()).encrypt(header[_NONCE_AT:], content, header)
    if len(octets) > MAX_WALLET_OCTETS:
        raise WalletError("wallet-size", "The wallet would be larger than 1 MiB.", "This is a fault: please report it.")
    return octets


def unseal(key: FileKey, octets: bytes) -> bytes:
    """The content of the file `octets`. Raises `WalletError` (`wallet-damaged`), also when the file is under another
    salt than `key`: then another process changed the passphrase, and the wallet must be opened anew."""
    _check_frame(octets)
    if octets[:_NONCE_AT] != key.prefix:
        raise _damaged("The wallet's header is damaged, or its passphrase was changed while it was open.")
    header = octets[:_BODY_AT]
    try:
        return ChaCha20Poly1305(key.sealing.expose()).decrypt(header[_NONCE_AT:], octets[_BODY_AT:], header)
    except InvalidTag:
        raise _damaged("The wallet's content is damaged: it was cut short or changed.") from None


def read_file(path: Path) -> bytes:
    """The file's octets. Raises `WalletError`: `wallet-missing`, `wallet-permissions` (anybody else may read or write
    it), `wallet-size`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise WalletError("wallet-missing", f"There is no wallet at {path}.", "Create one first.") from None
    except OSError as error:
        raise WalletError(
            "wallet-io", f"The wallet {path} cannot be opened: {error.strerror}.", _LOOK_AT_DISK
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) & 0o077:
            raise WalletError("wallet-permissions", f"Others may open the wallet {path}.", f"Run: chmod 600 {path}")
        octets = file.read(MAX_WALLET_OCTETS + 1)
    if len(octets) > MAX_WALLET_OCTETS:
        raise WalletError("wallet-size", "The file is larger than any wallet.", "Restore the file from a copy.")
    return octets


def file_seen(path: Path) -> tuple[int, int, int]:
    """What changes when the file is replaced. Raises `WalletError` (`wallet-io`)."""
    try:
        status = path.stat()
    except OSError as error:
        raise WalletError("wallet-io", f"The wallet {path} cannot be seen: {error.strerror}.", _LOOK_AT_DISK) from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def replace_file(path: Path, octets: bytes) -> None:
    """Put `octets` at `path` with mode 0600, wholly or not at all. The caller holds `locked(path)`.

    Raises `WalletError` (`wallet-io`) when the system cannot: full disk, folder gone. Then the old file is as it was.
    """
    try:
        _replace(path, octets)
    except OSError as error:
        raise WalletError(
            "wallet-io", f"The wallet {path} cannot be saved: {error.strerror}.", _LOOK_AT_DISK
        ) from error


def _replace(path: Path, octets: bytes) -> None:
    for stale in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(FileNotFoundError):
            stale.unlink()
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _flush_directory(path.parent)


@contextmanager
def locked(path: Path, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the wallet's lock file, against other processes and other threads.

    Raises `WalletError`: `wallet-busy` when another holds it for longer than `seconds`, `wallet-io`.
    """
    lock = path.parent / f"{path.name}.lock"
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WalletError("wallet-io", f"The lock {lock} cannot be had: {error.strerror}.", _LOOK_AT_DISK) from error
    try:
        _wait_for(descriptor, time.monotonic() + seconds)
        yield
    finally:
        # A process forked meanwhile by another thread has this descriptor too: closing ours would not free the lock.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _wait_for(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise WalletError(
                    "wallet-busy", "Another program is changing this wallet.", "Wait for it, then try again."
                ) from None
            time.sleep(0.01)
        else:
            return


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stretch(passphrase: Secret[str], start: bytes) -> FileKey:
    text = unicodedata.normalize("NFC", passphrase.expose())
    if not text:
        raise WalletError("wallet-passphrase", "An empty passphrase protects nothing.", "Choose one.")
    cost = 1 << start[len(MAGIC)]
    keys = Scrypt(salt=start[_SALT_AT:], length=64, n=cost, r=8, p=1).derive(text.encode())
    check = hmac.digest(keys[:32], _CHECK_LABEL + start, "sha256")[:_CHECK_OCTETS]
    return FileKey(start + check, Secret(keys[32:]))


def _check_frame(octets: bytes) -> None:
    if len(octets) > MAX_WALLET_OCTETS or len(octets) < _BODY_AT + _TAG_OCTETS:
        raise _damaged("The wallet's file has not the length of a wallet.")
    if octets[: len(MAGIC)] != MAGIC:
        raise _damaged("The file is not a wallet of version 1.")


def _check_cost(log_cost: int) -> None:
    if not MIN_LOG_COST <= log_cost <= MAX_LOG_COST:
        mebibytes = f"2^{log_cost - 10} MiB" if log_cost >= 10 else "almost nothing"
        raise WalletError(
            "wallet-cost",
            f"The passphrase's cost 2^{log_cost} would take {mebibytes} of memory; 2^{MIN_LOG_COST} to "
            f"2^{MAX_LOG_COST} (256 MiB, about a second) are allowed.",
            "If you did not ask for that, the file was changed: restore it from a copy.",
        )


def _damaged(sentence: str) -> WalletError:
    return WalletError("wallet-damaged", sentence, "Restore the file from a copy; nothing of it was used.")
