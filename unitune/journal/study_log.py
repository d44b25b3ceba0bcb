"""The events of one study: appended one at a time, each durable when `append` returns."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from unitune.journal.encoding import decode, encode
from unitune.journal.errors import JournalError, refusal
from unitune.journal.events import KINDS, Event, Header
from unitune.journal.locks import Lock
from unitune.journal.schema import LEASE, events

# So many events are read at a time: no reader keeps a transaction open while it is being used.
CHUNK = 5000
_COLUMNS = ("study", "seq", "kind", "number", "data", "time", "state", "value")


class StudyLog:
    """A study's header and events; a context manager that closes it.

    Attributes:
        name: the study's name.
        header: what the study was begun with.
    """

    def __init__(
        self,
        name: str,
        header: Header,
        *,
        study: int,
        connection: Connection,
        place: str,
        lock: Lock | None = None,
    ) -> None:
        self.name = name
        self.header = header
        self._study = study
        self._connection = connection
        self._place = place
        self._lock = lock
        self._closed = False
        self._turn = threading.Lock()
        self._process = os.getpid()
        self._last = 0
        # Ctrl-C may arrive when an event is written and not yet counted.
        self._sure = True
        self._errors = (
            DBAPIError,
            connection.dialect.loaded_dbapi.Error,
            UnicodeDecodeError,
        )
        leased = LEASE in connection.get_execution_options()
        self._cursor: Any = _Plain(connection) if leased else _Swift(connection)
        self._ended = threading.Event()
        if lock is not None:
            self._last = self._count()
            if lock.pulse is not None:
                beats = (lock, lock.pulse)
                threading.Thread(target=self._keep_beating, args=beats, daemon=True).start()

    def append(
        self, kind: str, number: int | None = None, data: Mapping[str, Any] | None = None
    ) -> None:
        """Write one event; it outlives any process once this returns.

        Args:
            kind: one of `KINDS`.
            number: of the trial; None for the study itself.
            data: JSON values; anything else in it is kept as its repr.

        Raises:
            JournalError: this log may not write, or the database refused; nothing was written.
        """
        if kind not in KINDS:
            raise JournalError(f"There is no event {kind!r}; use one of {', '.join(KINDS)}.")
        data = data or {}
        text = encode(data)
        state = data.get("state") if kind == "finished" else None
        value = data.get("value") if kind == "finished" else None
        with self._turn:
            lock = self._writable()
            try:
                if not self._sure:
                    self._last = self._count()
                row = (self._study, self._last + 1, kind, number, text, time.time())
                self._sure = False
                with lock.fence():
                    self._cursor.execute((*row, state if state is None else str(state), value))
            except self._errors as error:
                raise self._refused(error) from error
            self._last += 1
            self._sure = True

    def events(self) -> Iterator[Event]:
        """Yield the events written so far, in their order.

        Raises:
            JournalError: one is missing or cannot be read.
        """
        last = 0
        while True:
            rows = self._read(last)
            for seq, kind, number, text, when in rows:
                last += 1
                if seq != last:
                    raise self._damaged(f"event {last} is missing")
                try:
                    data = decode(text)
                except ValueError as error:
                    raise self._damaged(f"event {seq} is no JSON ({error})") from error
                yield Event(seq, kind, number, data, when)
            if len(rows) < CHUNK:
                return

    def close(self) -> None:
        """Release the lock and the connection; more than once does no harm."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
            self._ended.set()
            if self._lock is not None:
                self._lock.release()
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _writable(self) -> Lock:
        if self._closed:
            raise JournalError(f"The log of study {self.name!r} is closed; open it again.")
        if self._lock is None:
            raise JournalError(
                f"The log of study {self.name!r} was opened for reading; use Journal.resume to "
                f"write to it."
            )
        if os.getpid() != self._process:
            raise JournalError(
                f"The log of study {self.name!r} belongs to the process that opened it, and a "
                f"process forked off from it may not write; report to the driver instead."
            )
        if not self._lock.held:
            raise JournalError(
                f"The log of study {self.name!r} lost its lock: the connection was cut, or this "
                f"process stood still for so long that another driver took over. Resume the "
                f"study once no other driver is at it; nothing written so far is lost."
            )
        return self._lock

    def _keep_beating(self, lock: Lock, pulse: float) -> None:
        while not self._ended.wait(pulse):
            with self._turn:
                if self._closed or not lock.held:
                    return
                # Whoever appends next is told what is wrong; until then it may go over.
                with contextlib.suppress(Exception):
                    lock.beat()

    def _read(self, after: int) -> list[Any]:
        e = events.c
        statement = (
            select(e.seq, e.kind, e.number, e.data, e.time)
            .where(e.study == self._study, e.seq > after)
            .order_by(e.seq)
            .limit(CHUNK)
        )
        with self._turn:
            if self._closed:
                raise JournalError(f"The log of study {self.name!r} is closed; open it again.")
            try:
                with self._connection.begin():
                    return list(self._connection.execute(statement).fetchall())
            except self._errors as error:
                raise self._refused(error) from error

    def _count(self) -> int:
        found = select(func.count(), func.max(events.c.seq)).where(events.c.study == self._study)
        with self._connection.begin():
            count, last = self._connection.execute(found).one()
        if count != (last or 0):
            missing = last - count if isinstance(last, int) else "some"
            raise self._damaged(f"of its {last} events {missing} are missing")
        return int(count)

    def _refused(self, error: BaseException) -> JournalError:
        if "IntegrityError" in type(error).__name__:
            return self._damaged(
                f"event {self._last + 1} was written by someone else, past the lock; end the "
                f"other driver"
            )
        return refusal(self._place, error)

    def _damaged(self, what: str) -> JournalError:
        return JournalError(
            f"Study {self.name!r} in the journal {self._place} is damaged: {what}. Bring back a "
            f"copy of the journal, or begin another study."
        )


class _Swift:
    """Writes rows by the driver's own cursor and a statement that was compiled once.

    It takes less than half the time of SQLAlchemy's own way from a statement to the driver, and
    never connects anew: the lock went with the connection.
    """

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.connection.cursor()
        compiled = insert(events).values({c: bindparam(c) for c in _COLUMNS})
        self._insert = str(compiled.compile(dialect=connection.dialect))
        self._positional = connection.dialect.positional

    def execute(self, row: tuple[Any, ...]) -> None:
        values: Any = row if self._positional else dict(zip(_COLUMNS, row, strict=True))
        self._cursor.execute(self._insert, values)


class _Plain:
    """Writes rows as SQLAlchemy does, for any database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, row: tuple[Any, ...]) -> None:
        self._connection.execute(insert(events), dict(zip(_COLUMNS, row, strict=True)))
