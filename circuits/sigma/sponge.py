"""The duplex sponge of the Fiat-Shamir draft, over any extendable-output function with a rate of 168 octets.

Absorbing inserts no separators, consecutive squeezes continue one stream, and the session identifier fills the first
rate block. Legend: R the rate in octets. Source: [FS 3.2], [FS 5.1].
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from circuits.errors import Misuse

RATE = 168
SESSION_OCTETS = 32
_SESSION_DOMAIN = b"irtf-cfrg-fiat-shamir/session-id"


class Xof(Protocol):
    """An extendable-output function in the shape of hashlib's SHAKE objects; `digest` leaves the state as it is."""

    def update(self, octets: bytes, /) -> None:
        """Absorb octets."""

    def digest(self, length: int, /) -> bytes:
        """The first `length` octets of output over everything absorbed."""


XofFactory = Callable[[], Xof]


class DuplexSponge:
    """Init, Absorb, Squeeze. `xof` makes a fresh function; SHAKE128 unless told. Raises `Misuse` for a session
    identifier that has not 32 octets."""

    __slots__ = ("_read", "_state")

    def __init__(self, session: bytes, xof: XofFactory = hashlib.shake_128) -> None:
        if len(session) != SESSION_OCTETS:
            raise Misuse("a session identifier has 32 octets")
        self._state = xof()
        self._state.update(session + bytes(RATE - SESSION_OCTETS))
        self._read = 0

    def absorb(self, octets: bytes) -> None:
        """Feed octets in. The empty string changes nothing, not even a stream that is being read."""
        if octets:
            self._state.update(octets)
            self._read = 0

    def squeeze(self, count: int) -> bytes:
        """The next `count` octets of the stream over what was absorbed. Raises `Misuse` for a negative count."""
        if count < 0:
            raise Misuse("a negative number of octets")
        if count == 0:
            return b""
        # Nothing here reads more than a few blocks, so reading the stream from its start again costs nothing.
        stream = self._state.digest(self._read + count)[self._read :]
        self._read += count
        return stream


def derive_session(tag: bytes, xof: XofFactory = hashlib.shake_128) -> bytes:
    """DeriveSessionID: 32 octets from an application's tag. Source: [FS 5.1]."""
    sponge = DuplexSponge(_SESSION_DOMAIN, xof)
    sponge.absorb(tag)
    return sponge.squeeze(SESSION_OCTETS)
