"""Cover over HTTP: attestations from the holder (API, and page: see `pages`), cancellations from the insurers' feed."""

from __future__ import annotations

from fastapi import APIRouter

from issuer.insurance.pages import router as page_router
from issuer.insurance.schemas import CancellationIn, CancellationOut, CoverIn, CoverOut
from issuer.insurance.service import Insurance
from issuer.web.session import CurrentPerson
from issuer.world import WorldDep

router = APIRouter(tags=["insurance"])
router.include_router(page_router)


@router.post("/api/applications/{application_id}/cover")
def register(current: CurrentPerson, world: WorldDep, body: CoverIn) -> CoverOut:
    """Registers cover for the permit of the application's person."""
    taken = Insurance(world).register(current.person_id, body.attestation)
    return CoverOut(cover=taken.cover_id, band=taken.band, from_day=taken.from_day, until_day=taken.until_day)


@router.post("/api/insurers/cancellations")
def cancel(world: WorldDep, body: CancellationIn) -> CancellationOut:
    """Takes a cancellation: the insurer's signature is its authority, so there is no other credential."""
    cancelled = Insurance(world).cancel(body.cancellation)
    return CancellationOut(cover=cancelled.cover_id, from_day=cancelled.from_day)
