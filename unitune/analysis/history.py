"""What each run had found after so many trials, so much time, so much resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitune.analysis.errors import AnalysisError
from unitune.bench.results import Results

RUN = ["task", "contender", "seed"]

Axis = Literal["trials", "seconds", "resource"]


def checked(by: str) -> Axis:
    """Return an axis by its name; raises AnalysisError for any other word."""
    for axis in get_args(Axis):
        if by == axis:
            return cast("Axis", axis)
    raise AnalysisError(
        f"Runs are measured by 'trials', 'seconds' or 'resource', not by {by!r}; give one of these."
    )


def budget_unit(words: str) -> Axis:
    """Return the axis that a budget is given on, from its words; 'trials' if it has none.

    Example:
        >>> budget_unit("50 trials"), budget_unit("1 second"), budget_unit("9 units of resource")
        ('trials', 'seconds', 'resource')
    """
    if "second" in words:
        return "seconds"
    return "resource" if "resource" in words else "trials"


def budget_axis(results: Results) -> Axis:
    """Return the axis on which runs have equal budgets.

    It is 'seconds' where the budget was a time. Else it is 'resource' where any contender stops
    trials early (on tasks without resource, that is the number of trials too), and 'trials' where
    none does.
    """
    if budget_unit(str(results.about.get("budget", ""))) == "seconds":
        return "seconds"
    return "resource" if (results.runs["stops"].fillna("") != "").any() else "trials"


def histories(results: Results) -> pd.DataFrame:
    """Return one row a trial, run by run in the order in which trials ended.

    Columns: `task`, `contender`, `seed`, `number`; `trials` (the position, from 1), `seconds`
    (since the run began), `resource` (consumed until then); `state`; `loss` (of complete trials,
    else NaN); `incumbent` (the best loss so far, infinite before the first complete trial).

    A pruned trial never is the incumbent: its last value is not one of a whole evaluation. On
    tasks without resource, a trial consumes 1. Where trials overlap, a trial's resource is charged
    from its start, so that what paused trials have consumed is never left out.
    """
    trials = _ordered(results)
    whole = trials["state"].astype(str) == "complete"
    frame = trials[[*RUN, "number"]].copy()
    groups = trials.groupby("run", sort=False)
    frame["trials"] = groups.cumcount() + 1
    frame["seconds"] = groups["end"].cummax()
    frame["resource"] = _consumed(trials)
    frame["state"] = trials["state"].astype(str)
    frame["loss"] = trials["loss"].where(whole).astype(float)
    frame["incumbent"] = frame["loss"].fillna(np.inf).groupby(trials["run"], sort=False).cummin()
    return frame


def _ordered(results: Results) -> pd.DataFrame:
    """Return the trials in the order in which they ended, with what each of them consumed.

    The column `run` numbers the runs: grouping by it takes far less than by three names.
    """
    runs = results.runs[[*RUN, "workers", "stops"]]
    trials = results.trials[[*RUN, "number", "state", "loss", "resource", "start", "end"]]
    trials = trials.merge(runs, on=RUN, how="left")
    trials = trials.merge(results.tasks[["task", "most"]], on="task", how="left")
    trials["run"] = trials.groupby(RUN).ngroup()
    consumed = trials["resource"].astype(float)
    trials["resource"] = consumed.fillna(trials["most"].isna().astype(float))
    # One trial after the other needs no clock, which may have jumped where a run was resumed.
    overlapping = (trials["workers"].fillna(1) > 1) | (trials["stops"].fillna("") != "")
    timed = trials[["start", "end"]].notna().all(axis=1)
    timed = timed.groupby(trials["run"]).transform("all")
    trials["overlapping"] = overlapping & timed
    trials["order"] = trials["end"].where(trials["overlapping"], trials["number"]).astype(float)
    return trials.sort_values(["run", "order", "number"], ignore_index=True)


def _consumed(trials: pd.DataFrame) -> NDArray[np.float64]:
    """Return what each run had consumed when each of its trials ended, by when trials began."""
    own = trials["resource"].to_numpy(float)
    start, end = trials["start"].to_numpy(float), trials["end"].to_numpy(float)
    total = trials.groupby("run", sort=False)["resource"].cumsum().to_numpy(float).copy()
    overlapping = np.flatnonzero(trials["overlapping"])
    for rows in trials.iloc[overlapping].groupby("run", sort=False).indices.values():
        places = overlapping[rows]
        order = places[np.argsort(start[places], kind="stable")]
        sums = np.concatenate([[0.0], np.cumsum(own[order])])
        begun = np.searchsorted(start[order], end[places], side="left")
        total[places] = np.maximum(sums[begun], total[places])
    return total


def budgets(results: Results, by: Axis, history: pd.DataFrame | None = None) -> pd.Series[float]:
    """Return how much of an axis the runs on each task had: the most that any of them used.

    A run that ended before keeps what it had found.

    Args:
        results: the results.
        by: the axis.
        history: their `histories`, where they have been computed already.
    """
    history = histories(results) if history is None else history
    used = history.groupby("task")[by].max().astype(float)
    if by == "seconds":
        used = used.combine(results.runs.groupby("task")["wall"].max().astype(float), np.fmax)
    return used.reindex(results.runs["task"].unique()).fillna(1.0)


def incumbents(
    results: Results, by: Axis, points: Mapping[str, Any], history: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what every run had found at given points of an axis.

    Args:
        results: the results.
        by: the axis.
        points: the points for each task; tasks that are not named are left out.
        history: their `histories`, where they have been computed already.

    Returns:
        One row a run and point: `task`, `contender`, `seed`, `point` (its index), `x` and `loss`,
        infinite where no trial was complete by then, also in runs without any trial.
    """
    history = histories(results) if history is None else history
    places = history.groupby(RUN, sort=False).indices
    axis, best = history[by].to_numpy(float), history["incumbent"].to_numpy(float)
    runs = results.runs[results.runs["task"].isin(list(points))]
    losses = []
    for run in runs[RUN].itertuples(index=False, name=None):
        own = places.get(run, np.array([], dtype=int))
        # A hair's breadth, since a share of the budget times the budget is rarely a whole number.
        reached = np.searchsorted(axis[own], np.asarray(points[run[0]]) * (1 + 1e-12), side="right")
        losses.append(np.concatenate([[np.inf], best[own]])[reached])
    return _stacked(runs, points, losses)


def _stacked(runs: pd.DataFrame, points: Mapping[str, Any], losses: list[Any]) -> pd.DataFrame:
    counts = [len(own) for own in losses]
    frame = runs[RUN].loc[runs.index.repeat(counts)].reset_index(drop=True)
    xs = [np.asarray(points[task], dtype=float) for task in runs["task"]]
    frame["point"] = np.concatenate([np.arange(n) for n in counts]) if counts else []
    frame["x"] = np.concatenate(xs) if xs else []
    frame["loss"] = np.concatenate(losses) if losses else []
    return frame
