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

from circuits import SECONDS_PER_DAY, DigitTable
from prover.challenge import MAX_CLOCK_DIFFERENCE_SECONDS, Challenge
from prover.enrol import digit_table
from prover.errors import NotReady, Revoked, TrustError, Unreachable, not_begun
from prover.issuer_client import IssuerClient
from prover.keeper import LeaseKeeper
from prover.origin import check_authenticated, origin_of
from prover.prove import POOL_SIZE, Prover, Request
from prover.refresh import Refreshed, epoch_before, refresh
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
        self._shown: dict[tuple[str, int], list[Contents]] = {}
        self._not_before: dict[str, float] = {}
        self._ahead: set[tuple[str, int]] = set()
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

    @property
    def mark(self) -> bytes:
        """The mark of the licence, as the wallet was read last; empty without one."""
        return _mark(self._wallet.contents)

    def is_new_to(self, origin: str, anew: bool = False) -> bool:
        """Whether `origin` may be of a day, by its clock, on which this session has shown it nothing: nor, if not
        `anew`, begun to."""
        return bool(self._days_unseen(origin, anew))

    def begin(self, origin: str, anew: bool = False, leased: int | None = None) -> None:
        """Before a gateway that this session is new to hears of a call: refresh, and go on as if it had been shown the
        epoch found. Later it would wait for it, and this begins where the wallet is, which tells what it did elsewhere.

        With `anew`, before a lease is asked for, also where an earlier call has begun: at a gateway's midnight, which
        may be five minutes off, the epoch of then would tell who called before. Raises as `refresh_if_due` does.

        How long it takes a gateway sees of a call that waits behind one that it refused, or beside others under a
        running lease, of the day `leased`: so this begins at that lease's epoch, or where an earlier call has begun.
        """
        days = self._days_unseen(origin, anew)
        if days:
            known = sorted(days if leased is None else days | {leased})
            shown = [one for day in known for one in self._shown_to(origin, day)]
            self._forget_ahead(origin, days)
            self._refresh_or_wait(origin, days, shown)

    def _forget_ahead(self, origin: str, days: set[int]) -> None:
        """Forget what an earlier call fetched for `days`, whether or not anything can be fetched now."""
        begun, yesterday = {(origin, day) for day in days}, _day(self._now()) - 1
        with self._guard:
            self._shown = {key: kept for key, kept in self._shown.items() if key not in begun}
            self._ahead = {key for key in self._ahead if key[1] >= yesterday} | begun

    def _days_unseen(self, origin: str, anew: bool) -> set[int]:
        # Read again at each call: whether another process's licence is known yet would tell of work elsewhere.
        contents = self._wallet.glance()
        if contents.licence is None or self._waits(origin):
            return set()
        now, mark = self._now(), contents.licence.mark
        days = {_day(now + difference) for difference in (-MAX_CLOCK_DIFFERENCE_SECONDS, MAX_CLOCK_DIFFERENCE_SECONDS)}
        known = {day for day in days if any(_mark(one) == mark for one in self._shown.get((origin, day), []))}
        return days - {day for day in known if not (anew and (origin, day) in self._ahead)}

    def refresh(self, origin: str = "", time: int = 0) -> Refreshed:
        """Bring the membership up to the newest epoch; for the gateway `origin` from the one that it was shown last:
        which files are fetched, and how long that takes, would tell it whether this wallet was at work elsewhere.
        Raises as `prover.refresh.refresh` does, and `NotReady` (`not-begun`).
        """
        self._wallet.reload()  # another process may have obtained another licence
        if not origin:
            return self._refresh_from("", set(), [])
        return self._refresh_from(origin, {_day(time)}, self._begun(origin, time))

    def _begun(self, origin: str, time: int) -> list[Contents]:
        """What `origin` was shown, which is waiting by now. Where that is nothing (midnight came, or another licence,
        since the call began) a refresh would begin where this wallet is: `NotReady`, and the next call begins."""
        shown = self._shown_to(origin, _day(time))
        if not shown and self._wallet.contents.licence is not None:
            raise not_begun()
        return shown

    def _refresh_from(self, origin: str, days: set[int], shown: list[Contents]) -> Refreshed:
        """Refresh, and go on as if `origin` had been shown what this found: not where the wallet is then, for a refresh
        for another gateway may have gone further, while the host of the files kept the answer to this one."""
        self.check_not_revoked()
        try:
            found = refresh(self._wallet, self._issuer, self._now, shown[-1] if shown else None)
        except Revoked as revoked:
            self._revoked = revoked
            self._clear_pool()
            raise
        self._not_before.pop(origin, None)
        for day in days:
            self._remember(found.contents, origin, day)
        return found

    def refresh_if_due(self, origin: str, time: int) -> None:
        """Refresh, unless `origin` was shown an epoch whose time is not over at `time` (unix seconds, by its clock). Go
        on with the epoch held when the issuer cannot be reached (an outage of the issuer must not stop the fleet).

        Not only when the epoch held runs out: which one that is would tell `origin` whether this wallet was at work
        elsewhere. Raises `Revoked`, `NotReady` (`not-begun`), `TrustError` other than for a roll-back (another cache
        may just be behind).
        """
        contents = self._wallet.reload()  # another process may have renewed the licence: not only a refresh tells
        if contents.epoch is not None and self._waits(origin):
            return
        shown = self._begun(origin, time)
        if not (shown and _is_current(shown[-1], time)):
            self._refresh_or_wait(origin, {_day(time)}, shown)

    def _refresh_or_wait(self, origin: str, days: set[int], shown: list[Contents]) -> None:
        """Refresh; where the issuer's files cannot be had, not for a while for `origin`."""
        try:
            self._refresh_from(origin, days, shown)
        except (Unreachable, TrustError) as error:
            if isinstance(error, TrustError) and error.code != "epoch-rollback":
                raise
            self._not_before[origin] = self._steady() + REFRESH_PAUSE_SECONDS

    def _waits(self, origin: str) -> bool:
        return self._steady() < self._not_before.get(origin, 0.0)

    def present(
        self,
        challenge: Challenge,
        request: Request,
        authenticated_origin: str,
        mark: bytes,
        older: bool,
    ) -> bytes:
        """The presentation octets that answer `challenge`; with `older` at the epoch before that which is due, for a
        gateway that has not got that yet. Raises as `prover.prove.Prover.present` does, and `NotReady` (`not-begun`)
        where the licence is not the one of `mark`."""
        self.check_not_revoked()
        prover = self._ready()
        contents = self._choose(authenticated_origin, challenge.time, older)
        if mark != _mark(contents):
            raise not_begun()  # another thread, or a refresh, has read another licence since this was begun
        octets = prover.present(contents, challenge, request, authenticated_origin, self._now())
        self._remember(contents, authenticated_origin, _day(challenge.time))
        with self._guard:
            self._ahead.discard((authenticated_origin, _day(challenge.time)))
        return octets

    def warm(self, policy_id: str = "tier3-insured") -> int:
        """Prepare proofs for every configured gateway ahead of any challenge; gives how many were prepared.

        About 2 ms each, and 1 s the first time in a process (the digit table is checked). The caller still owes: no
        image of this machine's memory is taken from now on and started twice. Two answers from one proof give the link
        secret away.
        """
        prover = self._ready()
        now = self._now()
        return sum(
            prover.warm(self._shown_or_held(origin, now), policy_id, keeper.request, now)
            for origin, keeper in self._keepers.items()
        )

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

    def _choose(self, origin: str, time: int, older: bool) -> Contents:
        """What to present to `origin` at `time`.

        Which epochs a wallet has been at tells what it does elsewhere. So this follows from what `origin` itself was
        shown, on this day (on another one it knows the wallet by another pseudonym), and from what refreshes for it
        found, which is the same for every wallet that asks then. While they fail, what the wallet has may be shown.
        """
        if self._waits(origin):
            return self._shown_or_held(origin, time)
        shown = self._begun(origin, time)
        if not (shown and older):
            return shown[-1] if shown else self._wallet.contents
        last = shown[-1].epoch
        if len(shown) > 1 and last is not None and last.previous == _epoch_hash(shown[-2]):
            return shown[-2]
        return epoch_before(shown[-1], self._issuer) or shown[-1]

    def _shown_or_held(self, origin: str, time: int) -> Contents:
        """What `origin` was shown last, while its time is not over, and else what the wallet has."""
        shown = self._shown_to(origin, _day(time))
        return shown[-1] if shown and _is_current(shown[-1], time) else self._wallet.contents

    def _shown_to(self, origin: str, day: int) -> list[Contents]:
        newest = self._wallet.contents
        shown = (_at_epoch_of(one, newest) for one in self._shown.get((origin, day), []))
        return [one for one in shown if one is not None]

    def _remember(self, contents: Contents, origin: str, day: int) -> None:
        """That `origin` was shown this, or will be: the last two epochs of the day and the day before are kept."""
        with self._guard:
            before = [one for one in self._shown_to(origin, day) if _epoch_hash(one) != _epoch_hash(contents)]
            others = {key: kept for key, kept in self._shown.items() if key[1] >= day - 1}
            self._shown = others | {(origin, day): [*before[-1:], contents]}

    def _clear_pool(self) -> None:
        if self._prover is not None:
            self._prover.pool.clear()

    @classmethod
    def _after_fork(cls) -> None:
        # Locks may be held by threads that do not exist in the child, and two processes must not share session keys.
        for session in cls._all:
            session._guard = threading.Lock()
            session._shown, session._ahead = {}, set()
            session._issuer.after_fork()
            for keeper in session._keepers.values():
                keeper.after_fork()


def _day(time: int) -> int:
    return time // SECONDS_PER_DAY


def _is_current(contents: Contents, time: int) -> bool:
    return contents.epoch is not None and time < contents.epoch.next_update


def _mark(contents: Contents) -> bytes:
    return b"" if contents.licence is None else contents.licence.mark


def _epoch_hash(contents: Contents) -> bytes:
    return b"" if contents.epoch is None else contents.epoch.hash


def _at_epoch_of(shown: Contents, newest: Contents) -> Contents | None:
    """`newest` with the membership, at its epoch, of what was shown; None where that is of another licence.

    A renewal keeps handle and membership. Were this forgotten, the newest epoch would tell all gateways at
    once, and the issuer, who has just renewed.
    """
    if shown.licence is None or newest.licence is None or _mark(shown) != _mark(newest):
        return None
    licence = replace(newest.licence, membership=shown.licence.membership)
    return replace(newest, licence=licence, signed_epoch=shown.signed_epoch)


def _unix_time() -> int:
    return int(time.time())


def _boot_time() -> float:
    """Seconds that go on while the machine sleeps, where the system counts such."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


os.register_at_fork(after_in_child=WalletSession._after_fork)
