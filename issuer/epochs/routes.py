"""Where epochs are read: static files with ETags, and the stream of events. Nobody says who they are, and nobody is
asked."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from issuer.epochs.events import EpochBell
from issuer.epochs.files import LATEST
from issuer.epochs.schemas import EpochNumber
from issuer.epochs.service import Epochs
from issuer.web.admin import Admin
from issuer.web.static_files import COSE, FOREVER, OCTETS, REVALIDATE, public_file
from issuer.world import WorldDep

router = APIRouter(tags=["epochs"])
Number = Annotated[int, Path(ge=0, le=2**53)]


def _bell(request: Request) -> EpochBell:
    return cast(EpochBell, request.app.state.bell)


BellDep = Annotated[EpochBell, Depends(_bell)]


async def _listen(bell: BellDep) -> AsyncIterator[EpochBell]:
    bell.enter()
    try:
        yield bell
    finally:
        bell.leave()


@router.get("/epochs/latest.cose")
def latest(request: Request, world: WorldDep) -> Response:
    """The latest epoch, COSE_Sign1."""
    return public_file(request, world.settings.public_dir / "epochs" / LATEST, COSE, REVALIDATE)


@router.get("/epochs/events", response_class=EventSourceResponse)
async def events(
    world: WorldDep,
    bell: Annotated[EpochBell, Depends(_listen)],
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Each new epoch at once. Begins with the latest one, or with those after `Last-Event-ID` (at most 16, then the
    latest)."""
    epochs = Epochs(world)
    seen = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else None
    newest = (await run_in_threadpool(epochs.latest)).number
    seen = newest - 1 if seen is None or seen > newest or newest - seen > 16 else seen
    while True:
        for epoch in await run_in_threadpool(epochs.after, seen):
            seen = epoch.number
            data = base64.urlsafe_b64encode(epoch.signed).rstrip(b"=").decode()
            yield ServerSentEvent(event="epoch", id=str(epoch.number), raw_data=data)
        await bell.later_than(seen)


@router.get("/epochs/{number}.cose")
def by_number(request: Request, world: WorldDep, number: Number) -> Response:
    """The epoch of this number, COSE_Sign1; it never changes."""
    return public_file(request, world.settings.public_dir / "epochs" / f"{number}.cose", COSE, FOREVER)


@router.get("/epochs/{number}.entries")
def entries(request: Request, world: WorldDep, number: Number) -> Response:
    """The revocations of this epoch, 128 octets each; they never change."""
    return public_file(request, world.settings.public_dir / "epochs" / f"{number}.entries", OCTETS, FOREVER)


@router.post("/admin/epochs")
async def publish(world: WorldDep, bell: BellDep, _: Admin) -> EpochNumber:
    """Publishes an epoch now (a heartbeat where nothing waits)."""
    number = await run_in_threadpool(Epochs(world).publish)
    bell.ring(number)
    return EpochNumber(epoch=number)
