"""Insurance as a service: takes attestations and cancellations, says which cover a permit has on a day [R44, R48].

An attestation counts for the permit that it names and for nobody else. It is idempotent by its id (`jti`): the
same again counts by the newer signature, another cover under the same id is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from circuits import SECONDS_PER_DAY
from issuer.errors import Conflict, Denied, Invalid, Refused
from issuer.insurance import store
from issuer.insurance.claims import ATTESTATION_TYPES, CANCELLATION_TYPES, Attestation, Cancellation
from issuer.insurance.models import CoverRow
from issuer.licences.revocations import Revocations
from issuer.licences.store import COVER_ENDED
from issuer.permits.service import Permits
from issuer.signed import read_signed
from issuer.world import World

CLOCK_SKEW_SECONDS = 60


@dataclass(frozen=True)
class Cover:
    """Cover in force: the band of its limit, and its last day (days since 1970; a cancellation shortens it)."""

    band: int
    until_day: int


@dataclass(frozen=True)
class RegisteredCover:
    """An attestation that was taken; `cover_id` is what a cancellation names."""

    insurer: str
    cover_id: str
    band: int
    from_day: int
    until_day: int


@dataclass(frozen=True)
class Cancelled:
    """A cancellation that was taken; `permit_id` is None while the cover itself has not been seen."""

    cover_id: str
    permit_id: str | None
    from_day: int


class Revoker(Protocol):
    """Ends licences: `issuer.licences.revocations.Revocations` in production."""

    def revoke_uncovered(self, permit_id: str, covers: Sequence[tuple[int, int]], reason: str) -> object:
        """Revokes the live licences under the permit that say more than every one of `covers` (band, last day)."""


class Insurance:
    """All cover. Raises issuer.errors only; codes are stable."""

    def __init__(self, world: World, revoker: Revoker | None = None) -> None:
        self._world = world
        self._revoker = revoker or Revocations(world)
        self._insurers = world.settings.insurers
        self._classes = world.settings.cover_classes

    def current(self, permit_id: str, day: int) -> Cover | None:
        """The best cover of the permit on this day (highest band, then longest), or None."""
        with self._world.database.read() as session:
            rows = self._in_force(session, permit_id, day)
            if not rows:
                return None
            cancelled = store.cancellation_day(session, rows[0].insurer, rows[0].cover_id)
        until_day = rows[0].until_day if cancelled is None else min(rows[0].until_day, cancelled - 1)
        return Cover(rows[0].band, until_day)

    def insurers_of(self, permit_id: str, day: int) -> tuple[str, ...]:
        """Who covered the permit on this day."""
        with self._world.database.read() as session:
            return tuple(row.insurer for row in store.in_force(session, permit_id, day))

    def register(self, person_id: str, attestation: str) -> RegisteredCover:
        """Takes an attestation for the permit of this person.

        Raises what `read_signed` raises, Conflict("no-permit" | "cover-id-reused" | "cover-cancelled"),
        Denied("other-permit" | "other-class" | "cover-expired"), Invalid("claims-malformed").
        """
        claims = read_signed(attestation, self._insurers, Attestation, ATTESTATION_TYPES)
        permit = Permits(self._world).current(person_id)
        if permit is None:
            raise Conflict("no-permit", "Cover is registered for a permit in force; apply for one first.")
        if claims.permit != permit.id:
            raise Denied("other-permit", "This attestation covers another permit.")
        if claims.cover_class not in self._classes:
            known = ", ".join(self._classes)
            raise Denied("other-class", f"This attestation is of cover that does not count here; these do: {known}.")
        now = self._world.now()
        _check_time(claims.iat, now)
        if claims.until_day < claims.from_day:
            raise Invalid("claims-malformed", "The cover ends before it begins.")
        if claims.until_day < now // SECONDS_PER_DAY:
            raise Denied("cover-expired", "This cover is over.")
        return self._store(claims, attestation, now)

    def cancel(self, cancellation: str) -> Cancelled:
        """Takes an insurer's cancellation, also before its attestation; the earliest day stands for good.

        If it has taken effect, the licences that rest on the cover end at once (`end_lapsed`).
        Raises what `read_signed` raises, Delayed("publication-waits").
        """
        claims = read_signed(cancellation, self._insurers, Cancellation, CANCELLATION_TYPES)
        now = self._world.now()
        _check_time(claims.iat, now)
        with self._world.database.write() as session:
            row = store.cover(session, claims.iss, claims.cover)
            from_day = store.cancel(session, claims.iss, claims.cover, claims.from_day, now, cancellation)
        self.end_lapsed()
        return Cancelled(claims.cover, None if row is None else row.permit_id, from_day)

    def end_lapsed(self) -> int:
        """Acts on cancellations that have taken effect by today: revokes the licences that say more than what is left.

        Credentials carry the cover's last day, so a cover that runs its term needs no revocation; an early end does. A
        lapse is marked only after its revocation, so a crash in between repeats it. For a daily call as well, because a
        cancellation may name a later day. Returns how many covers were dealt with.
        """
        today = self._world.now() // SECONDS_PER_DAY
        with self._world.database.read() as session:
            lapsed = [(row, self._in_force(session, row.permit_id, today)) for row in store.lapsed(session, today)]
        for row, others in lapsed:
            left = [(other.band, other.until_day) for other in others]
            self._revoker.revoke_uncovered(row.permit_id, left, COVER_ENDED)
            with self._world.database.write() as session:
                store.mark_acted(session, row.insurer, row.cover_id)
        return len(lapsed)

    def _in_force(self, session: Session, permit_id: str, day: int) -> list[CoverRow]:
        """What counts: what an insurer, or a key of one, has signed bears nothing out once it is off the trust list,
        nor does cover whose class is off its list."""
        rows = [row for row in store.in_force(session, permit_id, day) if row.cover_class in self._classes]
        return [row for row in rows if self._is_trusted(row.attestation)]

    def _is_trusted(self, attestation: str) -> bool:
        try:
            read_signed(attestation, self._insurers, Attestation, ATTESTATION_TYPES)
        except Refused:
            return False
        return True

    def _store(self, claims: Attestation, attestation: str, now: int) -> RegisteredCover:
        cover_id = claims.jti
        taken = RegisteredCover(claims.iss, cover_id, claims.limit_band, claims.from_day, claims.until_day)
        with self._world.database.write() as session:
            cancelled = store.cancellation_day(session, claims.iss, cover_id)
            if cancelled is not None and cancelled <= now // SECONDS_PER_DAY:
                raise Conflict("cover-cancelled", "The insurer has cancelled this cover.")
            row = store.cover(session, claims.iss, cover_id)
            if row is None:
                store.add_cover(session, CoverRow(
                    insurer=claims.iss, cover_id=cover_id, permit_id=claims.permit, cover_class=claims.cover_class,
                    band=claims.limit_band, from_day=claims.from_day, until_day=claims.until_day, received_at=now,
                    attestation=attestation,
                ))  # fmt: skip
            elif (row.permit_id, row.cover_class, row.band, row.from_day, row.until_day) != (
                claims.permit, claims.cover_class, claims.limit_band, claims.from_day, claims.until_day,
            ):  # fmt: skip
                raise Conflict("cover-id-reused", "The insurer has used this id for another cover.")
            else:
                row.attestation = attestation  # whose key is on the list now, which that of before may not be
        return taken


def _check_time(signed_at: int, now: int) -> None:
    if signed_at > now + CLOCK_SKEW_SECONDS:
        raise Invalid("claims-malformed", "The statement was signed in the future.")
