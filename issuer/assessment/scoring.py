"""Scores a form, blind: this module sees questions, keys and answers, never who answered [R30]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from issuer.assessment.form import Question
from issuer.assessment.policy import ExamPolicy, Topic


@dataclass(frozen=True)
class Score:
    """Right answers by topic, and whether they suffice. Nothing in it tells which questions were right."""

    topics: dict[Topic, int]
    passed: bool

    @property
    def total(self) -> int:
        """Right answers in all."""
        return sum(self.topics.values())


def score(form: Sequence[Question], key: Mapping[str, int], answers: Mapping[int, int], policy: ExamPolicy) -> Score:
    """The score of `answers` (question number from 1 -> place of the option as shown); a missing answer is a wrong one.

    Passed: at least `pass_total` right, and at least `pass_per_topic` in each topic [D6].
    """
    topics = dict.fromkeys(Topic, 0)
    for number, asked in enumerate(form, start=1):
        given = answers.get(number)
        if given is not None and asked.order[given] == key[asked.item.id]:
            topics[asked.item.topic] += 1
    enough = sum(topics.values()) >= policy.pass_total and min(topics.values()) >= policy.pass_per_topic
    return Score(topics, enough)
