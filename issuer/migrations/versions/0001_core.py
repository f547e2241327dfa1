"""The core: applications, identity checks, terms, licences, issues, epochs, revocations, openings, browser sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "epochs",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", sa.Integer(), nullable=False),
        sa.Column("next_update", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("total_entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_epochs")),
    )
    op.create_table(
        "openings_log",
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("point", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_openings_log")),
    )
    op.create_table(
        "persons",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_persons")),
    )
    op.create_table(
        "applications",
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=False),
        sa.Column("registration", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("refresh", sa.Boolean(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("sign_in_until", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.person_id"], name=op.f("fk_applications_person_id_persons")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_applications")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_applications_ticket_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_applications_token_hash")),
    )
    op.create_index(op.f("ix_applications_person_id"), "applications", ["person_id"], unique=False)
    op.create_table(
        "kyc_receipts",
        sa.Column("receipt_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("verified_at", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.person_id"], name=op.f("fk_kyc_receipts_person_id_persons")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_kyc_receipts")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_kyc_receipts_token_hash")),
    )
    op.create_index(op.f("ix_kyc_receipts_person_id"), "kyc_receipts", ["person_id"], unique=False)
    op.create_table(
        "licences",
        sa.Column("licence_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("holder_point", sa.LargeBinary(), nullable=False),
        sa.Column("archive_point", sa.LargeBinary(), nullable=False),
        sa.Column("permit_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.person_id"], name=op.f("fk_licences_person_id_persons")),
        sa.PrimaryKeyConstraint("licence_id", name=op.f("pk_licences")),
        sa.UniqueConstraint("archive_point", name=op.f("uq_licences_archive_point")),
        sa.UniqueConstraint("handle", name=op.f("uq_licences_handle")),
        sa.UniqueConstraint("holder_point", name=op.f("uq_licences_holder_point")),
    )
    op.create_index(op.f("ix_licences_permit_id"), "licences", ["permit_id"], unique=False)
    op.create_index(op.f("ix_licences_person_id"), "licences", ["person_id"], unique=False)
    op.create_index(
        "one_live_licence_per_person", "licences", ["person_id"], unique=True, sqlite_where=sa.text("state = 'live'")
    )
    op.create_table(
        "strong_tags",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.person_id"], name=op.f("fk_strong_tags_person_id_persons")),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_strong_tags")),
    )
    op.create_index(op.f("ix_strong_tags_person_id"), "strong_tags", ["person_id"], unique=False)
    op.create_table(
        "weak_tags",
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.person_id"], name=op.f("fk_weak_tags_person_id_persons")),
        sa.PrimaryKeyConstraint("tag", "person_id", name=op.f("pk_weak_tags")),
    )
    op.create_table(
        "browser_sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.application_id"],
            name=op.f("fk_browser_sessions_application_id_applications"),
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_browser_sessions")),
    )
    op.create_index(op.f("ix_browser_sessions_application_id"), "browser_sessions", ["application_id"], unique=False)
    op.create_index(op.f("ix_browser_sessions_expires_at"), "browser_sessions", ["expires_at"], unique=False)
    op.create_table(
        "issue_challenges",
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.application_id"],
            name=op.f("fk_issue_challenges_application_id_applications"),
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_issue_challenges")),
        sa.UniqueConstraint("nonce", name=op.f("uq_issue_challenges_nonce")),
    )
    op.create_table(
        "issues",
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("licence_id", sa.String(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("registration", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("refresh", sa.Boolean(), nullable=False),
        sa.Column("signer_share", sa.LargeBinary(), nullable=False),
        sa.Column("attributes", sa.LargeBinary(), nullable=False),
        sa.Column("limits", sa.LargeBinary(), nullable=False),
        sa.Column("epoch_number", sa.Integer(), nullable=False),
        sa.Column("intended_at", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("witness", sa.LargeBinary(), nullable=True),
        sa.Column("signed_at", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.application_id"], name=op.f("fk_issues_application_id_applications")
        ),
        sa.ForeignKeyConstraint(["epoch_number"], ["epochs.number"], name=op.f("fk_issues_epoch_number_epochs")),
        sa.ForeignKeyConstraint(["licence_id"], ["licences.licence_id"], name=op.f("fk_issues_licence_id_licences")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_issues")),
    )
    op.create_index(op.f("ix_issues_licence_id"), "issues", ["licence_id"], unique=False)
    op.create_index(op.f("ix_issues_registration"), "issues", ["registration"], unique=False)
    op.create_table(
        "revocations",
        sa.Column("revocation_id", sa.Integer(), nullable=False),
        sa.Column("licence_id", sa.String(), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("epoch_number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["epoch_number"], ["epochs.number"], name=op.f("fk_revocations_epoch_number_epochs")),
        sa.ForeignKeyConstraint(
            ["licence_id"], ["licences.licence_id"], name=op.f("fk_revocations_licence_id_licences")
        ),
        sa.PrimaryKeyConstraint("revocation_id", name=op.f("pk_revocations")),
        sa.UniqueConstraint("handle", name=op.f("uq_revocations_handle")),
        sa.UniqueConstraint("licence_id", name=op.f("uq_revocations_licence_id")),
        sa.UniqueConstraint("position", name=op.f("uq_revocations_position")),
    )
    op.create_index(op.f("ix_revocations_epoch_number"), "revocations", ["epoch_number"], unique=False)
    op.create_table(
        "sealed_evidence",
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("encapsulation", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.application_id"],
            name=op.f("fk_sealed_evidence_application_id_applications"),
        ),
        sa.PrimaryKeyConstraint("evidence_id", name=op.f("pk_sealed_evidence")),
        sa.UniqueConstraint("application_id", name=op.f("uq_sealed_evidence_application_id")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("code_verifier", sa.String(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.application_id"], name=op.f("fk_sign_ins_application_id_applications")
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_application_id"), "sign_ins", ["application_id"], unique=False)
    op.create_index(op.f("ix_sign_ins_expires_at"), "sign_ins", ["expires_at"], unique=False)
    op.create_table(
        "terms_acceptances",
        sa.Column("application_id", sa.String(), nullable=False),
        sa.Column("terms_hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.application_id"],
            name=op.f("fk_terms_acceptances_application_id_applications"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.person_id"], name=op.f("fk_terms_acceptances_person_id_persons")
        ),
        sa.PrimaryKeyConstraint("application_id", "terms_hash", name=op.f("pk_terms_acceptances")),
    )
    op.create_index(op.f("ix_terms_acceptances_person_id"), "terms_acceptances", ["person_id"], unique=False)
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER openings_log_no_{action.lower()} BEFORE {action} ON openings_log "
            "BEGIN SELECT RAISE(ABORT, 'the openings log is append-only'); END"
        )
