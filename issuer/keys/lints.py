"""Checks that a licence must pass before a key may sign it, written as data: each with its code and its source.

The checks are made on what will be signed, not on how it came about, so they hold whatever a service above gets wrong.
`approve` is the only maker of an `Approval`, and an `Approval` buys exactly one signature.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from circuits import IssueRequest
from circuits.records import IssuerRecord
from issuer.errors import Conflict
from issuer.keys import profile


@dataclass(frozen=True)
class Draft:
    """A licence about to be signed. `limits` are the last days of licence term, cover and permit; days are day
    numbers."""

    issuer: IssuerRecord
    request: IssueRequest
    attributes: tuple[int | str, ...]
    signer_share: int
    refresh: bool
    issue_day: int
    limits: tuple[int, int, int]

    def value(self, name: str) -> int | str:
        """The attribute called `name`."""
        return self.attributes[profile.NAMES.index(name)]

    def number(self, name: str) -> int:
        """The attribute called `name`, or -1 when it is no number: every lint refuses that."""
        value = self.value(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else -1

    def text(self, name: str) -> str:
        """The attribute called `name`, or the empty text when it is none: every lint refuses that."""
        value = self.value(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Lint:
    """One check: `holds(draft)` must be true."""

    code: str
    source: str
    holds: Callable[[Draft], bool]


def _good_text(text: str) -> bool:
    octets = text.encode()
    return 0 < len(octets) <= profile.MAX_TEXT_OCTETS and unicodedata.is_normalized("NFC", text)


LINTS: tuple[Lint, ...] = (
    Lint("profile-names", "PROTOCOL 2, table", lambda d: tuple(n for n, _ in d.issuer.attributes) == profile.NAMES),
    Lint("attribute-count", "PROTOCOL 2, L = 10", lambda d: len(d.attributes) == len(profile.NAMES)),
    Lint("handle", "PROTOCOL 2, index 0: uniform in [1, r-1]", lambda d: d.number("handle") >= 1),
    Lint("tier", "R33: Tier 2 and Tier 3 need a licence", lambda d: d.number("tier") in profile.TIERS),
    Lint("jurisdiction", "PROTOCOL 2, text: NFC, at most 64 octets", lambda d: _good_text(d.text("jurisdiction"))),
    Lint(
        "good-until-limits",
        "PROTOCOL 2, index 3: min(licence, cover, permit)",
        lambda d: d.number("good_until") <= min(d.limits),
    ),
    Lint("good-until-past", "R44: cover in force at issue", lambda d: d.number("good_until") >= d.issue_day),
    Lint(
        "digit-window",
        "PROTOCOL 2: issue day + 4000",
        lambda d: _in_window(d, "good_until") and _in_window(d, "insured_until"),
    ),
    Lint("insured-until", "PROTOCOL 2, index 8", lambda d: d.number("insured_until") >= d.number("good_until")),
    Lint(
        "cover-band",
        "PROTOCOL 2, index 4: 0..4095; R44: some cover",
        lambda d: 1 <= d.number("cover_band") <= profile.MAX_BAND,
    ),
    Lint("permit", "PROTOCOL 2, index 5", lambda d: _good_text(d.text("permit"))),
    Lint("permit-kind", "PROTOCOL 2, index 6", lambda d: d.number("permit_kind") in profile.PERMIT_KINDS.values()),
    Lint("competence", "R19: a pass of a known bank version", lambda d: 1 <= d.number("competence") < 2**32),
    Lint("spare", "PROTOCOL 2, index 9: 0", lambda d: d.number("spare") == 0),
    Lint("signer-share", "PROTOCOL 4: nonzero, and 0 at a refresh", lambda d: (d.signer_share == 0) == d.refresh),
)


def _in_window(draft: Draft, name: str) -> bool:
    return draft.number(name) <= draft.issue_day + profile.DIGIT_WINDOW_DAYS


class Approval:
    """The right to one signature over one draft. Only `approve` makes it; it is not copied or pickled."""

    __slots__ = ("_draft", "_lock")

    def __init__(self, draft: Draft, *, _seal: object) -> None:
        if _seal is not _SEAL:
            raise TypeError("an approval is made by the lints alone")
        self._draft: Draft | None = draft
        self._lock = threading.Lock()

    def redeem(self) -> Draft:
        """The draft, once. Raises Conflict("approval-spent") the second time."""
        with self._lock:
            draft, self._draft = self._draft, None
        if draft is None:
            raise Conflict("approval-spent", "This approval has been used for a signature already.")
        return draft

    def __reduce_ex__(self, protocol: object) -> str:
        raise TypeError("an approval is not copied or pickled")


_SEAL = object()


def approve(draft: Draft) -> Approval:
    """Runs every lint over the draft. Raises Conflict("lint-<code>") for the first that does not hold."""
    for lint in LINTS:
        if not lint.holds(draft):
            raise Conflict(f"lint-{lint.code}", f"The licence may not be signed ({lint.source}).")
    return Approval(draft, _seal=_SEAL)
