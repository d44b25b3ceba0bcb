"""Average ranks over tasks, at shares of the budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from unitune.analysis.baseline import expected_best, pools, references
from unitune.analysis.bootstrap import intervals
from unitune.analysis.coverage import comparable
from unitune.analysis.history import Axis, budget_axis, budgets, checked, histories, incumbents
from unitune.analysis.scoring import TASK_FLOOR, score
from unitune.bench.results import Results

SHARES = (0.1, 0.25, 0.5, 1.0)
COLUMNS = ["contender", "share", "rank", "low", "high", "tasks"]


def ranks(
    results: Results, by: str | None = None, shares: Sequence[float] = SHARES
) -> pd.DataFrame:
    """Return the average rank of each contender at shares of the budget; 1 is the best.

    Contenders are ranked within each task by their mean score over seeds at that share (relative
    to what random search is expected to find with that share), and ties share the mean of their
    ranks; the ranks are averaged over tasks. With one task they are ranked within each seed, and
    averaged over seeds. Only cells that all contenders have count, on tasks that have scores.

    Columns: `contender`, `share`, `rank`, its bootstrap interval `low` and `high`, `tasks`.

    Args:
        results: the results.
        by: the axis of the budget; None for the one it was counted in.
        shares: which shares of the budget.

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    equal = comparable(results).results
    axis = budget_axis(equal) if by is None else checked(by)
    return average_ranks(equal, axis, shares, histories(equal))


def average_ranks(
    equal: Results, axis: Axis, shares: Sequence[float], history: pd.DataFrame
) -> pd.DataFrame:
    """Return what `ranks` does, of results that are comparable already and their `histories`."""
    known = references(equal)
    known = known[known["reason"] == ""].set_index("task")
    if known.empty:
        return pd.DataFrame(columns=COLUMNS)
    given = budgets(equal, axis, history)[known.index]
    points = {str(task): np.asarray(shares) * budget for task, budget in given.items()}
    found = incumbents(equal, axis, points, history)
    expected = _expected(equal, known, shares)
    found["expected"] = [expected[key] for key in zip(found["task"], found["point"], strict=True)]
    found["score"] = score(found["loss"], found["expected"], found["task"].map(known["reference"]))
    rows = []
    for point, share in enumerate(shares):
        rows.append(_averaged(found[found["point"] == point], len(known)).assign(share=share))
    frame = pd.concat(rows, ignore_index=True)
    return frame[COLUMNS]


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Return ranks within the rows of a table of scores; the highest score has rank 1."""
    # Scores that differ by rounding only are equal.
    return table.round(12).rank(axis=1, ascending=False)


def _expected(
    results: Results, known: pd.DataFrame, shares: Sequence[float]
) -> dict[tuple[str, int], float]:
    drawn = pools(results)
    return {
        (str(task), point): expected_best(drawn[str(task)], max(share * evaluations, 1))
        for task, evaluations in known["evaluations"].items()
        for point, share in enumerate(shares)
    }


def _averaged(found: pd.DataFrame, tasks: int) -> pd.DataFrame:
    unit = "task" if tasks > 1 else "seed"
    table = found.pivot_table(index=unit, columns="contender", values="score", sort=False)
    places = ranked(table.clip(lower=TASK_FLOOR) if tasks > 1 else table)
    frame = places.mean().rename("rank").reset_index()
    frame["low"], frame["high"] = intervals(places.T.to_numpy())
    return frame.assign(tasks=tasks)
