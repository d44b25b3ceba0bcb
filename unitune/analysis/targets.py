"""When targets were reached: per run, as a distribution over targets, and as expected times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitune.analysis.baseline import references
from unitune.analysis.coverage import comparable
from unitune.analysis.history import RUN, Axis, checked, histories
from unitune.bench.results import Results

# Regrets in units of the one that random search is expected to have with the whole budget: from
# ten times as far from the reference to a thousand times nearer, ten targets a decade.
TARGETS = tuple(float(target) for target in np.logspace(1, -3, 41))
POINTS = 200


def hits(results: Results, by: str = "trials", targets: Sequence[float] = TARGETS) -> pd.DataFrame:
    """Return when each run first reached each target.

    A target of t stands for the loss `reference + t · (expected - reference)`: at 1 a run is where
    random search is expected to be at the end, at 0.1 ten times nearer to the reference.

    Columns: `task`, `contender`, `seed`, `target`, `x` (trials, seconds or resource; NaN where the
    target was not reached), `end` (where the run ended). Tasks without scores are left out.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    axis = checked(by)
    wanted = np.asarray(targets, dtype=float)
    known = references(results)
    known = known[known["reason"] == ""].set_index("task")
    levels = {
        str(task): base + wanted * (expected - base)
        for task, base, expected in known[["reference", "expected"]].itertuples()
    }
    history = histories(results)
    places = history.groupby(RUN, sort=False).indices
    xs, best = history[axis].to_numpy(float), history["incumbent"].to_numpy(float)
    when, ends = [], []
    runs = results.runs[results.runs["task"].isin(known.index)]
    for *key, wall in runs[[*RUN, "wall"]].itertuples(index=False):
        own = places.get(tuple(key), np.array([], dtype=int))
        # Incumbents only fall, so that their negatives are sorted.
        first = np.searchsorted(-best[own], -levels[key[0]], side="left")
        when.append(np.append(xs[own], np.nan)[first])
        end = xs[own][-1] if len(own) else 0.0
        ends.append(np.fmax(end, wall) if axis == "seconds" else end)
    if not when:
        return pd.DataFrame(columns=[*RUN, "target", "x", "end"])
    frame = runs[RUN].iloc[np.repeat(np.arange(len(runs)), len(wanted))].reset_index(drop=True)
    spans = {"x": np.concatenate(when), "end": np.repeat(ends, len(wanted)).astype(float)}
    return frame.assign(target=np.tile(wanted, len(runs)), **spans)


def ecdf(results: Results, by: str = "trials", targets: Sequence[float] = TARGETS) -> pd.DataFrame:
    """Return the share of (task, target) pairs that each contender has solved by then, as COCO.

    Columns: `contender`; `x` (trials or seconds; resource in whole evaluations, so that tasks can
    be put together); `solved` (averaged over seeds, and over tasks with equal weight). Only cells
    that all contenders have count, on tasks that have scores.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    axis = checked(by)
    equal = comparable(results).results
    found = hits(equal, axis, targets)
    if axis == "resource":
        whole = equal.tasks.set_index("task")["most"].astype(float).fillna(1.0)
        found[["x", "end"]] = found[["x", "end"]].div(found["task"].map(whole), axis=0)
    xs = _axis(found, axis)
    rows = []
    for contender, own in found.groupby("contender", sort=False):
        shares = [_reached(times, xs) for _, times in own.groupby("task")["x"]]
        solved = np.mean(shares, axis=0)
        rows.append(pd.DataFrame({"contender": contender, "x": xs, "solved": solved}))
    return (
        pd.concat(rows, ignore_index=True)
        if rows
        else pd.DataFrame(columns=["contender", "x", "solved"])
    )


def expected_times(
    results: Results, by: str = "trials", targets: Sequence[float] = TARGETS
) -> pd.DataFrame:
    """Return the expected running time (ERT) to each target, task by task.

    It is what all runs spent until they reached the target, or until they ended, divided by the
    number of runs that reached it: what a contender that is restarted until it succeeds would
    spend on average. Infinite where no run did.

    Columns: `task`, `contender`, `target`, `ert`, `successes`, `runs`.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    found = hits(results, by, targets)
    found["spent"] = found["x"].fillna(found["end"])
    groups = found.groupby(["task", "contender", "target"], sort=False)
    frame = groups.agg(spent=("spent", "sum"), successes=("x", "count"), runs=("x", "size"))
    ert = frame["spent"] / frame["successes"].replace(0, np.nan)
    frame["ert"] = ert.fillna(np.inf)
    return frame.reset_index()[["task", "contender", "target", "ert", "successes", "runs"]]


def _axis(found: pd.DataFrame, by: Axis) -> NDArray[np.float64]:
    if by == "trials":
        return (
            np.arange(1, int(found["end"].max()) + 1, dtype=float) if len(found) else np.array([])
        )
    times = found["x"][found["x"] > 0]
    if times.empty:
        return np.array([1.0])
    return np.geomspace(times.min(), max(found["end"].max(), times.max()), POINTS)


def _reached(times: pd.Series[float], xs: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.sort(times.dropna().to_numpy(float))
    return np.searchsorted(known, xs * (1 + 1e-12), side="right") / len(times)
