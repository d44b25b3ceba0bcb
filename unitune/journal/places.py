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
from unitune.journal.errors import JournalError

# Seconds for which a write waits for other writers to the same file.
PATIENCE = 60.0

# A server notices within a minute that the host of a driver is gone, and frees its lock.
_KEEPALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


def locate(storage: str | Path) -> URL:
    """Return the URL that a name, a path or a URL stands for.

    Raises:
        OptionError: it stands for nothing, or for a database that journals cannot be kept in.
    """
    text = os.fspath(storage) if isinstance(storage, str | os.PathLike) else ""
    if not text.strip():
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


def connect(url: URL, *, create: bool) -> Engine:
    """Return an engine whose connections commit every statement by itself.

    Raises:
        JournalError: there is no such file, or its folder cannot be made.
        MissingLibraryError: the driver of that database is not installed.
    """
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and not str(url.database).startswith("file:"):
        _check_file(Path(str(url.database)), create=create)
    # A study's connection may be used by several threads; its log lets in one at a time.
    settings: dict[str, Any] = {"check_same_thread": False, "timeout": PATIENCE}
    if not sqlite:
        settings = {} if "options" in url.query else {"options": _KEEPALIVE}
    try:
        engine = create_engine(
            url, connect_args=settings, isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
    except ImportError as error:
        raise MissingLibraryError(
            f"A journal at {url.render_as_string()} needs psycopg, which is not installed. "
            f"Install it with: pip install 'unitune[postgres]'"
        ) from error
    if sqlite:
        event.listen(engine, "connect", _settle_sqlite)
    return engine


def _file(storage: str | Path, text: str) -> Path:
    bare = isinstance(storage, str) and Path(text).name == text and not Path(text).suffix
    if not bare or text in (".", ".."):
        return Path(text).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("unitune")) / f"{text}.db"


def _known(url: URL) -> URL:
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise OptionError(
            f"storage={url.render_as_string()!r}: a journal needs a lock that vanishes with its "
            f"holder, which unitune takes in SQLite and PostgreSQL only. Use a file, or a "
            f"'postgresql://' URL."
        )
    if not url.database or ":memory:" in url.database or "mode=memory" in str(url):
        raise OptionError(
            f"storage={url.render_as_string()!r} is a database in memory, which ends with this "
            f"process; give a path, or leave storage= out."
        )
    return url.set(drivername="sqlite+pysqlite")


def _check_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise JournalError(f"The journal {path} is a folder; give the path of a file in it.")
    if path.exists():
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


def _settle_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Where writing ahead is impossible (some network file systems) the answer is another mode,
    # in which only a flush at every commit keeps the file whole. A read-only file stays as it is.
    try:
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
        mode = "unknown"
    connection.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")
