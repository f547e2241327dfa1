"""Keeps the lease of one gateway: gets it, adds it to calls, renews it ahead of its end, and halts when revoked.

The whole conduct of a licensed call is in these generators, once for synchronous and asynchronous clients:

* a call goes out with the lease held; without one it goes out bare, unless a lease is sure to be needed;
* 401 or 403 with a challenge is answered by one presentation, and the call is sent once more;
* a challenge because of an urgent epoch (`floor`, `stale-epoch`) is answered after a refresh of the membership, which
  raises `Revoked` for a licence that is;
* whatever a gateway sees follows from its own clock, from what it was shown before and from public files, and from
  nothing that this agent does elsewhere: the epoch, the day and the times of holder proofs;
* a call appears under one day and licence: where another pseudonym is asked of it, it fails, and the next one begins;
* renewal happens inside a call, at a random 60 to 90 % of the lease's life, while the lease still runs; other calls go
  on with the old lease meanwhile, and a failing gateway is no reason to stop before the lease ends, except for a call
  that has shown the next day's pseudonym by then;
* many calls at once make one presentation (`Locked`; whoever comes second finds the new lease);
* 503 goes to the caller, and its Retry-After holds back further presentations; a final 403 raises `Refused`.

Source: [GATEWAY 1, 2, 4]; [RFC8693 2.1], [RFC9449 5].
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from anyio import Lock as AsyncLock
from anyio.lowlevel import RunVar

from circuits import SECONDS_PER_DAY, Secret
from prover.challenge import MAX_CLOCK_DIFFERENCE_SECONDS, Challenge, check_challenge_clock, parse_challenge
from prover.errors import BodyNotReplayable, ProverError, Refused, Revoked, not_begun
from prover.flow import Busy, Call, Flow, Forward, Locked, ReadBody, Reply, Send, SendFailed, Work
from prover.holder_key import HolderKey
from prover.issuer_client import to_base64url
from prover.prove import Request
from prover.refresh import Refreshed

LEASE_HEADER = "Agent-Licence"
CHALLENGE_HEADER = "Agent-Licence-Challenge"
ERROR_HEADER = "Agent-Licence-Error"

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
SUBJECT_TOKEN_TYPE = "urn:operator-licence:token-type:licence-presentation"  # noqa: S105

LONGEST_LEASE_SECONDS = 900
RENEW_FROM, RENEW_TO = 0.6, 0.9
LONGEST_PAUSE_SECONDS = 60

REFRESH_CODES = frozenset({"floor", "stale-epoch", "unknown-epoch", "non-revocation"})
ASK_AGAIN_CODES = frozenset({"challenge-expired", "replay", "proof-context"}) | REFRESH_CODES

_MAX_LEASE_CHARACTERS = 8192
_FINAL = "Trying again with the same licence will not help."


class Session(Protocol):
    """What a keeper needs of `WalletSession`."""

    def check_not_revoked(self) -> None:
        """See `WalletSession.check_not_revoked`."""

    @property
    def mark(self) -> bytes:
        """See `WalletSession.mark`."""

    def is_new_to(self, origin: str, anew: bool = False) -> bool:
        """See `WalletSession.is_new_to`."""

    def begin(self, origin: str, anew: bool = False, leased: int | None = None) -> None:
        """See `WalletSession.begin`."""

    def refresh(self, origin: str, time: int) -> Refreshed:
        """See `WalletSession.refresh`."""

    def refresh_if_due(self, origin: str, time: int) -> None:
        """See `WalletSession.refresh_if_due`."""

    def present(
        self, challenge: Challenge, request: Request, authenticated_origin: str, mark: bytes, older: bool
    ) -> bytes:
        """See `WalletSession.present`."""


class GatewaySettings(Protocol):
    """What a keeper needs of `Gateway`."""

    @property
    def origin(self) -> str:
        """The gateway's origin."""

    @property
    def resource(self) -> str:
        """What leases are asked for, or empty."""

    @property
    def scope(self) -> str:
        """The scope of leases."""

    @property
    def eager(self) -> bool:
        """Whether to get a lease before the first call."""


@dataclass(frozen=True, eq=False)
class Lease:
    """A lease held: times in seconds of the keeper's `steady`; `key` the session key that it was got with, `of` the day
    (by the gateway's clock) and the mark of the licence that it is of, `bound` whether calls need a DPoP proof."""

    token: Secret[str]
    key: HolderKey
    of: tuple[int, bytes] = field(repr=False)
    bound: bool
    expires_at: float
    renew_at: float


class LeaseKeeper:
    """The lease, and the ephemeral key, for one gateway. Made by `WalletSession`.

    `now` gives unix seconds, and only judges whether a gateway's clock can be believed. `steady` counts seconds from
    anywhere, and nobody sets it.
    """

    def __init__(
        self,
        session: Session,
        gateway: GatewaySettings,
        now: Callable[[], int],
        steady: Callable[[], float],
        uniform: Callable[[float, float], float] | None = None,
    ) -> None:
        self._session = session
        self._origin = gateway.origin
        self._resource = gateway.resource or f"{gateway.origin}/v1/autonomous"
        self._scope = gateway.scope
        self._eager = gateway.eager
        self._now = now
        self._steady = steady
        self._uniform = uniform or random.SystemRandom().uniform
        self.after_fork()

    def after_fork(self) -> None:
        """Start anew with another key, no lease and free locks, as in a new process."""
        self._key: tuple[HolderKey, tuple[int, bytes] | None] = HolderKey(), None
        self._heard: tuple[int, float] | None = None
        self._lease: Lease | None = None
        self._needed = self._eager
        self._refused: Refused | None = None
        self._pause: tuple[float, Reply] | None = None
        self._renewing = threading.Lock()
        self.lock = threading.Lock()
        self._loop_locks: RunVar[AsyncLock] = RunVar("licence-lease-lock")

    @property
    def request(self) -> Request:
        """What this keeper asks leases for."""
        return Request(self._origin, self._resource, self._scope, self._key[0].thumbprint)

    def loop_lock(self) -> AsyncLock:
        """The lock for the event loop that is running."""
        try:
            return self._loop_locks.get()
        except LookupError:
            lock = AsyncLock()
            self._loop_locks.set(lock)
            return lock

    def call(self, call: Call) -> Flow[None]:
        """The flow of one call of the agent. When it ends, the response to the last `Forward` is the caller's.

        Raises `Revoked`, `Refused`, `BodyNotReplayable`, `ChallengeRefused`, `CannotProve`, `NotReady`, `TrustError`,
        `Unreachable`; `Busy` with the gateway's answer to give to the caller; `SendFailed`.
        """
        self._check_halted()
        lease = yield from self._lease_ahead(call)
        reply: Reply = yield Forward(self._headers(call, lease))
        if not self._asks(reply):
            yield from self._check_final(reply)
            return
        code = reply.headers.get(ERROR_HEADER)
        if code == "revoked":
            yield from self._check_final(reply)
        lease = yield Locked(self._obtain(call, lease, self._challenge(reply), code))
        if not call.replayable:
            raise BodyNotReplayable
        reply = yield Forward(self._headers(call, lease))
        yield from self._check_accepted(reply)

    def _begin(self, anew: bool) -> Flow[None]:
        """See `WalletSession.begin`."""
        lease = self._lease
        leased = None if lease is None or self._steady() >= lease.expires_at else lease.of[0]
        yield Work(lambda: self._session.begin(self._origin, anew, leased))

    def _check_halted(self) -> None:
        self._session.check_not_revoked()
        if self._refused is not None:
            raise Revoked(self._refused.sentence)

    def _lease_ahead(self, call: Call) -> Flow[Lease | None]:
        """The lease to send this call with: the one held, or a new one where the call would need it anyway."""
        lease, now = self._lease, self._steady()
        if lease is not None and now < lease.expires_at:
            return (yield from self._renewed(call, lease)) if now >= lease.renew_at else lease
        if self._needed or not call.replayable:
            obtained: Lease = yield Locked(self._obtain_ahead(call, lease))
            return obtained
        if not call.sent_on and self._session.is_new_to(self._origin):
            yield Locked(self._begin(anew=False))
        return None

    def _renewed(self, call: Call, lease: Lease) -> Flow[Lease]:
        """Renew `lease` while it runs, unless another call is doing so; on trouble go on with it, and try later."""
        if not self._renewing.acquire(blocking=False):
            return lease
        try:
            renewed: Lease = yield Locked(self._obtain_ahead(call, lease))
        except Revoked:
            raise
        except (SendFailed, Busy, ProverError):
            # The lease still runs; whatever stands in the way is raised when it ends, if it is still in the way then.
            self._postpone(lease)
            return lease
        finally:
            self._renewing.release()
        return renewed

    def _postpone(self, lease: Lease) -> None:
        now = self._steady()
        later = now + (lease.expires_at - now) * self._uniform(0.2, 0.5)
        self._lease = replace(lease, renew_at=later)

    def _obtain_ahead(self, call: Call, spent: Lease | None) -> Flow[Lease]:
        """A lease newer than `spent`, before the gateway hears of `call`; the lock is held. It has heard of one that it
        sends on to itself: that began before."""
        if self._newer(spent) is None and not call.sent_on:
            self._check_pause()
            yield from self._begin(anew=True)
        return (yield from self._obtain(call, spent, None, None))

    def _newer(self, spent: Lease | None) -> Lease | None:
        """The lease held, where another call has got it since `spent`, and it runs."""
        held = self._lease
        if held is None or self._steady() >= held.expires_at:
            return None
        # A postponed renewal keeps the token under a new object: that is not a newer lease.
        return held if spent is None or held.token is not spent.token else None

    def _obtain(self, call: Call, spent: Lease | None, challenge: Challenge | None, code: str | None) -> Flow[Lease]:
        """A lease newer than `spent`; the lock is held. `challenge` if one is at hand, `code` why it was asked."""
        held = self._newer(spent)
        if held is not None:
            return held
        self._session.check_not_revoked()
        self._check_pause()
        asked = challenge or (yield from self._ask())
        of = yield from self._bring_up_to_date(call, asked, code)
        try:
            return (yield from self._redeem(asked, of, older=False))
        except Refused as refused:
            if refused.code not in ASK_AGAIN_CODES:
                raise
            again = refused.code
        return (yield from self._second_attempt(call, again))

    def _second_attempt(self, call: Call, code: str) -> Flow[Lease]:
        """After a refusal with `code` that another proof may mend. The nonce is spent, so it begins with a new one."""
        challenge = yield from self._ask()
        of = yield from self._bring_up_to_date(call, challenge, code)
        return (yield from self._redeem(challenge, of, older=code == "unknown-epoch"))

    def _appear(self, call: Call, of: tuple[int, bytes]) -> None:
        """Note under which day and licence the gateway sees this call. Raises `NotReady` (`not-begun`) where that would
        be the second; the lease of the first, which it has refused, is renewed by the next call."""
        first = call.appearance.of
        if first not in (None, of):
            if self._lease is not None and self._lease.of == first:
                self._lease = replace(self._lease, renew_at=self._steady())
            raise not_begun()
        call.appearance.of = of

    def _bring_up_to_date(self, call: Call, challenge: Challenge, code: str | None) -> Flow[tuple[int, bytes]]:
        """The membership as `code` asks for it; gives the day and the licence that this began with. The clock comes
        first: for a day that is made up, a refresh would begin where this wallet is, and not where this gateway has
        seen it."""
        check_challenge_clock(challenge, self._now())
        of = self._of(challenge)
        self._appear(call, of)
        refresh = self._session.refresh if code in REFRESH_CODES else self._session.refresh_if_due
        yield Work(lambda: refresh(self._origin, challenge.time))
        return of

    def _ask(self) -> Flow[Challenge]:
        body = urlencode({"resource": self._resource, "scope": self._scope}).encode()
        reply: Reply = yield Send("POST", f"{self._origin}/licence/challenge", _form_headers(), body)
        challenge = self._challenge(reply)
        if challenge is None:
            self._check_busy(reply)
            raise self._refusal(reply.headers, reply.body)
        return challenge

    def _challenge(self, reply: Reply) -> Challenge | None:
        header = reply.headers.get(CHALLENGE_HEADER)
        if header is None:
            return None
        challenge = parse_challenge(header)
        if abs(challenge.time - self._now()) <= MAX_CLOCK_DIFFERENCE_SECONDS:
            self._heard = challenge.time, self._steady()
        return challenge

    def _gateways_time(self) -> int:
        """Now by the gateway's clock, which holder proofs are dated by: this machine's own, where it is wrong by a
        minute or by a part of a second, would be a mark by which one agent is known at all gateways and in all
        weeks."""
        if self._heard is None:
            return self._now()
        time, heard_at = self._heard
        return time + int(self._steady() - heard_at)

    def _redeem(self, challenge: Challenge, of: tuple[int, bytes], older: bool) -> Flow[Lease]:
        """Exchange a presentation for a lease. Source: [RFC8693 2.1]."""
        key = self._key_for(of)
        request = replace(self.request, session_thumbprint=key.thumbprint)  # another event loop may be at another day
        presentation = yield Work(lambda: self._session.present(challenge, request, self._origin, of[1], older))
        url, sent_at = f"{self._origin}/licence/token", self._steady()
        form = {
            "grant_type": GRANT_TYPE,
            "subject_token": to_base64url(presentation),
            "subject_token_type": SUBJECT_TOKEN_TYPE,
            "resource": self._resource,
            "scope": self._scope,
        }
        headers = {**_form_headers(), "DPoP": key.proof("POST", url, self._gateways_time(), None)}
        running = self._lease
        if running is not None and running.key is key and sent_at < running.expires_at:
            # Tells the gateway that this is a renewal, to which more grace applies.
            headers[LEASE_HEADER] = running.token.expose()
        reply: Reply = yield Send("POST", url, headers, urlencode(form).encode())
        if reply.status != 200:
            self._check_busy(reply)
            raise self._refusal(reply.headers, reply.body)
        self._lease = self._granted(reply, key, of, sent_at)
        self._needed = True
        self._pause = None
        return self._lease

    def _of(self, challenge: Challenge) -> tuple[int, bytes]:
        return challenge.time // SECONDS_PER_DAY, self._session.mark

    def _key_for(self, of: tuple[int, bytes]) -> HolderKey:
        """The session key of a day and a licence: pseudonyms change at midnight, and with another licence, and a key,
        or a lease that is renewed with it, would show which two are one agent's."""
        key, was_of = self._key
        if was_of != of:  # the first too: two event loops could make it of two days at once
            key = HolderKey()
        self._key = key, of
        return key

    def _granted(self, reply: Reply, key: HolderKey, of: tuple[int, bytes], sent_at: float) -> Lease:
        fields = _json_object(reply.body)
        token, kind, life = fields.get("access_token"), fields.get("token_type"), fields.get("expires_in")
        if not isinstance(token, str) or not isinstance(kind, str) or type(life) is not int:
            raise _not_a_lease()
        printable = token.isascii() and token.isprintable() and " " not in token
        if not printable or not 0 < len(token) <= _MAX_LEASE_CHARACTERS or not 0 < life <= LONGEST_LEASE_SECONDS:
            raise _not_a_lease()
        if kind.lower() not in ("dpop", "bearer"):
            raise _not_a_lease()
        renew_at = sent_at + life * self._uniform(RENEW_FROM, RENEW_TO)
        return Lease(Secret(token), key, of, kind.lower() == "dpop", sent_at + life, renew_at)

    def _headers(self, call: Call, lease: Lease | None) -> dict[str, str]:
        if lease is None:
            return {}
        self._appear(call, lease.of)
        headers = {LEASE_HEADER: lease.token.expose()}
        if lease.bound:
            if "dpop" in call.headers:
                raise ProverError(
                    "dpop-conflict",
                    "This request has a DPoP header of its own, and a licence's lease needs that header too.",
                    "Use another HTTP client for one of the two.",
                )
            headers["DPoP"] = lease.key.proof(call.method, call.url, self._gateways_time(), lease.token)
        return headers

    def _asks(self, reply: Reply) -> bool:
        """Whether a presentation may turn this refusal into an answer."""
        if reply.status not in (401, 403):
            return False
        if CHALLENGE_HEADER in reply.headers:
            return True
        code = reply.headers.get(ERROR_HEADER)
        # A proof is refused where a machine slept, or its gateway's clock was set: a new challenge tells the time.
        return code == "holder-proof" or (reply.status == 401 and (code is not None or self._eager))

    def _check_accepted(self, reply: Reply) -> Flow[None]:
        """After a fresh proof, a further challenge is a final refusal: never a loop."""
        if reply.status in (401, 403) and CHALLENGE_HEADER in reply.headers:
            body = yield ReadBody()
            raise self._refusal(reply.headers, body)
        yield from self._check_final(reply)

    def _check_final(self, reply: Reply) -> Flow[None]:
        """Raise for a 403 of the gateway's own; a 403 of the service behind it is the caller's."""
        if reply.status in (401, 403) and ERROR_HEADER in reply.headers:
            body = yield ReadBody()
            raise self._refusal(reply.headers, body)

    def _refusal(self, headers: Mapping[str, str], body: bytes) -> Refused:
        fields = _json_object(body)
        code = headers.get(ERROR_HEADER) or fields.get("code") or fields.get("error")
        sentence = fields.get("detail") or fields.get("error_description") or "The gateway refused without a reason."
        if not isinstance(code, str) or not isinstance(sentence, str):
            code, sentence = "refused", "The gateway refused without a reason."
        if code == "revoked":
            self._lease = None
            self._refused = Revoked(f"{self._origin} says: {sentence}")
            return self._refused
        next_step = "Try again in a few minutes." if code in ASK_AGAIN_CODES else _FINAL
        return Refused(code, f"{self._origin} refused: {sentence}", next_step)

    def _check_busy(self, reply: Reply) -> None:
        if reply.status < 500 and reply.status != 429:
            return
        wait = reply.headers.get("Retry-After", "")
        seconds = min(int(wait), LONGEST_PAUSE_SECONDS) if wait.isascii() and wait.isdigit() and len(wait) < 9 else 0
        self._pause = (self._steady() + seconds, reply)
        raise Busy(reply)

    def _check_pause(self) -> None:
        pause = self._pause
        if pause is not None and self._steady() < pause[0]:
            raise Busy(pause[1])


def _form_headers() -> dict[str, str]:
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _not_a_lease() -> Refused:
    return Refused(
        "not-a-lease",
        "The gateway's answer is not a lease of this protocol.",
        "Tell the provider; nothing was sent on.",
    )
