"""A wallet at work in one process: what several clients, threads and event loops of an agent share.

Holds the open wallet, the checked digit table, the pool of prepared proofs and, for each configured gateway, the
keeper of its leases. Leases, keys and prepared proofs live in memory only, and a forked child starts without any.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from circuits import DigitTable
from prover.challenge import MAX_CLOCK_DIFFERENCE_SECONDS, Challenge
from prover.enrol import digit_table
from prover.errors import NotReady, Revoked, TrustError, Unreachable
from prover.issuer_client import IssuerClient
from prover.keeper import LeaseKeeper, Showing
from prover.origin import check_authenticated, origin_of
from prover.prove import POOL_SIZE, Prover, Request
from prover.refresh import Refreshed, refresh
from prover.wallet.records import Contents
from prover.wallet.store import Wallet

REFRESH_PAUSE_SECONDS = 30


@dataclass(frozen=True)
class Gateway:
    """A gateway to send leases to. `url` is any address there; leases go to its origin and to no other.

    `resource` is what leases are asked for (`<origin>/v1/autonomous` if empty), `scope` the policies' scope. With
    `eager`, a lease is got before the first call, and on a 401 without any word about licences: for gateways that
    check leases as plain JWTs and cannot send challenges.
    """

    url: str
    resource: str = ""
    scope: str = "autonomous"
    eager: bool = False

    @property
    def origin(self) -> str:
        """The gateway's origin. Raises `TrustError` unless it is https, or loopback."""
        return check_authenticated(self.url)


class WalletSession:
    """An open `wallet` for calls to `gateways` (addresses or `Gateway`s). Safe among threads and event loops.

    `issuer` fetches epochs (by default from the trust bundle's issuer_url); `now` gives unix seconds; `steady` seconds
    from anywhere, by a clock that nobody sets (`now`, where that alone is given); `uniform(a, b)` draws the renewal
    time; `table` spares checking the digit table again in one process. Raises `TrustError` for a gateway that is not
    https (or loopback) and for two gateways of one origin.
    """

    _all: ClassVar[weakref.WeakSet[WalletSession]] = weakref.WeakSet()

    def __init__(
        self,
        wallet: Wallet,
        gateways: Iterable[Gateway | str],
        *,
        issuer: IssuerClient | None = None,
        now: Callable[[], int] | None = None,
        steady: Callable[[], float] | None = None,
        uniform: Callable[[float, float], float] | None = None,
        pool_size: int = POOL_SIZE,
        table: DigitTable | None = None,
    ) -> None:
        self._wallet = wallet
        self._issuer = issuer or IssuerClient(wallet.contents.trust.issuer_url)
        self._now = now or _unix_time
        self._steady = steady or now or _boot_time
        self._pool_size = pool_size
        self._prover = None if table is None else Prover(table, pool_size)
        self._revoked: Revoked | None = None
        self._held: list[Contents] = []
        self._reached = wallet.contents.high_water
        self._not_before = 0.0
        self._guard = threading.Lock()
        self._keepers: dict[str, LeaseKeeper] = {}
        for item in gateways:
            gateway = Gateway(item) if isinstance(item, str) else item
            if gateway.origin in self._keepers:
                raise TrustError("gateway-twice", f"{gateway.origin} is configured twice.", "Name each gateway once.")
            self._keepers[gateway.origin] = LeaseKeeper(self, gateway, self._now, self._steady, uniform)
        WalletSession._all.add(self)

    def close(self) -> None:
        """Close the connections to the issuer, if they are its own; HTTP clients are closed by themselves."""
        self._issuer.close()

    @property
    def wallet(self) -> Wallet:
        """The wallet at work."""
        return self._wallet

    def keeper(self, url: str) -> LeaseKeeper | None:
        """The keeper of leases for `url`, or None where no lease is ever sent."""
        try:
            return self._keepers.get(origin_of(url))
        except TrustError:
            return None

    def check_not_revoked(self) -> None:
        """Raise `Revoked` once this session has found that its licence is revoked: at once, and without a call."""
        if self._revoked is not None:
            raise Revoked(self._revoked.sentence)

    def refresh(self) -> Refreshed:
        """Bring the membership up to the newest epoch. Raises as `prover.refresh.refresh` does."""
        self.check_not_revoked()
        before = self._wallet.contents
        try:
            refreshed = refresh(self._wallet, self._issuer, self._now)
        except Revoked as revoked:
            self._revoked = revoked
            self._clear_pool()
            raise
        changed = before.epoch is None or before.epoch.hash != refreshed.epoch.hash
        if changed:
            self._hold(before)
            self._reached = max(self._reached, refreshed.epoch.number)
        return replace(refreshed, changed=changed)

    def refresh_if_due(self, time: int) -> None:
        """Refresh when the epoch's next update is due at `time` (unix seconds, of the gateway that is to be shown an
        epoch: a slow clock of this machine's own would show in it), and go on with the epoch held when the issuer
        cannot be reached (an outage of the issuer must not stop the fleet). Raises `Revoked`, `TrustError` other than
        for a roll-back (another cache may just be behind)."""
        contents = self._wallet.contents
        epoch = contents.epoch
        current = epoch is not None and epoch.number == contents.high_water and time < epoch.next_update
        if epoch is not None and (current or self._steady() < self._not_before):
            return
        try:
            self.refresh()
        except Unreachable:
            self._not_before = self._steady() + REFRESH_PAUSE_SECONDS
        except TrustError as error:
            if error.code != "epoch-rollback":
                raise
            self._not_before = self._steady() + REFRESH_PAUSE_SECONDS

    def present(
        self, challenge: Challenge, request: Request, authenticated_origin: str, showing: Showing = Showing.COMMON
    ) -> bytes:
        """The presentation octets that answer `challenge`, at the epoch that `showing` says. Raises as
        `prover.prove.Prover.present` does."""
        self.check_not_revoked()
        prover = self._ready()
        contents = self._shown(showing, challenge.time)
        return prover.present(contents, challenge, request, authenticated_origin, self._now())

    def warm(self, policy_id: str = "tier3-insured") -> int:
        """Prepare proofs for every configured gateway ahead of any challenge; gives how many were prepared.

        About 2 ms each, and 1 s the first time in a process (the digit table is checked). The caller still owes: no
        image of this machine's memory is taken from now on and started twice. Two answers from one proof give the link
        secret away.
        """
        prover = self._ready()
        now = self._now()
        contents = self._shown(Showing.COMMON, now)
        return sum(prover.warm(contents, policy_id, keeper.request, now) for keeper in self._keepers.values())

    def _ready(self) -> Prover:
        with self._guard:
            if self._prover is None:
                self._prover = Prover(self._table(), self._pool_size)
            return self._prover

    def _table(self) -> DigitTable:
        try:
            return digit_table(self._wallet)
        except NotReady:
            return digit_table(self._wallet, self._issuer)

    def _hold(self, before: Contents) -> None:
        """Keep what was held before a refresh, as long as some gateway's clock may say that its time is not over. Not
        what a renewal went back to, though: nobody else shows that."""
        over = self._now() - MAX_CLOCK_DIFFERENCE_SECONDS
        gone_back = before.epoch is not None and before.epoch.number < self._reached
        held = self._held if gone_back else [*self._held, before]
        self._held = [one for one in held if one.epoch is not None and one.epoch.next_update > over]

    def _shown(self, showing: Showing, time: int) -> Contents:
        """What to present at `time`.

        One gateway can have this wallet refresh before the others' wallets do. So each gateway is shown the first epoch
        that was held here and whose time is not over by its own clock, which is the one that all others show there,
        unless it refuses that. A licence that came meanwhile is not held back.
        """
        newest, held = self._wallet.contents, self._held
        if showing is Showing.OLDER:
            # The one right before and no other: which epoch this wallet came from is nobody's business.
            return held[-1] if held and _follows(newest, held[-1]) else newest
        if showing is Showing.COMMON:
            for contents in held:
                if contents.epoch is not None and time < contents.epoch.next_update and _is_of_one(contents, newest):
                    return contents
        return newest

    def _clear_pool(self) -> None:
        if self._prover is not None:
            self._prover.pool.clear()

    @classmethod
    def _after_fork(cls) -> None:
        # Locks may be held by threads that do not exist in the child, and two processes must not share session keys.
        for session in cls._all:
            session._guard = threading.Lock()
            session._issuer.after_fork()
            for keeper in session._keepers.values():
                keeper.after_fork()


def _follows(newest: Contents, previous: Contents) -> bool:
    return newest.epoch is not None and previous.epoch is not None and newest.epoch.previous == previous.epoch.hash


def _is_of_one(held: Contents, newest: Contents) -> bool:
    """Whether both hold one licence, under one trust bundle."""
    if held.licence is None or newest.licence is None:
        return False
    return held.trust.hash == newest.trust.hash and held.licence.credential == newest.licence.credential


def _unix_time() -> int:
    return int(time.time())


def _boot_time() -> float:
    """Seconds that go on while the machine sleeps, where the system counts such."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


os.register_at_fork(after_in_child=WalletSession._after_fork)
