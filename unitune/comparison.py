"""Several contenders on one task, side by side."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unitune.api import run
from unitune.errors import BackendError, OptionError
from unitune.preparation import plan, split
from unitune.result import Result
from unitune.space import as_space
from unitune.tables import render
from unitune.trial import State

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Entry:
    """One run of one contender.

    Attributes:
        contender: 'backend:method'.
        seed: the run's seed.
        result: what came of it; what there was of it, where the library failed.
        error: the library's failure; None in general.
    """

    contender: str
    seed: int
    _: KW_ONLY
    result: Result
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs of a comparison; printing it gives one line a contender.

    Attributes:
        entries: every run, in the order in which they were made.
        mode: 'min' or 'max'.
    """

    entries: tuple[Entry, ...]
    mode: str

    def frame(self) -> pd.DataFrame:
        """Return one row a run: best value, seconds by where they went, trials by state."""
        import pandas as pd

        return pd.DataFrame([_row(entry) for entry in self.entries])

    def table(self) -> pd.DataFrame:
        """Return one row a contender, the best median first.

        With several seeds a figure is the median over them; `worst` and `best` span their best
        values. Times are in seconds.
        """
        import pandas as pd

        rows = []
        for contender in dict.fromkeys(entry.contender for entry in self.entries):
            runs = [_row(entry) for entry in self.entries if entry.contender == contender]
            values = [row["best"] for row in runs if row["best"] is not None]
            rows.append(
                {
                    "contender": contender,
                    "proposals": runs[0]["proposals"],
                    "best (median)": statistics.median(values) if values else None,
                    "best (lowest)": min(values, default=None),
                    "best (highest)": max(values, default=None),
                    **{
                        name: statistics.median(row[name] for row in runs)
                        for name in ("wall", "overhead", "start_up", "suggest", "observe")
                    },
                    "trials": sum(row["trials"] for row in runs),
                    "failed": sum(row["failed"] for row in runs),
                    "runs": len(runs),
                }
            )
        table = pd.DataFrame(rows)
        ascending = self.mode == "min"
        return table.sort_values("best (median)", ascending=ascending, ignore_index=True)

    def to_csv(self, path: str | Path) -> Path:
        """Write `frame()` as CSV; returns where it went."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.frame().to_csv(target, index=False)
        return target

    def __str__(self) -> str:
        table = self.table()
        numeric = [name for name in table.columns if name not in ("contender", "proposals")]
        rows = [[_shown(value) for value in row] for row in table.itertuples(index=False)]
        best = "smaller is better" if self.mode == "min" else "greater is better"
        title = f"Comparison of {len(table)} contenders ({best}; times in seconds)"
        return render(title, [str(name) for name in table.columns], rows, numeric)


def compare(
    space: Any,
    objective: Callable[..., Any],
    contenders: Iterable[str],
    *,
    n_trials: int = 50,
    seeds: int | Iterable[int] = 1,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    **settings: Any,
) -> Comparison:
    """Run several contenders on one task with the same budget and the same seeds.

    Args:
        space: a `Space`, or a dict of parameters.
        objective: see `run`.
        contenders: names like 'optuna:tpe'; 'optuna' alone is its flagship.
        n_trials: trials for each run.
        seeds: how many runs each contender makes (seeds 0, 1, …), or the seeds themselves.
        options: options by contender.
        settings: further arguments of `run`, the same for all.

    Raises:
        UnituneError: a contender cannot run (before anything runs), or the objective is broken.

    Example:
        >>> import unitune
        >>> space = {"x": unitune.Float(-5, 5)}
        >>> comparison = unitune.compare(
        ...     space, lambda config: config["x"] ** 2, ["builtin:random", "builtin:grid"],
        ...     n_trials=9, progress=False,
        ... )
        >>> comparison.table()["contender"].tolist()
        ['builtin:grid', 'builtin:random']
    """
    names = [contenders] if isinstance(contenders, str) else list(contenders)
    per_contender = options or {}
    searched = as_space(space)
    numbers = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    if not names or not numbers:
        raise OptionError("A comparison needs at least one contender and one seed.")
    for name in [*names, *per_contender]:
        plan(searched, *split(name), per_contender.get(name, {}))
    for name in per_contender:
        if name not in names:
            raise OptionError(f"options name {name!r}, which is not among the contenders.")
    entries = []
    # Seed by seed, so that a comparison cut short has every contender at equal budget.
    for seed in numbers:
        for name in names:
            backend, method = split(name)
            given = {**settings, "options": per_contender.get(name), "seed": seed}
            entries.append(
                _entry(name, seed, searched, objective, backend, method, n_trials, given)
            )
            if entries[-1].result.reason == "interrupted":
                return Comparison(tuple(entries), entries[0].result.mode)
    return Comparison(tuple(entries), entries[0].result.mode)


def _entry(
    name: str,
    seed: int,
    space: Any,
    objective: Callable[..., Any],
    backend: str,
    method: str,
    n_trials: int,
    given: Mapping[str, Any],
) -> Entry:
    try:
        result = run(space, objective, backend=backend, method=method, n_trials=n_trials, **given)
    except BackendError as error:
        if not isinstance(error.result, Result):
            raise
        return Entry(name, seed, result=error.result, error=str(error))
    return Entry(name, seed, result=result)


def _row(entry: Entry) -> dict[str, Any]:
    result = entry.result
    complete = [t for t in result.trials if t.state is State.COMPLETE]
    return {
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
