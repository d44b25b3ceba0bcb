"""The events of one study: appended one at a time, each durable when `append` returns."""

from __future__ import annotations

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
from unitune.journal.schema import events

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
        self._last = 0
        # Ctrl-C may arrive when an event is written and not yet counted.
        self._sure = True
        # The driver's own cursor and one prepared statement: less than half the time that
        # SQLAlchemy's own way from a statement to the driver takes.
        self._cursor: Any = connection.connection.cursor()
        compiled = insert(events).values({c: bindparam(c) for c in _COLUMNS})
        self._insert = str(compiled.compile(dialect=connection.dialect))
        self._errors = (DBAPIError, connection.dialect.loaded_dbapi.Error)
        self._positional = connection.dialect.positional
        if lock is not None:
            self._last = self._count()

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
            self._check_writable()
            if not self._sure:
                self._last = self._count()
            values = (
                *(self._study, self._last + 1, kind, number, text, time.time()),
                *(state if state is None else str(state), value),
            )
            self._sure = False
            try:
                self._cursor.execute(
                    self._insert,
                    values if self._positional else dict(zip(_COLUMNS, values, strict=True)),
                )
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

    def _check_writable(self) -> None:
        if self._closed:
            raise JournalError(f"The log of study {self.name!r} is closed; open it again.")
        if self._lock is None:
            raise JournalError(
                f"The log of study {self.name!r} was opened for reading; use Journal.resume to "
                f"write to it."
            )
        if not self._lock.held:
            raise JournalError(
                f"The log of study {self.name!r} belongs to the process that opened it, and a "
                f"process forked off from it may not write; report to the driver instead."
            )

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
                return list(self._connection.execute(statement).fetchall())
            except self._errors as error:
                raise self._refused(error) from error

    def _count(self) -> int:
        found = select(func.count(), func.max(events.c.seq)).where(events.c.study == self._study)
        count, last = self._connection.execute(found).one()
        if count != (last or 0):
            raise self._damaged(f"of its {last} events {last - count} are missing")
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
