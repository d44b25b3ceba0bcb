"""Scores of runs, tasks and contenders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from analysis.made import RANDOM, made

from unitune.analysis import (
    contender_scores,
    equivalents,
    expected_best,
    random_trials,
    references,
    score_table,
    scores,
    task_scores,
    verdict,
)
from unitune.analysis.scoring import FLOOR


def constant(values, *, tasks=1, mode="min"):
    """Return results in which each contender always finds the same loss; random search varies."""
    results = made({RANDOM: 1.0, **dict.fromkeys(values, 1.0)}, tasks=tasks, mode=mode)
    loss = results.trials["contender"].map(values).fillna(results.trials["loss"])
    sign = 1 if mode == "min" else -1
    return replace(results, trials=results.trials.assign(loss=loss, value=sign * loss))


def last(frame, contender):
    return frame[frame["contender"] == contender].iloc[0]


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_score_is_0_at_random_searchs_expected_best_and_1_at_the_optimum(mode):
    results = made(tasks=1, mode=mode)
    expected = references(results)["expected"].item()
    found = scores(constant({"at": expected, "half": expected / 2, "best": 0.0}, mode=mode))
    assert last(found, "at").score == pytest.approx(0.0, abs=1e-3)
    half = 1 - (expected / 2) / references(constant({"at": 1.0}, mode=mode))["expected"].item()
    assert last(found, "half").score == pytest.approx(half, abs=1e-3)
    assert last(found, "best").score == 1.0
    assert last(found, "best").regret == 0.0


def test_random_search_itself_scores_0_on_average():
    found = contender_scores(made(tasks=40, seeds=10))
    row = last(found, RANDOM)
    assert abs(row.score) < 0.1
    assert row.low < 0 < row.high


def test_the_bayesmark_score_follows_its_published_formula():
    results = made(tasks=1, optimum=None)
    trials = results.trials
    opt = trials["loss"].min()
    clip = trials["loss"][trials["contender"] == RANDOM].median()
    own = trials[trials["contender"] == "skopt:gp"]
    runs = np.stack([seed["loss"].to_numpy() for _, seed in own.groupby("seed")])
    best = np.minimum.accumulate(runs, axis=1)
    z = np.clip((np.minimum(best, clip) - opt) / (clip - opt), -1, 1)
    found = last(task_scores(results), "skopt:gp")
    assert found.bayesmark == pytest.approx(100 * (1 - z.mean(0))[-1])
    assert found.auc == pytest.approx(z.mean())


def test_the_log_regret_is_minus_one_ten_times_nearer_than_random_search():
    expected = references(constant({"x": 1.0}))["expected"].item()
    found = scores(constant({"near": expected / 10, "hit": 0.0}))
    assert last(found, "near").log_regret == pytest.approx(-1)
    assert last(found, "hit").log_regret == pytest.approx(np.log10(FLOOR))


def test_values_beyond_a_reference_do_not_score_more_than_it():
    found = scores(made(tasks=1, optimum=0.02, proven=False))
    assert found["score"].max() == 1.0
    assert found["regret"].min() == 0.0
    assert found["bayesmark"].max() == 100.0


def test_a_pruned_trial_is_never_the_best():
    results = made(tasks=2, most=9, pruned=0.5)
    found = scores(results)
    whole = results.trials[results.trials["state"] == "complete"]
    best = whole.groupby(["task", "contender", "seed"], sort=False)["value"].min()
    merged = found.merge(best.rename("whole").reset_index())
    assert (merged["best"] == merged["whole"]).all()
    assert results.trials["loss"].min() < found["loss"].min()


def test_best_has_the_tasks_own_sign():
    least, greatest = scores(made(tasks=1)), scores(made(tasks=1, mode="max"))
    np.testing.assert_allclose(least["best"], -greatest["best"])
    np.testing.assert_allclose(least["score"], greatest["score"])


def lost(results, contender, seed=0):
    """Return the results with a run that an error ended before any trial was complete."""
    own = (results.trials["contender"] == contender) & (results.trials["seed"] == seed)
    runs = results.runs.copy()
    gone = (runs["contender"] == contender) & (runs["seed"] == seed)
    runs.loc[gone, "error"] = "the library crashed"
    return replace(results, trials=results.trials[~own], runs=runs)


def test_a_run_without_a_complete_trial_counts_and_counts_as_bad():
    found = scores(lost(made(tasks=1), "skopt:gp"))
    row = last(found, "skopt:gp")
    assert np.isnan(row.best)
    assert (row.loss, row.regret) == (np.inf, np.inf)
    assert (row.score, row.bayesmark, row.auc) == (-4.0, 0.0, 1.0)
    assert row.log_regret > 0
    assert row.error == "the library crashed"


def test_a_lost_run_lowers_the_mean_of_its_task():
    results = made(tasks=1)
    whole, holed = task_scores(results), task_scores(lost(results, "skopt:gp"))
    assert last(holed, "skopt:gp").seeds == 5
    assert last(holed, "skopt:gp").score < last(whole, "skopt:gp").score
    assert last(holed, "skopt:gp").equivalent < last(whole, "skopt:gp").equivalent


def test_no_task_counts_less_than_minus_one():
    found = contender_scores(constant({"awful": 1e9}, tasks=3))
    assert last(found, "awful").score == -1.0


def test_a_task_that_cannot_be_scored_has_no_scores_and_does_not_count():
    results = made(tasks=3)
    solved = results.trials["task"] == "task-1"
    trials = results.trials.assign(loss=results.trials["loss"].where(~solved, 0.0))
    results = replace(results, trials=trials)
    tasks = task_scores(results)
    own = tasks[tasks["task"] == "task-1"]
    assert own[["score", "bayesmark", "log_regret", "auc"]].isna().all(axis=None)
    assert (own["best"] == 0).all()
    assert (contender_scores(results)["tasks"] == 2).all()


def test_where_no_task_can_be_scored_every_contender_is_still_there():
    results = made(tasks=1)
    found = contender_scores(replace(results, trials=results.trials.assign(loss=0.0)))
    assert found["contender"].tolist() == list(results.runs["contender"].unique())
    assert found["score"].isna().all()


def test_medians_over_seeds_survive_an_infinite_loss():
    found = last(task_scores(lost(made(tasks=1, seeds=3), "skopt:gp")), "skopt:gp")
    assert np.isfinite(found.best)
    results = lost(lost(made(tasks=1, seeds=3), "skopt:gp"), "skopt:gp", seed=1)
    found = last(task_scores(results), "skopt:gp")
    assert (found.loss, np.isnan(found.best)) == (np.inf, True)


def test_wins_ties_and_losses_are_of_the_highest_mean_score():
    found = contender_scores(constant({"a": 1e-9, "b": 1e-9, "c": 0.9}, tasks=4))
    counts = found.set_index("contender")[["wins", "ties", "losses"]]
    assert counts.loc["a"].tolist() == counts.loc["b"].tolist() == [0, 4, 0]
    assert counts.loc["c"].tolist() == [0, 0, 4]
    assert (counts.sum(axis=1) == 4).all()


def test_with_several_tasks_the_rows_to_compare_are_tasks():
    runs = scores(made(tasks=3, seeds=4))
    table = score_table(runs)
    assert table.shape == (3, 3)
    means = runs.pivot_table(index="task", columns="contender", values="score")
    pd.testing.assert_frame_equal(table, means[table.columns], check_names=False)


def test_with_one_task_the_rows_to_compare_are_seeds():
    table = score_table(scores(made(tasks=1, seeds=4)))
    assert table.index.tolist() == [0, 1, 2, 3]


def test_equivalents_are_by_the_mean_loss_over_seeds():
    results = made({RANDOM: 1.0, "optuna:random": 1.0}, tasks=1, n_trials=20)
    trials = results.trials
    own = trials[trials["contender"] == "optuna:random"].groupby("seed")["loss"].min().mean()
    drawn = trials["loss"][trials["contender"] == RANDOM]
    row = last(equivalents(results), "optuna:random")
    assert row.equivalent == pytest.approx(random_trials(drawn, own)[0])
    assert row.evaluations == 20
    assert not row.capped
    assert expected_best(drawn, row.equivalent) == pytest.approx(own)


def test_random_search_is_worth_about_as_many_trials_as_it_made():
    found = equivalents(made({RANDOM: 1.0, "optuna:random": 1.0}, tasks=30, seeds=10))
    middle = found.groupby("contender")["equivalent"].median()
    assert middle[RANDOM] == pytest.approx(30, rel=0.3)
    assert middle["optuna:random"] == pytest.approx(30, rel=0.3)


def test_what_beats_every_random_trial_is_worth_at_least_all_of_them():
    row = last(contender_scores(constant({"best": 0.0}, tasks=3)), "best")
    assert (row.equivalent, row.capped) == (150.0, True)


def test_a_median_above_which_there_are_bounds_is_none_itself():
    results = constant({"x": 1e-12}, tasks=3)
    poor = (results.trials["task"] != "task-0") & (results.trials["contender"] == "x")
    trials = results.trials.assign(loss=results.trials["loss"].where(~poor, 0.2))
    row = last(contender_scores(replace(results, trials=trials)), "x")
    assert row.equivalent < 150
    assert not row.capped


def test_one_seed_has_scores_and_no_interval():
    found = task_scores(made(tasks=2, seeds=1))
    assert found["score"].notna().all()
    assert found[["low", "high"]].isna().all(axis=None)


def test_noise_below_the_optimum_counts_as_no_regret():
    results = made(tasks=1, optimum=0.3, noisy=True)
    assert references(results)["beaten"].item()
    assert scores(results)["regret"].min() == 0.0


@pytest.mark.parametrize("tasks", [1, 2, 6])
@pytest.mark.parametrize("optimum", [0.0, 0.02])
def test_no_interval_of_scores_leaves_the_range_of_scores(tasks, optimum):
    # One that is as bad as a run can be, one that often is, one at the reference.
    skills = {RANDOM: 1.0, "awful": 0.01, "bad": 0.2, "perfect": 90.0}
    results = lost(made(skills, tasks=tasks, optimum=optimum, proven=False), "bad")
    assert scores(results)["score"].agg(["min", "max"]).tolist() == [-4.0, 1.0]
    for frame in (task_scores(results), contender_scores(results), verdict(results).ranking):
        assert (frame["low"] >= -1).all()
        assert (frame["low"] <= frame["score"]).all()
        assert (frame["score"] <= frame["high"]).all()
        assert (frame["high"] <= 1).all()
    assert last(contender_scores(results), "awful").low == -1
