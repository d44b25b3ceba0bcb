"""What each run had found after so many trials, seconds, resource."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from analysis.made import RANDOM, made

from unitune.analysis import AnalysisError, budget_axis, budgets, curves, histories
from unitune.analysis.history import incumbents


def one(states, losses, *, workers=1, stops="", resource=None, start=None, end=None, most=9):
    """Return the results of a single run."""
    results = made({RANDOM: 1.0}, tasks=1, seeds=1, n_trials=len(states), most=most)
    n = np.arange(len(states), dtype=float)
    trials = results.trials.assign(
        state=states,
        loss=losses,
        value=losses,
        resource=n * 0 + most if resource is None else resource,
        start=n if start is None else start,
        end=n + 1 if end is None else end,
    )
    return replace(results, trials=trials, runs=results.runs.assign(workers=workers, stops=stops))


def test_only_complete_trials_become_the_incumbent():
    results = one(["pruned", "complete", "failed", "pruned", "complete"], [0, 5, np.nan, 1, 4])
    assert histories(results)["incumbent"].tolist() == [np.inf, 5, 5, 5, 4]
    assert histories(results)["loss"].isna().tolist() == [True, False, True, True, False]


def test_every_trial_counts_as_budget_whatever_became_of_it():
    results = one(["failed", "infeasible", "pruned", "complete"], [np.nan, np.nan, 1, 2])
    assert histories(results)["trials"].tolist() == [1, 2, 3, 4]


def test_serial_runs_go_by_number_even_where_the_clock_jumped():
    results = one(["complete"] * 3, [3, 2, 1], end=[5.0, 1.0, 2.0])
    assert histories(results)["number"].tolist() == [0, 1, 2]
    assert histories(results)["seconds"].tolist() == [5.0, 5.0, 5.0]


def test_parallel_trials_come_in_the_order_in_which_they_ended():
    results = one(["complete"] * 3, [3, 2, 1], workers=2, start=[0, 0, 1.0], end=[3.0, 1.0, 2.0])
    history = histories(results)
    assert history["number"].tolist() == [1, 2, 0]
    assert history["incumbent"].tolist() == [2, 1, 1]


def test_the_resource_of_paused_trials_is_charged_though_they_have_not_ended():
    # Trials 0 and 1 wait at 1 unit until the end; trial 2 ends first, with all 9.
    results = one(
        ["pruned", "pruned", "complete"],
        [5, 6, 1],
        stops="composed",
        resource=[1.0, 1.0, 9.0],
        start=[0.0, 1.0, 2.0],
        end=[20.0, 20.0, 11.0],
    )
    history = histories(results)
    assert history["number"].tolist() == [2, 0, 1]
    assert history["resource"].tolist() == [11.0, 11.0, 11.0]


def test_a_trial_that_has_not_begun_is_not_charged():
    results = one(
        ["complete"] * 2, [1, 2], workers=2, start=[0.0, 5.0], end=[4.0, 9.0], resource=[9.0, 9.0]
    )
    assert histories(results)["resource"].tolist() == [9.0, 18.0]


def test_without_resource_every_trial_is_one_whole_evaluation():
    results = made(tasks=1, seeds=1, n_trials=4)
    assert histories(results)["resource"].tolist() == [1, 2, 3, 4] * 3


def test_where_the_clock_is_missing_trials_go_by_number():
    results = one(["complete"] * 2, [2, 1], workers=2, end=[np.nan, np.nan])
    assert histories(results)["number"].tolist() == [0, 1]
    assert histories(results)["seconds"].isna().all()


def test_a_share_of_the_budget_is_reached_in_spite_of_rounding():
    results = made({RANDOM: 1.0}, tasks=1, seeds=1, n_trials=30)
    best = histories(results)["incumbent"]
    found = incumbents(results, "trials", {"task-0": [0.1 * 30, 0.7 * 30, 30]})
    assert found["loss"].tolist() == [best[2], best[20], best[29]]


def test_a_run_without_any_trial_has_found_nothing():
    results = made(tasks=1, seeds=2, n_trials=5)
    lost = (results.trials["contender"] == "skopt:gp") & (results.trials["seed"] == 1)
    results = replace(results, trials=results.trials[~lost])
    found = incumbents(results, "trials", {"task-0": [5]})
    assert len(found) == 6
    assert found.loc[(found["contender"] == "skopt:gp") & (found["seed"] == 1), "loss"].item() == (
        np.inf
    )


def test_the_budget_is_the_most_that_was_used():
    results = made(tasks=2, seeds=2, n_trials=5, most=9, pruned=0.5)
    assert budgets(results, "trials").tolist() == [5, 5]
    assert budgets(results, "resource").tolist() == [45, 45]
    assert budgets(results, "seconds")["task-0"] == results.runs["wall"][:12].max()


@pytest.mark.parametrize(
    ("results", "axis"),
    [
        (made(tasks=1, seeds=1), "trials"),
        (made(tasks=1, seeds=1, most=9, pruned=0.5), "resource"),
        (replace(made(tasks=1, seeds=1), about={"budget": "60 seconds"}), "seconds"),
        (replace(made(tasks=1, seeds=1), about={"budget": "1 second"}), "seconds"),
    ],
)
def test_the_axis_of_the_budget_is_the_one_that_is_equal_for_all(results, axis):
    assert budget_axis(results) == axis


def test_an_unknown_axis_is_refused_with_the_known_ones():
    with pytest.raises(AnalysisError, match="'trials', 'seconds' or 'resource', not by 'time'"):
        curves(made(tasks=1, seeds=1), "time")


def test_measuring_changes_nothing_in_the_results():
    results = made(tasks=2, seeds=2, most=9, pruned=0.5, workers=2)
    before = [frame.copy() for frame in (results.runs, results.trials, results.tasks)]
    histories(results)
    for old, new in zip(before, (results.runs, results.trials, results.tasks), strict=True):
        pd.testing.assert_frame_equal(old, new)
