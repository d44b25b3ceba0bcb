"""A lock for any SQL database: a row that its holder keeps fresh, and that no late writer passes.

A lease is given up for dead when nobody renewed it for as long as it lasts, by the watch of the
driver that wants it: no two clocks are compared. It is safe because every write renews it in the
same transaction: no database, at no level of isolation, lets two transactions change one row at
once, so that a write is either there before another driver takes the lease, or refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from unitune.journal.errors import JournalError
from unitune.journal.schema import leases

# Instead of a holder's token, once it let go.
FREE = "free"
# A holder renews its lease so many times in the time that it lasts.
BEATS = 6
# Seconds between two beats of the longest lease: idle connections are often cut.
LONGEST_PULSE = 30.0

_log = logging.getLogger("unitune")


def take_lease(connection: Connection, study: str, seconds: float) -> Lease | None:
    """Return the lease of a study, or None where another driver keeps it fresh.

    Waits for as long as a lease lasts that nobody renews.

    Args:
        connection: one that is kept for as long as the lease, and used for writing; it does not
            commit by itself.
        study: the study's name; it need not be there yet.
        seconds: for how long a lease lasts without being renewed.

    Raises:
        JournalError: the database cannot keep leases.
    """
    _probe(connection)
    lease = Lease(connection, _key(study), seconds)
    seen = _read(connection, lease.key)
    if seen is not None and seen.token != FREE:
        now = _watch(connection, seen, study)
        if now != seen and now.token != FREE:
            return None
        seen = now
    taken = lease.begin() if seen is None else lease.take_over(seen)
    return lease if taken else None


class Lease:
    """A lease of a study; a `unitune.journal.locks.Lock`."""

    def __init__(self, connection: Connection, key: str, seconds: float) -> None:
        self.key = key
        self.pulse: float | None = min(seconds / BEATS, LONGEST_PULSE)
        self._connection = connection
        self._seconds = seconds
        # Never used before, so that whoever had the lease earlier is told apart for ever.
        self._token = secrets.token_hex(16)
        self._process = os.getpid()
        self._ended = False

    @property
    def held(self) -> bool:
        return not self._ended and os.getpid() == self._process

    @contextlib.contextmanager
    def fence(self) -> Iterator[None]:
        """Renew the lease and commit what the block writes with it, or nothing of both."""
        with self._connection.begin():
            # First of all a write: from here on nobody can take the lease before the end.
            self._set(leases.c.token == self._token, beats=leases.c.beats + 1)
            if not self._mine():
                self._ended = True
                raise JournalError(
                    "Another driver took over this study, since this one had been silent for "
                    "longer than its lease lasts; end this one."
                )
            yield

    def beat(self) -> None:
        with self.fence():
            pass

    def release(self) -> None:
        if self.held:
            self._ended = True
            # Where the database is gone, the lease runs out by itself.
            with contextlib.suppress(Exception), self._connection.begin():
                self._set(leases.c.token == self._token, token=FREE)

    def begin(self) -> bool:
        """Make the row, unless another driver is quicker."""
        with contextlib.suppress(DBAPIError), self._connection.begin():
            self._connection.execute(insert(leases).values(**self._row()))
            return True
        return False

    def take_over(self, seen: Any) -> bool:
        """Take the lease if it is still as it was seen; whether it is ours now."""
        unchanged = (leases.c.token == seen.token) & (leases.c.beats == seen.beats)
        # Some databases refuse the later one of two drivers, others let it change nothing.
        with contextlib.suppress(DBAPIError), self._connection.begin():
            self._set(unchanged, token=self._token, beats=0, seconds=self._seconds)
            return self._mine()
        return False

    def _row(self) -> dict[str, Any]:
        return {"study": self.key, "token": self._token, "beats": 0, "seconds": self._seconds}

    def _set(self, where: Any, **values: Any) -> None:
        self._connection.execute(
            update(leases).where(leases.c.study == self.key, where).values(**values)
        )

    def _mine(self) -> bool:
        # Asked, since not every driver counts the rows that a statement changed.
        found = select(leases.c.token).where(leases.c.study == self.key)
        return bool(self._connection.scalar(found) == self._token)


def _key(study: str) -> str:
    # Whatever the database thinks of capitals, spaces and letters beyond ASCII.
    return hashlib.blake2b(study.encode(), digest_size=16).hexdigest()


def _read(connection: Connection, key: str) -> Any:
    with connection.begin():
        return connection.execute(select(leases).where(leases.c.study == key)).one_or_none()


def _watch(connection: Connection, seen: Any, study: str) -> Any:
    """Return the row as soon as it changes, or as it is once its lease has run out."""
    begun = time.monotonic()
    warned = False
    while (waited := time.monotonic() - begun) <= seen.seconds:
        if waited > seen.seconds / 2 and not warned:
            warned = True
            _log.warning(
                "The driver of study %r is silent; the study is taken from it in %.0f seconds.",
                *(study, seen.seconds - waited),
            )
        time.sleep(min(0.2, seen.seconds / 100))
        now = _read(connection, seen.study)
        if now != seen:
            return now
    return seen


def _probe(connection: Connection) -> None:
    """Find out whether the database does what a lease rests on: take back, and keep keys apart."""
    key = secrets.token_hex(16)
    row = {"study": key, "token": FREE, "beats": 0, "seconds": 0.0}
    apart = False
    with connection.begin() as transaction:
        connection.execute(insert(leases).values(**row))
        try:
            connection.execute(insert(leases).values(**row))
        except DBAPIError:
            apart = True
        transaction.rollback()
    if not apart or _read(connection, key) is not None:
        raise JournalError(
            "The database does not keep the journal's primary keys apart, or cannot take back a "
            "transaction, without which two drivers could write to one study. Use another "
            "storage=."
        )
