"""Sets a new issuer up: keys, records, trust bundle, digit table, question bank, database, first epoch, openers'
shares, admin token.

Secrets go into new files 0600 and are never printed. A folder that holds anything already is refused: an issuer is not
set up twice. The settings file is written last, so that a set-up that died half way does not look like an issuer.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from circuits import (
    SECONDS_PER_DAY,
    CreatedAccumulator,
    CreatedIssuer,
    DealtEscrow,
    Secret,
    create_accumulator,
    create_issuer,
    deal_escrow,
)
from circuits.records import EscrowRecord, IssuerRecord, PolicyRecord, TrustBundle, default_policy
from issuer.assessment import library
from issuer.clock import Clock, system_clock
from issuer.db.base import Database
from issuer.db.migrate import upgrade
from issuer.epochs.service import Epochs
from issuer.errors import Conflict
from issuer.files import write_public
from issuer.keys import keyring, profile
from issuer.settings import (
    DEFAULT_EPOCH_SECONDS,
    SETTINGS_FILE,
    IdentityProvider,
    Settings,
    TrustedInsurer,
    save_settings,
)
from issuer.world import DIGITS_FILE, TRUST_FILE, World

ESCROW_YEARS = 5
YEAR_SECONDS = 366 * SECONDS_PER_DAY
PolicyMaker = Callable[[IssuerRecord, EscrowRecord, tuple[str, ...]], PolicyRecord]
"""A policy for an issuer, its openers and the jurisdictions it accepts."""
DEFAULT_POLICIES: tuple[PolicyMaker, ...] = (default_policy,)


@dataclass(frozen=True)
class NewIssuer:
    """What set-up made: the settings, the public bundle, and where the openers' shares and the admin token lie."""

    settings: Settings
    trust: TrustBundle
    share_files: tuple[Path, ...]
    admin_token_file: Path


def initialise(
    data_dir: Path,
    issuer_id: str,
    issuer_url: str,
    identity_providers: Sequence[IdentityProvider],
    shares_dir: Path,
    *,
    openers: int = 3,
    threshold: int = 2,
    insurers: Sequence[TrustedInsurer] = (),
    jurisdiction: str = "GB",
    policies: Sequence[PolicyMaker] = DEFAULT_POLICIES,
    client_secret: Secret[str] | None = None,
    epoch_seconds: int = DEFAULT_EPOCH_SECONDS,
    now: Clock = system_clock,
) -> NewIssuer:
    """Makes a new issuer in `data_dir` (made if missing) and one share file per opener, `opener-<i>.share`, in
    `shares_dir`.

    `identity_providers` may be empty and be written into the settings file later. Raises
    Conflict("already-initialised") when either folder holds anything of an earlier set-up, circuits' errors for a
    threshold that makes no sense.
    """
    _refuse_used(data_dir, shares_dir)
    settings = Settings(
        data_dir=data_dir,
        issuer_url=issuer_url.rstrip("/"),
        identity_providers=tuple(identity_providers),
        insurers=tuple(insurers),
        jurisdiction=jurisdiction,
        epoch_seconds=epoch_seconds,
    )
    issuer = create_issuer(issuer_id, profile.PROFILE_ID)
    accumulator = create_accumulator(f"{issuer_id}-accumulator-1", issuer_id)
    escrow = deal_escrow(f"{issuer_id}-escrow-1", threshold, openers, now(), now() + ESCROW_YEARS * YEAR_SECONDS)
    epoch_key = _write_keys(settings, issuer, accumulator, client_secret)
    trust = TrustBundle(
        issuer.record,
        accumulator.record,
        escrow.record,
        epoch_key,
        tuple(make(issuer.record, escrow.record, (jurisdiction,)) for make in policies),
        settings.issuer_url,
    )
    write_public(settings.public_dir / TRUST_FILE, trust.octets)
    write_public(settings.public_dir / DIGITS_FILE, issuer.digit_table)
    share_files = _write_shares(shares_dir, escrow)
    library.initialise(settings, now())
    _first_epoch(settings, now)
    save_settings(settings)
    return NewIssuer(settings, trust, share_files, settings.keys_dir / keyring.ADMIN_TOKEN)


def _refuse_used(data_dir: Path, shares_dir: Path) -> None:
    if (data_dir.exists() and any(data_dir.iterdir())) or (shares_dir.exists() and any(shares_dir.glob("opener-*"))):
        raise Conflict(
            "already-initialised", f"There is an issuer in this folder already ({SETTINGS_FILE} or parts of one)."
        )
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    shares_dir.mkdir(parents=True, exist_ok=True, mode=0o700)


def _write_keys(
    settings: Settings, issuer: CreatedIssuer, accumulator: CreatedAccumulator, client_secret: Secret[str] | None
) -> bytes:
    folder = settings.keys_dir
    folder.mkdir(mode=0o700)
    epoch_secret, epoch_public = keyring.new_epoch_key()
    numbers = {keyring.ISSUER_KEY: issuer.secret_key, keyring.ACCUMULATOR_KEY: accumulator.secret_key}
    for name, number in numbers.items():
        keyring.write_secret(folder / name, f"{number.expose():064x}\n".encode())
    keyring.write_secret(folder / keyring.EPOCH_KEY, f"{epoch_secret.expose().hex()}\n".encode())
    keyring.write_secret(folder / keyring.DEDUPE_KEY, f"{secrets.token_hex(32)}\n".encode())
    keyring.write_secret(folder / keyring.CLIENT_KEY, keyring.new_client_key().expose().encode())
    keyring.write_secret(folder / keyring.ADMIN_TOKEN, f"{secrets.token_urlsafe(32)}\n".encode())
    if client_secret is not None:
        keyring.write_secret(folder / keyring.CLIENT_SECRET, client_secret.expose().encode())
    return epoch_public


def _write_shares(folder: Path, escrow: DealtEscrow) -> tuple[Path, ...]:
    paths = []
    for index, share in enumerate(escrow.shares, start=1):
        path = folder / f"opener-{index}.share"
        keyring.write_secret(path, f"{index}:{share.expose():064x}\n".encode())
        paths.append(path)
    return tuple(paths)


def _first_epoch(settings: Settings, now: Clock) -> None:
    database = Database(settings.database_file)
    settings.database_file.chmod(0o600) if settings.database_file.exists() else settings.database_file.touch(0o600)
    try:
        upgrade(database)
        Epochs(World(settings, database, now)).begin()
    finally:
        database.dispose()
