"""`unitune bench` and `unitune report`: a benchmark that is kept, and what it shows."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from unitune.bench.benchmark import Benchmark, Watcher, plan_benchmark, run_benchmark
from unitune.bench.budget import Budget
from unitune.bench.cells import Cell, Design
from unitune.bench.contenders import as_contender
from unitune.bench.results import Results
from unitune.bench.rows import Rows
from unitune.bench.store import FILE, open_store
from unitune.bench.suites import known_tasks, listed_tasks, suite_of, tasks_named, tasks_of
from unitune.cli.speaking import FAILED, INTERRUPTED, said, typed
from unitune.discovery import TASKS, find
from unitune.tables import render
from unitune.task import Task


@click.command()
@click.option("--suite", help="smoke, quick, standard, full, or one that a plugin brings")
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="a task; may be repeated")
@click.option(
    "--contenders",
    metavar="A:B,C:D(X=1)",
    help="backend:method, with options and +scheduler if need be [default: those of the suite]",
)
@click.option("--seeds", type=int, help="runs of each contender on each task")
@click.option("--trials", type=int, help="budget of each run, in whole trials")
@click.option("--resource", type=int, help="budget of each run, in units of resource")
@click.option("--seconds", type=float, help="budget of each run, in seconds")
@click.option("--workers", type=int, help="runs side by side [default: one a core]")
@click.option(
    "--timing",
    type=click.Choice(["shared", "exclusive"]),
    default="shared",
    show_default=True,
    help="exclusive makes one run at a time in all",
)
@click.option(
    "--virtual",
    type=click.IntRange(min=1),
    metavar="WORKERS",
    help="so many workers in each run, in virtual time, on tasks with known learning curves",
)
@click.option("--unpaired", is_flag=True, help="each contender starts and is seeded by itself")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="directory of the results; what is there already is not run again",
)
@click.option("--list", "listing", is_flag=True, help="list the tasks, and run nothing")
@click.option("--quiet", is_flag=True, help="no progress bar")
@said
def bench(
    suite: str | None,
    tasks: tuple[str, ...],
    contenders: str | None,
    *,
    out: Path | None,
    timing: Any,
    workers: int | None,
    listing: bool,
    quiet: bool,
    unpaired: bool,
    virtual: int | None,
    seeds: int | None,
    trials: int | None,
    resource: int | None,
    seconds: float | None,
) -> int:
    """Compare backends and methods on the tasks of a suite, and write a report.

    Stopped in any way, the same command goes on; with another contender or more seeds it runs
    what is missing.
    """
    named = list(dict.fromkeys(tasks))
    if listing:
        _list(suite, named)
        return 0
    name = suite or ("" if tasks else "smoke")
    defaults = suite_of(name or "quick")
    chosen = tasks_of(name) if name else []
    budget = defaults.budget
    if (trials, resource, seconds) != (None, None, None):
        budget = Budget(n_trials=trials, max_resource=resource, seconds=seconds)
    benchmark = plan_benchmark(
        [*chosen, *tasks_named(t for t in named if t not in {c.name for c in chosen})],
        _installed(defaults.contenders) if contenders is None else contenders,
        defaults.seeds if seeds is None else seeds,
        Design(budget, paired=not unpaired, virtual=virtual),
    )
    for words in _left_out(benchmark):
        click.echo(words, err=True)
    where, command = out or Path("results") / (name or "tasks"), typed()
    try:
        with _showing(wanted=not quiet) as watcher:
            results = run_benchmark(
                benchmark,
                where,
                workers=workers,
                timing=timing,
                suite=name,
                command=command,
                watcher=watcher,
            )
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted; what is finished is kept. To go on:\n  {command}", err=True)
        return INTERRUPTED
    return _conclude(results, where)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@said
def report(directory: Path) -> int:
    """Write the report of a benchmark anew from its results."""
    return _conclude(_stored(directory), directory)


def _installed(names: tuple[str, ...]) -> list[str]:
    """Return the contenders of a suite whose libraries are here, and say which are not."""
    found = []
    for name in names:
        lack = as_contender(name).lack()
        if lack is None:
            found.append(name)
        else:
            click.echo(f"Left out: {name}: {lack}", err=True)
    return found


def _left_out(benchmark: Benchmark) -> list[str]:
    """Say who does not run where, one line a reason."""
    grouped: dict[str, tuple[set[str], set[str]]] = {}
    for one in benchmark.skipped:
        contenders, tasks = grouped.setdefault(one.why, (set(), set()))
        contenders.add(one.contender)
        tasks.add(one.task)
    return [
        f"Left out: {', '.join(sorted(contenders))} on {', '.join(sorted(tasks))}: {why}."
        for why, (contenders, tasks) in grouped.items()
    ]


def _list(suite: str | None, named: list[str]) -> None:
    tasks = [find(TASKS, name) for name in named]
    if not named:
        tasks = list(known_tasks().values()) if suite is None else listed_tasks(suite)
    elif suite is not None:
        tasks = [*listed_tasks(suite), *(task for task in tasks if suite not in task.suites)]
    rows = [
        (
            *(task.name, len(task.space), f"{task.cost:g}", _range(task)),
            *(", ".join(task.suites), ", ".join(task.stresses)),
        )
        for task in tasks
    ]
    columns = ("task", "parameters", "seconds", "resource", "suites", "stresses")
    click.echo(render("Tasks", columns, rows, numeric=("parameters", "seconds")))


def _range(task: Task) -> str:
    return "-" if task.resource is None else f"{task.resource[0]} to {task.resource[1]} {task.unit}"


def _stored(directory: Path) -> Results:
    if (directory / FILE).exists():
        with open_store(directory, create=False) as store:
            return store.results()
    return Results.load(directory)


def _conclude(results: Results, where: Path) -> int:
    """Write the report, show the ranking and say where the report is."""
    errors = results.runs[results.runs["error"] != ""]
    for row in errors.itertuples():
        first = str(row.error).splitlines()[0]
        click.echo(f"{row.contender} on {row.task}, seed {row.seed}: {first}", err=True)
    for name, runs in results.about.get("set_aside", {}).items():
        words = "made with other options or versions than it was asked for last"
        click.echo(f"Left out: {runs} run{'s' * (runs > 1)} of {name}, {words}.", err=True)
    if results.trials.empty:
        budget = results.about.get("budget", "the budget")
        click.echo(f"No run made a trial with {budget}, so that there is no report.", err=True)
        return FAILED
    path = importlib.import_module("unitune.report").write(results, where)
    analysis = importlib.import_module("unitune.analysis")
    click.echo(f"{analysis.standings(analysis.verdict(results))}\n")
    click.echo(f"{len(results.runs)} runs, {len(results.trials)} trials. Report: {path}")
    return FAILED if len(errors) == len(results.runs) else 0


@contextlib.contextmanager
def _showing(*, wanted: bool) -> Iterator[Watcher]:
    """Show a bar with the number of runs and what was begun last."""
    if not wanted or not sys.stderr.isatty():
        yield Watcher()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    what = TextColumn("{task.description}", markup=False)
    with Progress(*columns, what, console=Console(stderr=True)) as bar:
        yield _Bar(bar, bar.add_task("", total=None))


class _Bar(Watcher):
    """What a benchmark does, as a progress bar."""

    def __init__(self, bar: Any, whole: Any) -> None:
        self._bar = bar
        self._whole = whole

    def planned(self, cells: int, done: int) -> None:
        self._bar.update(self._whole, total=cells, completed=done)

    def began(self, cell: Cell) -> None:
        words = f"{cell.contender.name} on {cell.task.name}, seed {cell.seed}"
        self._bar.update(self._whole, description=words)

    def ended(self, cell: Cell, rows: Rows) -> None:
        self._bar.update(self._whole, advance=1)
