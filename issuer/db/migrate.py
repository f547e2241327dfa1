"""Brings a database to the newest schema with the migrations that ship inside the package."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from issuer.db.base import Database

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def upgrade(database: Database) -> None:
    """Runs every migration that the database lacks, in one transaction under the write lock."""
    with database.write() as session:
        command.upgrade(configuration(session.connection()), "head")


def configuration(connection: object = None) -> Config:
    """Alembic's configuration; no ini file, no logging set-up."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
