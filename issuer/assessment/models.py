"""Tables of the assessment. A sitting keeps its seed and its items, so that it can be remade for an appeal; no name
anywhere.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from issuer.db.base import Base


class AttemptLedger(Base):
    """One row per person: the counts that decide whether a sitting may start. `attempts.Ledger` is its meaning."""

    __tablename__ = "attempt_ledger"

    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), primary_key=True)
    series: Mapped[int]
    series_from: Mapped[int]
    started: Mapped[int]
    failed: Mapped[int]
    next_at: Mapped[int]
    open_sitting: Mapped[str | None]
    open_until: Mapped[int | None]
    passed_at: Mapped[int | None]
    passed_version: Mapped[int | None]


class Sitting(Base):
    """One attempt. state: open | passed | failed | overrun. `items`: the form's item ids in order, space-separated."""

    __tablename__ = "sittings"

    sitting_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), index=True)
    series: Mapped[int]
    attempt: Mapped[int]
    bank_digest: Mapped[str]
    bank_version: Mapped[int]
    seed: Mapped[bytes]
    items: Mapped[str]
    started_at: Mapped[int]
    ends_at: Mapped[int]
    state: Mapped[str]
    ended_at: Mapped[int | None]
    topics: Mapped[str | None]
    """Right answers by topic as JSON, once scored."""


class SittingAnswer(Base):
    """The option (place as shown, from 0) given to one question (from 1) of a sitting."""

    __tablename__ = "sitting_answers"

    sitting_id: Mapped[str] = mapped_column(ForeignKey("sittings.sitting_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    option: Mapped[int]
    given_at: Mapped[int]


class TrainingCertificate(Base):
    """A trainer's certificate that opened a new series; each works once."""

    __tablename__ = "training_certificates"

    trainer: Mapped[str] = mapped_column(primary_key=True)
    certificate_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("persons.person_id"), index=True)
    opened_series: Mapped[int]
    accepted_at: Mapped[int]
