"""The background task that publishes epochs when they are due, and rings the bell for every new one.

It looks at the clock often instead of sleeping until the next epoch, because the clock may jump (and in the demo does).
Each step of a look stands alone: an error is logged, and neither the next step nor the next look is lost by it. A full
disk silences no later epoch, and what could not be written is written at the first look that can.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from issuer.epochs.events import EpochBell
from issuer.epochs.service import Epochs
from issuer.world import World

LOG = logging.getLogger("issuer.epochs.writer")


async def write_epochs(world: World, bell: EpochBell, *before: Callable[[], object]) -> None:
    """Runs until cancelled. `before` run ahead of each look at the clock: what they revoke is in the next epoch."""
    epochs = Epochs(world)
    files = epochs.recover  # at the start all of them are looked at, later only whether the newest is there
    while True:
        for step in before:
            await _attempt(step)
        await _attempt(epochs.publish_if_due)
        if await _attempt(files):
            files = epochs.catch_up
        await _ring(epochs, bell)
        await asyncio.sleep(world.settings.epoch_poll_seconds)


async def _attempt(step: Callable[[], object]) -> bool:
    """Whether the step ended without an error; an error is logged."""
    try:
        await run_in_threadpool(step)
    except Exception:
        LOG.exception("could not publish an epoch; trying again")
        return False
    return True


async def _ring(epochs: Epochs, bell: EpochBell) -> None:
    """Listeners are told of every epoch that is committed, also while its files wait for the disk."""
    try:
        bell.ring((await run_in_threadpool(epochs.latest)).number)
    except Exception:
        LOG.exception("could not look for a new epoch; trying again")
