"""What cannot be said is said."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from analysis.made import SKILLS, made

from unitune.analysis import verdict
from unitune.analysis.caveats import counted, listed


def said(results):
    return " ".join(verdict(results).caveats)


def test_a_sound_benchmark_has_no_caveats():
    assert said(made(tasks=12, seeds=5)) == ""


def test_too_few_tasks_for_the_tests_are_named_with_the_number_that_is_needed():
    six = {**SKILLS, "a:a": 1.2, "b:b": 1.2, "c:c": 1.2}
    text = said(made(six, tasks=8))
    assert "With 8 tasks and 6 contenders no difference can be significant" in text
    assert "at least 10 tasks" in text
    assert "Intervals over 8 tasks are too narrow" in text


def test_one_task_and_one_seed_are_named():
    text = said(made(tasks=1, seeds=1))
    assert "With 1 seed and 3 contenders no difference can be significant" in text
    assert "one task with scores" in text
    assert "one seed only" in text
    assert "single run of it or little more" in text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"optimum": None}, "No optimum is known of task-0"),
        ({"optimum": 0.001, "proven": False}, "The best value known of task-0"),
        ({"optimum": 0.001}, "Values better than the proven optimum of task-0"),
        ({"noisy": True}, "The values of task-0"),
        ({"most": 9, "pruned": 0.6}, "Budgets in resource were not used up alike"),
    ],
)
def test_what_is_not_known_of_a_task_is_said(options, text):
    assert text in said(made(tasks=12, **options))


def test_noise_below_an_optimum_is_not_held_against_it():
    assert "proven optimum" not in said(made(tasks=12, optimum=0.001, noisy=True))


def test_a_lucky_value_of_a_noisy_task_beats_no_best_known_value():
    text = said(made(tasks=12, optimum=0.001, proven=False, noisy=True))
    assert "was beaten" not in text
    assert "noisy" in text


def test_who_has_nothing_left_to_propose_has_less_than_the_equal_budget():
    results = made({**SKILLS, "a:grid": 1.0, "b:grid": 1.0}, tasks=12)
    runs = results.runs.copy()
    short = runs["contender"].str.endswith(":grid") & runs["task"].isin(["task-1", "task-2"])
    runs.loc[short, ["trials", "reason"]] = [16, "exhausted"]
    text = said(replace(results, runs=runs))
    assert (
        "a:grid and b:grid had nothing left to propose before the budget was used up on 2 of 12 "
        "tasks, with 16 of 30 trials at the least (task-1): what stands there is at less than "
        "equal budget."
    ) in text
    runs.loc[short, "trials"] = 30
    assert "nothing left" not in said(replace(results, runs=runs))


def test_in_a_budget_of_seconds_trials_and_resource_have_no_measure_to_fall_short_of():
    results = made({**SKILLS, "a:grid": 1.0}, tasks=12, most=9, pruned=0.6)
    runs = results.runs.assign(n_trials=10_000)
    runs.loc[runs["contender"] == "a:grid", ["trials", "reason"]] = [16, "exhausted"]
    text = said(replace(results, runs=runs, about={**results.about, "budget": "1 second"}))
    assert "a:grid had nothing left to propose" in text
    assert "with 16 trials at the least" in text
    assert "not used up alike" not in text


def copied(results, copies):
    """Return the results with the trials of some contenders under the names of others."""
    own = results.trials[~results.trials["contender"].isin(copies)]
    others = [
        own[own["contender"] == first].assign(contender=name) for name, first in copies.items()
    ]
    return replace(results, trials=pd.concat([own, *others], ignore_index=True))


def test_contenders_that_propose_the_same_configs_are_named_once():
    results = made({**SKILLS, "a:tpe": 1.0, "b:tpe": 1.0, "a:gp": 1.0}, tasks=12)
    same = {"a:tpe": "optuna:tpe", "b:tpe": "optuna:tpe", "a:gp": "skopt:gp"}
    text = said(copied(results, same))
    assert (
        "These proposed the same configs, seed by seed: optuna:tpe, a:tpe and b:tpe on 12 of 12 "
        "tasks; skopt:gp and a:gp on 12 of 12 tasks."
    ) in text


def test_one_seed_that_differs_makes_a_task_of_other_configs():
    results = copied(made({**SKILLS, "a:tpe": 1.0}, tasks=12), {"a:tpe": "optuna:tpe"})
    trials = results.trials
    one = (trials["contender"] == "a:tpe") & (trials["task"] == "task-1") & (trials["seed"] == 0)
    last = one & (trials["number"] == trials["number"].max())
    other = trials.assign(config=trials["config"].where(~last, "{}"))
    assert "optuna:tpe and a:tpe on 11 of 12 tasks." in said(replace(results, trials=other))


def test_the_initial_design_alone_makes_no_two_contenders_alike():
    results = copied(made({**SKILLS, "a:tpe": 1.0}, tasks=12), {"a:tpe": "optuna:tpe"})
    assert "same configs" not in said(replace(results, trials=results.trials.assign(initial=True)))


def test_runs_of_other_options_or_versions_are_said_to_be_left_out():
    results = made(tasks=12)
    about = {**results.about, "set_aside": {"mine": 3, "yours": 1}}
    assert (
        "Left out, as made with other options or versions than were asked for last: mine (3 runs) "
        "and yours (1 run)."
    ) in said(replace(results, about=about))


def test_a_design_that_is_not_paired_is_said():
    results = made(tasks=12)
    runs = results.runs.assign(paired=False)
    assert "The design is not paired" in said(replace(results, runs=runs))
    runs = results.runs.assign(paired=results.runs["contender"] != "skopt:gp")
    assert "skopt:gp did not begin with the initial design" in said(replace(results, runs=runs))


def test_tasks_without_scores_are_named_with_the_reason():
    results = made(tasks=12)
    solved = results.trials["task"] == "task-3"
    trials = results.trials.assign(loss=results.trials["loss"].where(~solved, 0.0))
    assert "task-3 has no scores: builtin:random is expected to find" in said(
        replace(results, trials=trials)
    )


def test_long_lists_are_cut_with_the_number_of_those_left():
    assert listed("abcdef") == "a, b, c, d, e and f"
    assert listed("abcdefgh") == "a, b, c, d, e and 3 more"
    assert listed([]) == ""


def test_units_are_singular_for_one():
    assert [counted(n, "seeds") for n in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]
