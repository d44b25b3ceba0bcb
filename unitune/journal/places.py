"""Where a journal lies: a name, a path or a URL becomes an engine."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from unitune.errors import MissingLibraryError, OptionError
from unitune.journal import locks
from unitune.journal.errors import JournalError
from unitune.journal.schema import LEASE, metadata

# Seconds for which a write waits for other writers to the same file.
PATIENCE = 60.0

# Bytes: most file systems take 255, and what lies beside a journal has its name and 18 more.
LONGEST_FILE = 237

# Databases with locks that die with their holder, and the drivers to use; others have leases.
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_EXTRAS = {"postgresql": "unitune[postgres]", "mysql": "unitune[mysql]"}

# Seconds for which a lease lasts that is not renewed.
_LEASE = 60.0

# A server notices within a minute that the host of a driver is gone, and frees its lock.
_KEEPALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


def locate(storage: str | Path) -> URL:
    """Return the URL that a name, a path or a URL stands for.

    Raises:
        OptionError: it stands for nothing, or for a database that journals cannot be kept in.
    """
    text = os.fspath(storage) if isinstance(storage, str | os.PathLike) else ""
    if not text.strip() or not _encodable(text):
        raise OptionError(
            f"storage={storage!r} is no place for a journal; give a name, the path of a file, or "
            f"a URL such as 'postgresql://user@host/database'."
        )
    if "://" not in text:
        return URL.create("sqlite+pysqlite", database=str(_file(storage, text)))
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise OptionError(f"storage= is not a URL that SQLAlchemy reads: {error}.") from error
    return _known(url)


def shown(url: URL) -> str:
    """Return what messages call a journal: without a password, also where the query has it."""
    bare = url.database is not None and not url.host
    return str(url.database) if bare else url.set(query={}).render_as_string()


def connect(url: URL, *, create: bool) -> Engine:
    """Return an engine whose connections commit every statement by itself, leases apart.

    Raises:
        JournalError: there is no such file, or its folder cannot be made.
        MissingLibraryError: the driver of that database is not installed.
        OptionError: SQLAlchemy does not know that database.
    """
    kind = url.get_backend_name()
    file = kind == "sqlite" and not str(url.database).startswith("file:")
    if file:
        _check_file(Path(str(url.database)), create=create)
    lease = _lease(url)
    settings: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
    if lease is not None:
        # Every write is a transaction of its own, together with the lease it rests on.
        settings = {"execution_options": {LEASE: lease}}
    url = url.difference_update_query(["lease"])
    arguments = _arguments(url) if lease is None or kind == "sqlite" else {}
    if file and not create and _sealed(Path(str(url.database))):
        url = _unchanging(url)
    engine = _engine(url, poolclass=NullPool, connect_args=arguments, **settings)
    if kind == "sqlite":
        event.listen(engine, "connect", _settle_sqlite if create else _settle_reading)
    elif kind == "mysql":
        event.listen(engine, "connect", _settle_mysql)
    return engine


def _engine(url: URL, **settings: Any) -> Engine:
    try:
        engine = create_engine(url, **settings)
    except ArgumentError as error:
        raise OptionError(
            f"storage={shown(url)!r}: SQLAlchemy cannot use it ({error}). If that is a database, "
            f"install the package that brings it to SQLAlchemy; or use a file, 'postgresql://' "
            f"or 'mysql://'."
        ) from error
    except ImportError as error:
        missing = error.name or str(error)
        package = _EXTRAS.get(url.get_backend_name(), missing)
        raise MissingLibraryError(
            f"A journal at {shown(url)} needs {missing}, which is not installed. Install it "
            f"with: pip install '{package}'"
        ) from error
    if engine.dialect.is_async:
        raise OptionError(
            f"storage={shown(url)!r}: {url.drivername!r} is for asyncio, which "
            f"journals do not use; give another driver of that database."
        )
    return engine


def _arguments(url: URL) -> dict[str, Any]:
    kind = url.get_backend_name()
    if kind == "sqlite":
        # A study's connection may be used by several threads; its log lets in one at a time.
        return {"check_same_thread": False, "timeout": PATIENCE}
    if kind == "postgresql" and "options" not in url.query:
        return {"options": _KEEPALIVE}
    return {}


def _lease(url: URL) -> float | None:
    """Return for how many seconds a lease of this journal lasts, or None where it needs none."""
    given = url.query.get("lease")
    if given is None:
        return None if url.get_backend_name() in _DRIVERS else _LEASE
    try:
        seconds = float(str(given))
    except ValueError:
        seconds = 0.0
    if not 1.0 <= seconds <= 86400.0:
        raise OptionError(
            f"storage={shown(url)!r}: lease={given} is not for how many seconds, 1 to 86400, a "
            f"driver may be silent before another one takes its study; leave it out, or give 60."
        )
    return seconds


def _file(storage: str | Path, text: str) -> Path:
    bare = isinstance(storage, str) and Path(text).name == text and not Path(text).suffix
    if not bare or text in (".", ".."):
        return Path(text).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("unitune")) / f"{text}.db"


def _known(url: URL) -> URL:
    kind = url.get_backend_name()
    unnamed = not url.database and kind in ("sqlite", "duckdb")
    if unnamed or ":memory:" in str(url.database) or "mode=memory" in str(url):
        raise OptionError(
            f"storage={shown(url)!r} is a database in memory, which ends with this "
            f"process; give a path, or leave storage= out."
        )
    return url.set(drivername=_DRIVERS.get(kind, url.drivername))


def _encodable(text: str) -> bool:
    """Return whether a path of these letters can be written down for the system."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _check_file(path: Path, *, create: bool) -> None:
    if create and len(os.fsencode(path.name)) > LONGEST_FILE:
        raise OptionError(
            f"storage= {path} is no place for a journal: give a name of {LONGEST_FILE} bytes at "
            f"most, since other files beside it have longer ones."
        )
    try:
        folder, there = path.is_dir(), path.exists()
    except OSError as error:
        raise JournalError(
            f"There can be no journal {path}: {error.strerror}. Use another storage=."
        ) from error
    if folder:
        raise JournalError(f"The journal {path} is a folder; give the path of a file in it.")
    if there:
        return
    if not create:
        raise JournalError(f"There is no journal {path}; see to the path.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"The journal {path} cannot be made, since its folder cannot: {error}. Use another "
            f"storage=."
        ) from error


def _sealed(path: Path) -> bool:
    """Return whether SQLite can write neither the file nor what it needs beside it to read it."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return False
    # A driver that is at work has one of these, and what it wrote is to be read too.
    return not any(Path(f"{path}{end}").exists() for end in ("-wal", "-journal"))


def _unchanging(url: URL) -> URL:
    """Return the URL of the same file, to be read as one that nobody writes to."""
    path = Path(str(url.database)).absolute()
    query = {**url.query, "immutable": "1", "mode": "ro", "uri": "true"}
    return url.set(database=path.as_uri(), query=query)


def _settle_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    # Where writing ahead is impossible (some network file systems) the answer is another mode,
    # in which only a flush at every commit keeps the file whole. A read-only file stays as it is,
    # and so does another program's.
    if not _foreign(connection):
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
                raise
    _settle_reading(connection, record)


def _settle_reading(connection: sqlite3.Connection, _record: Any) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    connection.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")


def _foreign(connection: sqlite3.Connection) -> bool:
    """Return whether a file holds tables, and none of ours."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    return bool(tables) and not tables & set(metadata.tables)


def _settle_mysql(connection: Any, _record: Any) -> None:
    # Servers are often set to end a session long before a trial is over; see SILENCE.
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION wait_timeout = {locks.SILENCE:d}")
