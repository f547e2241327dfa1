"""Permits as a service: applying for one, joining one, and what the authority may do to it.

A sole permit belongs to one natural person [D2, R34]; a corporate permit to a company, which is public, while its
operators are not [R37]. A person operates under one permit at a time. What is checked of a company is the form of its
number only: whether the applicant may act for it is the duty of the issuer's staff until a company register is
connected.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from sqlalchemy.orm import Session

from circuits import SECONDS_PER_DAY
from issuer.errors import Conflict, Denied, Invalid, NotFound
from issuer.kyc import persons
from issuer.licences.revocations import Revocations
from issuer.licences.store import LEFT_PERMIT
from issuer.permits import store
from issuer.permits.models import PermitRow
from issuer.permits.ratio import RatioPolicy, check_operators
from issuer.permits.states import PermitAction, PermitState, next_state
from issuer.world import World

PERMIT_DAYS = 730
RENEWAL_DAYS = 90
INVITATION_SECONDS = 7 * SECONDS_PER_DAY
COMPANY_NUMBERS = {"GB": r"[0-9]{8}|[A-Z]{2}[0-9]{6}"}
ANY_COMPANY_NUMBER = r"[A-Z0-9]{4,20}"
Kind = Literal["sole", "corporate"]


@dataclass(frozen=True)
class Permit:
    """A permit in force; `until_day` is its last day (days since 1970)."""

    id: str
    kind: Kind
    until_day: int


class Revoker(Protocol):
    """Ends licences: `issuer.licences.revocations.Revocations` in production."""

    def revoke_permit(self, permit_id: str, reason: str, *, urgent: bool) -> object:
        """Revokes every live licence under the permit in one epoch; none is no error."""

    def revoke_leaver(self, person_id: str, reason: str) -> object:
        """Revokes every live licence of who has left a permit; none is no error."""


class Permits:
    """All permits. Raises issuer.errors only; codes are stable."""

    def __init__(self, world: World, ratio: RatioPolicy | None = None, revoker: Revoker | None = None) -> None:
        self._world = world
        self._ratio = ratio or RatioPolicy()
        self._revoker = revoker or Revocations(world)

    def current(self, person_id: str) -> Permit | None:
        """The permit in force under which the person operates today, or None (none, suspended, ended or run out)."""
        with self._world.database.read() as session:
            row = store.permit_of_person(session, person_id)
        if row is None or row.state != PermitState.CURRENT or not row.from_day <= self._today() <= row.until_day:
            return None
        return _permit(row)

    def apply_sole(self, person_id: str) -> Permit:
        """A permit for a natural person; applying again returns it, renewed when its term is nearly over.

        Raises Conflict("has-permit" | "permit-suspended").
        """
        with self._world.database.write() as session:
            row = store.permit_of_person(session, person_id)
            if row is None:
                row = self._grant(session, person_id, "sole", None, None)
            elif row.kind != "sole":
                raise Conflict(
                    "has-permit", "You operate under a company's permit; leave it before you apply for your own."
                )
            return self._renewed(session, row)

    def apply_corporate(self, person_id: str, company: str, name: str, invitation: str | None = None) -> Permit:
        """A company's permit: granted to its first applicant, joined by others with an invitation; again returns it.

        Raises Invalid("company-number"), Conflict("has-permit" | "company-has-permit" | "permit-suspended"),
        Denied("invitation").
        """
        self._check_number(company)
        with self._world.database.write() as session:
            row = store.permit_of_person(session, person_id)
            if row is not None and row.company != company:
                raise Conflict(
                    "has-permit", "You operate under another permit; leave it before you apply for this one."
                )
            if row is None:
                row = self._found_or_join(session, person_id, company, name, invitation)
            return self._renewed(session, row)

    def invite(self, person_id: str, application_id: str) -> str:
        """A one-time code by which a colleague joins the person's corporate permit, asked for in this application.
        Raises Conflict("no-permit" | "identity-unverified" | "application-over")."""
        permit = self.current(person_id)
        if permit is None or permit.kind != "corporate":
            raise Conflict("no-permit", "Only an operator under a company's permit in force can invite to it.")
        code = secrets.token_urlsafe(18)
        with self._world.database.write() as session:
            now = self._world.now()  # under the lock: by the time before the wait, what a report has ended is open yet
            persons.check_open(session, application_id, now)
            persons.check_verified(session, person_id)
            store.add_invitation(session, _code_hash(code), permit.id, now + INVITATION_SECONDS)
        return code

    def leave(self, person_id: str) -> None:
        """Ends the person's operating under a permit and revokes the licences that name it; a sole permit ends with it.

        The revocation follows; after a crash in between the epochs' writer makes it (`end_groundless`). A sole permit
        that is suspended is not left, or a new one could be had at once. Raises Conflict("no-permit" |
        "permit-suspended").
        """
        with self._world.database.write() as session:
            row = store.permit_of_person(session, person_id)
            if row is None:
                raise Conflict("no-permit", "You operate under no permit.")
            self._leave(session, row, person_id)
        self._revoker.revoke_leaver(person_id, LEFT_PERMIT)

    def operators(self, permit_id: str) -> tuple[str, ...]:
        """The persons under the permit: whose licences end when it does. Raises NotFound("unknown-permit")."""
        with self._world.database.read() as session:
            return store.operators(session, self._row(session, permit_id).permit_id)

    def act(self, permit_id: str, action: PermitAction, reason: str) -> PermitState:
        """Suspends, reinstates or ends a permit, and returns its new state.

        A permit that stops being current takes every licence under it along, in one urgent epoch; reinstating brings
        none back. The revocation follows the change of state; after a crash in between the epochs' writer makes it
        (`end_groundless`). Raises NotFound("unknown-permit"), Conflict("permit-state").
        """
        if action is PermitAction.REINSTATE:
            self.end_groundless()  # or what a crash has left alive would come back with the permit
        with self._world.database.write() as session:
            after = self._change(session, self._row(session, permit_id), action, reason)
        if after is not PermitState.CURRENT:
            self._revoker.revoke_permit(permit_id, reason, urgent=True)
        return after

    def end_groundless(self) -> None:
        """Revokes what lives under a permit that was stopped or left: the process that did so may have died before."""
        with self._world.database.read() as session:
            stopped, left = store.stopped_with_licences(session), store.left_with_licences(session)
        for permit_id, reason in stopped:
            self._revoker.revoke_permit(permit_id, reason, urgent=True)
        for person_id in left:
            self._revoker.revoke_leaver(person_id, LEFT_PERMIT)

    def check_operators(self, permit_id: str, systems: Mapping[str, int], agents: int) -> None:
        """Suspends the permit and raises Denied("too-few-operators") if it has fewer Principal Operators than it
        needs.
        """
        with self._world.database.read() as session:
            row = self._row(session, permit_id)
            present = store.count_operators(session, permit_id)
        try:
            check_operators(self._ratio, systems, agents, present)
        except Denied:
            if row.state == PermitState.CURRENT:
                self.act(permit_id, PermitAction.SUSPEND, "too few Principal Operators")
            raise

    def history(self, permit_id: str) -> list[tuple[str, str, int]]:
        """What was done to the permit: (event, reason, unix seconds)."""
        with self._world.database.read() as session:
            return store.events(session, self._row(session, permit_id).permit_id)

    def _today(self) -> int:
        return self._world.now() // SECONDS_PER_DAY

    def _leave(self, session: Session, row: PermitRow, person_id: str) -> None:
        if row.kind == "sole" and row.state == PermitState.SUSPENDED:
            raise Conflict("permit-suspended", "This permit is suspended.")
        now = self._world.now()
        store.close_operators(session, row.permit_id, now, person_id)
        store.add_event(session, row.permit_id, "operator-left", "own wish", now)
        if row.kind == "sole":
            self._change(session, row, PermitAction.END, "own wish")

    def _check_number(self, company: str) -> None:
        if not re.fullmatch(COMPANY_NUMBERS.get(self._world.settings.jurisdiction, ANY_COMPANY_NUMBER), company):
            raise Invalid("company-number", "This is not a company number of this jurisdiction.")

    def _found_or_join(
        self, session: Session, person_id: str, company: str, name: str, invitation: str | None
    ) -> PermitRow:
        row = store.permit_of_company(session, company)
        if row is None:
            return self._grant(session, person_id, "corporate", company, name)
        if invitation is None:
            raise Conflict(
                "company-has-permit", "This company has a permit; ask one of its operators for an invitation."
            )
        if not store.take_invitation(session, _code_hash(invitation), row.permit_id, self._world.now()):
            raise Denied("invitation", "This invitation is unknown, used or too old.")
        store.add_operator(session, row.permit_id, person_id, self._world.now())
        store.add_event(session, row.permit_id, "operator-joined", "invitation", self._world.now())
        return row

    def _grant(self, session: Session, person_id: str, kind: Kind, company: str | None, name: str | None) -> PermitRow:
        today = self._today()
        row = PermitRow(
            permit_id=f"P-{secrets.token_hex(8)}", kind=kind, state=PermitState.CURRENT.value, company=company,
            name=name, from_day=today, until_day=today + PERMIT_DAYS,
        )  # fmt: skip
        store.add_permit(session, row, self._world.now())
        store.add_operator(session, row.permit_id, person_id, self._world.now())
        return row

    def _renewed(self, session: Session, row: PermitRow) -> Permit:
        if row.state != PermitState.CURRENT:
            raise Conflict("permit-suspended", "This permit is suspended.")
        until_day = row.until_day
        if until_day - self._today() < RENEWAL_DAYS:
            until_day = self._today() + PERMIT_DAYS
            store.extend(session, row.permit_id, until_day)
            store.add_event(session, row.permit_id, "renewed", "application", self._world.now())
        return Permit(row.permit_id, cast(Kind, row.kind), until_day)

    def _row(self, session: Session, permit_id: str) -> PermitRow:
        row = store.permit(session, permit_id)
        if row is None:
            raise NotFound("unknown-permit", "There is no such permit.")
        return row

    def _change(self, session: Session, row: PermitRow, action: PermitAction, reason: str) -> PermitState:
        now, before = self._world.now(), PermitState(row.state)
        after = next_state(before, action)
        if after is not before:
            store.set_state(session, row.permit_id, before, after)
            store.add_event(session, row.permit_id, action, reason, now)
        if after is PermitState.ENDED:
            store.close_operators(session, row.permit_id, now)
        return after


def _permit(row: PermitRow) -> Permit:
    return Permit(row.permit_id, cast(Kind, row.kind), row.until_day)


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(b"permit-invitation" + code.encode()).digest()
