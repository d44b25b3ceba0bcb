"""What the report says, computed once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis.made import RANDOM, counting, made

from unitune.errors import UnituneError
from unitune.report.findings import find, over


def without(results, contender, tasks):
    """Return the results without one contender's runs on some tasks."""

    def kept(frame):
        return frame[~((frame["contender"] == contender) & frame["task"].isin(tasks))]

    return replace(
        results,
        runs=kept(results.runs),
        trials=kept(results.trials),
        rungs=kept(results.rungs),
    )


def test_the_best_contender_comes_first_and_every_one_has_a_label_and_a_look(findings):
    assert set(findings.contenders) == {"skopt:gp", "optuna:tpe", RANDOM}
    assert findings.main.verdict.ranking["score"].is_monotonic_decreasing
    assert findings.labels == findings.contenders
    assert len(findings.looks) == 3
    assert findings.hidden == frozenset()
    assert findings.place(RANDOM) == findings.contenders.index(RANDOM)
    assert findings.main.verdict.ranking["contender"].tolist() == list(findings.contenders)


def test_caveats_stand_apart_from_what_is_said(findings):
    assert findings.main.said
    assert findings.main.caveats
    assert not set(findings.main.said) & set(findings.main.caveats)


def test_resource_is_an_axis_only_where_a_task_has_any(findings):
    assert findings.main.by == ("trials", "seconds", "resource")
    assert find(made(tasks=2, seeds=2, n_trials=6)).main.by == ("trials", "seconds")


def test_a_contender_that_ran_on_few_tasks_is_compared_there():
    whole = made(tasks=6, seeds=2, n_trials=6)
    found = find(without(whole, "skopt:gp", [f"task-{i}" for i in range(5)]))
    assert "skopt:gp" not in set(found.main.verdict.ranking["contender"])
    assert found.also is not None
    assert "skopt:gp" in set(found.also.verdict.ranking["contender"])
    assert found.contenders[-1] == "skopt:gp"
    assert over(found.also) == "task-5"
    assert over(found.main) == "6 tasks"
    assert found.also.suffix == "_also"
    assert [part.name for part in found.parts] == ["", "also"]


def test_of_many_contenders_the_best_and_random_search_are_switched_on():
    skills = {f"library:{i}": 1.5 + i / 4 for i in range(15)}
    found = find(made({**skills, RANDOM: 1.0}, tasks=2, seeds=2, n_trials=6))
    assert len(found.hidden) == 5
    assert found.place(RANDOM) not in found.hidden
    assert set(found.shown()) == {*found.contenders[:10], RANDOM}


def test_a_task_that_the_results_do_not_describe_has_a_name_and_a_mode(findings):
    assert findings.task("unheard of") == {"task": "unheard of", "mode": "min", "unit": "steps"}
    assert findings.task("task-1")["unit"] == "epochs"


def test_results_without_a_run_are_refused(results):
    empty = replace(results, runs=results.runs[:0], trials=results.trials[:0])
    with pytest.raises(UnituneError, match="no run"):
        find(empty)


def test_results_without_random_search_are_refused():
    with pytest.raises(UnituneError, match=RANDOM):
        find(made({"a": 1.0, "b": 2.0}, tasks=2, seeds=2, n_trials=5))


def test_runs_are_scored_once(monkeypatch):
    calls = counting(monkeypatch, "scores")
    found = find(made(tasks=3))
    assert len(calls) == 1
    assert found.main.scores is found.main.verdict.tasks
