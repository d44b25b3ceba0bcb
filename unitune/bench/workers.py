"""Making cells in worker processes, each run in a process of its own.

The workers are those of unitune's own process executor: they are fresh interpreters that never see
the user's script, take tasks with closures in them, end with the process that started them however
it dies, and survive what happens in them; `concurrent.futures` and loky break a whole pool when
one of its processes is killed. A worker imports the libraries once and makes each run in a fork of
itself (where the system has no good fork, in a fresh interpreter), so that no run sees what
another one left, and none waits for imports.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from unitune.bench.cells import Cell
from unitune.bench.environment import ONE_THREAD
from unitune.bench.rows import Rows, lost, rows_of
from unitune.bench.running import make_or_fail, prepare
from unitune.errors import OptionError
from unitune.executors.launch import ending
from unitune.executors.pickling import dump
from unitune.executors.process import ProcessExecutor
from unitune.installed import allowed, restrict
from unitune.job import Finished, Job
from unitune.objective import Evaluator
from unitune.trial import Verdict

# A started cell: it is called with its number and its cell when a worker takes it.
OnStart = Callable[[Cell], Any]


class CellMaker:
    """Makes cells in a worker; sent there once, and an objective to the executor.

    Args:
        cells: the cells, which are then known by their places.
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        # Packed, so that a worker can see to its threads before it imports what tasks need.
        self._packed = _packed(cells)
        self._plugins = allowed()
        self._cells: Sequence[Cell] | None = None

    def __call__(self, config: dict[str, Any]) -> dict[str, Any]:
        """Make the cell at `config["cell"]`; return its rows as bytes, or how its process died."""
        if self._cells is None:
            os.environ.update(ONE_THREAD)
            self._cells = pickle.loads(self._packed)  # noqa: S301 - from the process that runs it
        cell = self._cells[config["cell"]]
        with restrict(self._plugins):
            self._import(cell)
            answer = _in_own_process(cell)
        died = isinstance(answer, str)
        return {"value": 0.0, "died": answer if died else "", "rows": b"" if died else answer}

    def _import(self, cell: Cell) -> None:
        # Libraries that own their loop may start threads when they are imported, and a fork must
        # not have any. What fails here fails again in the run, where it is an outcome.
        if not cell.alone:
            with contextlib.suppress(Exception):
                prepare(cell)


def make_all(
    cells: Sequence[Cell], *, workers: int, on_start: OnStart = lambda _: None
) -> Generator[tuple[Cell, Rows]]:
    """Make cells side by side, in their order as far as may be.

    Yields:
        each cell as it is finished, and its rows.

    Raises:
        OptionError: a task cannot be sent to another process.
    """
    if not cells:
        return
    evaluate = Evaluator(CellMaker(cells), "value")
    executor = ProcessExecutor(
        evaluate, lambda *_: Verdict.CONTINUE, workers=min(workers, len(cells))
    )
    waiting, running = deque(enumerate(cells)), dict[int, Cell]()
    try:
        while waiting or running:
            while waiting and _may_start(waiting[0][1], running, workers):
                number, cell = waiting.popleft()
                running[number] = cell
                on_start(cell)
                executor.submit(Job(number, {"cell": number}, seed=0))
            finished = executor.next()
            cell = running.pop(finished.job.number)
            yield cell, _read(cell, finished)
    finally:
        executor.close()


def _may_start(cell: Cell, running: dict[int, Cell], workers: int) -> bool:
    if not running:
        return True
    crowded = cell.alone or any(other.alone for other in running.values())
    return not crowded and len(running) < workers


def _read(cell: Cell, finished: Finished) -> Rows:
    metrics, failure = finished.outcome.metrics, finished.outcome.failure
    if failure is not None:
        return lost(cell, str(failure))
    if metrics["died"]:
        return lost(cell, metrics["died"])
    rows: Rows = pickle.loads(metrics["rows"])  # noqa: S301 - from a process of our own
    return rows


def _in_own_process(cell: Cell) -> bytes | str:
    """Return the packed rows of a cell, or how the process that was to make it died."""
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    here, there = context.Pipe(duplex=False)
    sent = cell if sys.platform == "linux" else _packed(cell)
    process = context.Process(target=_make, args=(sent, there, allowed()))
    process.start()
    there.close()
    try:
        rows: bytes = here.recv_bytes()
    except EOFError:
        process.join()
        return f"the process of this run {ending(process.exitcode or 0)}"
    process.join()
    return rows


def _make(given: Cell | bytes, there: Connection, plugins: frozenset[str] | None) -> None:
    with restrict(plugins):
        cell: Cell = pickle.loads(given) if isinstance(given, bytes) else given  # noqa: S301
        rows = rows_of(make_or_fail(cell))
    there.send_bytes(pickle.dumps(rows))
    there.close()


def _packed(value: Any) -> bytes:
    file = io.BytesIO()
    try:
        dump(value, file)
    except Exception as error:
        raise OptionError(
            f"A task or an option cannot be sent to another process ({type(error).__name__}: "
            f"{error}). Objectives are sent with all that they refer to: make locks, open files "
            f"and the like inside them."
        ) from error
    return file.getvalue()
