"""The verdict of a benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from analysis.made import RANDOM, SKILLS, STRONG, counting, made

import unitune
from unitune.analysis import (
    AnalysisError,
    BaselineError,
    contender_scores,
    costs,
    ranks,
    references,
    task_scores,
    verdict,
)
from unitune.analysis.verdicts import RANKING


def test_the_ranking_agrees_with_every_measure_by_itself():
    results = made(tasks=12)
    found = verdict(results).ranking
    assert list(found.columns) == RANKING
    assert found["score"].is_monotonic_decreasing
    for frame in (contender_scores(results), costs(results), ranks(results, shares=[1.0])):
        own = frame.set_index("contender").loc[found["contender"]].reset_index()
        shared = [c for c in own if c in found and c not in ("low", "high")]
        pd.testing.assert_frame_equal(found[shared], own[shared], check_dtype=False)


def test_the_better_contender_wins_and_is_separated():
    found = verdict(made(STRONG, tasks=12, seeds=5))
    assert found.ranking["contender"].tolist() == ["skopt:gp", "optuna:tpe", RANDOM]
    assert found.separation.pairs["separated"].all()
    assert found.groups == (("skopt:gp",), ("optuna:tpe",), (RANDOM,))


def test_leaders_are_those_of_the_highest_mean_score_on_their_task():
    results = made({RANDOM: 1.0, "strong": 9.0}, tasks=10, seeds=8)
    found = verdict(results).leaders
    assert (found["leader"] == "strong").all()
    assert (found["runner_up"] == RANDOM).all()
    assert found["separated"].all()
    assert (found["margin"] > 0).all()


def test_leaders_that_tie_are_named_together():
    results = made({RANDOM: 1.0, "one": 3.0, "same": 3.0}, tasks=2)
    trials = results.trials.copy()
    here = trials["task"] == "task-0"
    own = trials.loc[here & (trials["contender"] == "one"), ["value", "loss"]].to_numpy()
    trials.loc[here & (trials["contender"] == "same"), ["value", "loss"]] = own
    found = verdict(replace(results, trials=trials)).leaders.set_index("task")
    assert (found.loc["task-0", "leader"], *found.loc["task-0", "tied"]) == ("one", "same")
    assert found.loc["task-0", "margin"] == 0
    assert found.loc["task-1", "tied"] == ()
    assert found.loc["task-1", "margin"] > 0


def test_seeds_and_trials_are_given_as_a_span():
    short, long = made(tasks=["a"], seeds=2, n_trials=20), made(tasks=["b"], seeds=3, n_trials=30)
    both = replace(
        short,
        runs=pd.concat([short.runs, long.runs]),
        trials=pd.concat([short.trials, long.trials]),
        tasks=pd.concat([short.tasks, long.tasks]),
    )
    found = verdict(both)
    assert (found.seeds, found.trials) == ((2, 3), (20, 30))


def test_a_single_contender_has_a_ranking_and_no_tests():
    found = verdict(made({RANDOM: 1.0}, tasks=3))
    assert len(found.ranking) == 1
    assert found.separation is None
    assert found.groups == ()


def test_where_nothing_can_be_scored_the_ranking_still_names_all():
    results = made(tasks=2)
    found = verdict(replace(results, trials=results.trials.assign(loss=0.0)))
    assert set(found.ranking["contender"]) == set(SKILLS)
    assert found.ranking["score"].isna().all()
    assert found.separation is None
    assert len(found.omissions) == 2


def test_without_random_search_there_is_no_verdict():
    with pytest.raises(BaselineError, match="Add it"):
        verdict(made({"optuna:tpe": 1.0, "skopt:gp": 1.0}))


def test_without_runs_there_is_no_verdict():
    results = made(tasks=1)
    with pytest.raises(AnalysisError, match="no run"):
        verdict(replace(results, runs=results.runs[:0], trials=results.trials[:0]))


def test_the_order_of_the_rows_does_not_matter():
    results = made(tasks=6, most=9, pruned=0.3, failed=0.1, workers=2)
    mixed = replace(
        results,
        runs=results.runs.sample(frac=1, random_state=1),
        trials=results.trials.sample(frac=1, random_state=2),
    )
    a, b = verdict(results).ranking, verdict(mixed).ranking
    numbers = [c for c in RANKING if c not in ("contender", "low", "high")]
    pd.testing.assert_frame_equal(a[["contender", *numbers]], b[["contender", *numbers]])


def test_a_contender_more_changes_no_score_where_the_optimum_is_known():
    few = verdict(made(tasks=12)).ranking.set_index("contender")["score"]
    more = verdict(made({**SKILLS, "a:a": 9.0}, tasks=12)).ranking.set_index("contender")["score"]
    np.testing.assert_allclose(more[few.index], few)


def test_the_references_are_those_of_what_was_compared():
    results = made(tasks=3)
    pd.testing.assert_frame_equal(verdict(results).references, references(results))


def falling(config):
    for step in range(1, 10):
        yield (config["x"] - 1) ** 2 + 1 / step


def test_a_real_comparison_with_early_stopping_has_a_verdict():
    comparison = unitune.compare(
        {"x": unitune.Float(-5, 5)},
        falling,
        ["builtin:random", "builtin:hyperband"],
        n_trials=9,
        seeds=4,
        resource=(1, 9),
        progress=False,
    )
    results = comparison.results
    found = verdict(results)
    assert set(found.ranking["contender"]) == {RANDOM, "builtin:hyperband"}
    assert found.separation.unit == "seeds"
    whole = results.trials[results.trials["state"] == "complete"]
    assert found.references["reference"].item() == whole["loss"].min()
    assert found.trials == (9, 9)
    assert (results.runs["trials"].max(), results.runs["pruned"].max()) > (9, 0)


@pytest.mark.parametrize("costly", ["histories", "comparable", "scores"])
def test_what_takes_long_is_computed_once(monkeypatch, costly):
    calls = counting(monkeypatch, costly)
    verdict(made(tasks=12))
    assert len(calls) == 1


def test_the_tasks_are_the_scores_of_each_task():
    results = made(tasks=3)
    pd.testing.assert_frame_equal(verdict(results).tasks, task_scores(results))
