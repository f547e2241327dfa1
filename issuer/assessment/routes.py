"""The assessment over HTTP: the wallet's API, and the candidate's pages (see `pages`) on the same service."""

from __future__ import annotations

from fastapi import APIRouter, Response

from issuer.assessment.pages import router as page_router
from issuer.assessment.schemas import (
    AnswerIn,
    QuestionOut,
    ResultOut,
    SittingOut,
    SittingWanted,
    TrainingIn,
    TrainingOut,
)
from issuer.assessment.service import Assessment, Result
from issuer.errors import NotFound
from issuer.problems import CREATED, NO_CONTENT
from issuer.web.session import CurrentPerson
from issuer.world import WorldDep

router = APIRouter(tags=["assessment"])
router.include_router(page_router)

SITTINGS = "/api/applications/{application_id}/sittings"
_MAX_NUMBER_DIGITS = 3


@router.post(SITTINGS, status_code=CREATED)
def start(current: CurrentPerson, world: WorldDep, body: SittingWanted | None = None) -> SittingOut:
    """Begins a sitting."""
    wanted = body or SittingWanted()
    begun = Assessment(world).start(current.person_id, wanted.extra_time_percent, wanted.rest_minutes)
    return SittingOut(sitting=begun.sitting_id, questions=begun.questions, attempt=begun.attempt, ends_at=begun.ends_at)


@router.get(SITTINGS + "/{sitting_id}/questions/{number}")
def question(current: CurrentPerson, world: WorldDep, sitting_id: str, number: str, response: Response) -> QuestionOut:
    """One question, once all before it are answered."""
    view = Assessment(world).question(current.person_id, sitting_id, read_number(number))
    response.headers["Cache-Control"] = "no-store"
    return QuestionOut(number=view.number, topic=view.topic, stem=view.stem, options=view.options)


@router.put(SITTINGS + "/{sitting_id}/answers/{number}", status_code=NO_CONTENT)
def answer(current: CurrentPerson, world: WorldDep, sitting_id: str, number: str, body: AnswerIn) -> None:
    """Answers a question, or changes its answer before submission."""
    Assessment(world).answer(current.person_id, sitting_id, read_number(number), body.option)


@router.post(SITTINGS + "/{sitting_id}/submit")
def submit(current: CurrentPerson, world: WorldDep, sitting_id: str) -> ResultOut:
    """Ends the sitting and tells the result."""
    return _result_out(Assessment(world).submit(current.person_id, sitting_id))


@router.get(SITTINGS + "/{sitting_id}/result")
def result(current: CurrentPerson, world: WorldDep, sitting_id: str) -> ResultOut:
    """The result of a sitting that is over."""
    return _result_out(Assessment(world).result(current.person_id, sitting_id))


@router.post("/api/applications/{application_id}/training")
def training(current: CurrentPerson, world: WorldDep, body: TrainingIn) -> TrainingOut:
    """Opens a new series of attempts with an accredited trainer's certificate."""
    return TrainingOut(assessment=Assessment(world).accept_training(current.person_id, body.certificate).state)


def read_number(text: str) -> int:
    """A question's number from the path; whatever is no number is the same NotFound as a question that may not be
    read.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_NUMBER_DIGITS):
        raise NotFound("unknown-question", "There is no such question.")
    return int(text)


def _result_out(found: Result) -> ResultOut:
    return ResultOut(passed=found.passed, topics=found.topics, attempt=found.attempt, next_at=found.next_at)
