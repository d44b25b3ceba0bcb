"""How near to the best value each run came, and each contender over all tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitune.analysis.baseline import pools, random_trials, references
from unitune.analysis.bootstrap import intervals
from unitune.analysis.coverage import comparable
from unitune.analysis.history import RUN, budget_axis, budgets, histories, incumbents
from unitune.bench.results import Results

# The least regret that the logarithm tells from none, in units of random search's.
FLOOR = 1e-6
# No run counts as more than five times as far from the reference as random search is expected to
# be, and no task as more than twice, so that one of them never outweighs all others. One run has
# the wider limit: a nearer one would cut random search's own bad luck, and so flatter it.
RUN_FLOOR, TASK_FLOOR = -4.0, -1.0
STEPS = 200
MEASURES = ["score", "bayesmark", "log_regret", "auc"]


def scores(results: Results, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row a run: what it found with its whole budget, by every measure.

    Columns: `task`, `contender`, `seed`; `best` (its best value), `loss`; `regret` (loss minus the
    task's reference, at least 0); `score` (0: what random search is expected to find with that
    budget, 1: the reference; at least -4); `bayesmark` (100 times 1 minus the regret in units of
    random search's median regret); `log_regret` (log10 of the regret in units of the one that
    random search is expected to have; -1 is ten times nearer to the reference); `auc` (the mean of
    Bayesmark's regret, 0 to 1, over the budget; small is good); `trials`, `complete`, `pruned`,
    `failed`; `wall` (seconds), `resource`; `error`.

    A run without a complete trial has an infinite loss and regret, a score of -4, 0 of Bayesmark,
    the logarithm that the worst random trial has, and an `auc` of 1. Where random search solves a
    task, or has not been run on it, these four are NaN (`references` has the reason).

    Args:
        results: the results.
        history: their `histories`, where they have been computed already.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    known = references(results)
    history = histories(results) if history is None else history
    runs = results.runs
    frame = runs[RUN].merge(_final(results, history), on=RUN).merge(known, on="task")
    sign = np.where(frame["mode"] == "min", 1.0, -1.0)
    frame["best"] = (sign * frame["loss"]).where(np.isfinite(frame["loss"]))
    frame["regret"] = (frame["loss"] - frame["reference"]).clip(lower=0)
    frame["score"] = score(frame["loss"], frame["expected"], frame["reference"])
    frame["bayesmark"] = 100 * (1 - normalised(frame["loss"], frame))
    frame["log_regret"] = _log_regret(frame)
    frame = frame.merge(_areas(results, known, history), on=RUN)
    frame.loc[frame["reason"] != "", MEASURES] = np.nan
    counts = ["trials", "complete", "pruned", "failed", "wall", "resource", "error"]
    columns = [*RUN, "best", "loss", "regret", *MEASURES]
    return frame[columns].merge(runs[[*RUN, *counts]], on=RUN)


def score(loss: Any, expected: Any, reference: Any) -> Any:
    """Return where losses lie between random search's expected best (0) and the reference (1).

    At most 1, since a reference may be beaten, and at least -4.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return ((expected - loss) / (expected - reference)).clip(RUN_FLOOR, 1.0)


def normalised(loss: pd.Series[float], known: pd.DataFrame) -> pd.Series[float]:
    """Return Bayesmark's regret: 0 at the reference, 1 at random search's median and beyond."""
    capped = loss.clip(upper=known["typical"])
    return ((capped - known["reference"]) / (known["typical"] - known["reference"])).clip(0.0, 1.0)


def task_scores(results: Results, runs: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row a task and contender, over the seeds there are.

    Columns: `task`, `contender`, `seeds`; `best`, `loss` and `regret` (medians over seeds; a run
    without a complete trial counts as infinite, and `best` is NaN where the median is); means over
    seeds of `score` (with its bootstrap interval over seeds, `low` and `high`), `bayesmark`,
    `log_regret` and `auc`; `equivalent` and `capped` (see `equivalents`).

    Args:
        results: the results.
        runs: their `scores`, where they have been computed already.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    runs = scores(results) if runs is None else runs
    groups = runs.groupby(["task", "contender"], sort=False)
    frame = groups[["loss", "regret"]].median()
    sign = np.where(frame.join(_modes(results))["mode"] == "min", 1.0, -1.0)
    frame.insert(0, "best", (sign * frame["loss"]).where(np.isfinite(frame["loss"])))
    frame.insert(0, "seeds", groups.size())
    frame = frame.join(groups[MEASURES].mean())
    frame["score"] = frame["score"].clip(lower=TASK_FLOOR)
    frame = frame.join(_seed_intervals(runs))
    found = equivalents(results, runs).set_index(["task", "contender"])[["equivalent", "capped"]]
    return frame.join(found).reset_index()


def contender_scores(results: Results) -> pd.DataFrame:
    """Return one row a contender, the highest score first, over the tasks that have scores.

    Columns: `contender`, `tasks`; means over tasks of `score` (with its bootstrap interval over
    tasks, or over seeds where there is one task: `low` and `high`), `bayesmark`, `log_regret`,
    `auc`; `equivalent` (median over tasks; `capped` where it is a lower bound); `wins`, `ties` and
    `losses` (tasks on which its score is the highest, is the highest together with others', and is
    not the highest). Only cells that all contenders have count, see `comparable`.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    equal = comparable(results).results
    runs = scores(equal)
    return over_tasks(task_scores(equal, runs), score_table(runs))


def over_tasks(tasks: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return what `contender_scores` does, of `task_scores` and a `score_table`."""
    scored = tasks.dropna(subset="score")
    if scored.empty:
        return _unscored(tasks["contender"].unique())
    groups = scored.groupby("contender", sort=False)
    frame = groups[MEASURES].mean()
    frame.insert(0, "tasks", groups.size())
    ends = intervals(table[frame.index].T.to_numpy())
    # The rows are runs where there is one task, and a run's limit is wider than a task's.
    frame["low"], frame["high"] = (np.maximum(end, TASK_FLOOR) for end in ends)
    middle = [_median_bound(own) for _, own in groups]
    frame["equivalent"], frame["capped"] = [m[0] for m in middle], [m[1] for m in middle]
    frame = frame.join(_wins(scored))
    return frame.sort_values("score", ascending=False, kind="stable").reset_index()


def score_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the scores to be compared: a row a task, or a seed where there is one task only.

    A column a contender; a row's name is the task's or the seed's. Seeds are averaged first where
    there are several tasks: seeds of one task are no further evidence about other tasks.

    Args:
        runs: the `scores` of the cells that all contenders have.
    """
    scored = runs.dropna(subset="score")
    several = len(set(scored["task"])) > 1
    unit = "task" if several else "seed"
    table = scored.pivot_table(
        index=unit, columns="contender", values="score", aggfunc="mean", sort=False
    )
    table = table[[name for name in runs["contender"].unique() if name in table]]
    return table.clip(lower=TASK_FLOOR) if several else table


def equivalents(results: Results, runs: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return how many random trials each contender's budget is worth, task by task.

    Columns: `task`, `contender`, `evaluations` (the trials that random search makes with the
    budget), `equivalent` (the number of random trials whose expected best equals the contender's
    mean loss over seeds), `capped` (it is at least that: the best of all random trials that were
    made is worse). Tasks on which random search was not run are left out.

    Args:
        results: the results.
        runs: their `scores`, where they have been computed already.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    known = references(results)
    known = known[known["draws"] > 0]
    final = _final(results, histories(results)) if runs is None else runs[[*RUN, "loss"]]
    final = final.merge(known, on="task")
    final["loss"] = final["loss"].clip(upper=final["worst"])
    means = final.groupby(["task", "contender"], sort=False)["loss"].mean()
    drawn = pools(results)
    counts = known.set_index("task")["evaluations"]
    rows = []
    for task, contender, loss in means.reset_index().itertuples(index=False):
        equivalent, capped = random_trials(drawn[task], loss)
        row = {"task": task, "contender": contender, "evaluations": counts[task]}
        rows.append({**row, "equivalent": equivalent, "capped": capped})
    return pd.DataFrame(rows, columns=["task", "contender", "evaluations", "equivalent", "capped"])


def _final(results: Results, history: pd.DataFrame) -> pd.DataFrame:
    tasks = results.runs["task"].unique()
    last = incumbents(results, "trials", {task: [np.inf] for task in tasks}, history)
    return last[[*RUN, "loss"]]


def _log_regret(frame: pd.DataFrame) -> pd.Series[float]:
    capped = np.minimum(frame["loss"], frame["worst"])
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = (capped - frame["reference"]) / (frame["expected"] - frame["reference"])
        logarithm: pd.Series[float] = np.log10(relative.clip(lower=FLOOR))
    return logarithm


def _areas(results: Results, known: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    by = budget_axis(results)
    points: dict[str, NDArray[np.float64]] = {}
    for task, budget in budgets(results, by, history).items():
        steps = int(budget) if by == "trials" else STEPS
        points[str(task)] = np.linspace(0, budget, steps + 1)[1:]
    found = incumbents(results, by, points, history).merge(known, on="task")
    found["auc"] = normalised(found["loss"], found)
    return found.groupby(RUN, sort=False)["auc"].mean().reset_index()


def _seed_intervals(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the interval of every task's and contender's score, all of as many seeds at once."""
    groups = runs.groupby(["task", "contender"], sort=False)["score"]
    samples = groups.apply(lambda own: own.to_numpy())
    bounds = pd.DataFrame(np.nan, index=samples.index, columns=["low", "high"])
    for _, own in samples.groupby(samples.map(len)):
        bounds.loc[own.index, "low"], bounds.loc[own.index, "high"] = intervals(list(own))
    return bounds.clip(lower=TASK_FLOOR)


def _modes(results: Results) -> pd.Series[str]:
    return results.tasks.set_index("task")["mode"]


def _unscored(contenders: Any) -> pd.DataFrame:
    nothing = dict.fromkeys([*MEASURES, "low", "high", "equivalent"], np.nan)
    counts = dict.fromkeys(["tasks", "wins", "ties", "losses"], 0)
    return pd.DataFrame({"contender": contenders, **nothing, **counts, "capped": False})


def _median_bound(tasks: pd.DataFrame) -> tuple[float, bool]:
    """Return a median of which some values may be lower bounds, and whether it is one itself."""
    middle = float(tasks["equivalent"].median())
    return middle, bool((tasks["capped"] & (tasks["equivalent"] <= middle)).any())


def _wins(tasks: pd.DataFrame) -> pd.DataFrame:
    highest = tasks.groupby("task")["score"].transform("max")
    best = np.isclose(tasks["score"], highest, rtol=1e-9, atol=1e-12)
    shared = pd.Series(best, tasks.index).groupby(tasks["task"]).transform("sum") > 1
    marks = pd.DataFrame({"wins": best & ~shared, "ties": best & shared, "losses": ~best})
    return marks.groupby(tasks["contender"]).sum()
