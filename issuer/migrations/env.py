"""Alembic's entry: runs on the connection that `issuer.db.migrate.upgrade` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from issuer.db.tables import all_tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=all_tables(), transactional_ddl=True, transaction_per_migration=False
)
context.run_migrations()
