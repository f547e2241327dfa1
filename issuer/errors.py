"""The ways in which the issuer says no, without any HTTP in them.

A check raises one of the kinds below with a stable `code` (lower case, hyphenated, part of the interface) and a
sentence for a person; `extra` holds members that a client may act on, such as `next_at`. `issuer/problems.py` alone
knows which HTTP status belongs to a kind. Sentences and extras are shown to whoever asked: never a secret, never
another person's data.
"""

from __future__ import annotations

Extra = str | int | bool | None | list[str]


class Refused(Exception):
    """Base of all refusals. Raise one of the kinds, not this."""

    def __init__(self, code: str, sentence: str, **extra: Extra) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.extra = extra


class Invalid(Refused):
    """What was sent is wrong in itself, whatever the state of the world."""


class Unauthenticated(Refused):
    """No credentials, or credentials that mean nothing here."""


class Denied(Refused):
    """We know who asks, and the answer is no."""


class NotFound(Refused):
    """There is no such thing, or none that this caller may see: the same words for both."""


class Conflict(Refused):
    """Well-formed, and not possible in the present state."""


class TooLarge(Refused):
    """More octets than the thing can have."""


class Delayed(Refused):
    """The decision is committed and stands, and the world hears of it later; nothing is left to be done again."""


class Unavailable(Refused):
    """Somebody we depend on is down, slow or busy; nothing was stored, trying again later is right."""
