"""Tells open event streams of new epochs, at once and without a queue per listener.

A listener waits until there is an epoch later than the one it has seen, and then reads it from the database; so a slow
listener costs one small object, never memory that grows.
"""

from __future__ import annotations

import asyncio

from issuer.errors import Unavailable


class EpochBell:
    """Rung with the number of the latest epoch. Belongs to one event loop; `ring` is called on it."""

    def __init__(self, max_listeners: int) -> None:
        self._latest = -1
        self._changed = asyncio.Event()
        self._listeners = 0
        self._max_listeners = max_listeners

    def ring(self, number: int) -> None:
        """Wakes every listener that has not seen `number` yet."""
        if number > self._latest:
            self._latest = number
            self._changed.set()
            self._changed = asyncio.Event()

    async def later_than(self, number: int) -> None:
        """Returns when there is an epoch later than `number`."""
        while self._latest <= number:
            await self._changed.wait()

    def enter(self) -> None:
        """Counts a listener in. Raises Unavailable("too-many-streams")."""
        if self._listeners >= self._max_listeners:
            raise Unavailable("too-many-streams", "Too many event streams are open; fetch /epochs/latest.cose instead.")
        self._listeners += 1

    def leave(self) -> None:
        """Counts a listener out."""
        self._listeners -= 1
