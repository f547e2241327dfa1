"""The steps that a licensed call is made of, apart from how they are carried out.

The keeper of a gateway's leases is a generator that yields these steps and is sent their results; the synchronous and
the asynchronous transport carry the very same steps out. Model: httpx's own auth flow.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass
class Appearance:
    """Under which day and licence the gateway has seen a call: there is one for a call and all that it is redirected
    to, for two would show that two pseudonyms are one agent's."""

    of: tuple[int, bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Call:
    """The caller's request as far as the flow needs to know it: `url` absolute; `replayable` whether its body can be
    sent twice; `headers` the names of its header fields, lower case; `sent_on` whether the gateway redirected it."""

    method: str
    url: str
    replayable: bool
    headers: frozenset[str]
    appearance: Appearance
    sent_on: bool


@dataclass(frozen=True)
class Reply:
    """A response: HTTP status, header fields (case-insensitive mapping), and the body where the step reads one."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Forward:
    """Send the caller's request with these header fields besides; the result is a `Reply` without body."""

    headers: Mapping[str, str]


@dataclass(frozen=True)
class ReadBody:
    """Read the body of the response that the last `Forward` got, up to a cap; the result is octets."""


@dataclass(frozen=True)
class Send:
    """Send a request of our own; the result is a `Reply` with its body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Work:
    """Call `function` (it computes for milliseconds, or reads files and the issuer) off any event loop."""

    function: Callable[[], object]


@dataclass(frozen=True)
class Locked:
    """Run `flow` while holding the lock of this gateway's leases; the result is the flow's."""

    flow: Flow[Any]


Step: TypeAlias = Forward | ReadBody | Send | Work | Locked
Flow: TypeAlias = Generator[Step, Any, T]


class SendFailed(Exception):
    """A `Send` met an error of the network, which is `error`; the transport raises that one to its caller."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Busy(Exception):
    """The gateway cannot decide now (503, 429 or another 5xx): its `reply` goes to the caller as it is."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"the gateway answered {reply.status}")
        self.reply = reply
