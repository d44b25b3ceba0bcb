"""One driver per study: locks that the system takes back when their holder dies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

# Seconds in which PostgreSQL notices that a killed driver on the same host is gone.
PATIENCE = 2.0


class Lock(Protocol):
    """A lock that is held; only `held` may be asked of one that was released."""

    @property
    def held(self) -> bool:
        """Whether this process holds it: false in a process forked off from the holder."""

    def release(self) -> None:
        """Let go of it; more than once does no harm."""


def take(connection: Connection, study: str) -> Lock | None:
    """Return the lock of a study, or None where another driver has it.

    Args:
        connection: one that is kept for as long as the lock, and used for writing.
        study: the study's name; it need not be there yet.
    """
    if connection.dialect.name == "sqlite":
        return _take_file(connection, study)
    return _take_advisory(connection, study)


class _FileLock:
    """An flock (on Windows, a locked range) on a file of its own beside the database."""

    def __init__(self, path: Path) -> None:
        from filelock import FileLock

        # A soft lock is a mere file, which a killed driver would leave behind for ever.
        self._lock = FileLock(path, thread_local=False, fallback_to_soft=False)
        self._lock.acquire(blocking=False)
        self._path = path

    @property
    def held(self) -> bool:
        return self._lock.is_locked

    def release(self) -> None:
        if not self.held:
            return
        # Whoever opened the file before it went sees that it has no name, and opens the next one.
        # Windows refuses to remove a file that is open; there it stays, and means nothing.
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._lock.release()


class _AdvisoryLock:
    """A lock of the connection's session, which the server ends with the connection."""

    def __init__(self, connection: Connection, key: int) -> None:
        self._connection = connection
        self._key = key
        self._process = os.getpid()
        self._released = False

    @property
    def held(self) -> bool:
        return not self._released and os.getpid() == self._process

    def release(self) -> None:
        if self.held:
            self._released = True
            # Where the connection is lost, so is the lock.
            with contextlib.suppress(Exception):
                self._connection.scalar(select(func.pg_advisory_unlock(self._key)))


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
    digest = hashlib.blake2b(f"unitune\0{schema}\0{study}".encode(), digest_size=8).digest()
    key = int.from_bytes(digest, "big", signed=True)
    end = time.monotonic() + PATIENCE
    while not connection.scalar(select(func.pg_try_advisory_lock(key))):
        if time.monotonic() > end:
            return None
        time.sleep(0.05)
    return _AdvisoryLock(connection, key)
