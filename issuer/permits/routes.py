"""Permits over HTTP: the wallet's API, and the operator's page (see `pages`) on the same service."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from issuer.permits.pages import router as page_router
from issuer.permits.schemas import ActionWanted, InvitationOut, PermitOut, PermitWanted, SolePermitWanted, StateOut
from issuer.permits.service import Permits
from issuer.permits.states import PermitAction
from issuer.problems import CREATED
from issuer.web.admin import Admin
from issuer.web.session import CurrentPerson
from issuer.world import WorldDep

router = APIRouter(tags=["permits"])
router.include_router(page_router)


@router.post("/api/applications/{application_id}/permit")
def apply(current: CurrentPerson, world: WorldDep, body: Annotated[PermitWanted, Body()]) -> PermitOut:
    """Grants a sole or corporate permit, or joins a company's."""
    if isinstance(body, SolePermitWanted):
        permit = Permits(world).apply_sole(current.person_id)
    else:
        permit = Permits(world).apply_corporate(current.person_id, body.company, body.name, body.invitation)
    return PermitOut(permit=permit.id, kind=permit.kind, until_day=permit.until_day)


@router.post("/api/applications/{application_id}/permit/invitations", status_code=CREATED)
def invite(current: CurrentPerson, world: WorldDep) -> InvitationOut:
    """A one-time code by which a colleague joins the company's permit."""
    return InvitationOut(invitation=Permits(world).invite(current.person_id, current.application_id))


@router.post("/admin/permits/{permit_id}/{action}")
def act(_admin: Admin, world: WorldDep, permit_id: str, action: PermitAction, body: ActionWanted) -> StateOut:
    """Suspends, reinstates or ends a permit; licences under it end with it."""
    return StateOut(permit=permit_id, state=Permits(world).act(permit_id, action, body.reason))
