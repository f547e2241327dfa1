"""What goes on off stage while the audience looks elsewhere: other people apply, so that they are there when needed.

It happens in one thread, in two parts: sign-ins before the story's clock leaps a day, all the rest after it, because a
page or a sitting left open for a day would rightly have expired.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from console.demo.candidate import Candidate
from console.demo.people import ADA, ADA_AGAIN, GRACE, TIM
from console.demo.world import World

GRACE_COVER_DAYS = 30


class OffStage:
    """Grace, who is insured for thirty days; Tim, who takes a Tier 2 licence; and two more tries of Ada's."""

    def __init__(self, world: World) -> None:
        self.grace = Candidate(world, GRACE, "grace")
        self.tim = Candidate(world, TIM, "tim")
        self.ada_again = Candidate(world, ADA, "ada-again")
        self.ada_elsewhere = Candidate(world, ADA_AGAIN, "ada-elsewhere")
        self._providers = world.providers
        self._pool = ThreadPoolExecutor(1)
        self._part: Future[None] = self._pool.submit(self._sign_in)

    def __enter__(self) -> OffStage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def ready(self) -> None:
        """Wait for the part under way. Raises what went wrong in it."""
        self._part.result()

    def go_on(self) -> None:
        """Begin the second part: the clock has leapt."""
        self.ready()
        self._part = self._pool.submit(self._qualify)

    def _sign_in(self) -> None:
        for candidate in (self.grace, self.tim):
            candidate.enrol_off_stage()
            candidate.sign_in()

    def _qualify(self) -> None:
        self.grace.qualify_off_stage(3, 3, GRACE_COVER_DAYS)
        self.tim.qualify_off_stage(2, 2, 200)
        for candidate in (self.ada_again, self.ada_elsewhere):
            candidate.enrol_off_stage()
        for provider in self._providers:
            self.grace.hire(provider)
        self.tim.hire(self._providers[0])
