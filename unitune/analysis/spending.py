"""Where the time went, and what was consumed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from unitune.analysis.errors import AnalysisError
from unitune.bench.results import Results

SECONDS = ["start_up", "suggest", "observe", "evaluate", "idle", "wall"]
PER = {"contender": ["contender"], "task": ["task", "contender"]}


def costs(results: Results, per: str = "contender") -> pd.DataFrame:
    """Return what runs cost, by where it went.

    Columns: `contender` (after `task`, where it is asked for); `runs`; `trials` (of all runs);
    seconds, as means over runs: `start_up`, `suggest`, `observe`, `evaluate`, `idle`, `wall`;
    `resource` (mean over runs; NaN without any); `suggestion` (seconds a backend takes for one
    trial, to propose it and to learn its outcome; NaN where neither was ever timed); `loop` (where
    a backend runs its own loop, so that they are not timed apart: mean seconds of a run that are
    neither start-up nor evaluation; else NaN); `failed` (trials of all runs) and `failed_runs`
    (runs that an error ended). With several workers the parts add up to more than the wall-clock.

    Args:
        results: the results.
        per: 'contender', or 'task' for one row a task and contender.
    """
    if per not in PER:
        raise AnalysisError(f"Costs are per 'contender' or per 'task', not per {per!r}.")
    groups = results.runs.groupby(PER[per], sort=False)
    frame = groups[[*SECONDS, "resource"]].mean()
    frame.insert(0, "trials", groups["trials"].sum())
    frame.insert(0, "runs", groups.size())
    backend = (groups["suggest"].sum() + groups["observe"].sum()).replace(0, np.nan)
    frame["suggestion"] = backend / frame["trials"].replace(0, np.nan)
    # On a virtual clock nothing but evaluations takes time, start-up neither.
    real = (frame["trials"] > 0) & (frame["start_up"] > 0)
    frame["loop"] = frame["idle"].where(backend.isna() & real)
    frame["failed"] = groups["failed"].sum()
    frame["failed_runs"] = groups["error"].agg(lambda errors: int(_given(errors).sum()))
    return frame.reset_index()


def _given(errors: pd.Series) -> pd.Series:
    return errors.notna() & (errors.astype(str) != "")
