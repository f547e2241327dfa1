"""What every service is built from: settings, database, clock, keys, records, and the crash points that tests hook.

`issuer.app.create_app` makes one `World` per process and keeps it in `app.state.world`; routes get it by `WorldDep`. A
service class takes the World as its one constructor argument, e.g. `Assessment(world)`, keeps no state of its own, and
is cheap to make, so that one is made per request. Keys and records are loaded when first used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, cast

from fastapi import Depends, Request

from circuits.records import TrustBundle
from issuer.clock import Clock, system_clock
from issuer.crashpoints import NO_CRASH, CrashPoints
from issuer.db.base import Database
from issuer.keys.keyring import FileKeyring, Keyring
from issuer.settings import Settings

TRUST_FILE = "trust.cbor"
DIGITS_FILE = "records/digits.bin"


@dataclass(frozen=True)
class World:
    """The surroundings of every service; `now()` is unix seconds."""

    settings: Settings
    database: Database
    now: Clock = system_clock
    crash: CrashPoints = NO_CRASH
    other_keyring: Keyring | None = None
    """Takes the place of the key files, e.g. an HSM."""

    @cached_property
    def keyring(self) -> Keyring:
        """The keys."""
        return self.other_keyring or FileKeyring(self.settings.keys_dir)

    @cached_property
    def trust(self) -> TrustBundle:
        """The issuer's own public records."""
        return TrustBundle.decode((self.settings.public_dir / TRUST_FILE).read_bytes())


def _world(request: Request) -> World:
    return cast(World, request.app.state.world)


WorldDep = Annotated[World, Depends(_world)]
