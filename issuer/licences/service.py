"""Issues licences, exactly once each, whatever crashes or races.

    1 the challenge is taken          (one transaction: it works once)
    2 the request is checked          (commitment and joint proof, for this challenge)
    3 the grounds are looked up       (identity, terms, assessment, permit, cover; under the lock of step 4)
    4 the intent is committed         (handle and share drawn here, never again)
    5 the licence is signed           (lints, approval, keyring; deterministic in the intent)
    6 the result is committed, and the reply made from it

A retry of the same request begins at 5 and gives the same reply; another request for the same application is refused.
So a crash between any two steps neither issues twice nor loses the licence. Source: [PROTOCOL 4], [ISSUING 3].
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from circuits import (
    IssueRequest,
    archive_point,
    check_issue_request,
    day_number,
    decode_cbor,
    decode_scalar,
    encode_cbor,
    encode_scalar,
    holder_point,
    new_handle,
    new_signer_share,
)
from issuer.epochs import store as epoch_store
from issuer.epochs.service import Epochs
from issuer.errors import Conflict, Denied, Unavailable
from issuer.keys import profile
from issuer.keys.lints import Draft, approve
from issuer.kyc import persons
from issuer.kyc import store as kyc_store
from issuer.kyc.models import Application
from issuer.licences import store
from issuer.licences.contents import contents, less
from issuer.licences.eligibility import Eligibility, Grounds
from issuer.licences.models import Challenge, Issue, Licence
from issuer.world import World

_MAX_STORED_OCTETS = 4096


@dataclass(frozen=True)
class IssueChallenge:
    """What a request must be bound to, 32 octets each."""

    nonce: bytes
    session: bytes


@dataclass(frozen=True)
class IssuedLicence:
    """The reply. `attributes` are the ten of the profile, index 0 the handle as int."""

    licence_id: str
    signature: bytes
    attributes: tuple[int | str, ...]
    signer_share: int
    witness: bytes
    epoch_number: int


class Licences:
    """Issues and finds licences."""

    def __init__(self, world: World) -> None:
        self._world = world

    def challenge(self, application_id: str) -> IssueChallenge:
        """A fresh challenge for the application; an earlier one is void. Raises Conflict("already-issued")."""
        made = IssueChallenge(secrets.token_bytes(32), secrets.token_bytes(32))
        expires_at = self._world.now() + self._world.settings.challenge_seconds
        with self._world.database.write() as session:
            issue = store.issue(session, application_id)
            if issue is not None and issue.signature is not None:
                raise Conflict("already-issued", "A licence has been issued for this application.")
            row = Challenge(
                application_id=application_id, nonce=made.nonce, session=made.session, expires_at=expires_at
            )
            store.replace_challenge(session, row)
        return made

    def issue(self, application_id: str, person_id: str, tier: int, request: IssueRequest) -> IssuedLicence:
        """Issues the licence, or gives the same reply again to the same request.

        Raises Conflict("no-challenge" | "already-issued" | "already-licensed" | "no-licence-to-refresh" |
        "other-registration" | "refresh-narrows" | "licence-revoked" | "replacement-wait" | "application-over"),
        Denied("registration-in-use" | "other-person"), what the steps and the lints raise, circuits' Malformed and
        Rejected.
        """
        digest = _request_hash(tier, request)
        with self._world.database.read() as session:
            application = kyc_store.application(session, application_id)
            found = store.issue(session, application_id)
        if application is None or application.person_id != person_id:
            raise Denied("other-person", "This application is another person's.")
        if found is None:
            challenge = self._take_challenge(application_id)
            self._world.crash.reach("challenge-taken")
            check_issue_request(
                self._world.trust.issuer,
                application.registration,
                request,
                challenge.nonce,
                challenge.session,
                application.refresh,
            )
            self._intend(_Order(application, person_id, tier, request, digest, challenge))
            self._world.crash.reach("intent-committed")
        elif found.request_hash != digest:
            raise Conflict("already-issued", "A licence has been issued for this application to another request.")
        return self._complete(application_id)

    def _take_challenge(self, application_id: str) -> IssueChallenge:
        with self._world.database.write() as session:
            taken = store.take_challenge(session, application_id)
        if taken is None or taken[2] <= self._world.now():
            raise Conflict("no-challenge", "There is no open challenge; ask for one and make a new request.")
        return IssueChallenge(taken[0], taken[1])

    def _intend(self, order: _Order) -> None:
        """Commits what decides the signature. The draft passes the lints before anything is written."""
        with self._world.database.write() as session:
            if store.issue(session, order.application.application_id) is not None:
                raise Conflict("already-issued", "A licence is being issued for this application.")
            # Under the lock: a permit stopped or a cover cancelled a moment ago has ended the licences there were, and
            # would miss this one.
            persons.check_open(session, order.application.application_id, self._world.now())
            grounds = Eligibility(self._world).grounds(order.application.application_id, order.person_id)
            persons.check_verified(session, order.person_id)
            if store.owners_of_point(session, order.application.registration) - {order.person_id}:
                raise Denied("registration-in-use", "This registration belongs to another person.")
            live = store.live_licence(session, order.person_id)
            if order.application.refresh:
                licence, share = self._to_refresh(order, live), 0
            else:
                licence, share = self._new_licence(session, order, grounds, live)
            issue = self._new_issue(session, order, grounds, licence, share)
            approve(_draft(self._world, licence, issue))
            if order.application.refresh:
                _check_not_narrower(store.newest_issue(session, licence.licence_id), issue)
            store.add_issue(session, issue)

    def _to_refresh(self, order: _Order, live: Licence | None) -> Licence:
        if live is None:
            raise Conflict("no-licence-to-refresh", "There is no live licence; apply for a first one.")
        if live.holder_point != order.application.registration:
            raise Conflict("other-registration", "A refresh keeps the licence's own secret; this one is another.")
        return live

    def _new_licence(
        self, session: Session, order: _Order, grounds: Grounds, live: Licence | None
    ) -> tuple[Licence, int]:
        if live is not None:
            raise Conflict(
                "already-licensed", "This person has a live licence. Refresh it, or report the wallet as lost first."
            )
        issuer = self._world.trust.issuer
        handle, share = new_handle(), new_signer_share()
        holder = holder_point(issuer, order.application.registration, share)
        licence = Licence(
            licence_id=f"L-{secrets.token_hex(8)}",
            person_id=order.person_id,
            state=store.LIVE,
            handle=encode_scalar(handle),
            holder_point=holder,
            archive_point=archive_point(issuer, holder, handle),
            permit_id=grounds.permit_id,
            created_at=self._world.now(),
        )
        store.add_licence(session, licence)
        return licence, share

    def _new_issue(self, session: Session, order: _Order, grounds: Grounds, licence: Licence, share: int) -> Issue:
        now = self._world.now()
        epoch_number = epoch_store.latest_number(session)
        if epoch_number is None:
            raise Unavailable("no-epoch", "There is no epoch yet.")
        limits = self._limits(grounds, day_number(now))
        return Issue(
            application_id=order.application.application_id,
            licence_id=licence.licence_id,
            request_hash=order.request_hash,
            registration=order.application.registration,
            commitment=order.request.commitment,
            proof=order.request.proof,
            nonce=order.challenge.nonce,
            session=order.challenge.session,
            refresh=order.application.refresh,
            signer_share=encode_scalar(share),
            attributes=encode_cbor([*self._attributes(order.tier, grounds, limits, day_number(now))]),
            limits=encode_cbor(list(limits)),
            epoch_number=epoch_number,
            intended_at=now,
        )

    def _limits(self, grounds: Grounds, today: int) -> tuple[int, int, int]:
        return today + self._world.settings.licence_days, grounds.cover_until_day, grounds.permit_until_day

    def _attributes(self, tier: int, grounds: Grounds, limits: tuple[int, int, int], today: int) -> list[int | str]:
        """Attributes 1 to 9 of the profile."""
        furthest = today + profile.DIGIT_WINDOW_DAYS
        return [
            tier,
            self._world.settings.jurisdiction,
            min(*limits, furthest),
            grounds.cover_band,
            grounds.permit_id,
            profile.PERMIT_KINDS[grounds.permit_kind],
            grounds.bank_version,
            min(grounds.cover_until_day, furthest),
            0,
        ]

    def _complete(self, application_id: str) -> IssuedLicence:
        """Signs the intent of the application, stores the result, and makes the reply from what is stored."""
        with self._world.database.read() as session:
            issue, licence = _intent(session, application_id)
        if issue.signature is None or issue.witness is None:
            draft = _draft(self._world, licence, issue)
            signature = self._world.keyring.redeem(approve(draft))
            value = Epochs(self._world).record(issue.epoch_number).value
            witness = self._world.keyring.witness(self._world.trust.accumulator, value, decode_scalar(licence.handle))
            self._world.crash.reach("signed")
            with self._world.database.write() as session:
                issue, licence = _intent(session, application_id)
                if issue.signature is None:
                    issue.signature, issue.witness, issue.signed_at = signature, witness, self._world.now()
            self._world.crash.reach("result-committed")
        return _reply(licence, issue)


@dataclass(frozen=True)
class _Order:
    """One request on its way from check to intent."""

    application: Application
    person_id: str
    tier: int
    request: IssueRequest
    request_hash: bytes
    challenge: IssueChallenge


def stored_attributes(licence: Licence, issue: Issue) -> tuple[int | str, ...]:
    """The ten attributes of an issue, the handle first."""
    return (decode_scalar(licence.handle), *contents(issue).values())


def _intent(session: Session, application_id: str) -> tuple[Issue, Licence]:
    issue = store.issue(session, application_id)
    licence = store.licence(session, issue.licence_id) if issue else None
    if issue is None or licence is None:
        raise Conflict("no-challenge", "There is no request to complete.")
    if licence.state != store.LIVE:
        raise Conflict("licence-revoked", "This licence has been revoked.")
    return issue, licence


def _draft(world: World, licence: Licence, issue: Issue) -> Draft:
    limits = decode_cbor(issue.limits, _MAX_STORED_OCTETS)
    if not isinstance(limits, list):
        raise Unavailable("damaged-row", "A stored licence cannot be read.")
    term, cover, permit = (limit for limit in limits if isinstance(limit, int))
    return Draft(
        issuer=world.trust.issuer,
        request=IssueRequest(issue.commitment, issue.proof),
        attributes=stored_attributes(licence, issue),
        signer_share=decode_scalar(issue.signer_share),
        refresh=issue.refresh,
        issue_day=day_number(issue.intended_at),
        limits=(term, cover, permit),
    )


def _check_not_narrower(before: Issue | None, after: Issue) -> None:
    """A refresh may keep or extend. What narrows must revoke the handle, or the earlier credential would live on."""
    if before is None:
        raise Conflict("no-licence-to-refresh", "There is no issue to refresh.")
    earlier, later = contents(before), contents(after)
    same = all(earlier[name] == later[name] for name in ("jurisdiction", "permit", "permit_kind"))
    if not same or any(
        less(later[name], earlier[name]) for name in ("tier", "good_until", "cover_band", "insured_until")
    ):
        raise Conflict("refresh-narrows", "This refresh would take something away; give up the licence and apply anew.")


def _reply(licence: Licence, issue: Issue) -> IssuedLicence:
    if issue.signature is None or issue.witness is None:
        raise Unavailable("damaged-row", "A stored licence cannot be read.")
    return IssuedLicence(
        licence.licence_id,
        issue.signature,
        stored_attributes(licence, issue),
        decode_scalar(issue.signer_share),
        issue.witness,
        issue.epoch_number,
    )


def _request_hash(tier: int, request: IssueRequest) -> bytes:
    return hashlib.sha256(encode_cbor({1: tier, 2: request.commitment, 3: request.proof})).digest()
