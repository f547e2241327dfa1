"""Uvicorn's HTTP protocol with the two limits of time that it lacks, so that nobody holds a connection for nothing.

It bounds how long a connection may idle after an answer, but not how long the first head may take, or any head of which
a part has come, nor how long an answer may lie unread. Source: docs/threat-model.md, row 52; docs/operations.md, 3.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class PunctualProtocol(H11Protocol):
    """Closes a connection on which, with no request under way, no whole head comes for `head_seconds`; and breaks one
    off whose peer leaves octets unread for `unread_seconds`."""

    head_seconds = 20.0
    unread_seconds = 60.0
    _head_due: asyncio.TimerHandle | None = None
    _reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio. From here on writing counts as paused whenever anything lies unread."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """See asyncio. After an answer uvicorn's own limit counts until the first octet comes, and then this one."""
        super().data_received(data)
        self._expect_head()

    def pause_writing(self) -> None:
        """See asyncio."""
        super().pause_writing()
        self._reading_due = self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        _cancel(self._reading_due)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        super().connection_lost(exc)
        _cancel(self._head_due)
        _cancel(self._reading_due)

    def _expect_head(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            _cancel(self._head_due)
            self._head_due = None
        elif self._head_due is None:
            self._head_due = self.loop.call_later(self.head_seconds, self.transport.close)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
