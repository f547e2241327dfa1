"""What stands between a person and a licence: identity, terms, assessment, permit, cover, and a wait after a
revoked one. One place decides it.

`status` tells it as a list of steps; `grounds` gives what a licence is made of, or raises with the code of the first
thing that is missing. Source: [ISSUING 3], R11, R19, R29, R33, R44.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from circuits import SECONDS_PER_DAY, day_number
from issuer.assessment.service import Assessment, AssessmentStatus
from issuer.errors import Conflict, Denied
from issuer.insurance.service import Cover, Insurance
from issuer.kyc import persons
from issuer.kyc import store as kyc_store
from issuer.kyc.models import Person
from issuer.licences import store
from issuer.permits.service import Permit, Permits
from issuer.terms.service import Terms
from issuer.world import World


@dataclass(frozen=True)
class Facts:
    """Everything that is known about an application's steps."""

    identity: str
    receipt_at: int | None
    terms: bool
    assessment: AssessmentStatus | None
    permit: Permit | None
    cover: Cover | None
    wait_until: int | None = None
    """Unix seconds before which no licence replaces the one that was revoked; None where nothing is to be awaited."""


@dataclass(frozen=True)
class Grounds:
    """What a licence is made of. Days are day numbers."""

    permit_id: str
    permit_kind: str
    permit_until_day: int
    cover_band: int
    cover_until_day: int
    bank_version: int


@dataclass(frozen=True)
class Status:
    """Where an application stands. state: new | signed-in | issued; `missing` names the steps still to do."""

    state: str
    facts: Facts
    missing: list[str]
    next_at: int | None


class Eligibility:
    """Reads the steps of one application."""

    def __init__(self, world: World) -> None:
        self._world = world

    def status(self, application_id: str, person_id: str | None) -> Status:
        """Where the application stands."""
        with self._world.database.read() as session:
            issue = store.issue(session, application_id)
            issued = issue is not None and issue.signature is not None
        facts = self._facts(application_id, person_id)
        state = "issued" if issued else "new" if person_id is None else "signed-in"
        missing = [step for step, problem in self._problems(facts).items() if problem is not None]
        times = [facts.assessment.next_at if facts.assessment else None, facts.wait_until]
        next_at = max((time for time in times if time is not None), default=None)
        return Status(state, facts, missing, next_at)

    def grounds(self, application_id: str, person_id: str) -> Grounds:
        """What the licence is made of. Raises Denied or Conflict with the code of the first step that is missing."""
        facts = self._facts(application_id, person_id)
        for problem in self._problems(facts).values():
            if problem is not None:
                raise problem
        if (
            facts.permit is None
            or facts.cover is None
            or facts.assessment is None
            or facts.assessment.bank_version is None
        ):
            raise Conflict("not-ready", "The application is not complete.")
        return Grounds(
            permit_id=facts.permit.id,
            permit_kind=str(facts.permit.kind),
            permit_until_day=facts.permit.until_day,
            cover_band=facts.cover.band,
            cover_until_day=facts.cover.until_day,
            bank_version=facts.assessment.bank_version,
        )

    def _facts(self, application_id: str, person_id: str | None) -> Facts:
        world = self._world
        with world.database.read() as session:
            application = kyc_store.application(session, application_id)
            person = kyc_store.person(session, person_id) if person_id else None
            levels = [(one.issuer, level) for one in world.settings.identity_providers for level in one.vot]
            receipt_at = kyc_store.newest_receipt_time(session, person_id, levels) if person_id else None
            first = application is not None and not application.refresh
            wait_until = replacement_wait(world, session, person) if person and first else None
        if person is None or person_id is None:
            identity = application.identity if application else "unverified"
            return Facts(identity, None, False, None, None, None)
        identity = persons.DUPLICATE if person.status == persons.REFUSED else person.status
        permit = Permits(world).current(person_id)
        today = day_number(world.now())
        cover = Insurance(world).current(permit.id, today) if permit else None
        accepted = Terms(world).accepted(application_id)
        return Facts(identity, receipt_at, accepted, Assessment(world).status(person_id), permit, cover, wait_until)

    def _problems(self, facts: Facts) -> dict[str, Denied | Conflict | None]:
        return {
            "identity": self._identity_problem(facts),
            "terms": None
            if facts.terms
            else Conflict("terms-not-accepted", "The terms in force have not been accepted."),
            "assessment": self._assessment_problem(facts),
            "permit": None if facts.permit else Conflict("no-permit", "There is no permit in force."),
            "cover": None
            if facts.cover
            else Conflict("no-cover", "There is no insurance cover in force under the permit."),
            "replacement": None if facts.wait_until is None else must_wait(facts.wait_until),
        }

    def _identity_problem(self, facts: Facts) -> Denied | Conflict | None:
        if facts.identity == persons.DUPLICATE:
            return Denied(
                "duplicate-identity", "A person with one of these documents has a licence or application already."
            )
        if facts.identity == persons.BARRED:
            return Denied("barred", "This person's licence was revoked, and no other is given until an officer agrees.")
        if facts.identity == persons.REVIEW:
            return Conflict(
                "identity-review", "Somebody has the same name and birth date; an officer looks at it first."
            )
        if facts.identity != persons.VERIFIED or facts.receipt_at is None:
            return Conflict("identity-unverified", "The person has not signed in at an identity provider.")
        if facts.receipt_at + self._world.settings.receipt_max_age_days * SECONDS_PER_DAY <= self._world.now():
            return Conflict("identity-too-old", "The identity check is too old; sign in again.")
        return None

    def _assessment_problem(self, facts: Facts) -> Conflict | None:
        assessment = facts.assessment
        if assessment is None or assessment.state != "passed" or assessment.passed_at is None:
            return Conflict("assessment-not-passed", "The assessment has not been passed.")
        if assessment.passed_at + self._world.settings.assessment_max_age_days * SECONDS_PER_DAY <= self._world.now():
            return Conflict("assessment-too-old", "The assessment was passed too long ago.")
        return None


def replacement_wait(world: World, session: Session, person: Person) -> int | None:
    """Until when (unix seconds) the person waits for a licence in place of a revoked one; None if there is no wait.

    A new licence has a new link secret, and so another pseudonym everywhere. Who could have one at once would shed any
    denial by having the old one revoked; after `replacement_wait_days` (7 or more) the pseudonyms of the longest period
    have changed anyway. Why it was revoked does not matter: an officer's words may stand for the holder's own wish. A
    licence that ran out is live, and is refreshed. An officer may waive the wait. Source: [PROTOCOL 5].
    """
    if store.live_licence(session, person.person_id) is not None:
        return None
    revoked = store.last_revoked_at(session, person.person_id)
    if revoked is None or (person.wait_waived_at is not None and revoked <= person.wait_waived_at):
        return None
    until = revoked + world.settings.replacement_wait_days * SECONDS_PER_DAY
    return until if until > world.now() else None


def must_wait(until: int) -> Conflict:
    """The refusal to replace a licence before `until` (unix seconds)."""
    return Conflict(
        "replacement-wait",
        "A licence was revoked lately; the next one is issued after the waiting time, or sooner if an officer agrees.",
        next_at=until,
    )
