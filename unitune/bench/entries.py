"""The runs of a comparison, kept as they are, and what they show at a glance."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unitune.bench.results import Results
from unitune.bench.rows import rows_of, task_row
from unitune.bench.running import Ran
from unitune.installed import restrict
from unitune.result import Result
from unitune.tables import render
from unitune.trial import State

if TYPE_CHECKING:
    import pandas as pd

SECONDS = ("wall", "overhead", "start_up", "suggest", "observe", "evaluate")
TEXTS = ("task", "contender", "method", "proposals")


@dataclass(frozen=True, slots=True)
class Entry:
    """One run of one contender.

    Attributes:
        contender: its name, such as 'backend:method'.
        seed: the seed, which the run has as its own, or from which it has one on each task.
        task: the task's name.
        result: what came of it; what there was of it, where the library failed.
        error: the library's failure; None in general.
        ran: the same as `results` are made of.
    """

    contender: str
    seed: int
    _: KW_ONLY
    task: str
    result: Result
    error: str | None = None
    ran: Ran = field(repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs of a comparison; printing it gives one line a contender.

    Attributes:
        entries: every run, in the order in which they were made.
        mode: 'min' or 'max', as the (first) task has it.
        about: where and with what it was made.
        plugins: the distributions whose plugins took part, if not all could.

    Example:
        >>> import unitune
        >>> comparison = unitune.compare(
        ...     {"x": unitune.Float(-5, 5)}, lambda config: config["x"] ** 2, "builtin:grid",
        ...     n_trials=9, seeds=2, progress=False,
        ... )
        >>> comparison.frame()[["contender", "seed", "trials"]].values.tolist()[:2]
        [['builtin:grid', 0, 9], ['builtin:random', 0, 9]]
    """

    entries: tuple[Entry, ...]
    mode: str
    _: KW_ONLY
    about: Mapping[str, Any] = field(default_factory=dict, repr=False)
    plugins: frozenset[str] | None = field(default=None, repr=False)

    @property
    def results(self) -> Results:
        """The runs as the tables that measures, statistics and reports are made of."""
        with restrict(self.plugins):
            rows = [rows_of(entry.ran) for entry in self.entries]
        tasks = {entry.task: entry.ran.cell.task for entry in self.entries}
        tables = {
            "runs": [one.run for one in rows],
            "trials": [trial for one in rows for trial in one.trials],
            "rungs": [rung for one in rows for rung in one.rungs],
            "tasks": map(task_row, tasks.values()),
        }
        return Results.of(tables, self.about)

    def frame(self) -> pd.DataFrame:
        """Return one row a run: best value, seconds by where they went, trials by state."""
        import pandas as pd

        return pd.DataFrame([_row(entry) for entry in self.entries])

    def table(self) -> pd.DataFrame:
        """Return one row a contender, the best first.

        With several seeds a figure is the median over them, and `lowest` and `highest` are the
        extremes of the best values. Times are in seconds, trials are those of all seeds. With
        several tasks there is one row a contender and task.
        """
        import pandas as pd

        runs = self.frame()
        several = len(set(runs["seed"])) > 1
        named = ["task"] if len(set(runs["task"])) > 1 else []
        rows = []
        for (task, contender), own in runs.groupby(["task", "contender"], sort=False):
            spread = {"lowest": own["best"].min(), "highest": own["best"].max()} if several else {}
            seconds = {name: own[name].median() for name in SECONDS}
            counts = {name: int(own[name].sum()) for name in ("trials", "failed")}
            rows.append(
                {
                    **dict.fromkeys(named, task),
                    "contender": contender,
                    "method": own["method"].iloc[0],
                    "proposals": own["proposals"].iloc[0],
                    "best": own["best"].median(),
                    **spread,
                    **seconds,
                    **counts,
                }
            )
        by = [*named, "best"]
        ascending = [*(True for _ in named), self.mode == "min"]
        return pd.DataFrame(rows).sort_values(by, ascending=ascending, ignore_index=True)

    def to_csv(self, path: str | Path) -> Path:
        """Write `frame()` as CSV; returns where it went."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.frame().to_csv(target, index=False)
        return target

    def to_html(self, path: str | Path) -> Path:
        """Write the report, one file that needs nothing else; returns where it went.

        Raises:
            MissingLibraryError: what draws its figures is not installed.
        """
        written: Path = importlib.import_module("unitune.report").write_html(self.results, path)
        return written

    def __str__(self) -> str:
        table = self.table()
        numeric = [name for name in table.columns if name not in TEXTS]
        rows = [[_shown(value) for value in row] for row in table.itertuples(index=False)]
        better = "smaller is better" if self.mode == "min" else "greater is better"
        seeds = len({entry.seed for entry in self.entries})
        title = (
            f"{len(set(table['contender']))} contenders, {seeds} seed{'s' * (seeds > 1)}"
            f"{' (medians)' * (seeds > 1)}; {better}; times in seconds"
        )
        return render(title, [str(name) for name in table.columns], rows, numeric)


def _row(entry: Entry) -> dict[str, Any]:
    result = entry.result
    complete = [t for t in result.trials if t.state is State.COMPLETE]
    return {
        "task": entry.task,
        "contender": entry.contender,
        "method": f"{result.backend}:{result.method}",
        "proposals": f"composed ({result.through})" if result.through else "native",
        "seed": entry.seed,
        "best": result.best.value if complete else None,
        "wall": result.overhead.wall,
        "overhead": result.overhead.total,
        "start_up": result.overhead.start_up,
        "suggest": result.overhead.suggest,
        "evaluate": result.overhead.evaluate,
        "observe": result.overhead.observe,
        "idle": result.overhead.idle,
        "trials": len(result.trials),
        "complete": len(complete),
        "failed": sum(t.state is State.FAILED for t in result.trials),
        "reason": result.reason,
        "error": entry.error,
        **{f"version.{name}": version for name, version in result.versions.items()},
    }


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
