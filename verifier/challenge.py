"""Challenges: 32 random octets, single use, short-lived, bound to one resource, scope and policy.

`ChallengeStore` is the interface, so that several gateway processes can share a cache; `MemoryChallengeStore` is the
one for a single process. A nonce is consumed by the first `take`, whatever comes of it, and remembered as spent for
its lifetime so that a replay is told from a stranger's nonce. The store is bounded: when it is full the oldest
challenge goes, unless even that is younger than a holder needs to answer it; then no new one is given out.
Source: docs/gateway.md, section 1; docs/protocol.md, section 6 step 2.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from circuits import Rejected
from verifier.unavailable import Unavailable

NONCE_OCTETS = 32
MIN_ANSWER_SECONDS = 5


@dataclass(frozen=True)
class Challenge:
    """What was asked: `time` and `max_age` in unix seconds and seconds; `nonce` and `policy_hash` 32 octets each."""

    nonce: bytes
    policy_id: str
    policy_hash: bytes
    resource: str
    scope: str
    time: int
    max_age: int

    @property
    def not_after(self) -> int:
        """The last second (unix) at which an answer counts."""
        return self.time + self.max_age


class ChallengeStore(Protocol):
    """Where open challenges wait for their answer. `take` must be atomic over all users of the store."""

    def put(self, challenge: Challenge) -> None:
        """Keeps an open challenge. Raises `Unavailable` (`overloaded`) when there is no room."""

    def take(self, nonce: bytes, now: int) -> Challenge:
        """Consumes the challenge with this nonce and returns it.

        Raises `Rejected`: `replay` when it was consumed before, `challenge-expired` after its time, `proof-context`
        when it is not one of ours.
        """


class MemoryChallengeStore:
    """A `ChallengeStore` for one process, safe among threads, holding at most `capacity` open challenges."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._open: OrderedDict[bytes, Challenge] = OrderedDict()
        self._spent: OrderedDict[bytes, int] = OrderedDict()

    def put(self, challenge: Challenge) -> None:
        """See `ChallengeStore.put`."""
        with self._lock:
            self._forget_old(challenge.time)
            if len(self._open) >= self._capacity:
                self._make_room(challenge.time)
            self._open[challenge.nonce] = challenge

    def take(self, nonce: bytes, now: int) -> Challenge:
        """See `ChallengeStore.take`."""
        with self._lock:
            challenge = self._open.pop(nonce, None)
            if challenge is None:
                if nonce in self._spent:
                    raise Rejected("replay", "This challenge has been answered already.")
                raise Rejected("proof-context", "The proof answers a challenge that is not open here.")
            if len(self._spent) >= self._capacity:
                self._spent.popitem(last=False)
            self._spent[nonce] = challenge.not_after
        if now > challenge.not_after:
            raise Rejected("challenge-expired", "The challenge was answered too late.")
        return challenge

    def _forget_old(self, now: int) -> None:
        while self._open and next(iter(self._open.values())).not_after < now:
            self._open.popitem(last=False)
        while self._spent and next(iter(self._spent.values())) < now:
            self._spent.popitem(last=False)

    def _make_room(self, now: int) -> None:
        oldest = next(iter(self._open.values()))
        if now - oldest.time < MIN_ANSWER_SECONDS:
            raise Unavailable("overloaded", "Too many challenges are open; try again shortly.", MIN_ANSWER_SECONDS)
        self._open.popitem(last=False)
