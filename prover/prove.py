"""Makes presentations: the holder's own checks, a pool of prepared proofs, and the octets that are sent.

A presentation is made out to the origin that this process itself has authenticated (TLS), for the period of the
challenge's time, under a policy of the pinned bundle: never to an audience, with bounds, or for a period that the
other side named. The checks are numbered here once, and the code carries the numbers:

1. the audience is the authenticated origin, and the resource lies there           (attack line N4)
2. the policy is one of the pinned bundle, its issuer ours, its scope the one used  (G7)
3. the challenge's time is within 300 s of ours, its life within the policy's       (F8, N4)
4. the membership is of the epoch stored, and the statement comes from the policy   (P1, P2)
5. the epoch is one that a gateway could take: an old one would tell which wallet has not been refreshed since

A prepared proof (`Token`) answers one challenge. Two answers from one preparation would reveal the link secret, so a
token is popped before it is used, lives in memory only, works in the process that made it alone, and every pool is
emptied in a forked child and when the epoch changes. Source: [PROTOCOL 5].
"""

from __future__ import annotations

import hashlib
import os
import threading
import weakref
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import ClassVar

from circuits import (
    Binding,
    DigitTable,
    Membership,
    Prepared,
    Rejected,
    Statement,
    Unsatisfiable,
    day_number,
    finish,
    period_label,
    policy_statement,
    prepare,
    request_digest,
)
from circuits.records import EpochRecord, PolicyRecord, TrustBundle
from prover.challenge import MAX_CLOCK_DIFFERENCE_SECONDS, Challenge, check_challenge
from prover.choose import Choice, choose, policy_for
from prover.errors import CannotProve, ChallengeRefused, NotReady, TokenSpent
from prover.origin import check_authenticated, origin_of
from prover.wallet.records import Contents

POOL_SIZE = 2
POOL_KEYS = 16

Key = tuple[bytes, bytes, str, bytes, int, str]


@dataclass(frozen=True)
class Request:
    """What a lease is asked for: `audience` an origin, `resource` a URL there, `scope` a policy's,
    `session_thumbprint` the 32-octet RFC 7638 thumbprint of this agent's ephemeral key for that origin."""

    audience: str
    resource: str
    scope: str
    session_thumbprint: bytes


class Token:
    """One prepared proof. `finish` answers one challenge with it, in the process that made it, and never again."""

    __slots__ = ("_epoch", "_prepared", "_process", "statement")

    def __init__(self, statement: Statement, prepared: Prepared, epoch: EpochRecord) -> None:
        self.statement = statement
        self._prepared: list[Prepared] = [prepared]
        self._epoch = epoch.hash
        self._process = os.getpid()

    def finish(self, binding: Binding, epoch: EpochRecord) -> bytes:
        """The presentation octets for `binding`, if `epoch` is still the one prepared for.

        Raises `TokenSpent` on a second use, in another process, or at another epoch; the token is spent each time.
        """
        try:
            prepared = self._prepared.pop()
        except IndexError:
            raise TokenSpent("A prepared proof answers one challenge, and this one has.") from None
        if self._process != os.getpid():
            raise TokenSpent("A prepared proof does not outlive a fork: two processes would answer from one.")
        if self._epoch != epoch.hash:
            raise TokenSpent("This proof was prepared for another epoch.")
        return self.statement.present(binding, finish(prepared, binding))


class Pool:
    """Prepared proofs waiting for a challenge; safe among threads, at most `size` each for at most 16 statements."""

    _all: ClassVar[weakref.WeakSet[Pool]] = weakref.WeakSet()

    def __init__(self, size: int = POOL_SIZE) -> None:
        self._size = size
        self._guard = threading.Lock()
        self._tokens: OrderedDict[Key, deque[Token]] = OrderedDict()
        Pool._all.add(self)

    def __len__(self) -> int:
        with self._guard:
            return sum(len(tokens) for tokens in self._tokens.values())

    def take(self, key: Key) -> Token | None:
        """A token for `key`, no longer in the pool, or None."""
        with self._guard:
            tokens = self._tokens.get(key)
            return tokens.popleft() if tokens else None

    def room(self, key: Key) -> int:
        """How many more tokens the pool would hold for `key`."""
        with self._guard:
            return self._size - len(self._tokens.get(key, ()))

    def put(self, key: Key, token: Token) -> None:
        """Keep `token` for `key`; beyond the pool's bounds the oldest statement's tokens, or this one, are dropped."""
        with self._guard:
            tokens = self._tokens.setdefault(key, deque())
            if len(tokens) < self._size:
                tokens.append(token)
            self._tokens.move_to_end(key)
            while len(self._tokens) > POOL_KEYS:
                self._tokens.popitem(last=False)

    def clear(self) -> None:
        """Forget every token: the epoch has changed."""
        with self._guard:
            self._tokens.clear()

    @classmethod
    def _after_fork(cls) -> None:
        # The lock may have been held by a thread that does not exist in the child: it is replaced, not taken.
        for pool in cls._all:
            pool._guard = threading.Lock()
            pool._tokens = OrderedDict()


os.register_at_fork(after_in_child=Pool._after_fork)


class Prover:
    """Makes presentations from a wallet's contents with the checked digit `table`. Safe among threads."""

    def __init__(self, table: DigitTable, pool_size: int = POOL_SIZE) -> None:
        self._table = table
        self._pool = Pool(pool_size)

    @property
    def pool(self) -> Pool:
        """The prepared proofs that wait."""
        return self._pool

    def present(
        self, contents: Contents, challenge: Challenge, request: Request, authenticated_origin: str, now: int
    ) -> bytes:
        """The presentation octets (at most 4 KiB) that answer `challenge` for `request`.

        `authenticated_origin` is the origin that this process's own connection goes to, `now` unix seconds. Raises
        `ChallengeRefused`, `CannotProve` (`predicate`, `stale-witness`, ...), `NotReady` without licence or epoch, or
        with one that is too old (`old-epoch`).
        """
        check_audience(request, authenticated_origin)  # 1
        check_challenge(challenge, policy_for(contents.trust, challenge.policy_id), now)  # 2, 3
        # Only after its time is believed is the licence looked at, so that no answer depends on a date made up.
        choice = choose_for(contents, challenge.policy_id, request.scope, challenge.time)  # 2
        epoch, membership = standing(contents)  # 4
        check_epoch_age(epoch, choice.policy, now)  # 5
        key = _key(choice, request.audience, epoch, challenge.time)
        token = self._pool.take(key) or self._prepare(
            contents.trust, choice, epoch, membership, request, challenge.time
        )
        binding = Binding(
            policy_hash=choice.policy.hash,
            audience=request.audience,
            nonce=challenge.nonce,
            request_digest=request_digest(request.resource, request.scope),
            session_thumbprint=request.session_thumbprint,
            not_after=challenge.not_after,
        )
        return token.finish(binding, epoch)

    def warm(self, contents: Contents, policy_id: str, request: Request, now: int) -> int:
        """Fill the pool for the challenge that will come under `policy_id`; gives how many proofs were prepared.

        About 2 ms each. Raises as `present` does.
        """
        check_audience(request, request.audience)
        choice = choose_for(contents, policy_id, request.scope, now)
        epoch, membership = standing(contents)
        key = _key(choice, request.audience, epoch, now)
        room = self._pool.room(key)
        for _ in range(room):
            self._pool.put(key, self._prepare(contents.trust, choice, epoch, membership, request, now))
        return max(0, room)

    def _prepare(
        self,
        bundle: TrustBundle,
        choice: Choice,
        epoch: EpochRecord,
        membership: Membership,
        request: Request,
        time: int,
    ) -> Token:
        credential = choice.licence.credential
        try:
            statement = policy_statement(
                choice.policy,
                credential.issuer,
                bundle.accumulator,
                epoch,
                bundle.escrow,
                choice.disclosed,
                request.audience,
                time,
            )
            prepared = prepare(statement, credential, membership, self._table)
        except (Rejected, Unsatisfiable) as error:
            raise CannotProve(
                error.code, f"The proof cannot be made: {error.sentence}.", "Refresh the wallet, or renew the licence."
            ) from error
        return Token(statement, prepared, epoch)


def check_audience(request: Request, authenticated_origin: str) -> None:
    """Refuse to prove to anybody but the authenticated other end, or for a resource that is not there.

    Raises `ChallengeRefused` (`audience`), `TrustError` for an origin that is not authenticated.
    """
    check_authenticated(authenticated_origin)
    if request.audience != origin_of(authenticated_origin) or origin_of(request.resource) != request.audience:
        raise ChallengeRefused(
            "audience",
            f"A proof for {request.audience!r} and {request.resource!r} was asked for at {authenticated_origin!r}.",
            "Nothing was proved. Configure the gateway by the very address that it is called at.",
        )


def choose_for(contents: Contents, policy_id: str, scope: str, time: int) -> Choice:
    """`choose` among the licences of a wallet's contents."""
    licences = [] if contents.licence is None else [contents.licence]
    return choose(contents.trust, licences, policy_id, scope, time)


def standing(contents: Contents) -> tuple[EpochRecord, Membership]:
    """The epoch and the membership that belongs to it. Raises `NotReady` (`no-epoch`)."""
    epoch, licence = contents.epoch, contents.licence
    if epoch is None or licence is None or licence.membership.epoch_number != epoch.number:
        raise NotReady("no-epoch", "The wallet is not up to date with an epoch.", "Refresh the wallet.")
    return epoch, licence.membership


def check_epoch_age(epoch: EpochRecord, policy: PolicyRecord, now: int) -> None:
    """Refuse to prove at an epoch that every gateway has to refuse: its number alone would say since when, and so
    perhaps whose, this wallet is. `now` in unix seconds. Raises `NotReady` (`old-epoch`)."""
    if now - epoch.not_before > policy.renewal_seconds + MAX_CLOCK_DIFFERENCE_SECONDS:
        raise NotReady(
            "old-epoch",
            f"The newest epoch that this wallet has, {epoch.number}, is too old for any gateway.",
            "Refresh the wallet; nothing was proved.",
        )


def _key(choice: Choice, audience: str, epoch: EpochRecord, time: int) -> Key:
    """All that a prepared proof depends on; the credential by a hash that never leaves this process's memory."""
    credential = hashlib.sha256(choice.licence.credential.encode().expose()).digest()
    policy = choice.policy
    return credential, policy.hash, audience, epoch.hash, day_number(time), period_label(time, policy.period)
