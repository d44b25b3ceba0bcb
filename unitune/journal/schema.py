"""The tables of a journal, and the version they are written in."""

from __future__ import annotations

import contextlib
import time
from typing import Any

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
    Unicode,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects.oracle import BINARY_DOUBLE
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from unitune.journal.errors import JournalError

# Written into every journal. It grows when older versions of unitune would misread a newer one.
VERSION = 1

# The option of an engine that keeps a journal with leases: for how many seconds one lasts.
LEASE = "unitune_lease"

# Seconds for which several drivers may get in each other's way when they make the tables.
PATIENCE = 10.0

metadata = MetaData()

# In MySQL a plain TEXT ends at 64 kB.
_LONG = Text().with_variant(Text(2**32 - 1), "mysql", "mariadb")
# In Oracle a DOUBLE PRECISION is a decimal number, and ends at 1e126.
_FLOAT: Double[Any] = Double().with_variant(BINARY_DOUBLE(), "oracle")
# In MySQL names would otherwise be the same in capitals, and some tables take nothing back.
_MYSQL: dict[str, Any] = {
    f"{dialect}_{key}": value
    for dialect in ("mysql", "mariadb")
    for key, value in {
        "engine": "InnoDB",
        "charset": "utf8mb4",
        "collate": "utf8mb4_bin",
    }.items()
}

version = Table(
    "unitune_journal",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    **_MYSQL,
)

studies = Table(
    "unitune_studies",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Unicode(500), nullable=False, unique=True),
    Column("created", _FLOAT, nullable=False),
    Column("header", _LONG, nullable=False),
    # Who last locked the study, for the message that another driver gets; not the lock itself.
    Column("driver", _LONG),
    **_MYSQL,
)

events = Table(
    "unitune_events",
    metadata,
    Column("study", Integer, ForeignKey(studies.c.id), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("number", BigInteger),
    Column("data", _LONG, nullable=False),
    Column("time", _FLOAT, nullable=False),
    # Of finished trials once more, so that the database itself can count them.
    Column("state", String(20)),
    Column("value", _FLOAT),
    sqlite_with_rowid=False,
    **_MYSQL,
)

# Only in journals that are kept with leases: who may write, see `unitune.journal.leases`.
leases = Table(
    "unitune_leases",
    metadata,
    Column("study", String(32), primary_key=True),
    Column("token", String(32), nullable=False),
    Column("beats", BigInteger, nullable=False),
    Column("seconds", _FLOAT, nullable=False),
    **_MYSQL,
)


def prepare(connection: Connection, place: str, *, create: bool = True) -> None:
    """Make the tables where there are none yet, and check their version.

    Args:
        connection: to the database.
        place: what messages call the journal.
        create: whether to make them; without it nothing is written.

    Raises:
        JournalError: there are none and none are to be made, the file is another program's,
            another version wrote them, or they are for another kind of lock.
    """
    with connection.begin():
        begun = _begun(connection)
        if not begun:
            _check_free(connection, place, create=create)
    if not begun:
        _create(connection)
    with connection.begin():
        _check_version(list(connection.scalars(select(version.c.version))), place)
        _check_locks(connection, place)


def _check_free(connection: Connection, place: str, *, create: bool) -> None:
    """Raise JournalError where no tables are to be made; a server's database may be shared."""
    names = inspect(connection).get_table_names()
    holds = f"it has the tables {', '.join(names[:3])}" if names else "it is empty"
    if not create:
        raise JournalError(f"{place} is no journal: {holds}. See to the path.")
    own = set(metadata.tables)
    if connection.dialect.name == "sqlite" and names and not own & set(names):
        raise JournalError(
            f"{place} is another program's database and no journal: {holds}. Use another storage=."
        )


def _check_version(found: list[int], place: str) -> None:
    if found == [VERSION]:
        return
    number = max((one for one in found if isinstance(one, int)), default=0)
    if number > VERSION:
        raise JournalError(
            f"The journal {place} was written by a unitune with journal version {number}; this "
            f"one reads up to {VERSION}: upgrade unitune."
        )
    raise JournalError(
        f"The journal {place} names {number or 'no'} journal version, and no unitune of that kind "
        f"was ever released: it is damaged, or not a journal of unitune. Use another storage=."
    )


def _check_locks(connection: Connection, place: str) -> None:
    leased = inspect(connection).has_table(leases.name)
    if leased and not _leased(connection):
        raise JournalError(
            f"The journal {place} is kept with leases, which drivers without them would not see; "
            f"add '?lease=60' to its URL, or use another storage=."
        )
    if _leased(connection) and not leased:
        raise JournalError(
            f"The journal {place} was begun without leases, and drivers without them would not "
            f"see them; take lease= out of its URL, or use another storage=."
        )


def _leased(connection: Connection) -> bool:
    return LEASE in connection.get_execution_options()


def _begun(connection: Connection) -> bool:
    """Return whether the tables were made to the end, or have been used."""
    if not inspect(connection).has_table(version.name):
        return False
    used = (select(table).limit(1) for table in (version, studies))
    return any(connection.execute(statement).first() is not None for statement in used)


def _create(connection: Connection) -> None:
    # Two drivers may open a new journal at the same moment: one makes the tables, one waits.
    sqlite = connection.dialect.name == "sqlite"
    if _leased(connection) or connection.dialect.name not in ("sqlite", "postgresql"):
        _create_in_turn(connection)
        return
    with connection.begin():
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        try:
            if not sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7526466502)")
            if not _begun(connection):
                _make_tables(connection)
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            # Ctrl-C may have come before the first statement or in the middle of the last.
            with contextlib.suppress(Exception):
                connection.exec_driver_sql("ROLLBACK")
            raise


def _create_in_turn(connection: Connection) -> None:
    """Make the tables where making them is not part of a transaction: any step may be refused."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with connection.begin():
                if not _begun(connection):
                    _make_tables(connection)
        except DBAPIError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _make_tables(connection: Connection) -> None:
    further = [leases] if _leased(connection) else []
    metadata.create_all(connection, tables=[studies, events, *further])
    # Last of all, so that whoever finds it finds the others.
    version.create(connection, checkfirst=True)
    connection.execute(insert(version).values(version=VERSION))
