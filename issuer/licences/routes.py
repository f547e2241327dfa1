"""Status, challenge, licence, lost wallet (API and page); and the administrator's list and revocations."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from circuits import IssueRequest, encode_scalar
from issuer.epochs.routes import BellDep
from issuer.errors import Conflict
from issuer.kyc import store as kyc_store
from issuer.licences import store
from issuer.licences.eligibility import Eligibility, Status, replacement_wait
from issuer.licences.revocations import Revocations, Revoked
from issuer.licences.schemas import (
    ApplicationStatus,
    ChallengeOut,
    CoverOut,
    LicenceIn,
    LicenceList,
    LicenceOut,
    LicenceRow,
    LostWalletIn,
    LostWalletOut,
    RevocationIn,
    RevocationOut,
    Steps,
)
from issuer.licences.service import Licences
from issuer.problems import CREATED, STATUS
from issuer.web import pages
from issuer.web.admin import Admin
from issuer.web.octets import to_text
from issuer.web.session import CurrentApplication, CurrentPerson, CurrentWithPerson
from issuer.world import World, WorldDep

router = APIRouter(tags=["licences"])
ROUTINE_REPORT = LostWalletIn()


@router.get("/api/applications/{application_id}")
def status(current: CurrentApplication, world: WorldDep) -> ApplicationStatus:
    """Where the application stands."""
    return _status(Eligibility(world).status(current.application_id, current.person_id))


@router.post("/api/applications/{application_id}/challenge")
def challenge(current: CurrentPerson, world: WorldDep) -> ChallengeOut:
    """A fresh challenge; it works once."""
    made = Licences(world).challenge(current.application_id)
    return ChallengeOut(nonce=made.nonce, session=made.session)


@router.post("/api/applications/{application_id}/licence", status_code=CREATED)
def issue(body: LicenceIn, current: CurrentPerson, world: WorldDep) -> LicenceOut:
    """Issues the licence; the same request again gets the same reply."""
    request = IssueRequest(body.commitment, body.proof)
    issued = Licences(world).issue(current.application_id, current.person_id, body.tier, request)
    handle, *others = issued.attributes
    return LicenceOut(
        licence=issued.licence_id,
        signature=issued.signature,
        attributes=[to_text(encode_scalar(int(handle))), *others],
        signer_share=encode_scalar(issued.signer_share),
        witness=issued.witness,
        epoch=issued.epoch_number,
    )


@router.post("/api/applications/{application_id}/lost-wallet")
async def lost_wallet(
    current: CurrentPerson, world: WorldDep, bell: BellDep, body: LostWalletIn = ROUTINE_REPORT
) -> LostWalletOut:
    """Revokes every live licence of the person, so that a new first one can be issued after `replacement_wait_days`,
    and ends the person's other applications.

    The next routine epoch carries it (the reply names it), and nobody else need prove again. A holder who fears misuse
    may ask for an urgent epoch, which ends older leases everywhere: once in `urgent_report_days`, then `urgent-used`.
    """
    done = await run_in_threadpool(_report_lost, world, current, body.urgent)
    bell.ring(done.epoch_number if body.urgent else 0)
    return LostWalletOut(revoked=done.licences, epoch=done.epoch_number)


@router.get("/apply/lost-wallet", include_in_schema=False)
def lost_wallet_page(request: Request, current: CurrentPerson, world: WorldDep) -> Response:
    """Says what a report of a lost wallet does, with the button that does it."""
    return _lost_page(request, current, world)


@router.post("/apply/lost-wallet", include_in_schema=False)
async def report_lost_page(
    request: Request, current: CurrentPerson, world: WorldDep, bell: BellDep, urgent: Annotated[bool, Form()] = False
) -> Response:
    """Revokes as `lost_wallet` does, and says since when the next licence can be had."""
    try:
        done = await run_in_threadpool(_report_lost, world, current, urgent)
    except Conflict as refused:
        return await run_in_threadpool(_lost_page, request, current, world, refused=refused)
    bell.ring(done.epoch_number if urgent else 0)
    return await run_in_threadpool(_lost_page, request, current, world, done=done, urgent=urgent)


@router.get("/admin/licences")
def licences(
    world: WorldDep,
    _: Admin,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> LicenceList:
    """Licences, without anything that names a person."""
    with world.database.read() as session:
        rows = store.licences(session, after, limit)
    return LicenceList(
        licences=[
            LicenceRow(
                licence=row.licence_id,
                person=row.person_id,
                permit=row.permit_id,
                state=row.state,
                created_at=row.created_at,
                revoked_at=row.revoked_at,
                reason=row.reason,
            )
            for row in rows
        ]
    )


@router.post("/admin/revocations")
async def revoke(body: RevocationIn, world: WorldDep, bell: BellDep, _: Admin) -> RevocationOut:
    """Revokes a licence, a person's licences, or everything under a permit."""
    done = await run_in_threadpool(_revoke, world, body)
    bell.ring(done.epoch_number if body.urgent else 0)
    return RevocationOut(epoch=done.epoch_number, licences=done.licences)


def _revoke(world: World, body: RevocationIn) -> Revoked:
    revocations = Revocations(world)
    if body.licence is not None:
        return revocations.revoke_licence(body.licence, body.reason, urgent=body.urgent, bar=body.bar)
    if body.person is not None:
        return revocations.revoke_person(body.person, body.reason, urgent=body.urgent, bar=body.bar)
    return revocations.revoke_permit(str(body.permit), body.reason, urgent=body.urgent)


def _report_lost(world: World, current: CurrentWithPerson, urgent: bool) -> Revoked:
    return Revocations(world).report_lost(current.person_id, current.application_id, urgent=urgent)


def _lost_page(
    request: Request,
    current: CurrentWithPerson,
    world: World,
    *,
    done: Revoked | None = None,
    urgent: bool = False,
    refused: Conflict | None = None,
) -> Response:
    with world.database.read() as session:
        licensed = store.live_licence(session, current.person_id) is not None
        person = kyc_store.person(session, current.person_id)
        wait_until = None if person is None else replacement_wait(world, session, person)
    context = {
        "licensed": licensed,
        "wait_until": pages.moment(wait_until),
        "wait_days": world.settings.replacement_wait_days,
        "urgent_days": world.settings.urgent_report_days,
        "done": done,
        "urgent": urgent,
        "refused": refused,
        "moment": pages.moment,
    }
    status = HTTPStatus.OK if refused is None else STATUS[type(refused)]
    return pages.render(request, "lost_wallet.html", context, csrf=current.csrf, status=status)


def _status(status: Status) -> ApplicationStatus:
    facts = status.facts
    cover = CoverOut(band=facts.cover.band, until_day=facts.cover.until_day) if facts.cover else None
    return ApplicationStatus(
        state=status.state,
        identity=facts.identity,
        steps=Steps(
            terms=facts.terms,
            assessment=str(facts.assessment.state) if facts.assessment else "eligible",
            permit=facts.permit.id if facts.permit else None,
            cover=cover,
        ),
        missing=status.missing,
        next_at=status.next_at,
    )
