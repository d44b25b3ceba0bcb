"""A journal: one database that holds any number of studies."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine, exists, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from unitune.errors import nearest
from unitune.journal.encoding import encode
from unitune.journal.errors import JournalError, refusal
from unitune.journal.events import Header, StudySummary
from unitune.journal.locks import Lock, take
from unitune.journal.names import check_name, possible
from unitune.journal.places import connect, locate, shown
from unitune.journal.schema import events, prepare, studies
from unitune.journal.study_log import StudyLog
from unitune.journal.summaries import summarize

# How often a driver tries to give a study a number of its own, while others do the same.
ATTEMPTS = 100


def open_journal(storage: str | Path, *, create: bool = True) -> Journal:
    """Open a journal.

    Args:
        storage: a bare name (a file of that name in the user's data directory), the path of an
            SQLite file, or any URL of SQLAlchemy.
        create: whether to make the file, and its folders, where there is none; without it the
            journal is for reading, and may be where nobody can write.

    Raises:
        JournalError: it cannot be opened, it is no journal, or another version of unitune wrote
            it.
        OptionError: `storage` names no place that a journal can be kept in.
        MissingLibraryError: the driver of that database is not installed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open_journal(f"{folder}/mine.db") as journal:
        ...         journal.studies()
        []
    """
    url = locate(storage)
    return Journal(connect(url, create=create), shown(url), create=create)


class Journal:
    """The studies of one database; a context manager that closes it.

    Args:
        engine: connects to the database, and commits every statement by itself.
        place: what messages call it.
        create: whether to make the tables where there are none.
    """

    def __init__(self, engine: Engine, place: str, *, create: bool = True) -> None:
        self._engine = engine
        self._place = place
        self._faults = (DBAPIError, engine.dialect.loaded_dbapi.Error, UnicodeDecodeError)
        with self._connected() as connection:
            prepare(connection, place, create=create)

    def create(self, name: str, header: Header) -> StudyLog:
        """Begin a study and lock it.

        Raises:
            JournalError: there is one of that name, or the journal cannot be written.
        """
        check_name(name)
        with self._owned() as connection:
            found = self._find(connection, name)
            if found is not None and self._begun(connection, found, name):
                raise self._taken(found.name)
            lock = self._lock(connection, name)
            try:
                row = {"name": name, "created": time.time(), "header": _text(header)}
                self._put(connection, {**row, "driver": _this_driver()})
                return self._log(connection, name, lock)
            except BaseException:
                lock.release()
                raise

    def resume(self, name: str) -> StudyLog:
        """Open a study to go on with it, and lock it.

        Raises:
            JournalError: there is none of that name, or another driver holds it.
        """
        with self._owned() as connection:
            self._require(connection, name)
            lock = self._lock(connection, name)
            try:
                mine = update(studies).where(studies.c.name == name).values(driver=_this_driver())
                with connection.begin():
                    connection.execute(mine)
                return self._log(connection, name, lock)
            except BaseException:
                lock.release()
                raise

    def read(self, name: str) -> StudyLog:
        """Open a study for reading only; a driver may be writing to it.

        Raises:
            JournalError: there is none of that name.
        """
        with self._owned() as connection:
            self._require(connection, name)
            return self._log(connection, name, None)

    def studies(self) -> list[StudySummary]:
        """Return every study at a glance, the eldest first.

        Raises:
            JournalError: what is kept of one of them cannot be read.
        """
        try:
            with self._connected() as connection:
                return summarize(connection)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise JournalError(
                f"The journal {self._place} is damaged: one of its studies cannot be read "
                f"({type(error).__name__}: {error}). Bring back a copy of the journal."
            ) from error

    def begun(self, name: str) -> bool:
        """Return whether there is a study of that name in which something has happened.

        One whose driver was refused or died before its first trial is as good as none, and is
        begun anew by `create`.
        """
        with self._connected() as connection:
            found = self._find(connection, name)
            return found is not None and self._begun(connection, found, name)

    def __contains__(self, name: str) -> bool:
        with self._connected() as connection:
            found = self._find(connection, name)
        return found is not None and bool(found.name == name)

    def close(self) -> None:
        """Let go of the database; logs that are open stay so."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            raise refusal(self._place, error) from error

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._speaking(), self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def _owned(self) -> Iterator[Connection]:
        """Yield a connection that what is returned from the block keeps."""
        with self._speaking():
            connection = self._engine.connect()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise

    def _find(self, connection: Connection, name: str) -> Any:
        """Return the row of a study; some databases find 'Mine' for 'mine'."""
        if not possible(name):
            return None
        with connection.begin():
            return connection.execute(select(studies).where(studies.c.name == name)).one_or_none()

    def _begun(self, connection: Connection, found: Any, name: str) -> bool:
        if found.name != name:
            return True  # another one, for some databases the same name
        with connection.begin():
            return bool(connection.scalar(select(exists().where(events.c.study == found.id))))

    def _put(self, connection: Connection, row: dict[str, Any]) -> None:
        """Write a study's row; one in which nothing has happened gets a new one."""
        found = self._find(connection, row["name"])
        if found is None:
            self._insert(connection, row)
        elif self._begun(connection, found, row["name"]):  # by another driver, in this moment
            raise self._taken(found.name)
        else:
            with connection.begin():
                connection.execute(update(studies).where(studies.c.id == found.id).values(**row))

    def _insert(self, connection: Connection, row: dict[str, Any]) -> None:
        for further in reversed(range(ATTEMPTS)):
            try:
                with connection.begin():
                    # Counted here, since databases do it in ways of their own, or not at all.
                    last = connection.scalar(select(func.max(studies.c.id))) or 0
                    connection.execute(insert(studies).values(id=last + 1, **row))
            except IntegrityError:
                # Another driver began a study at this moment: this one, or another of its number.
                found = self._find(connection, row["name"])
                if found is not None:
                    raise self._taken(found.name) from None
                if not further:
                    raise
            else:
                return

    def _require(self, connection: Connection, name: str) -> Any:
        found = self._find(connection, name)
        if found is None or found.name != name:
            with connection.begin():
                known = connection.scalars(select(studies.c.name)).all()
            raise JournalError(
                f"There is no study {name!r} in the journal {self._place}. {nearest(name, known)}"
            )
        return found

    def _lock(self, connection: Connection, name: str) -> Lock:
        try:
            lock = take(connection, name)
        except JournalError:
            raise
        except OSError as error:
            raise JournalError(
                f"Study {name!r} in the journal {self._place} cannot be locked: {error}. See to "
                f"the permissions of the journal's folder, and that its file system has locks."
            ) from error
        if lock is None:
            found = self._find(connection, name)
            holder = json.loads(found.driver) if found is not None and found.driver else None
            raise JournalError(
                f"Study {name!r} in the journal {self._place} is held by {_words(holder)}. Wait "
                f"for it to end, end it, or use another study=."
            )
        return lock

    def _log(self, connection: Connection, name: str, lock: Lock | None) -> StudyLog:
        row = self._require(connection, name)
        try:
            header = Header(**json.loads(row.header))
        except (TypeError, ValueError) as error:
            raise JournalError(
                f"Study {name!r} in the journal {self._place} is damaged: its header cannot be "
                f"read ({error}). Bring back a copy of the journal, or begin another study."
            ) from error
        return StudyLog(
            name, header, study=row.id, connection=connection, place=self._place, lock=lock
        )

    def _taken(self, name: str) -> JournalError:
        return JournalError(
            f"The journal {self._place} has a study {name!r} already; pass resume=True to go on "
            f"with it, or another study=."
        )


def _text(header: Header) -> str:
    # not asdict(), which copies everything that the options hold
    return encode({field.name: getattr(header, field.name) for field in fields(header)})


def _this_driver() -> str:
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()})


def _words(holder: Any) -> str:
    if not isinstance(holder, dict):
        return "another driver"
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(holder.get("since", 0)))
    return f"process {holder.get('pid')} on host {holder.get('host')} since {since} UTC"
