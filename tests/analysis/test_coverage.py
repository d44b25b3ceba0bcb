"""Which runs stand on equal terms."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from analysis.made import RANDOM, RUN, SKILLS, made

from unitune.analysis import AnalysisError, comparable, on_their_tasks, verdict


def dropping(results, gone):
    """Return the results without the runs for which `gone` is true."""
    runs = results.runs[~gone(results.runs)]
    return replace(results, runs=runs, trials=results.trials.merge(runs[RUN], on=RUN))


def test_whole_results_stay_whole():
    results = made(tasks=3)
    found = comparable(results)
    pd.testing.assert_frame_equal(found.results.runs, results.runs)
    assert found.omissions.empty
    assert found.aside == ()


def test_a_cell_that_one_contender_lacks_is_left_out_for_all_and_listed():
    results = dropping(
        made(tasks=3),
        lambda runs: (
            (runs["contender"] == "skopt:gp") & (runs["task"] == "task-1") & (runs["seed"] == 2)
        ),
    )
    found = comparable(results)
    cells = set(found.results.runs[["task", "seed"]].itertuples(index=False, name=None))
    assert ("task-1", 2) not in cells
    assert len(cells) == 14
    assert found.omissions.to_numpy().tolist() == [["task-1", "", 2, "no run there of skopt:gp"]]


def test_a_contender_of_few_cells_is_set_aside_rather_than_taking_those_of_all():
    results = dropping(
        made({**SKILLS, "ray:asha": 1.0}, tasks=8),
        lambda runs: (runs["contender"] == "ray:asha") & (runs["task"] != "task-0"),
    )
    skipped = [{"task": "task-1", "contender": "ray:asha", "why": "task-1 has no resource"}]
    found = comparable(replace(results, about={**results.about, "skipped": skipped}))
    assert found.aside == ("ray:asha",)
    assert set(found.results.runs["contender"]) == set(SKILLS)
    assert len(found.results.runs) == 8 * 3 * 5
    assert found.omissions["reason"].tolist() == [
        "it has runs in 5 of 40 cells only, such as: task-1 has no resource"
    ]


def test_one_missing_task_costs_the_task_and_not_the_contender():
    results = dropping(
        made(tasks=10),
        lambda runs: (runs["contender"] == "skopt:gp") & (runs["task"] == "task-9"),
    )
    found = comparable(results)
    assert found.aside == ()
    assert set(found.results.runs["task"]) == {f"task-{i}" for i in range(9)}


def test_random_search_is_never_the_one_set_aside():
    results = dropping(
        made(tasks=6), lambda runs: (runs["contender"] == RANDOM) & (runs["task"] != "task-0")
    )
    found = comparable(results)
    assert RANDOM in set(found.results.runs["contender"])


def test_a_run_that_failed_stays_in():
    results = made(tasks=2)
    lost = results.runs.index[(results.runs["contender"] == "skopt:gp")][0]
    runs = results.runs.copy()
    runs.loc[lost, ["reason", "error"]] = ["failed", "the library crashed"]
    assert comparable(replace(results, runs=runs)).omissions.empty


def test_trials_beyond_the_least_budget_are_left_out_and_listed():
    short, long = made(tasks=1, n_trials=10), made({"skopt:gp": 1.4}, tasks=1, n_trials=30)
    results = replace(
        short,
        runs=pd.concat([short.runs[short.runs["contender"] != "skopt:gp"], long.runs]),
        trials=pd.concat([short.trials[short.trials["contender"] != "skopt:gp"], long.trials]),
    )
    found = comparable(results)
    assert set(found.results.trials.groupby(RUN).size()) == {10}
    assert found.omissions.to_numpy().tolist() == [
        ["task-0", "skopt:gp", "", "trials beyond 10, the least given on the task"]
    ]


def test_more_trials_begun_by_those_that_stop_early_are_not_cut():
    results = made(tasks=1, n_trials=20, most=9, pruned=0.5)
    given = results.runs["n_trials"].where(results.runs["contender"] == RANDOM, 180)
    found = comparable(replace(results, runs=results.runs.assign(n_trials=given)))
    assert len(found.results.trials) == len(results.trials)
    assert found.omissions.empty


def test_comparing_twice_changes_nothing_more():
    results = dropping(
        made(tasks=4), lambda runs: (runs["contender"] == "skopt:gp") & (runs["seed"] > 2)
    )
    once = comparable(results).results
    pd.testing.assert_frame_equal(comparable(once).results.runs, once.runs)


def test_tasks_that_cannot_be_scored_stay_in_and_are_listed():
    results = made(tasks=2)
    solved = results.trials["task"] == "task-1"
    trials = results.trials.assign(loss=results.trials["loss"].where(~solved, 0.0))
    found = comparable(replace(results, trials=trials))
    assert set(found.results.runs["task"]) == {"task-0", "task-1"}
    assert found.omissions["task"].tolist() == ["task-1"]
    assert found.omissions["reason"].item().startswith("no scores: builtin:random is expected")


def test_results_without_a_run_are_refused():
    results = made(tasks=1)
    with pytest.raises(AnalysisError, match="no run in these results"):
        comparable(replace(results, runs=results.runs[:0]))


def test_contenders_set_aside_are_compared_on_their_own_tasks():
    results = dropping(
        made({**SKILLS, "ray:asha": 1.2}, tasks=8),
        lambda runs: (runs["contender"] == "ray:asha") & (runs["task"] != "task-0"),
    )
    assert set(on_their_tasks(results, ["ray:asha"]).runs["task"]) == {"task-0"}
    found = verdict(results)
    assert set(found.ranking["contender"]) == set(SKILLS)
    assert set(found.also.ranking["contender"]) == {*SKILLS, "ray:asha"}
    assert found.also.separation.unit == "seeds"
