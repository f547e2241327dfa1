"""The question bank: what an item is, how a bank is read, and which items are live on a day.

A bank is a JSON file of items without their answers; the answers are a separate file (`sealing`). An item is used for
a new form only if its status is live, all four disciplines have approved it and its review date has not passed [R24,
R25].
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from issuer.assessment.policy import Topic
from issuer.errors import Invalid, TooLarge

MAX_BANK_OCTETS = 4 * 1024 * 1024
_EPOCH = date(1970, 1, 1).toordinal()

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1200)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]


class Status(StrEnum):
    """Where an item stands in its life."""

    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


class Approvals(BaseModel):
    """Who approved the item for each discipline; None where nobody has yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ai: Text | None = None
    legal: Text | None = None
    consumer: Text | None = None
    ethics: Text | None = None

    def missing(self) -> tuple[str, ...]:
        """The disciplines that have not approved."""
        return tuple(name for name, who in self if who is None)


class Item(BaseModel):
    """One question. `must_answer` marks the core of its topic: every form carries at least one such item of each
    topic.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Identifier
    version: int = Field(ge=1)
    topic: Topic
    stem: Text
    options: tuple[Text, ...] = Field(min_length=4, max_length=5)
    rationale: Text
    source: Text
    must_answer: bool
    enemy_group: Identifier | None
    approvals: Approvals
    review_by: date
    status: Status

    def live_on(self, day: int) -> bool:
        """Whether the item may enter a new form on this day (number of days since 1970)."""
        return self.status is Status.LIVE and not self.approvals.missing() and day_of(self.review_by) >= day


class _BankFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    bank: Identifier
    version: int = Field(ge=1)
    note: str = ""
    items: tuple[Item, ...] = Field(min_length=1)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(ge=1)
    key: int = Field(ge=0, le=4)


class _AnswerFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    bank: Identifier
    version: int = Field(ge=1)
    note: str = ""
    answers: dict[str, _Answer]


@dataclass(frozen=True)
class Bank:
    """A bank's items in file order. `version` is the major version: a new one asks everybody for a new pass [D5]."""

    name: str
    version: int
    digest: str
    items: tuple[Item, ...]

    def item(self, item_id: str) -> Item:
        """The item of this id. Raises KeyError: forms hold ids of their own bank only."""
        return self._by_id()[item_id]

    def live(self, day: int) -> tuple[Item, ...]:
        """The items that may enter a new form on this day."""
        return tuple(item for item in self.items if item.live_on(day))

    def _by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self.items}


def decode_bank(octets: bytes) -> Bank:
    """Strict parse of a bank file. Raises TooLarge, Invalid("bank-malformed")."""
    if len(octets) > MAX_BANK_OCTETS:
        raise TooLarge("bank-too-large", "The bank file is larger than a bank can be.")
    try:
        file = _BankFile.model_validate_json(octets)
    except ValidationError as error:
        raise Invalid(
            "bank-malformed", f"The bank file is not of the form expected ({error.error_count()} places)."
        ) from error
    if len({item.id for item in file.items}) != len(file.items):
        raise Invalid("bank-malformed", "Two items of the bank have the same id.")
    return Bank(file.bank, file.version, hashlib.sha256(octets).hexdigest(), file.items)


def decode_answers(octets: bytes, bank: Bank) -> dict[str, int]:
    """The key (index of the right option as written in the bank) of every item of `bank`. Raises Invalid("answers-
    malformed").
    """
    if len(octets) > MAX_BANK_OCTETS:
        raise TooLarge("bank-too-large", "The answers file is larger than it can be.")
    try:
        file = _AnswerFile.model_validate_json(octets)
    except ValidationError:
        # The cause is not chained: it would repeat answers.
        raise Invalid("answers-malformed", "The answers file is not of the form expected.") from None
    if (file.bank, file.version) != (bank.name, bank.version) or file.answers.keys() != {
        item.id for item in bank.items
    }:
        raise Invalid("answers-malformed", "The answers belong to another bank.")
    for item in bank.items:
        answer = file.answers[item.id]
        if answer.version != item.version or answer.key >= len(item.options):
            raise Invalid("answers-malformed", "An answer does not fit the version or the options of its item.")
    return {item_id: answer.key for item_id, answer in file.answers.items()}


def starter_octets() -> tuple[bytes, bytes]:
    """The items and the plain answers of the starter bank that ships in this package: public, for pilots only."""
    folder = resources.files(__package__)
    return (folder / "starter_items.json").read_bytes(), (folder / "starter_answers.json").read_bytes()


def day_of(when: date) -> int:
    """Days since 1970-01-01."""
    return when.toordinal() - _EPOCH
