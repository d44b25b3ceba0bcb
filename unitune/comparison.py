"""Several contenders on one task, side by side."""

from __future__ import annotations

import functools
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

SECONDS = ("wall", "overhead", "start_up", "suggest", "observe", "evaluate")
TEXTS = ("contender", "method", "proposals")


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
        """Return one row a contender, the best first.

        With several seeds a figure is the median over them, and `lowest` and `highest` are the
        extremes of the best values. Times are in seconds, trials are those of all seeds.
        """
        import pandas as pd

        runs = self.frame()
        several = len(set(runs["seed"])) > 1
        rows = []
        for contender, own in runs.groupby("contender", sort=False):
            spread = {"lowest": own["best"].min(), "highest": own["best"].max()} if several else {}
            seconds = {name: own[name].median() for name in SECONDS}
            counts = {name: int(own[name].sum()) for name in ("trials", "failed")}
            rows.append(
                {
                    "contender": contender,
                    "method": own["method"].iloc[0],
                    "proposals": own["proposals"].iloc[0],
                    "best": own["best"].median(),
                    **spread,
                    **seconds,
                    **counts,
                }
            )
        ascending = self.mode == "min"
        return pd.DataFrame(rows).sort_values("best", ascending=ascending, ignore_index=True)

    def to_csv(self, path: str | Path) -> Path:
        """Write `frame()` as CSV; returns where it went."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.frame().to_csv(target, index=False)
        return target

    def __str__(self) -> str:
        table = self.table()
        numeric = [name for name in table.columns if name not in TEXTS]
        rows = [[_shown(value) for value in row] for row in table.itertuples(index=False)]
        better = "smaller is better" if self.mode == "min" else "greater is better"
        seeds = len({entry.seed for entry in self.entries})
        title = (
            f"{len(table)} contenders, {seeds} seed{'s' * (seeds > 1)}"
            f"{' (medians)' * (seeds > 1)}; {better}; times in seconds"
        )
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

    All libraries are imported before the first run, so that no contender's start-up includes it.

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
    entries: list[Entry] = []
    # Seed by seed, so that a comparison cut short has every contender at equal budget.
    for seed in numbers:
        for name in names:
            backend, method = split(name)
            given = {**settings, "backend": backend, "method": method, "n_trials": n_trials}
            given |= {"seed": seed, "options": per_contender.get(name)}
            entries.append(_entry(name, seed, functools.partial(run, searched, objective, **given)))
            if entries[-1].result.reason == "interrupted":
                return Comparison(tuple(entries), entries[0].result.mode)
    return Comparison(tuple(entries), entries[0].result.mode)


def _entry(name: str, seed: int, make: Callable[[], Result]) -> Entry:
    try:
        return Entry(name, seed, result=make())
    except BackendError as error:
        if not isinstance(error.result, Result):
            raise
        return Entry(name, seed, result=error.result, error=str(error))


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
