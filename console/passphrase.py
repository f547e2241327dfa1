"""Where a passphrase comes from: a file, the environment, or a prompt. Never argv, which others can read."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path

from circuits import Secret
from console.options import ENVIRONMENT
from console.output import Failure

MAX_PASSPHRASE_OCTETS = 1024


def read_passphrase(path: Path | None, *, new: bool = False) -> Secret[str]:
    """The passphrase of a wallet.

    :param path: file whose first line is the passphrase; None: the environment, then a prompt.
    :param new: ask twice at the prompt, because a mistyped new passphrase loses the wallet.
    :raises Failure: empty, too long, the two do not match, or there is no terminal to ask at.
    """
    text = _given(path)
    if text is None:
        text = _asked(new)
    if not text or len(text.encode()) > MAX_PASSPHRASE_OCTETS:
        raise Failure("passphrase", "the passphrase is empty or longer than 1024 octets")
    return Secret(text)


def _given(path: Path | None) -> str | None:
    if path is not None:
        lines = path.read_text(encoding="utf-8").splitlines()
        return lines[0] if lines else ""
    return os.environ.get(ENVIRONMENT)


def _asked(new: bool) -> str:
    if not sys.stdin.isatty():
        raise Failure("passphrase", "no passphrase was given, and there is no terminal to ask for it at")
    first = getpass("Passphrase of the wallet: ")
    if new and getpass("Once more: ") != first:
        raise Failure("passphrase", "the two passphrases differ", "start again; nothing was written")
    return first
