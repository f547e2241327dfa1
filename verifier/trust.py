"""What this gateway believes: the pinned trust bundle, and epochs that were verified against it.

Octets go in, and only verified things ever come out. An epoch is believed when the pinned epoch key signed it, it
belongs to the pinned accumulator, and it does not contradict what was believed before: numbers, floors and start
times never fall, a number has one content, and a record that follows the last one names it as its predecessor. Two
records for one number are a split view: both are kept as evidence, and nothing more is proven here until a person has
looked. High-water marks are on disk before they are believed, so a restart does not bring an old epoch back.

Source: docs/protocol.md, sections 3 and 6; docs/gateway.md, section 2; the model is python-tuf's trusted metadata set.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from circuits import CircuitError, Malformed, Misuse, Rejected
from circuits.records import EpochRecord, PolicyRecord, Sign1, TrustBundle
from verifier.base64url import decode_base64url, encode_base64url
from verifier.durable import read_bounded, write_durably
from verifier.unavailable import Unavailable

MAX_EPOCH_OCTETS = 1024
MAX_SKEW_SECONDS = 60
EPOCH_LIFE_SECONDS = 3600


class Freshness(Enum):
    """How far the newest epoch may be relied on, under one policy (docs/gateway.md, section 2)."""

    FRESH = "fresh"
    GRACE = "grace"
    STALE = "stale"
    EXPIRED = "expired"
    CLOCK_WENT_BACK = "clock-went-back"
    NO_TRUST = "no-trust"


@dataclass(frozen=True)
class SignedEpoch:
    """An epoch record that was verified, with the octets that carried it."""

    record: EpochRecord
    octets: bytes


@dataclass(frozen=True)
class View:
    """One consistent picture: the newest epoch, the one right before it when known, and whether views were split."""

    current: SignedEpoch | None = None
    previous: SignedEpoch | None = None
    split: bool = False


class TrustedState:
    """The pinned bundle and the epochs believed so far; safe among threads.

    `bundle_octets` must hash to `pinned_hash` (32 octets); `folder` keeps the marks. Raises `Malformed` for a bad
    bundle, `Rejected` (`unpinned-trust`) for another one, `Misuse` for marks that cannot be read: they guard against
    rollback, so they are not ignored.
    """

    def __init__(self, bundle_octets: bytes, pinned_hash: bytes, folder: Path) -> None:
        bundle = TrustBundle.decode(bundle_octets)
        if not hmac.compare_digest(bundle.hash, pinned_hash):
            raise Rejected("unpinned-trust", "The trust bundle is not the one that this gateway is pinned to.")
        self.bundle = bundle
        self.alarms: list[str] = []
        self._key = Ed25519PublicKey.from_public_bytes(bundle.epoch_key)
        self._folder = folder
        self._marks = folder / f"epochs-{bundle.accumulator.hash.hex()[:16]}.json"
        self._lock = threading.Lock()
        self._listeners: list[Callable[[SignedEpoch], None]] = []
        self._view = self._remembered()

    @property
    def view(self) -> View:
        """The present picture; a later change makes a new one."""
        return self._view

    @property
    def floor(self) -> int:
        """The oldest epoch whose leases still count; 0 while there is no epoch. It never falls (`_check_follows`)."""
        current = self._view.current
        return 0 if current is None else current.record.floor

    def check_floor(self, epoch_number: int) -> None:
        """Raises `Rejected` (`floor`) for what was proved at an epoch below the floor."""
        if epoch_number < self.floor:
            raise Rejected("floor", "A licence was revoked urgently since this lease was proved; prove again.")

    def on_epoch(self, listener: Callable[[SignedEpoch], None]) -> None:
        """Calls `listener` with every epoch that becomes the newest one, after it is on disk."""
        self._listeners.append(listener)

    def offer_epoch(self, octets: bytes, now: int) -> EpochRecord:
        """Believes a signed epoch (COSE_Sign1 octets) if it is sound and no step back; one known already is welcome.

        Raises `Malformed`; `Rejected` with `bad-signature`, `unknown-accumulator`, `epoch-from-future`, `rollback` or
        `split-view`; `OSError` when the marks cannot be written, in which case nothing changed.
        """
        offered = self._verified(octets)
        if offered.record.not_before > now + MAX_SKEW_SECONDS:
            raise Rejected("epoch-from-future", "The epoch begins in the future; a clock is wrong.")
        with self._lock:
            current = self._view.current
            if current is not None and offered.record.number == current.record.number:
                if offered.record.hash != current.record.hash:
                    self._split(current, offered)
                return current.record
            self._check_follows(offered)
            follows = current is not None and offered.record.number == current.record.number + 1
            view = replace(self._view, current=offered, previous=current if follows else None)
            self._keep(view)
            self._view = view
        for listener in self._listeners:
            listener(offered)
        return offered.record

    def epoch(self, number: int, policy: PolicyRecord, now: int) -> SignedEpoch:
        """The epoch that a presentation selects: the newest, or the one before it if that is young and above the floor.

        Where the newest one revoked somebody, the one before is good for no longer than an answer takes.
        Raises `Rejected`: `unknown-epoch` for a future one, `stale-epoch` for an old one; `Unavailable` (`no-trust`,
        `split-view`) when there is nothing to go by.
        """
        view = self._view
        current = self._current(view)
        if number > current.record.number:
            raise Rejected("unknown-epoch", "The proof is against an epoch that is not known here yet.")
        if number == current.record.number:
            return current
        previous = view.previous
        if previous is None or number != previous.record.number or number < current.record.floor:
            raise Rejected("stale-epoch", "The proof is against an old epoch.")
        somebody_revoked = previous.record.value != current.record.value
        late = somebody_revoked and now - current.record.not_before > policy.challenge_seconds
        if late or now - previous.record.not_before > policy.renewal_seconds:
            raise Rejected("stale-epoch", "The proof is against an old epoch.")
        return previous

    def freshness(self, policy: PolicyRecord, now: int) -> Freshness:
        """How old the newest epoch is at `now` (unix seconds), in the terms of `policy`."""
        current = self._view.current
        if current is None or self._view.split:
            return Freshness.NO_TRUST
        age = now - current.record.not_before
        if age < -MAX_SKEW_SECONDS:
            return Freshness.CLOCK_WENT_BACK
        if age <= policy.epoch_seconds:
            return Freshness.FRESH
        if age <= policy.renewal_seconds:
            return Freshness.GRACE
        return Freshness.STALE if age <= EPOCH_LIFE_SECONDS else Freshness.EXPIRED

    def check_fresh(self, policy: PolicyRecord, now: int, renewal: bool) -> None:
        """Raises unless the newest epoch is young enough for a new lease, or for the renewal of a running one.

        `Rejected` (`stale-epoch`) when it is too old, `Unavailable` when the gateway itself has nothing to go by.
        """
        self._current(self._view)
        state = self.freshness(policy, now)
        if state is Freshness.CLOCK_WENT_BACK:
            raise Unavailable("clock-went-back", "The gateway's clock is behind the newest epoch.", 30)
        if state is Freshness.FRESH or (state is Freshness.GRACE and renewal):
            return
        if state is Freshness.GRACE:
            raise Rejected("stale-epoch", "The newest epoch known here is old; only running leases are renewed.")
        raise Rejected("stale-epoch", "The newest epoch known here is too old to prove anything against.")

    def _current(self, view: View) -> SignedEpoch:
        if view.split:
            raise Unavailable(
                "split-view", "Two different records were signed for one epoch; nothing is proven here.", 60
            )
        if view.current is None:
            raise Unavailable("no-trust", "No epoch is known here yet.", 5)
        return view.current

    def _verified(self, octets: bytes) -> SignedEpoch:
        signed = Sign1.decode(octets, MAX_EPOCH_OCTETS)
        try:
            self._key.verify(signed.signature, signed.to_be_signed)
        except InvalidSignature:
            raise Rejected("bad-signature", "The epoch is not signed by the pinned key.") from None
        record = EpochRecord.decode(signed.payload)
        if record.accumulator_hash != self.bundle.accumulator.hash:
            raise Rejected("unknown-accumulator", "The epoch is one of another accumulator.")
        return SignedEpoch(record, octets)

    def _check_follows(self, offered: SignedEpoch) -> None:
        view, new = self._view, offered.record
        if view.current is None:
            return
        old = view.current.record
        if new.number < old.number:
            known = view.previous
            if known is not None and known.record.number == new.number and known.record.hash != new.hash:
                self._split(known, offered)
            raise Rejected("rollback", "The epoch is older than one that was believed already.")
        if new.number == old.number + 1 and new.previous != old.hash:
            self._split(view.current, offered)
        if new.floor < old.floor or new.not_before < old.not_before:
            raise Rejected("rollback", "The epoch's floor or start lies before that of an earlier epoch.")

    def _split(self, known: SignedEpoch, offered: SignedEpoch) -> None:
        for signed in (known, offered):
            name = f"split-view-{signed.record.number}-{signed.record.hash.hex()[:16]}.cose"
            write_durably(self._folder / name, signed.octets)
        self._view = replace(self._view, split=True)
        self.alarms.append("split-view")
        raise Rejected("split-view", "Two different histories were signed around one epoch; both are kept as evidence.")

    def _keep(self, view: View) -> None:
        epochs = [signed for signed in (view.previous, view.current) if signed is not None]
        marks = {"version": 1, "epochs": [encode_base64url(signed.octets) for signed in epochs]}
        write_durably(self._marks, json.dumps(marks).encode("ascii"))

    def _remembered(self) -> View:
        split = any(self._folder.glob("split-view-*.cose"))
        try:
            marks = json.loads(read_bounded(self._marks))
            if marks["version"] != 1 or not 1 <= len(marks["epochs"]) <= 2:
                raise ValueError("unknown marks")
            epochs = [self._verified(decode_base64url(text, MAX_EPOCH_OCTETS)) for text in marks["epochs"]]
        except FileNotFoundError:
            return View(split=split)
        except (ValueError, KeyError, TypeError, RecursionError, CircuitError) as error:
            raise Misuse(
                f"{self._marks.name} cannot be read; it guards against old epochs, so it is not ignored"
            ) from error
        previous = epochs[0] if len(epochs) == 2 else None
        return View(epochs[-1], previous, split)


def load_bundle_octets(path: Path) -> bytes:
    """The octets of the trust bundle file, at most 64 KiB. Raises `OSError`, `Malformed`."""
    try:
        return read_bounded(path, 65536)
    except ValueError:
        raise Malformed("the trust bundle is too long") from None
