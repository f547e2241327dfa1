"""The candidate's pages: start, one question a page, check, result by topic, cooling-off, locked, passed.

Server-rendered forms, no script. They call the same service as the API; which sitting is meant follows from the person.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from issuer.assessment.policy import TOPIC_TITLES
from issuer.assessment.service import Assessment, StartedSitting, State
from issuer.errors import Conflict
from issuer.problems import SEE_OTHER
from issuer.web import pages
from issuer.web.session import CurrentPerson, CurrentWithPerson
from issuer.world import WorldDep

router = APIRouter(prefix="/apply/exam", tags=["pages"], include_in_schema=False)

_TEMPLATES = {
    State.ELIGIBLE: "exam/start.html",
    State.OPEN: "exam/open.html",
    State.COOLING_OFF: "exam/cooling_off.html",
    State.LOCKED: "exam/locked.html",
    State.PASSED: "exam/passed.html",
}


@router.get("")
def standing_page(request: Request, current: CurrentPerson, world: WorldDep) -> Response:
    """Where the person stands, and what can be done next."""
    assessment = Assessment(world)
    status = assessment.status(current.person_id)
    sitting = assessment.open_sitting(current.person_id)
    context = {
        "policy": assessment.policy,
        "topics": TOPIC_TITLES,
        "next_at": pages.moment(status.next_at),
        "reference": assessment.training_reference(current.person_id),
        "sitting": sitting,
        "ends_at": pages.moment(sitting.ends_at if sitting else None),
        "resume_at": _resume_at(assessment, current, sitting),
        "minutes": assessment.policy.sitting_seconds // 60,
    }
    return pages.render(request, _TEMPLATES[status.state], context, csrf=current.csrf)


@router.post("/start")
def start(
    current: CurrentPerson,
    world: WorldDep,
    extra_time_percent: Annotated[int, Form()] = 0,
    rest_minutes: Annotated[int, Form()] = 0,
) -> Response:
    """Begins a sitting and leads to its first question."""
    Assessment(world).start(current.person_id, extra_time_percent, rest_minutes)
    return RedirectResponse("/apply/exam/question/1", SEE_OTHER)


@router.get("/question/{number}")
def question_page(request: Request, current: CurrentPerson, world: WorldDep, number: int) -> Response:
    """One question."""
    return _question(request, current, Assessment(world), number, error=None)


@router.post("/question/{number}")
def answer(
    request: Request, current: CurrentPerson, world: WorldDep, number: int, option: Annotated[int | None, Form()] = None
) -> Response:
    """Takes the answer and leads to the next question, or to the check after the last one."""
    assessment = Assessment(world)
    sitting = assessment.open_sitting(current.person_id)
    if sitting is None:
        return RedirectResponse("/apply/exam/result", SEE_OTHER)
    if option is None:
        return _question(request, current, assessment, number, error="Choose one of the answers.")
    try:
        assessment.answer(current.person_id, sitting.sitting_id, number, option)
    except Conflict:
        # The time ran out, or another window submitted: the result says so.
        return RedirectResponse("/apply/exam/result", SEE_OTHER)
    last = number >= sitting.questions
    return RedirectResponse("/apply/exam/check" if last else f"/apply/exam/question/{number + 1}", SEE_OTHER)


@router.get("/check")
def check_page(request: Request, current: CurrentPerson, world: WorldDep) -> Response:
    """Before submission: every answer can still be changed."""
    assessment = Assessment(world)
    sitting = assessment.open_sitting(current.person_id)
    if sitting is None:
        return RedirectResponse("/apply/exam", SEE_OTHER)
    answered = assessment.answered(current.person_id, sitting.sitting_id)
    context = {"sitting": sitting, "answered": answered, "ends_at": pages.moment(sitting.ends_at)}
    return pages.render(request, "exam/check.html", context, csrf=current.csrf)


@router.post("/submit")
def submit(current: CurrentPerson, world: WorldDep) -> Response:
    """Ends the sitting."""
    assessment = Assessment(world)
    sitting = assessment.open_sitting(current.person_id)
    if sitting is not None:
        assessment.submit(current.person_id, sitting.sitting_id)
    return RedirectResponse("/apply/exam/result", SEE_OTHER)


@router.get("/result")
def result_page(request: Request, current: CurrentPerson, world: WorldDep) -> Response:
    """The latest result, by topic."""
    assessment = Assessment(world)
    found = assessment.last_result(current.person_id)
    if found is None:
        return RedirectResponse("/apply/exam", SEE_OTHER)
    status = assessment.status(current.person_id)
    context = {
        "result": found[1],
        "topics": TOPIC_TITLES,
        "policy": assessment.policy,
        "next_at": pages.moment(found[1].next_at),
        "locked": status.state is State.LOCKED,
    }
    return pages.render(request, "exam/result.html", context, csrf=current.csrf)


@router.post("/training")
def training(current: CurrentPerson, world: WorldDep, certificate: Annotated[str, Form(max_length=8192)]) -> Response:
    """Takes a trainer's certificate, pasted by the candidate."""
    Assessment(world).accept_training(current.person_id, certificate.strip())
    return RedirectResponse("/apply/exam", SEE_OTHER)


def _question(
    request: Request, current: CurrentWithPerson, assessment: Assessment, number: int, error: str | None
) -> Response:
    sitting = assessment.open_sitting(current.person_id)
    if sitting is None:
        return RedirectResponse("/apply/exam", SEE_OTHER)
    view = assessment.question(current.person_id, sitting.sitting_id, number)
    context = {"view": view, "title": TOPIC_TITLES[view.topic], "error": error, "ends_at": pages.moment(view.ends_at)}
    status = HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST
    return pages.render(request, "exam/question.html", context, csrf=current.csrf, status=status)


def _resume_at(assessment: Assessment, current: CurrentWithPerson, sitting: StartedSitting | None) -> int | None:
    if sitting is None:
        return None
    return min(assessment.answered(current.person_id, sitting.sitting_id) + 1, sitting.questions)
