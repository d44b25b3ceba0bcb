"""One driver per study: locks that the system takes back when their holder dies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection

from unitune.journal.leases import take_lease
from unitune.journal.schema import LEASE

# Seconds in which a server notices that a killed driver on the same host is gone.
PATIENCE = 2.0
# MySQL ends a session, and frees its locks, that was silent for so many seconds; several beats fit
# in, and an objective may keep all other threads of its process waiting for a while.
SILENCE = 300
PULSE = 30.0

_OPEN: AbstractContextManager[None] = contextlib.nullcontext()


class Lock(Protocol):
    """A lock that is held; only `held` may be asked of one that was released.

    Attributes:
        pulse: `beat` is to be called every so many seconds; None where that is not needed.
    """

    pulse: float | None

    @property
    def held(self) -> bool:
        """Whether this process holds it: false in a process forked off from the holder."""

    def fence(self) -> AbstractContextManager[None]:
        """Return what every write has to happen in; raises where the lock turns out lost."""

    def beat(self) -> None:
        """Show that the holder is alive."""

    def release(self) -> None:
        """Let go of it; more than once does no harm."""


def take(connection: Connection, study: str) -> Lock | None:
    """Return the lock of a study, or None where another driver has it.

    Args:
        connection: one that is kept for as long as the lock, and used for writing.
        study: the study's name; it need not be there yet.
    """
    seconds = connection.get_execution_options().get(LEASE)
    if seconds is not None:
        return take_lease(connection, study, seconds)
    with connection.begin():
        if connection.dialect.name == "sqlite":
            return _take_file(connection, study)
        if connection.dialect.name == "mysql":
            return _take_named(connection, study)
        return _take_advisory(connection, study)


class _FileLock:
    """An flock (on Windows, a locked range) on a file of its own beside the database."""

    def __init__(self, path: Path) -> None:
        from filelock import FileLock

        self.pulse: float | None = None
        # A soft lock is a mere file, which a killed driver would leave behind for ever.
        self._lock = FileLock(path, thread_local=False, fallback_to_soft=False)
        self._lock.acquire(blocking=False)
        self._path = path

    @property
    def held(self) -> bool:
        return self._lock.is_locked

    def fence(self) -> AbstractContextManager[None]:
        return _OPEN

    def beat(self) -> None:
        pass

    def release(self) -> None:
        if not self.held:
            return
        # Whoever opened the file before it went sees that it has no name, and opens the next one.
        # Windows refuses to remove a file that is open; there it stays, and means nothing.
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._lock.release()


class _SessionLock:
    """A lock of the connection's session, which the server ends with the connection."""

    def __init__(self, connection: Connection, unlock: Select[Any]) -> None:
        self.pulse: float | None = None
        self._connection = connection
        self._unlock = unlock
        self._process = os.getpid()
        self._ended = False

    @property
    def held(self) -> bool:
        return not self._ended and os.getpid() == self._process

    def fence(self) -> AbstractContextManager[None]:
        return _OPEN

    def beat(self) -> None:
        pass

    def release(self) -> None:
        if self.held:
            self._ended = True
            # Where the connection is lost, so is the lock.
            with contextlib.suppress(Exception), self._connection.begin():
                self._connection.scalar(self._unlock)


class _MySQLLock(_SessionLock):
    """The same in MySQL and MariaDB, which end sessions that are silent."""

    def __init__(self, connection: Connection, unlock: Select[Any]) -> None:
        super().__init__(connection, unlock)
        self.pulse = PULSE
        # SQLAlchemy would connect anew, and find that the server is well.
        self._session: Any = connection.connection.dbapi_connection

    def fence(self) -> AbstractContextManager[None]:
        return _unbroken()

    def beat(self) -> None:
        try:
            self._session.ping(reconnect=False)
        except Exception:
            self._ended = True
            raise


def _take_file(connection: Connection, study: str) -> Lock | None:
    from filelock import Timeout

    database = next(row[2] for row in connection.exec_driver_sql("PRAGMA database_list"))
    mark = hashlib.blake2b(study.encode(), digest_size=6).hexdigest()
    try:
        return _FileLock(Path(f"{database}.{mark}.lock"))
    except Timeout:
        return None


def _take_advisory(connection: Connection, study: str) -> Lock | None:
    schema = connection.scalar(select(func.current_schema()))
    key = int.from_bytes(_digest(schema, study, 8), "big", signed=True)
    end = time.monotonic() + PATIENCE
    while not connection.scalar(select(func.pg_try_advisory_lock(key))):
        if time.monotonic() > end:
            return None
        time.sleep(0.05)
    return _SessionLock(connection, select(func.pg_advisory_unlock(key)))


def _take_named(connection: Connection, study: str) -> Lock | None:
    # Names are the whole server's, not the database's, and have 64 characters at most.
    name = f"unitune:{_digest(connection.scalar(select(func.database())), study, 20).hex()}"
    if connection.scalar(select(func.get_lock(name, PATIENCE))) != 1:
        return None
    return _MySQLLock(connection, select(func.release_lock(name)))


def _digest(schema: object, study: str, size: int) -> bytes:
    return hashlib.blake2b(f"unitune\0{schema}\0{study}".encode(), digest_size=size).digest()


@contextlib.contextmanager
def _unbroken() -> Iterator[None]:
    """Put off Ctrl-C to the end of the block; the second one is not put off.

    PyMySQL closes a connection that it is interrupted in, and the lock would be lost with it.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    pending: list[int] = []

    def later(number: int, frame: Any) -> None:
        if pending:
            before(number, frame)
        pending.append(number)

    signal.signal(signal.SIGINT, later)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pending:
            signal.raise_signal(signal.SIGINT)
