"""The assessment: attempt ledger, sittings, answers, training certificates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt_ledger",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("series_from", sa.Integer(), nullable=False),
        sa.Column("started", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.Integer(), nullable=False),
        sa.Column("open_sitting", sa.String(), nullable=True),
        sa.Column("open_until", sa.Integer(), nullable=True),
        sa.Column("passed_at", sa.Integer(), nullable=True),
        sa.Column("passed_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.person_id"], name=op.f("fk_attempt_ledger_person_id_persons")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_attempt_ledger")),
    )
    op.create_table(
        "sittings",
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("bank_digest", sa.String(), nullable=False),
        sa.Column("bank_version", sa.Integer(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("items", sa.String(), nullable=False),
        sa.Column("started_at", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("topics", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.person_id"], name=op.f("fk_sittings_person_id_persons")),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_sittings")),
    )
    op.create_index(op.f("ix_sittings_person_id"), "sittings", ["person_id"], unique=False)
    op.create_table(
        "training_certificates",
        sa.Column("trainer", sa.String(), nullable=False),
        sa.Column("certificate_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("opened_series", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.person_id"], name=op.f("fk_training_certificates_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("trainer", "certificate_id", name=op.f("pk_training_certificates")),
    )
    op.create_index(op.f("ix_training_certificates_person_id"), "training_certificates", ["person_id"], unique=False)
    op.create_table(
        "sitting_answers",
        sa.Column("sitting_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("option", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sittings.sitting_id"], name=op.f("fk_sitting_answers_sitting_id_sittings")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "number", name=op.f("pk_sitting_answers")),
    )
