"""The banks of a deployment on disk: every bank ever published stays readable, so that an old sitting can be remade.

`<data>/assessment/<digest>.items.json` (the bank), `<digest>.answers` (sealed), `current` (the digest in use);
the sealing key is `<data>/keys/assessment.key`, mode 0600.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from circuits import SECONDS_PER_DAY, Secret
from issuer.assessment import sealing
from issuer.assessment.bank import Bank, decode_answers, decode_bank, starter_octets
from issuer.assessment.lints import findings
from issuer.errors import Invalid, Unavailable
from issuer.settings import Settings


def initialise(settings: Settings, now: int) -> Bank:
    """Set-up: makes the sealing key where there is none and publishes the starter bank. Safe to call again."""
    key_file = _key_file(settings)
    if not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_new(key_file, sealing.new_key().expose())
    return publish(settings, *starter_octets(), now)


def publish(settings: Settings, items: bytes, answers: bytes, now: int) -> Bank:
    """Checks a bank with all lints, seals its answers, and makes it the bank of all new sittings.

    Raises Invalid("bank-malformed" | "answers-malformed"), Invalid("bank-refused", findings=[...]).
    """
    bank = decode_bank(items)
    wrong = findings(bank, decode_answers(answers, bank), now // SECONDS_PER_DAY)
    if wrong:
        sentences = [f"{finding.code}: {finding.sentence}" for finding in wrong]
        raise Invalid(
            "bank-refused", f"The bank has {len(wrong)} faults, for example: {sentences[0]}.", findings=sentences
        )
    folder = settings.data_dir / "assessment"
    folder.mkdir(exist_ok=True, mode=0o700)
    _replace(folder / f"{bank.digest}.items.json", items)
    _replace(folder / f"{bank.digest}.answers", sealing.seal_answers(_key(settings), bank.digest, answers))
    _replace(folder / "current", bank.digest.encode())
    return bank


def current_bank(settings: Settings) -> Bank:
    """The bank of new sittings. Raises Unavailable("no-bank") before set-up."""
    try:
        digest = (settings.data_dir / "assessment" / "current").read_text("ascii")
    except FileNotFoundError:
        raise Unavailable("no-bank", "No question bank has been published yet.") from None
    return bank_of(settings, digest)


def bank_of(settings: Settings, digest: str) -> Bank:
    """The bank of this digest (SHA-256, hexadecimal), current or not. Raises Unavailable("no-bank")."""
    return _load(settings.data_dir / "assessment" / f"{digest}.items.json", digest)


def key_of(settings: Settings, bank: Bank) -> dict[str, int]:
    """The right option (place in the bank) of each item. Raises Unavailable("no-bank" | "answers-sealed")."""
    try:
        sealed = (settings.data_dir / "assessment" / f"{bank.digest}.answers").read_bytes()
    except FileNotFoundError:
        raise Unavailable("no-bank", "The answers of this question bank are missing.") from None
    return decode_answers(sealing.unseal_answers(_key(settings), bank.digest, sealed), bank)


@lru_cache(maxsize=8)
def _load(path: Path, digest: str) -> Bank:
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        raise Unavailable("no-bank", "The question bank is missing.") from None
    if hashlib.sha256(octets).hexdigest() != digest:
        raise Unavailable("no-bank", "The question bank was changed after it was published.")
    return decode_bank(octets)


def _key(settings: Settings) -> Secret[bytes]:
    try:
        return Secret(_key_file(settings).read_bytes())
    except FileNotFoundError:
        raise Unavailable("answers-sealed", "The assessment cannot be scored at present.") from None


def _key_file(settings: Settings) -> Path:
    return settings.keys_dir / "assessment.key"


def _write_new(path: Path, octets: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(octets)


def _replace(path: Path, octets: bytes) -> None:
    waiting = path.with_name(path.name + ".new")
    waiting.unlink(missing_ok=True)
    _write_new(waiting, octets)
    waiting.replace(path)
