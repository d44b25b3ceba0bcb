"""What each task's losses are measured against: its best value, and random search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from unitune.analysis.errors import BaselineError, needs
from unitune.bench.results import Results

BASELINE = "builtin:random"

# Relative to a loss: two losses nearer than this are the same up to rounding.
ROUNDING = 1e-9


def references(results: Results) -> pd.DataFrame:
    """Return one row a task: what is known of its best value, and what random search makes of it.

    Columns: `task`; `mode`; `reference` (a loss); `origin` ('optimum', 'best known' where a task's
    optimum is not proven, 'best seen' where it has none); `beaten` (whether a trial of these
    results is better than the reference); `evaluations` (how many trials random search makes in
    one run); `draws` (its trials over all seeds, which are pooled); `expected` (the loss that the
    best of `evaluations` random trials is expected to have); `typical` and `worst` (the median and
    the greatest loss of random trials); `noisy`; `reason` (why there are no scores on this task,
    '' where there are).

    Raises:
        BaselineError: no run is one of 'builtin:random'.
    """
    if BASELINE not in set(results.runs["contender"]):
        raise BaselineError(
            f"Scores, ranks and targets are relative to random search, and {BASELINE!r} is not "
            f"among the contenders ({', '.join(sorted(set(results.runs['contender'])))}). Add it."
        )
    tasks = results.tasks[results.tasks["task"].isin(results.runs["task"])].reset_index(drop=True)
    complete = results.trials[results.trials["state"].astype(str) == "complete"]
    own = complete[complete["contender"] == BASELINE].groupby("task")["loss"]
    drawn = pools(results)
    frame = tasks[["task", "mode"]].copy()
    seen = frame["task"].map(complete.groupby("task")["loss"].min()).astype(float)
    frame["reference"], frame["origin"] = _reference(tasks, seen)
    frame["beaten"] = seen < frame["reference"] - _rounding(frame["reference"])
    frame["evaluations"] = frame["task"].map(_evaluations(results)).fillna(0).astype(int)
    frame["draws"] = [len(drawn.get(task, ())) for task in frame["task"]]
    frame["expected"] = [
        expected_best(drawn[task], k) if task in drawn else np.nan
        for task, k in zip(frame["task"], frame["evaluations"], strict=True)
    ]
    frame["typical"] = frame["task"].map(own.median()).astype(float)
    frame["worst"] = frame["task"].map(own.max()).astype(float)
    frame["noisy"] = tasks["noisy"].astype(bool)
    frame["reason"] = _reasons(frame)
    return frame


def pools(results: Results) -> dict[str, NDArray[np.float64]]:
    """Return the sorted losses of all random trials, whatever the seed, by task.

    A trial without a loss counts as the worst complete one: dropping it would make random search
    look better than it is. Tasks on which not one is complete are left out.
    """
    own = results.trials[results.trials["contender"] == BASELINE]
    losses = own["loss"].where(own["state"].astype(str) == "complete").astype(float)
    found = {str(task): group.to_numpy() for task, group in losses.groupby(own["task"])}
    return {
        task: np.sort(np.where(np.isfinite(drawn), drawn, np.nanmax(drawn)))
        for task, drawn in found.items()
        if np.isfinite(drawn).any()
    }


def expected_best(losses: Any, k: float) -> float:
    """Return the expected least of k losses drawn from these without replacement.

    It is the unbiased estimate from all of them, as in Bayesmark, not a simulation: the least of k
    out of n is the i-th smallest with probability C(n - i, k - 1) / C(n, k). Between whole numbers
    it is interpolated, and from n on it is the least there is.

    Example:
        >>> expected_best([1.0, 2.0, 3.0], 1), expected_best([1.0, 2.0, 3.0], 3)
        (2.0, 1.0)
    """
    pooled = np.sort(np.asarray(losses, dtype=float))
    least, most = int(np.floor(k)), int(np.ceil(k))
    if least == most:
        return _expected(pooled, least)
    share = k - least
    return (1 - share) * _expected(pooled, least) + share * _expected(pooled, most)


def random_trials(losses: Any, loss: float) -> tuple[float, bool]:
    """Return how many random trials are expected to reach a loss, and whether it is a lower bound.

    It is a lower bound where even the best of all random trials that were made is worse. It is 0
    where one random trial is expected to be better.

    Example:
        >>> random_trials([1.0, 2.0, 3.0], 1.0)
        (3.0, False)
        >>> random_trials([1.0, 2.0, 3.0], 0.5)
        (3.0, True)
    """
    pooled = np.sort(np.asarray(losses, dtype=float))
    if loss > _expected(pooled, 1):
        return 0.0, False
    if loss < pooled[0]:
        return float(len(pooled)), True
    low, high = 1, len(pooled)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _expected(pooled, middle) > loss else (low, middle)
    before, after = _expected(pooled, low), _expected(pooled, high)
    if before <= loss or before == after:
        return float(low), False
    return low + (before - loss) / (before - after), False


def _expected(pooled: NDArray[np.float64], k: int) -> float:
    try:
        from scipy.special import gammaln
    except ImportError as error:
        raise needs("scipy") from error
    n = len(pooled)
    k = min(max(k, 1), n)
    above = n - 1 - np.arange(n - k + 1)  # how many are greater than the i-th smallest

    def log_choose(total: Any, chosen: int) -> Any:
        return gammaln(total + 1) - gammaln(chosen + 1) - gammaln(total - chosen + 1)

    weights = np.exp(log_choose(above, k - 1) - log_choose(n, k))
    return float(weights @ pooled[: n - k + 1] / weights.sum())


def _reference(
    tasks: pd.DataFrame, seen: pd.Series[float]
) -> tuple[pd.Series[float], NDArray[np.str_]]:
    optimum = tasks["optimum"].astype(float)
    optimum = optimum.where(tasks["mode"] == "min", -optimum)
    named = np.where(tasks["proven"].astype(bool), "optimum", "best known")
    return optimum.fillna(seen), np.where(optimum.isna(), "best seen", named)


def _rounding(losses: pd.Series[float]) -> pd.Series[float]:
    return ROUNDING * losses.abs().clip(lower=1.0)


def _evaluations(results: Results) -> pd.Series[float]:
    """Return how many trials random search makes with the budget that all contenders have."""
    runs = results.runs[results.runs["contender"] == BASELINE]
    sound = runs["error"].isna() | (runs["error"].astype(str) == "")
    made = runs["trials"].where(sound).groupby(runs["task"]).median()
    return made.fillna(runs.groupby("task")["trials"].median()).clip(lower=1)


def _reasons(frame: pd.DataFrame) -> NDArray[np.str_]:
    nearest = np.minimum(frame["expected"], frame["typical"]) - frame["reference"]
    solved = nearest <= _rounding(frame["reference"])
    return np.select(
        [frame["evaluations"] == 0, frame["draws"] == 0, solved],
        [
            f"no run of {BASELINE}",
            f"no trial of {BASELINE} is complete",
            f"{BASELINE} is expected to find the best value with this budget",
        ],
        "",
    )
