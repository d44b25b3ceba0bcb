"""The results file: an SQLite database in which every finished cell is kept for good."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from unitune.bench.cells import Cell
from unitune.bench.results import Results
from unitune.bench.rows import Row, Rows, as_json
from unitune.errors import OptionError, UnituneError

FILE = "bench.db"
LOCK = "bench.lock"
FORMAT = 2

_SCHEMA = f"""
CREATE TABLE cells (
    key TEXT PRIMARY KEY, task TEXT NOT NULL, contender TEXT NOT NULL, seed INTEGER NOT NULL,
    setup TEXT NOT NULL, task_setup TEXT NOT NULL, finished REAL NOT NULL, failed INTEGER NOT NULL,
    run TEXT NOT NULL, trials TEXT NOT NULL, rungs TEXT NOT NULL
);
CREATE TABLE tasks (task TEXT PRIMARY KEY, row TEXT NOT NULL);
CREATE TABLE setups (kind TEXT, name TEXT, setup TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA user_version = {FORMAT};
"""
# Those of the setups that their contender and their task were asked for in last.
_ASKED = """
SELECT cells.task, contender, seed, run, trials, rungs FROM cells
JOIN setups AS whose ON whose.kind = 'contender' AND whose.name = contender
JOIN setups AS what ON what.kind = 'task' AND what.name = cells.task
WHERE whose.setup = cells.setup AND what.setup = task_setup
ORDER BY cells.task, contender, seed
"""


class StoreError(UnituneError, OSError):
    """A benchmark's directory cannot be used."""


class Store:
    """The cells of one benchmark directory; a context manager that closes it.

    Args:
        directory: where the file is.
        connection: to the file.
    """

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        self.directory = directory
        self._connection = connection

    def put(self, cell: Cell, rows: Rows) -> None:
        """Keep a finished cell; it is durable when this returns.

        One that an error ended is kept to be seen, and is to be made again next time.
        """
        texts = [as_json(part) for part in (rows.run, rows.trials, rows.rungs)]
        setups = (cell.setup(), cell.task_setup())
        failed = bool(rows.run.get("error"))
        with self._speaking(), self._connection as transaction:
            transaction.execute(
                "INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (cell.key(), *cell.name, *setups, time.time(), failed, *texts),
            )

    def done(self) -> set[str]:
        """Return the keys of the cells that need not be made again."""
        with self._speaking():
            return {
                key for (key,) in self._connection.execute("SELECT key FROM cells WHERE NOT failed")
            }

    def ask(self, cells: Iterable[Cell]) -> None:
        """Keep in what setup each contender and each task was asked for last.

        Only what was made in these is shown, so that one name never stands for two things.
        """
        given = list(cells)
        contenders = {cell.contender.name: cell for cell in given}
        tasks = {cell.task.name: cell for cell in given}
        asked = [
            *(("contender", name, cell.setup()) for name, cell in contenders.items()),
            *(("task", name, cell.task_setup()) for name, cell in tasks.items()),
        ]
        with self._speaking(), self._connection as transaction:
            transaction.executemany("INSERT OR REPLACE INTO setups VALUES (?, ?, ?)", asked)

    def describe(self, tasks: Iterable[Row], about: Mapping[str, Any]) -> None:
        """Keep the rows of tasks, and words about the benchmark; both replace earlier ones."""
        with self._speaking(), self._connection as transaction:
            for row in tasks:
                transaction.execute(
                    "INSERT OR REPLACE INTO tasks VALUES (?, ?)", (row["task"], as_json(row))
                )
            for name, value in about.items():
                transaction.execute(
                    "INSERT OR REPLACE INTO about VALUES (?, ?)", (name, as_json(value))
                )

    def about(self) -> dict[str, Any]:
        """Return the words about the benchmark."""
        with self._speaking():
            rows = self._connection.execute("SELECT name, value FROM about ORDER BY rowid")
            return {name: json.loads(value) for name, value in rows}

    def results(self) -> Results:
        """Return as tables what was made in the setups that were asked for last.

        How many other cells each contender has is in `about["set_aside"]`: they were made with
        other options, settings or versions, and not again with these.
        """
        with self._speaking():
            found = self._connection.execute(_ASKED).fetchall()
            every = self._connection.execute("SELECT DISTINCT task, contender, seed FROM cells")
            left = set(every) - {row[:3] for row in found}
            known = self._connection.execute("SELECT row FROM tasks ORDER BY task").fetchall()
        tables: dict[str, list[Row]] = {"runs": [], "trials": [], "rungs": [], "tasks": []}
        for *_, run, trials, rungs in found:
            tables["runs"].append(json.loads(run))
            tables["trials"] += json.loads(trials)
            tables["rungs"] += json.loads(rungs)
        used = {row[0] for row in found}
        rows = [json.loads(row) for (row,) in known]
        tables["tasks"] = [row for row in rows if row["task"] in used]
        counts = Counter(contender for _, contender, _ in sorted(left))
        return Results.of(tables, self.about() | ({"set_aside": dict(counts)} if counts else {}))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"The results in {self.directory / FILE} cannot be read or written: {error}. See "
                f"to the disk and the permissions of the directory; what was kept is kept."
            ) from error


def open_store(directory: str | Path, *, create: bool = True) -> Store:
    """Open the results file of a directory.

    Raises:
        StoreError: it cannot be opened, or another version of unitune wrote it.
        OptionError: there is none, and none is to be made.
    """
    place = Path(directory)
    if not create and not (place / FILE).exists():
        raise OptionError(
            f"{place} holds no benchmark: there is no {FILE}. Give the directory that "
            f"`unitune bench --out` wrote to."
        )
    try:
        place.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(place / FILE)
        connection.execute("PRAGMA synchronous = FULL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{place / FILE} cannot be opened: {error}.") from error
    if version not in (0, FORMAT):
        connection.close()
        raise StoreError(
            f"{place / FILE} was written by another version of unitune (format {version}; this "
            f"one has {FORMAT}). Use that version, or another directory."
        )
    return Store(place, connection)


@contextlib.contextmanager
def only_one(directory: str | Path) -> Iterator[None]:
    """Hold a directory; the system takes the lock back when its holder dies.

    Raises:
        StoreError: another benchmark is at work there, or nothing can be written there.
    """
    from filelock import FileLock, Timeout

    place = Path(directory)
    # A soft lock is a mere file, which a killed benchmark would leave behind for ever.
    lock = FileLock(place / LOCK, fallback_to_soft=False)
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        raise StoreError(
            f"Another benchmark is at work in {place}. Wait for it to end, or use another "
            f"directory."
        ) from None
    except OSError as error:
        raise StoreError(
            f"Results cannot be written to {place}: {error.strerror or error}. Nothing was run; "
            f"give another directory."
        ) from error
    try:
        yield
    finally:
        lock.release()
