"""Anytime curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from analysis.made import RANDOM, made

from unitune.analysis import (
    BaselineError,
    aggregate_curves,
    contender_scores,
    curves,
    references,
    task_curves,
)

BY = ["trials", "seconds", "resource"]


@pytest.mark.parametrize("by", BY)
def test_curves_never_get_worse_nor_go_back(by):
    found = curves(made(tasks=2, seeds=2, most=9, pruned=0.4, failed=0.1, workers=3), by)
    for _, own in found.groupby(["task", "contender", "seed"]):
        assert own["x"].is_monotonic_increasing
        assert own["loss"].dropna().is_monotonic_decreasing


def test_there_is_a_row_a_trial_and_nothing_before_the_first_complete_one():
    results = made(tasks=1, seeds=1, most=9, pruned=0.5)
    found = curves(results)
    assert len(found) == len(results.trials)
    own = found[found["contender"] == "skopt:gp"]
    states = results.trials[results.trials["contender"] == "skopt:gp"]["state"].tolist()
    first = states.index("complete")
    assert first > 0
    assert own["loss"].isna().tolist() == [i < first for i in range(30)]


def test_values_of_a_task_to_be_maximised_only_grow():
    found = curves(made(tasks=1, seeds=1, mode="max"))
    assert (found["value"] == -found["loss"]).all()
    for _, own in found.groupby("contender"):
        assert own["value"].is_monotonic_increasing


def test_regret_is_against_the_optimum_or_else_the_best_seen():
    known = curves(made(tasks=1, optimum=-1.0))
    np.testing.assert_allclose(known["regret"], known["loss"] + 1)
    seen = curves(made(tasks=1, optimum=None))
    assert seen["regret"].min() == 0.0


def test_curves_of_single_runs_need_no_random_search():
    results = made({"optuna:tpe": 1.2}, tasks=1)
    assert len(curves(results)) == 150
    with pytest.raises(BaselineError):
        task_curves(results)


def test_a_tasks_curve_is_the_median_over_seeds_with_quartiles():
    results = made(tasks=1, seeds=9)
    found = task_curves(results)
    own = found[(found["contender"] == "skopt:gp") & (found["x"] == 10)].iloc[0]
    steps = curves(results)
    at_10 = steps[(steps["contender"] == "skopt:gp") & (steps["x"] == 10)]["loss"]
    expected = at_10.quantile([0.25, 0.5, 0.75]).tolist()
    assert [own.loss_low, own.loss, own.loss_high] == pytest.approx(expected)
    assert own.runs == 9


def test_bands_of_a_task_to_be_maximised_stand_the_right_way_up():
    found = task_curves(made(tasks=1, seeds=9, mode="max"))
    assert (found["value_low"] <= found["value"]).all()
    assert (found["value"] <= found["value_high"]).all()
    assert (found["value_low"] < found["value_high"]).any()


def test_where_runs_have_found_nothing_the_quartile_is_missing_and_not_infinite():
    found = task_curves(made(tasks=1, seeds=9, most=9, pruned=0.8), "trials")
    first = found[(found["contender"] == "skopt:gp") & (found["x"] == 1)].iloc[0]
    assert np.isnan(first.loss_high)
    assert not np.isinf(found.select_dtypes("number")).any(axis=None)
    assert first.normalised > 0.5


@pytest.mark.parametrize("points", [5, 100])
def test_points_on_the_axis_of_trials_are_no_finer_than_trials(points):
    found = task_curves(made(tasks=1, seeds=2, n_trials=20), points=points)
    own = found[found["contender"] == RANDOM]["x"].tolist()
    assert own == [20 / min(points, 20) * (i + 1) for i in range(min(points, 20))]


@pytest.mark.parametrize("by", BY)
def test_the_aggregate_ends_where_the_scores_do(by):
    results = made(tasks=4, seeds=3, most=9, pruned=0.3)
    found = aggregate_curves(results, by).groupby("contender")["normalised"].last()
    scores = contender_scores(results).set_index("contender")["bayesmark"]
    np.testing.assert_allclose(found[scores.index], 1 - scores / 100)


def test_the_aggregate_lies_within_its_interval():
    found = aggregate_curves(made(tasks=6))
    assert (found["low"] <= found["normalised"]).all()
    assert (found["normalised"] <= found["high"]).all()
    assert (found["tasks"] == 6).all()


def test_budgets_that_differ_between_tasks_are_put_together_by_their_shares():
    short, long = made(tasks=["a"], n_trials=20), made(tasks=["b"], n_trials=50)
    import pandas as pd

    both = replace(
        short,
        runs=pd.concat([short.runs, long.runs]),
        trials=pd.concat([short.trials, long.trials]),
        tasks=pd.concat([short.tasks, long.tasks]),
    )
    found = aggregate_curves(both)
    assert found["x"].max() == 1.0
    assert found["x"].min() == pytest.approx(1 / 20)


def test_tasks_without_scores_are_not_in_the_aggregate():
    results = made(tasks=2)
    solved = results.trials["task"] == "task-1"
    trials = results.trials.assign(loss=results.trials["loss"].where(~solved, 0.0))
    results = replace(results, trials=trials)
    assert (references(results)["reason"] != "").tolist() == [False, True]
    assert (aggregate_curves(results)["tasks"] == 1).all()
    nothing = replace(results, trials=trials.assign(loss=0.0))
    assert aggregate_curves(nothing).empty
