"""The tables of a journal, and the version they are written in."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import Connection

from unitune.journal.errors import JournalError

# Written into every journal. It grows when older versions of unitune would misread a newer one.
VERSION = 1

metadata = MetaData()

version = Table("unitune_journal", metadata, Column("version", Integer, primary_key=True))

studies = Table(
    "unitune_studies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(500), nullable=False, unique=True),
    Column("created", Double, nullable=False),
    Column("header", Text, nullable=False),
    # Who last locked the study, for the message that another driver gets; not the lock itself.
    Column("driver", Text),
)

events = Table(
    "unitune_events",
    metadata,
    Column("study", Integer, ForeignKey(studies.c.id), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("number", BigInteger),
    Column("data", Text, nullable=False),
    Column("time", Double, nullable=False),
    # Of finished trials once more, so that the database itself can count them.
    Column("state", String(20)),
    Column("value", Double),
    sqlite_with_rowid=False,
)


def prepare(connection: Connection, place: str) -> None:
    """Make the tables where there are none yet, and check their version.

    Raises:
        JournalError: another version wrote them.
    """
    if not inspect(connection).has_table(version.name):
        _create(connection)
    found = connection.scalars(select(version.c.version)).all()
    if list(found) == [VERSION]:
        return
    number = max(found, default=0)
    if number > VERSION:
        raise JournalError(
            f"The journal {place} was written by a unitune with journal version {number}; this "
            f"one reads up to {VERSION}: upgrade unitune."
        )
    raise JournalError(
        f"The journal {place} names {number or 'no'} journal version, and no unitune of that kind "
        f"was ever released: it is damaged, or not a journal of unitune. Use another storage=."
    )


def _create(connection: Connection) -> None:
    # Two drivers may open a new journal at the same moment: one makes the tables, one waits.
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
    try:
        if not sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7526466502)")
        if not inspect(connection).has_table(version.name):
            metadata.create_all(connection)
            connection.execute(insert(version).values(version=VERSION))
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
