"""Average ranks."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from analysis.made import RANDOM, SKILLS, made

from unitune.analysis import ranks, score_table, scores, verdict


def test_ranks_with_the_whole_budget_are_those_of_the_scores():
    results = made(tasks=8)
    expected = score_table(scores(results)).rank(axis=1, ascending=False).mean()
    found = ranks(results, shares=[1.0]).set_index("contender")["rank"]
    pd.testing.assert_series_equal(found[expected.index], expected, check_names=False)
    tested = verdict(results).separation.ranks
    pd.testing.assert_series_equal(tested[expected.index], expected, check_names=False)


def test_ranks_are_given_at_four_shares_of_the_budget_and_add_up():
    found = ranks(made(tasks=8))
    assert sorted(set(found["share"])) == [0.1, 0.25, 0.5, 1.0]
    assert found.groupby("share")["rank"].sum().tolist() == pytest.approx([6.0] * 4)
    assert (found["low"] <= found["rank"]).all()
    assert (found["rank"] <= found["high"]).all()


def test_equal_contenders_share_the_mean_of_their_ranks():
    results = made()
    trials = results.trials.assign(loss=results.trials["number"] + 1.0)
    # Random search alone is a little worse.
    worse = trials["contender"] == RANDOM
    trials.loc[worse, "loss"] += 0.5 + trials["seed"] / 10
    found = ranks(replace(results, trials=trials), shares=[1.0]).set_index("contender")["rank"]
    assert found.to_dict() == {RANDOM: 3.0, "optuna:tpe": 1.5, "skopt:gp": 1.5}


def test_with_one_task_ranks_are_averaged_over_seeds():
    found = ranks(made(tasks=1, seeds=6), shares=[1.0])
    assert (found["tasks"] == 1).all()
    assert (found["rank"] * 6 % 0.5 == 0).all()


@pytest.mark.parametrize("by", ["trials", "seconds", "resource"])
def test_ranks_can_be_taken_along_any_axis(by):
    found = ranks(made(tasks=5, most=9, pruned=0.5), by=by)
    assert set(found["contender"]) == set(SKILLS)
    assert found["rank"].between(1, 3).all()


def test_where_no_task_can_be_scored_there_are_no_ranks():
    results = made(tasks=1)
    assert ranks(replace(results, trials=results.trials.assign(loss=0.0))).empty
