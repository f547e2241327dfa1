"""A gateway's challenge, as the holder reads it, and the holder's own reasons not to answer one.

The header is one RFC 9651 item, `"<base64url nonce>";policy="tier3-insured";t=<unix seconds>;max_age=<seconds>`.
The holder refuses a challenge whose time is not its own clock's (a gateway that picks "today" could search for the
date a licence ends), one that is answerable for longer than the policy says, and one that asks for anything besides:
bounds, disclosures and records come from the pinned policy and are no business of a challenge.
Source: [GATEWAY 1], [PROTOCOL 5]; attack lines F8, G7.
"""

from __future__ import annotations

from dataclasses import dataclass

import http_sf

from circuits.records import PolicyRecord
from prover.errors import ChallengeRefused, Unreachable
from prover.issuer_client import from_base64url

MAX_CLOCK_DIFFERENCE_SECONDS = 300
MAX_HEADER_CHARACTERS = 512

_NONCE_OCTETS = 32
_PARAMETERS = {"policy", "t", "max_age"}


@dataclass(frozen=True)
class Challenge:
    """What a gateway asks: a `nonce` of 32 octets, the id of a policy, `time` in unix seconds, `max_age` in seconds."""

    nonce: bytes
    policy_id: str
    time: int
    max_age: int

    @property
    def not_after(self) -> int:
        """The last second (unix) at which an answer counts; the proof is bound to it."""
        return self.time + self.max_age


def parse_challenge(header: str) -> Challenge:
    """The challenge in the value of an `Agent-Licence-Challenge` header.

    Raises `ChallengeRefused` (`challenge-malformed`) for anything but the one form. Source: [RFC9651 3.3].
    """
    if len(header) > MAX_HEADER_CHARACTERS or not header.isascii():
        raise _malformed("it is too long, or not ASCII")
    try:
        parsed = http_sf.parse(header.encode(), tltype="item")
    except ValueError:
        raise _malformed("it is not an RFC 9651 item") from None
    if not isinstance(parsed, tuple) or len(parsed) != 2 or not isinstance(parsed[1], dict):
        raise _malformed("it is not an item with parameters")
    value, parameters = parsed
    if set(parameters) != _PARAMETERS:
        raise _malformed("its parameters are not exactly policy, t and max_age")
    return Challenge(
        nonce=_nonce(value),
        policy_id=_text(parameters["policy"]),
        time=_seconds(parameters["t"]),
        max_age=_seconds(parameters["max_age"]),
    )


def check_challenge(challenge: Challenge, policy: PolicyRecord, now: int) -> None:
    """Refuse a challenge whose time or life is not what an honest gateway's would be. `now` in unix seconds.

    Raises `ChallengeRefused`: `challenge-clock` when its time is more than 300 s from `now`, `challenge-age` when its
    life is not within 1 second and the policy's.
    """
    check_challenge_clock(challenge, now)
    if not 0 < challenge.max_age <= policy.challenge_seconds:
        raise ChallengeRefused(
            "challenge-age",
            f"The challenge may be answered for {challenge.max_age} s; the policy allows {policy.challenge_seconds} s.",
            "Nothing was proved. Tell the provider that its gateway does not follow the policy.",
        )


def check_challenge_clock(challenge: Challenge, now: int) -> None:
    """The first half of `check_challenge`, before anything is done for the day that the challenge names."""
    if abs(challenge.time - now) > MAX_CLOCK_DIFFERENCE_SECONDS:
        raise ChallengeRefused(
            "challenge-clock",
            f"The gateway's clock and this machine's differ by {abs(challenge.time - now)} seconds; 300 are tolerated.",
            "Set this machine's clock. If it is right, tell the provider that its gateway's is wrong.",
        )


def _nonce(value: object) -> bytes:
    try:
        return from_base64url(value if type(value) is str else None, _NONCE_OCTETS)
    except Unreachable:
        raise _malformed("its nonce is not 32 octets of base64url") from None


def _text(value: object) -> str:
    # A token (`policy=x`) is a subclass of str, and another thing than a string (`policy="x"`).
    if type(value) is not str or not value:
        raise _malformed("its policy is not a string")
    return value


def _seconds(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise _malformed("a time in it is not a whole number of seconds")
    return value


def _malformed(sentence: str) -> ChallengeRefused:
    return ChallengeRefused(
        "challenge-malformed",
        f"The gateway's challenge was not understood: {sentence}.",
        "Nothing was proved. Is this the address of a gateway of this protocol?",
    )
