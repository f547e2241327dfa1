"""The background task that publishes epochs when they are due, and rings the bell for every new one.

It looks at the clock often instead of sleeping until the next epoch, because the clock may jump (and in the demo does).
An error is logged and the task goes on: a full disk must not silence later epochs.
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


async def write_epochs(world: World, bell: EpochBell, before: Callable[[], object]) -> None:
    """Runs until cancelled. `before` runs ahead of each look at the clock: what it revokes is in the next epoch."""
    epochs = Epochs(world)
    recovered = False
    while True:
        try:
            if not recovered:
                await run_in_threadpool(epochs.recover)
                recovered = True
            await run_in_threadpool(before)
            await run_in_threadpool(epochs.publish_if_due)
            bell.ring((await run_in_threadpool(epochs.latest)).number)
        except Exception:
            LOG.exception("could not publish an epoch; trying again")
        await asyncio.sleep(world.settings.epoch_poll_seconds)
