"""Revokes licences: one, all of a person, all under a permit, or those that its cover bears no more, in one epoch.

The decision is committed first; the epoch that tells the world is made from it and, after a crash, is made at the next
sight. An urgent revocation is published at once and raises the floor, so that leases older than it end; also where the
licence was revoked routinely before, or a holder's own report would take an officer's order its edge. Whoever revokes
urgently is told Delayed("publication-waits") where the decision stands and the world cannot be told of it yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from circuits import SECONDS_PER_DAY, day_number
from issuer.epochs import store as epoch_store
from issuer.epochs.service import Epochs, publication_waits
from issuer.errors import Conflict, NotFound, Unavailable
from issuer.kyc import persons
from issuer.kyc import store as kyc_store
from issuer.licences import store
from issuer.licences.contents import contents, less
from issuer.licences.models import Issue, Licence
from issuer.permits import store as permit_store
from issuer.world import World


@dataclass(frozen=True)
class Revoked:
    """How many licences were revoked, and the epoch that says so (for one that is not urgent: the next one)."""

    licences: int
    epoch_number: int


class Revocations:
    """Revokes licences."""

    def __init__(self, world: World) -> None:
        self._world = world

    def revoke_licence(self, licence_id: str, reason: str, *, urgent: bool, bar: bool = False) -> Revoked:
        """Revokes one licence, and ends its person's applications, for a wallet that was stolen may have one open; with
        `bar` also another licence that its person may have by now. Raises
        NotFound("unknown-licence"), Conflict("licence-revoked") the second time, unless that one bars, or is urgent
        and the first was not."""
        with self._world.database.write() as session:
            licence = store.licence(session, licence_id)
            if licence is None:
                raise NotFound("unknown-licence", "There is no such licence.")
            live = store.live_licences(session, person_id=licence.person_id)
            licences = [one for one in live if bar or one is licence]
            which = Licence.person_id == licence.person_id if bar else Licence.licence_id == licence_id
            late = urgent and store.make_urgent(session, which)
            self._mark(session, licences, reason, urgent)
            self._end_open(session, licence.person_id)
            if bar:
                persons.bar(session, licence.person_id)
        if not (licences or late or bar):  # but the applications are over: what ended the licence may have left them
            raise Conflict("licence-revoked", "This licence has been revoked already.")
        return self._publish(len(licences), urgent)

    def revoke_person(self, person_id: str, reason: str, *, urgent: bool, bar: bool = False) -> Revoked:
        """Revokes every live licence of a person in one epoch, none is no error, and ends the person's applications.
        `bar` keeps the person from another licence."""
        with self._world.database.write() as session:
            licences = store.live_licences(session, person_id=person_id)
            self._mark(session, licences, reason, urgent)
            if urgent:
                store.make_urgent(session, Licence.person_id == person_id)
            self._end_open(session, person_id)
            if bar:
                persons.bar(session, person_id)
        return self._publish(len(licences), urgent)

    def revoke_leaver(self, person_id: str, reason: str) -> Revoked:
        """Revokes, with the next epoch, every live licence of who has left a permit; none is no error."""
        with self._world.database.write() as session:
            licences = store.live_licences(session, person_id=person_id)
            self._mark(session, licences, reason, urgent=False)
        return self._publish(len(licences), urgent=False)

    def decide_review(self, person_id: str, *, accept: bool) -> None:
        """An officer's decision on a review. Who is refused is somebody else who may have a licence, so that one
        obtained before ends with the next epoch. Raises NotFound("unknown-review")."""
        with self._world.database.write() as session:
            persons.decide_review(session, person_id, accept)
            if not accept:
                licences = store.live_licences(session, person_id=person_id)
                self._mark(session, licences, store.REFUSED_IN_REVIEW, urgent=False)
                permit_store.drop_invitations(session, person_id)

    def report_lost(self, person_id: str, application_id: str, *, urgent: bool) -> Revoked:
        """Revokes every live licence of a person whose wallet is lost; none is no error. Every application but the one
        in which it is reported ends, for the wallet may have one open, and with it obtain the next licence.

        Raises Conflict("urgent-used") with `next_at` for a second urgent report within `urgent_report_days`: an urgent
        epoch makes every holder prove again, so that nobody may have one as often as he likes.
        """
        with self._world.database.write() as session:
            licences = store.live_licences(session, person_id=person_id)
            if licences and urgent:
                self._check_not_urgent_lately(session, person_id)
            self._mark(session, licences, store.LOST_WALLET, urgent)
            self._end_open(session, person_id, application_id)
        return self._publish(len(licences), urgent)

    def revoke_permit(self, permit_id: str, reason: str, *, urgent: bool) -> Revoked:
        """Revokes every live licence under a permit (suspended or ended) in one epoch; none is no error."""
        with self._world.database.write() as session:
            licences = store.live_licences(session, permit_id=permit_id)
            self._mark(session, licences, reason, urgent)
            if urgent:
                store.make_urgent(session, Licence.permit_id == permit_id)
        return self._publish(len(licences), urgent)

    def revoke_uncovered(self, permit_id: str, covers: Sequence[tuple[int, int]], reason: str) -> Revoked:
        """Revokes, in one urgent epoch, the live licences under a permit that say more than its cover bears out.

        `covers` are those in force, each a band and a last day (days since 1970). One that says no more than one of
        them rests on that one, or could; one whose cover has run its term by its own word says nothing any more.
        """
        today = day_number(self._world.now())
        with self._world.database.write() as session:
            licences = [
                licence
                for licence in store.live_licences(session, permit_id=permit_id)
                if not _are_borne_out(store.issues_of(session, licence.licence_id), covers, today)
            ]
            self._mark(session, licences, reason, urgent=True)
        return self._publish(len(licences), urgent=True)

    def _check_not_urgent_lately(self, session: Session, person_id: str) -> None:
        last = store.lost_urgently_at(session, person_id)
        next_at = 0 if last is None else last + self._world.settings.urgent_report_days * SECONDS_PER_DAY
        if next_at > self._world.now():
            raise Conflict(
                "urgent-used",
                "An urgent revocation has been asked for lately; report the wallet without it, and the next epoch "
                "carries the revocation.",
                next_at=next_at,
            )

    def _end_open(self, session: Session, person_id: str, but: str = "") -> None:
        """Ends what a stolen wallet may have open: applications, and invitations that it may have made."""
        kyc_store.end_applications(session, person_id, but, self._world.now())
        permit_store.drop_invitations(session, person_id)

    def _mark(self, session: Session, licences: Sequence[Licence], reason: str, urgent: bool) -> None:
        now = self._world.now()
        for licence in licences:
            licence.state, licence.revoked_at, licence.reason = store.REVOKED, now, reason
            epoch_store.ask(session, licence.licence_id, licence.handle, reason, urgent, now)

    def _publish(self, count: int, urgent: bool) -> Revoked:
        self._world.crash.reach("revocation-committed")
        epochs = Epochs(self._world)
        if not urgent:
            return Revoked(count, epochs.latest().number + (1 if count else 0))
        try:
            epochs.publish_if_due()
        except OperationalError as error:
            raise publication_waits() from error
        return Revoked(count, epochs.latest().number)


def _are_borne_out(issues: Sequence[Issue], covers: Sequence[tuple[int, int]], today: int) -> bool:
    """Whether cover is left for what a licence says, in each of its issues: the earlier ones can be shown as well."""
    try:
        said = [contents(issue) for issue in issues]
    except Unavailable:
        return False  # what it says cannot be read: it ends, and the others are judged all the same
    return bool(said) and all(_is_borne_out(one["cover_band"], one["insured_until"], covers, today) for one in said)


def _is_borne_out(band: int | str, until_day: int | str, covers: Sequence[tuple[int, int]], today: int) -> bool:
    ran_out = less(until_day, today)
    return ran_out or any(not less(left, band) and not less(until, until_day) for left, until in covers)
