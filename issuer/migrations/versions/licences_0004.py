"""Waiving the wait after giving a licence up; counting the applications that wait for a sign-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("persons", sa.Column("wait_waived_at", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_applications_identity"), "applications", ["identity"], unique=False)
