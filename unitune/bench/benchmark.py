"""A benchmark in a directory: what is missing is run, what is there is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from unitune.bench.about import describe, joined
from unitune.bench.cells import Cell, Design, lay_out, read_seeds
from unitune.bench.checking import check_options, check_scheduler
from unitune.bench.contenders import Contender, read_contenders
from unitune.bench.environment import cores
from unitune.bench.results import Results, require_parquet
from unitune.bench.rows import Rows, task_row
from unitune.bench.store import Store, only_one, open_store
from unitune.bench.suites import check_tasks
from unitune.bench.workers import make_all
from unitune.errors import MissingLibraryError, OptionError, TranslationError
from unitune.installed import restrict
from unitune.scheduling import choose
from unitune.settings import read_whole
from unitune.task import Task
from unitune.translation import lower_space

Timing = Literal["shared", "exclusive"]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A contender that cannot run on a task, and why."""

    task: str
    contender: str
    why: str


class Watcher:
    """Is told how a benchmark goes; this one does nothing."""

    def planned(self, cells: int, done: int) -> None:
        """So many cells there are, and so many of them need not be made."""

    def began(self, cell: Cell) -> None:
        """A cell begins."""

    def ended(self, cell: Cell, rows: Rows) -> None:
        """A cell has ended, and is kept."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Which cells make a benchmark.

    Attributes:
        cells: in the order in which they are made.
        skipped: what was asked for and cannot be run.
        tasks: every task.
        contenders: every contender, the baseline among them.
        seeds: every seed.
        design: what all runs have in common.
    """

    cells: tuple[Cell, ...]
    skipped: tuple[Skipped, ...]
    _: KW_ONLY
    tasks: tuple[Task, ...]
    contenders: tuple[Contender, ...]
    seeds: tuple[int, ...]
    design: Design


def plan_benchmark(
    tasks: Iterable[Task | str],
    contenders: Iterable[str | Contender] | str | Contender,
    seeds: int | Iterable[int],
    design: Design,
) -> Benchmark:
    """Lay out a benchmark; nothing is run.

    No library is imported but to check the options that a contender is given.

    Args:
        tasks: what to compare on, or the names of tasks that plugins bring.
        contenders: who takes part; the baseline joins them.
        seeds: how many runs each contender makes on each task (seeds 0, 1, …), or the seeds.
        design: what all runs have in common.

    Raises:
        UnituneError: a contender, its scheduler or one of its options is unknown, its library is
            missing, or nothing can be run.
    """
    if design.virtual is not None and design.budget.seconds is not None:
        raise OptionError("A budget in seconds is one of real time: give another in virtual time.")
    with restrict(design.settings.get("plugins")):
        return _planned(check_tasks(tasks), read_contenders(contenders), read_seeds(seeds), design)


def _planned(
    fields: list[Task], entered: list[Contender], numbers: list[int], design: Design
) -> Benchmark:
    for contender in entered:
        problem = contender.lack()
        if problem is not None:
            raise MissingLibraryError(problem)
        check_scheduler(contender)
    skipped = {
        (task.name, contender.name): why
        for task in fields
        for contender in entered
        if (why := _refusal(task, contender, design)) is not None
    }
    cells = [
        cell for cell in lay_out(fields, entered, numbers, design) if cell.name[:2] not in skipped
    ]
    if not cells:
        raise OptionError(
            f"No contender can be run on any task: {'; '.join(sorted(set(skipped.values())))}."
        )
    for task in fields:
        for contender in entered:
            optional = contender.options or contender.scheduler_options
            if optional and (task.name, contender.name) not in skipped:
                check_options(task, contender)
    return Benchmark(
        tuple(cells),
        tuple(Skipped(*names, why) for names, why in skipped.items()),
        tasks=tuple(fields),
        contenders=tuple(entered),
        seeds=tuple(numbers),
        design=design,
    )


def run_benchmark(
    benchmark: Benchmark,
    out: str | Path,
    *,
    workers: int | None = None,
    timing: Timing = "shared",
    suite: str = "",
    command: str = "",
    watcher: Watcher | None = None,
) -> Results:
    """Make the cells of a benchmark that a directory does not have yet.

    Every finished cell is kept for good before the next begins, so that whatever ends this, the
    same call goes on. Whatever a cell depends on is part of what it is kept under: a library of
    another version runs again. So does a cell that an error ended.

    Args:
        benchmark: the cells.
        out: the directory; made where there is none.
        workers: how many cells are made side by side; by default one a core.
        timing: 'exclusive' makes one cell at a time, whatever `workers` is.
        suite: what the benchmark is called.
        command: what makes it again.
        watcher: is told how it goes.

    Returns:
        everything the directory now holds of these contenders and tasks, and of others that earlier
        calls asked for; nothing that was made with other options or versions than those asked for
        last. It is also there as Parquet.

    Raises:
        StoreError: the directory cannot be used, or another benchmark is at work there.
        OptionError: it holds a benchmark of another design.
    """
    require_parquet()
    if timing not in ("shared", "exclusive"):
        raise OptionError(f"timing={timing!r}: use 'shared' or 'exclusive'.")
    size = cores() if workers is None else read_whole("workers", workers, least=1)
    virtual, plugins = benchmark.design.virtual, benchmark.design.settings.get("plugins")
    with restrict(plugins), only_one(out), open_store(out) as store:
        words = _words(benchmark) | {"suite": suite, "command": command}
        words["commands"] = [command] if command else []
        words["timing"] = f"virtual, {virtual} workers" if virtual is not None else timing
        store.describe(
            map(task_row, benchmark.tasks), joined(store.about(), words, store.directory)
        )
        store.ask(benchmark.cells)
        try:
            _fill(store, benchmark.cells, 1 if timing == "exclusive" else size, watcher)
        finally:
            results = store.results()
            results.save(out)
        return results


def _fill(
    store: Store, cells: Sequence[Cell], workers: int, watcher: Watcher | None = None
) -> None:
    watcher = watcher or Watcher()
    done = store.done()
    missing = [cell for cell in cells if cell.key() not in done]
    watcher.planned(len(cells), len(cells) - len(missing))
    made = make_all(missing, workers=workers, on_start=watcher.began)
    with contextlib.closing(made):
        for cell, rows in made:
            store.put(cell, rows)
            watcher.ended(cell, rows)


def _refusal(task: Task, contender: Contender, design: Design) -> str | None:
    """Say why a contender cannot run on a task; None where it can, as far as is known."""
    spec, method, scheduler = contender.find()
    if design.virtual is not None:
        if not hasattr(task.load(), "curve"):
            return "the task's learning curves are not known, so that there is no virtual time"
        if spec.contract == "service":
            return "its library runs trials itself, in real time"
    if task.resource is None:
        if contender.scheduled:
            return "it stops trials early, and the task has no resource"
        if design.budget.max_resource is not None:
            return "the budget is one of resource, and the task has none"
    try:
        lower_space(task.space, spec.name, method).require()
        choose(spec, scheduler, task.resource, contender.scheduler_options)
    except (TranslationError, OptionError) as error:
        return str(error)
    return None


def _words(benchmark: Benchmark) -> dict[str, Any]:
    words = describe(benchmark.tasks, benchmark.contenders, benchmark.seeds, benchmark.design)
    return words | {"skipped": [asdict(one) for one in benchmark.skipped]}
