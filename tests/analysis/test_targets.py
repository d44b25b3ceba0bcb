"""Times to targets, their distribution, and expected running times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from analysis.made import RANDOM, made

from unitune.analysis import TARGETS, ecdf, expected_times, hits, references
from unitune.analysis.history import histories


def steps(losses):
    """Return results in which every run of 'x' finds these losses, one after the other."""
    results = made({RANDOM: 1.0, "x": 1.0}, tasks=1, seeds=2, n_trials=len(losses))
    own = results.trials["contender"] == "x"
    loss = results.trials["loss"].where(~own, np.tile(losses, 4))
    return replace(results, trials=results.trials.assign(loss=loss))


def of_x(frame):
    return frame[frame["contender"] == "x"]


def test_targets_are_spaced_evenly_in_the_logarithm_from_ten_to_a_thousandth():
    assert TARGETS[0] == pytest.approx(10)
    assert TARGETS[-1] == pytest.approx(1e-3)
    assert np.allclose(np.diff(np.log10(TARGETS)), -0.1)


@pytest.mark.parametrize("by", ["trials", "seconds", "resource"])
def test_a_target_is_hit_at_the_first_trial_that_reaches_it(by):
    results = steps([8.0, 4.0, 6.0, 1.0])
    expected = references(results)["expected"].item()
    found = of_x(hits(results, by, [5 / expected, 2 / expected, 0.5 / expected]))
    axis = histories(results)
    at = axis[(axis["contender"] == "x") & (axis["seed"] == 0)][by].tolist()
    own = found[found["seed"] == 0]["x"].tolist()
    assert own[:2] == [at[1], at[3]]
    assert np.isnan(own[2])


def test_runs_end_where_their_budget_did_or_with_their_wall_clock():
    results = steps([8.0, 4.0])
    assert (hits(results)["end"] == 2).all()
    timed = hits(results, "seconds").merge(results.runs[["task", "contender", "seed", "wall"]])
    assert (timed["end"] == timed["wall"]).all()


def test_a_run_without_trials_hits_nothing():
    results = made(tasks=1, seeds=1)
    trials = results.trials[results.trials["contender"] != "skopt:gp"]
    found = hits(replace(results, trials=trials))
    own = found[found["contender"] == "skopt:gp"]
    assert len(own) == len(TARGETS)
    assert own["x"].isna().all()
    assert (own["end"] == 0).all()


def test_the_expected_time_charges_the_runs_that_did_not_make_it():
    results = steps([8.0, 4.0, 2.0])
    late = (results.trials["contender"] == "x") & (results.trials["seed"] == 1)
    trials = results.trials.assign(loss=results.trials["loss"].where(~late, 9.0))
    results = replace(results, trials=trials)
    expected = references(results)["expected"].item()
    found = of_x(expected_times(results, targets=[4.5 / expected, 1 / expected]))
    # 2 trials of the run that made it, and all 3 of the one that did not.
    assert found["ert"].tolist() == [5.0, np.inf]
    assert found["successes"].tolist() == [1, 0]
    assert found["runs"].tolist() == [2, 2]


def test_the_distribution_counts_the_pairs_that_are_solved():
    results = steps([8.0, 4.0, 2.0])
    expected = references(results)["expected"].item()
    found = of_x(ecdf(results, targets=[4.5 / expected, 3 / expected, 1 / expected]))
    assert found["x"].tolist() == [1, 2, 3]
    assert found["solved"].tolist() == pytest.approx([0, 1 / 3, 2 / 3])


@pytest.mark.parametrize("by", ["trials", "seconds", "resource"])
def test_the_distribution_only_grows_and_is_a_share(by):
    found = ecdf(made(tasks=3, most=9, pruned=0.4), by)
    for _, own in found.groupby("contender"):
        assert own["x"].is_monotonic_increasing
        assert own["solved"].is_monotonic_increasing
    assert found["solved"].between(0, 1).all()


def test_tasks_weigh_alike_whatever_their_number_of_seeds():
    few = made(tasks=["a"], seeds=2, n_trials=10)
    last = ecdf(few).groupby("contender")["solved"].last()
    shares = hits(few).groupby("contender")["x"].apply(lambda x: x.notna().mean())
    np.testing.assert_allclose(last[shares.index], shares)


def test_resource_is_put_together_in_whole_evaluations():
    found = ecdf(made(tasks=2, n_trials=20, most=9, pruned=0.5), "resource")
    assert found["x"].max() == pytest.approx(20)


def test_tasks_without_scores_have_no_targets():
    results = made(tasks=2)
    solved = results.trials["task"] == "task-1"
    trials = results.trials.assign(loss=results.trials["loss"].where(~solved, 0.0))
    assert set(hits(replace(results, trials=trials))["task"]) == {"task-0"}
    nothing = replace(results, trials=trials.assign(loss=0.0))
    assert hits(nothing).empty
    assert ecdf(nothing).empty
    assert expected_times(nothing).empty
