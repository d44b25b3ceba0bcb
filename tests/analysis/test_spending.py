"""Where the time went."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis.made import RANDOM, made, owning_its_loop

from unitune.analysis import AnalysisError, costs


def test_costs_are_means_over_runs_and_suggestions_are_per_trial():
    results = made(tasks=2, seeds=3, n_trials=10)
    row = costs(results).set_index("contender").loc["skopt:gp"]
    own = results.runs[results.runs["contender"] == "skopt:gp"]
    assert (row.runs, row.trials) == (6, 60)
    assert row.wall == pytest.approx(own["wall"].mean())
    assert row.suggestion == pytest.approx((own["suggest"] + own["observe"]).sum() / 60)


def test_costs_can_be_split_by_task():
    found = costs(made(tasks=2, seeds=3), per="task")
    assert found[["task", "contender"]].drop_duplicates().shape[0] == len(found) == 6
    assert (found["runs"] == 3).all()


def test_resource_is_what_was_consumed_and_missing_where_there_is_none():
    found = costs(made(tasks=1, n_trials=10, most=9, pruned=0.5)).set_index("contender")
    assert found.loc[RANDOM, "resource"] == 90
    assert found.loc["skopt:gp", "resource"] < 90
    assert costs(made(tasks=1))["resource"].isna().all()


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_failures_are_counted_trials_and_runs_apart(nothing):
    results = made(tasks=1, seeds=2, failed=0.3)
    runs = results.runs.assign(error=nothing)
    runs["error"] = runs["error"].astype(object)
    runs.loc[runs.index[-1], "error"] = "the library crashed"
    found = costs(replace(results, runs=runs)).set_index("contender")
    assert found["failed_runs"].to_dict() == {RANDOM: 0, "optuna:tpe": 0, "skopt:gp": 1}
    failed = results.trials[results.trials["state"] == "failed"]
    assert found["failed"].to_dict() == failed.groupby("contender").size().to_dict()


def test_runs_without_trials_have_no_seconds_a_suggestion():
    results = made(tasks=1)
    runs = results.runs.assign(trials=0, suggest=None, observe=None)
    assert (
        costs(replace(results, runs=runs.astype({"suggest": float, "observe": float})))[
            "suggestion"
        ]
        .isna()
        .all()
    )


def test_anything_but_contenders_and_tasks_is_refused():
    with pytest.raises(AnalysisError, match="per 'contender' or per 'task', not per 'seed'"):
        costs(made(tasks=1), per="seed")


def test_what_was_never_timed_is_unknown_and_not_nothing():
    found = costs(owning_its_loop(made(tasks=2, n_trials=10), "skopt:gp")).set_index("contender")
    assert found["suggestion"].isna().to_dict() == {
        RANDOM: False,
        "optuna:tpe": False,
        "skopt:gp": True,
    }
    assert found.loc["skopt:gp", "loop"] == 2.0
    assert found["loop"].drop("skopt:gp").isna().all()


def test_on_a_virtual_clock_no_loop_is_told():
    results = made(tasks=1)
    runs = results.runs.assign(start_up=0.0, suggest=0.0, observe=0.0, idle=7.0)
    found = costs(replace(results, runs=runs))
    assert found[["suggestion", "loop"]].isna().all(axis=None)


def test_without_trials_no_loop_is_told():
    results = owning_its_loop(made(tasks=1), "skopt:gp")
    found = costs(replace(results, runs=results.runs.assign(trials=0)))
    assert found[["suggestion", "loop"]].isna().all(axis=None)
