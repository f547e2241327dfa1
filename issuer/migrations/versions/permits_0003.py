"""Permits, their operators, invitations and events; cover and its cancellations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cover_cancellations",
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("cover_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.Integer(), nullable=False),
        sa.Column("cancellation", sa.String(), nullable=False),
        sa.Column("acted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("insurer", "cover_id", name=op.f("pk_cover_cancellations")),
    )
    op.create_table(
        "permits",
        sa.Column("permit_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("company", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("from_day", sa.Integer(), nullable=False),
        sa.Column("until_day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("permit_id", name=op.f("pk_permits")),
    )
    op.create_index(
        "one_permit_per_company",
        "permits",
        ["company"],
        unique=True,
        sqlite_where=sa.text("company IS NOT NULL AND state != 'ended'"),
    )
    op.create_table(
        "covers",
        sa.Column("insurer", sa.String(), nullable=False),
        sa.Column("cover_id", sa.String(), nullable=False),
        sa.Column("permit_id", sa.String(), nullable=False),
        sa.Column("cover_class", sa.String(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Integer(), nullable=False),
        sa.Column("until_day", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.Integer(), nullable=False),
        sa.Column("attestation", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["permit_id"], ["permits.permit_id"], name=op.f("fk_covers_permit_id_permits")),
        sa.PrimaryKeyConstraint("insurer", "cover_id", name=op.f("pk_covers")),
    )
    op.create_index(op.f("ix_covers_permit_id"), "covers", ["permit_id"], unique=False)
    op.create_table(
        "permit_events",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("permit_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["permit_id"], ["permits.permit_id"], name=op.f("fk_permit_events_permit_id_permits")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_permit_events")),
    )
    op.create_index(op.f("ix_permit_events_permit_id"), "permit_events", ["permit_id"], unique=False)
    op.create_table(
        "permit_invitations",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("permit_id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permit_id"], ["permits.permit_id"], name=op.f("fk_permit_invitations_permit_id_permits")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_permit_invitations")),
    )
    op.create_index(op.f("ix_permit_invitations_permit_id"), "permit_invitations", ["permit_id"], unique=False)
    op.create_table(
        "permit_operators",
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("permit_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("joined_at", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["permit_id"], ["permits.permit_id"], name=op.f("fk_permit_operators_permit_id_permits")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.person_id"], name=op.f("fk_permit_operators_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("membership_id", name=op.f("pk_permit_operators")),
    )
    op.create_index(op.f("ix_permit_operators_permit_id"), "permit_operators", ["permit_id"], unique=False)
    op.create_index(op.f("ix_permit_operators_person_id"), "permit_operators", ["person_id"], unique=False)
    op.create_index(
        "one_permit_per_person", "permit_operators", ["person_id"], unique=True, sqlite_where=sa.text("left_at IS NULL")
    )
