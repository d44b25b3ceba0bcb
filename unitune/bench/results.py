"""What a benchmark leaves: four tidy tables and a few words about where they come from."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from unitune.errors import MissingLibraryError, OptionError

if TYPE_CHECKING:
    import pandas as pd

ABOUT = "about.json"

# Columns are texts where no other kind is named. A figure may be missing, a text is empty instead.
_RUNS = """
task contender seed:int64 backend method proposals scheduler stops mode n_trials:int64 workers:int64
paired:bool reason error best:float64 start_up:float64 suggest:float64 observe:float64
evaluate:float64 idle:float64 wall:float64 resource:float64 trials:int64 complete:int64
pruned:int64 failed:int64 library library_version options effective lowered run_seed:int64
"""
_TRIALS = """
task contender seed:int64 number:int64 state value:float64 loss:float64 resource:float64
initial:bool start:float64 end:float64 suggest:float64 evaluate:float64 observe:float64 failure
config
"""
_RUNGS = """
task contender seed:int64 bracket:int64 rung:int64 planned_trials:float64 planned_resource:float64
trials:int64 resource:float64
"""
_TASKS = """
task mode optimum:float64 proven:bool source cost:float64 least:float64 most:float64 unit
noisy:bool stresses parameters:int64 version:int64
"""
_TEXT = "str"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    table: {name: kind or _TEXT for name, _, kind in (c.partition(":") for c in columns.split())}
    for table, columns in {
        "runs": _RUNS,
        "trials": _TRIALS,
        "rungs": _RUNGS,
        "tasks": _TASKS,
    }.items()
}


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a benchmark, from which every measure and every figure is derived.

    Times are in seconds. A run is named by `task`, `contender` and `seed`, which stand in `runs`,
    `trials` and `rungs` alike.

    Attributes:
        runs: one row a run: backend, method, proposals ('native', or 'composed (backend:method)'),
            scheduler, stops ('native', 'composed' or '' without a scheduler), mode, n_trials,
            workers, paired, reason, error, best (the run's best value), start_up, suggest,
            observe, evaluate, idle, wall, resource (consumed in all), trials, complete, pruned,
            failed, library and library_version, options and effective (JSON: what was given, and
            what the library made of it), lowered (JSON: parameter to 'native' or 'lowered'),
            run_seed (what the run itself was given as its seed).
        trials: one row a trial: number, state, value, loss (the value, with the sign that makes
            smaller better), resource (consumed), initial, start and end (since the run began),
            suggest, evaluate, observe, failure, config (JSON).
        rungs: one row a rung of a run that had a schedule: bracket, rung, planned_trials,
            planned_resource (of one trial), trials, resource (consumed by them in this rung).
        tasks: one row a task: task, mode, optimum, proven, source, cost, least, most, unit, noisy,
            stresses, parameters (their number), version.
        about: suite, command (the last one), commands (all that filled the directory), date,
            hardware, versions, timing, paired, budget, seeds; set_aside (runs by contender that
            were made with other options or versions), where there are any.
    """

    runs: pd.DataFrame
    trials: pd.DataFrame
    _: KW_ONLY
    rungs: pd.DataFrame
    tasks: pd.DataFrame
    about: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        tables: Mapping[str, Iterable[Mapping[str, Any]]],
        about: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return the results that rows make, by the names of their tables."""
        return cls(
            **{name: _frame(name, tables.get(name, ())) for name in COLUMNS}, about=about or {}
        )

    def save(self, directory: str | Path) -> list[Path]:
        """Write each table as Parquet, and `about` as JSON; returns their paths.

        Raises:
            MissingLibraryError: pyarrow is not installed.
        """
        require_parquet()
        place = Path(directory)
        place.mkdir(parents=True, exist_ok=True)
        written = []
        for name in COLUMNS:
            written.append(place / f"{name}.parquet")
            getattr(self, name).to_parquet(written[-1], index=False)
        written.append(place / ABOUT)
        text = json.dumps(dict(self.about), indent=2, default=repr, ensure_ascii=False)
        written[-1].write_text(f"{text}\n", encoding="utf-8")
        return written

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            OptionError: it is not there.
            MissingLibraryError: pyarrow is not installed.
        """
        import pandas as pd

        require_parquet()
        place = Path(directory)
        absent = [f"{name}.parquet" for name in COLUMNS if not (place / f"{name}.parquet").exists()]
        if absent:
            raise OptionError(
                f"{place} holds no results: there is no {absent[0]}. Give the directory that "
                f"`unitune bench --out` wrote to."
            )
        frames = {name: pd.read_parquet(place / f"{name}.parquet") for name in COLUMNS}
        about = place / ABOUT
        words = json.loads(about.read_text(encoding="utf-8")) if about.exists() else {}
        return cls(**frames, about=words)


def require_parquet() -> None:
    """Raise MissingLibraryError if there is nothing here that writes Parquet."""
    try:
        importlib.import_module("pyarrow")
    except ImportError:
        raise MissingLibraryError(
            "Results are kept as Parquet, which needs pyarrow, which is not installed. Install it "
            "with: pip install 'unitune[report]'"
        ) from None


def _frame(table: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    columns = COLUMNS[table]
    absent = {name: "" if kind == _TEXT else None for name, kind in columns.items()}
    filled = [absent | {n: v for n, v in row.items() if v is not None} for row in rows]
    return pd.DataFrame(filled, columns=list(columns)).astype(dict(columns))
