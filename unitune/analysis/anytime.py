"""Anytime curves: the best so far against trials, wall-clock, or consumed resource."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitune.analysis.baseline import references
from unitune.analysis.bootstrap import intervals
from unitune.analysis.coverage import comparable
from unitune.analysis.history import RUN, Axis, budgets, checked, histories, incumbents
from unitune.analysis.scoring import normalised
from unitune.bench.results import Results

POINTS = 100
RESAMPLES = 1999
QUANTILES = {"": 0.5, "_low": 0.25, "_high": 0.75}


def curves(results: Results, by: str = "trials") -> pd.DataFrame:
    """Return the steps of every run: one row a trial, in the order in which trials ended.

    Columns: `task`, `contender`, `seed`, `x` (trials ended, seconds since the run began, or
    resource consumed), `loss` (the best so far; NaN before the first complete trial), `value` (the
    same in the task's own sign), `regret` (at least 0). A curve holds its level between steps.
    """
    history = histories(results)
    frame = history.rename(columns={checked(by): "x"})
    frame["loss"] = frame["incumbent"].where(np.isfinite(frame["incumbent"]))
    frame = frame[[*RUN, "x", "loss"]].merge(_bases(results, history), on="task", how="left")
    frame["value"] = frame["sign"] * frame["loss"]
    frame["regret"] = (frame["loss"] - frame["reference"]).clip(lower=0)
    return frame[[*RUN, "x", "loss", "value", "regret"]]


def task_curves(results: Results, by: str = "trials", points: int = POINTS) -> pd.DataFrame:
    """Return the best so far of each contender on each task, over seeds, on a common axis.

    Columns: `task`, `contender`, `x`; `loss`, `value` and `regret` (medians over seeds) with
    `loss_low`, `loss_high` and so on (quartiles; NaN where a run without a complete trial makes
    them infinite); `normalised` (mean over seeds of Bayesmark's regret: 1 at random search's
    median, 0 at the reference; NaN on tasks without scores); `runs`. Seconds are spaced evenly on
    a log axis, the others on a linear one; a run that has ended keeps what it had found.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    axis = checked(by)
    history = histories(results)
    found = incumbents(results, axis, _grids(results, axis, points, history), history)
    known = references(results)
    bases = _bases(results, history)[["task", "sign"]]
    found = found.merge(known, on="task").merge(bases, on="task")
    found["normalised"] = normalised(found["loss"], found).where(found["reason"] == "")
    groups = found.groupby(["task", "contender", "point"], sort=False)
    frame = groups[["x", "sign", "reference"]].first()
    for suffix, quantile in QUANTILES.items():
        frame[f"loss{suffix}"] = _quantile(groups["loss"], quantile)
    for suffix, other in {"": "", "_low": "_high", "_high": "_low"}.items():
        # The lower quartile of losses is the upper one of values, where greater values are better.
        mirrored = frame[f"loss{suffix}"].where(frame["sign"] > 0, frame[f"loss{other}"])
        frame[f"value{suffix}"] = frame["sign"] * mirrored
        frame[f"regret{suffix}"] = (frame[f"loss{suffix}"] - frame["reference"]).clip(lower=0)
    frame["normalised"], frame["runs"] = groups["normalised"].mean(), groups.size()
    return frame.drop(columns=["sign", "reference"]).reset_index().drop(columns="point")


def aggregate_curves(results: Results, by: str = "trials", points: int = POINTS) -> pd.DataFrame:
    """Return the mean normalised regret of each contender over all tasks that have scores.

    Columns: `contender`; `x` (the share of the budget for trials and resource; seconds, the same
    for all tasks); `normalised` (0 at the references, 1 at random search's median and before the
    first complete trial) with its bootstrap interval over tasks (over seeds where there is one
    task), `low` and `high`; `tasks`. Only cells that all contenders have count.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    axis = checked(by)
    equal = comparable(results).results
    known = references(equal)
    known = known[known["reason"] == ""]
    if known.empty:
        return pd.DataFrame(columns=["contender", "x", "normalised", "low", "high", "tasks"])
    history = histories(equal)
    given = budgets(equal, axis, history)[known["task"]]
    timed = axis == "seconds"
    xs = _spaced(history["seconds"], points) if timed else _shares(given.min(), axis, points)
    grids = {str(task): xs if timed else xs * budget for task, budget in given.items()}
    found = incumbents(equal, axis, grids, history)
    found = found.merge(known, on="task")
    found["normalised"] = normalised(found["loss"], found)
    unit = "task" if len(known) > 1 else "seed"
    means = found.groupby(["contender", "point", unit], sort=False)["normalised"].mean()
    table = means.reset_index().pivot_table(
        index=["contender", "point"], columns=unit, values="normalised", sort=False
    )
    frame = table.mean(axis=1).rename("normalised").reset_index()
    frame["low"], frame["high"] = intervals(table.to_numpy(), resamples=RESAMPLES)
    frame.insert(1, "x", xs[frame["point"]])
    frame["tasks"] = len(known)
    return frame.sort_values(["contender", "point"]).drop(columns="point").reset_index(drop=True)


def _bases(results: Results, history: pd.DataFrame) -> pd.DataFrame:
    """Return each task's sign and reference, without need of a baseline."""
    frame = results.tasks[["task", "mode", "optimum"]].copy()
    frame["sign"] = np.where(frame["mode"] == "min", 1.0, -1.0)
    whole = history.groupby("task")["loss"].min()
    seen = frame["task"].map(whole)
    frame["reference"] = (frame["sign"] * frame["optimum"].astype(float)).fillna(seen)
    return frame[["task", "sign", "reference"]]


def _grids(
    results: Results, by: Axis, points: int, history: pd.DataFrame
) -> dict[str, NDArray[np.float64]]:
    if by != "seconds":
        given = budgets(results, by, history)
        return {str(task): np.round(b * _shares(b, by, points), 9) for task, b in given.items()}
    times = history.groupby("task")["seconds"]
    return {str(task): _spaced(own, points) for task, own in times}


def _shares(budget: float, by: Axis, points: int) -> NDArray[np.float64]:
    """Return evenly spaced shares of a budget, no finer than its trials."""
    steps = min(points, max(int(budget), 1)) if by == "trials" else points
    return np.linspace(0, 1, steps + 1)[1:]


def _spaced(seconds: pd.Series[float], points: int) -> NDArray[np.float64]:
    positive = seconds[seconds > 0]
    if positive.empty:
        return np.linspace(0, 1, points)
    return np.geomspace(positive.min(), positive.max(), points)


def _quantile(groups: Any, quantile: float) -> Any:
    """Return quantiles of losses that may be infinite, where they then are NaN."""
    found = groups.quantile(quantile)
    return found.where(np.isfinite(found))
