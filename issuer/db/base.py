"""The database: one declarative base, one way to read and one way to write.

    class Sitting(Base):
        __tablename__ = "sittings"
        sitting_id: Mapped[str] = mapped_column(primary_key=True)

    with database.read() as session:  ...     # a snapshot; never writes
    with database.write() as session: ...     # BEGIN IMMEDIATE: alone with the database until commit at the block's end

SQL is written in the `store.py` of each folder only: functions that take the `Session` as first argument. Services open
`read()` or `write()` and call the store, so that one `write()` block is one decision. Never call out (network, slow
mathematics, another service that writes) inside `write()`: everybody else waits, and a nested `write()` deadlocks until
the busy timeout.

SQLite: WAL, foreign keys on, full sync, busy timeout. The driver's own transaction guessing is switched off
(isolation_level None), and BEGIN is sent by us, so that a writer takes the lock before it reads what it decides on.

The schema is made by the migrations alone (`issuer/migrations/versions`, one linear chain; the core is 0001).
Every `models.py` must be imported in `issuer/db/tables.py`. Times are unix seconds (int), days are day numbers (int).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session

BUSY_TIMEOUT_MILLISECONDS = 15_000
_WRITES = "issuer_writes"


class Base(DeclarativeBase):
    """Base of all tables. Constraint names are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """The engine of one SQLite file."""

    def __init__(self, path: Path) -> None:
        self.engine = _engine(path)
        self._writer = self.engine.execution_options(**{_WRITES: True})

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one snapshot. Nothing is committed; objects stay readable after the block."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the write lock from its first statement and commits at the end; an exception rolls all
        back."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.connection()
            yield session

    def dispose(self) -> None:
        """Closes every connection; the WAL is folded in by the last one."""
        self.engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", pool_size=10, max_overflow=40, hide_parameters=True)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MILLISECONDS}",
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        "trusted_schema=OFF",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
