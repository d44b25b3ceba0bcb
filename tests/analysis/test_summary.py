"""The executive summary says what the statistics say, and no more."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from analysis.made import RANDOM, RUN, SKILLS, STRONG, made, owning_its_loop

from unitune.analysis import sentences, verdict


def text(results):
    return "\n".join(sentences(verdict(results)))


def test_the_scope_comes_first():
    first = sentences(verdict(made(tasks=12, seeds=5, n_trials=30)))[0]
    assert first == (
        "3 contenders on 12 tasks, with 5 seeds each; every run has the budget of 30 trials of "
        "random search."
    )


def test_a_winner_is_named_with_its_interval_the_test_and_its_margin():
    results = made(STRONG, tasks=12, seeds=5)
    found = verdict(results)
    best, pair = found.ranking.iloc[0], found.separation.pairs.iloc[0]
    said = text(results)
    assert f"skopt:gp has the highest mean score, {best.score:.2f} [{best.low:.2f}, " in said
    assert f"skopt:gp is better than optuna:tpe (by {pair.difference:.2f} [{pair.low:.2f}, " in said
    assert "Wilcoxon signed-rank tests over 12 tasks, Holm-corrected, level 0.05" in said
    assert "The 3 contenders differ by more than chance (Friedman test over 12 tasks" in said
    assert "Better than random search: skopt:gp and optuna:tpe." in said
    assert "No significant difference" not in said


def test_no_significant_difference_is_stated_as_such():
    said = text(made({RANDOM: 1.0, "one": 1.0, "other": 1.0}, tasks=12))
    assert "There is no significant difference between any two of the 3 contenders" in said
    assert "Friedman test: p = " in said
    assert "No contender is separated from random search." in said
    assert "better than" not in said


def test_part_of_a_field_that_is_not_separated_is_named():
    said = text(made({RANDOM: 1.0, "one": 1.6, "other": 1.6}, tasks=12))
    assert "is better than builtin:random (by" in said
    assert "No significant difference between" in said


def test_what_is_worse_than_random_search_is_said():
    said = text(made({RANDOM: 1.0, "good": 1.5, "bad": 0.2}, tasks=12))
    assert "Worse than random search: bad." in said
    assert "Better than random search: good." in said


def test_too_few_tasks_do_not_silence_what_the_overall_test_found():
    skills = {RANDOM: 1.0, "a": 1.3, "b": 1.8, "c": 2.5, "d": 4.0, "e": 7.0}
    said = text(made(skills, tasks=8))
    assert "differ by more than chance" in said
    assert "no two of them can be told apart" in said
    assert "Nemenyi's test of average ranks, which can with fewer tasks, separates" in said
    assert "no difference can be significant, however large" in said


def test_one_seed_of_one_task_cannot_be_tested_and_nothing_is_claimed():
    said = text(made(tasks=1, seeds=1))
    assert "Nothing can be tested with 1 seed." in said
    assert "is better than" not in said
    assert "separated" not in said


def test_random_equivalents_say_where_they_are_bounds():
    found = verdict(made(STRONG, tasks=12))
    row = found.ranking.set_index("contender").loc["skopt:gp"]
    assert row.capped
    said = "\n".join(sentences(found))
    assert f"30 trials are worth: skopt:gp at least {row.equivalent:.0f}, optuna:tpe" in said


def test_the_winners_of_single_tasks_are_named():
    said = text(made({RANDOM: 1.0, "strong": 9.0}, tasks=3, seeds=8))
    assert "Highest mean score by task: strong on task-0, task-1 and task-2." in said
    assert "On 3 of 3 the leader is separated" in said


def test_the_price_of_the_winner_is_said():
    said = text(made(tasks=12))
    assert "builtin:random 0.11 ms, optuna:tpe 5.5 ms, skopt:gp 330 ms." in said
    assert (
        "for one trial, its evaluation apart, the backend of skopt:gp takes 3,000 times as long as "
        "that of builtin:random, longer than any other."
    ) in said


def test_those_who_tie_are_named_together():
    results = made({RANDOM: 1.0, "one": 3.0, "same": 3.0}, tasks=3, seeds=3)
    said = text(replace(results, trials=levelled(results, "one", "same", tasks=["task-1"])))
    assert re.search(r"; (one and same|same and one) tie on task-1\. Whether", said)


def levelled(results, first, second, tasks):
    """Return trials in which two contenders have the same losses on some tasks."""
    trials = results.trials.copy()
    here = trials["task"].isin(tasks)
    own = trials.loc[here & (trials["contender"] == first), ["value", "loss"]].to_numpy()
    trials.loc[here & (trials["contender"] == second), ["value", "loss"]] = own
    return trials


@pytest.mark.parametrize("seeds", [1, 3, 6])
def test_what_too_few_seeds_cannot_test_is_not_counted_as_not_separated(seeds):
    said = text(made({RANDOM: 1.0, "a": 1.5, "b": 9.0}, tasks=3, seeds=seeds))
    words = "1 seed" if seeds == 1 else f"{seeds} seeds"
    assert f"cannot be tested with {words}: for 3 contenders that takes 7." in said
    assert " of 3 the leader" not in said


def test_enough_seeds_are_counted():
    said = text(made({RANDOM: 1.0, "a": 1.5, "b": 9.0}, tasks=3, seeds=7))
    assert " of 3 the leader is separated" in said
    assert "cannot be tested" not in said


def test_the_headline_says_who_is_as_good():
    said = sentences(verdict(made({RANDOM: 1.0, "one": 1.6, "other": 1.6}, tasks=12)))[1]
    first, second = ("one", "other") if said.startswith("one") else ("other", "one")
    assert said.startswith(f"{first} has the highest mean score")
    assert said.endswith(f"1 is the best value; it is not separated from {second} (rank 2).")
    level = sentences(verdict(made({RANDOM: 1.0, "one": 1.0, "other": 1.0}, tasks=12)))[1]
    assert level.endswith("; it is separated from no other contender.")
    clear = sentences(verdict(made(STRONG, tasks=12)))[1]
    assert clear.endswith("1 is the best value.")


def test_what_nemenyi_separates_is_not_denied():
    skills = {RANDOM: 1.0, "a": 1.3, "b": 1.8, "c": 2.5, "d": 4.0, "e": 7.0}
    said = text(made(skills, tasks=8))
    assert f"from {RANDOM}" in said  # by Nemenyi's test
    assert "By the Wilcoxon tests no contender is separated from random search." in said


def test_one_trial_is_singular():
    said = text(made(tasks=3, n_trials=1))
    assert "1 trial is worth: " in said
    assert "1 trial are" not in said


@pytest.mark.parametrize("budget", ["0.2 seconds", "270 units of resource"])
def test_another_budget_than_trials_is_named(budget):
    results = made(tasks=3)
    said = text(replace(results, about={**results.about, "budget": budget}))
    assert f"every run has a budget of {budget}, in which random search makes 30 trials." in said
    assert f"{budget} are worth: " in said


def test_failures_are_said():
    results = made(tasks=12, failed=0.2)
    runs = results.runs.copy()
    runs["error"] = runs["error"].astype(object)
    runs.loc[runs["contender"] == "skopt:gp", "error"] = "the library crashed"
    said = text(replace(results, runs=runs))
    assert "Runs that an error ended, which count with what they had found: skopt:gp 60." in said
    assert "Failed trials, which count as budget: " in said
    assert " of 1800" in said


def test_what_was_left_out_is_said():
    results = made({**SKILLS, "ray:asha": 1.2}, tasks=12)
    runs = results.runs
    gone = ((runs["contender"] == "ray:asha") & (runs["task"] != "task-0")) | (
        (runs["contender"] == "skopt:gp") & (runs["task"] == "task-5") & (runs["seed"] == 0)
    )
    kept = runs[~gone]
    said = text(replace(results, runs=kept, trials=results.trials.merge(kept[RUN], on=RUN)))
    assert (
        "Left out so that all stand on equal terms: 1 cell (task and seed) that not all have; "
        "ray:asha (run on few cells)." in said
    )
    assert "Only on task-0 all contenders with ray:asha can be compared." in said
    assert "There: " in said


def test_where_no_task_has_scores_nothing_is_claimed():
    results = made(tasks=2)
    said = text(replace(results, trials=results.trials.assign(loss=0.0)))
    assert "No task has scores, so that nothing can be said about who is better." in said
    assert "highest" not in said


def test_a_single_contender_is_described_and_not_compared():
    said = text(made({RANDOM: 1.0}, tasks=3))
    assert "builtin:random has the highest mean score" in said
    assert "significant" not in said


def test_caveats_stand_among_the_sentences():
    found = verdict(made(tasks=8, optimum=None))
    assert set(found.caveats) <= set(sentences(found))
    assert found.caveats


def test_a_loop_that_is_not_timed_apart_is_said_and_no_time_is_claimed():
    said = text(owning_its_loop(made(tasks=12, n_trials=30), "skopt:gp", idle=3.1))
    assert "for one trial: builtin:random 0.11 ms, optuna:tpe 5.5 ms." in said
    assert (
        "skopt:gp runs its own loop, which is not timed apart: 3.1 s of a run, 103 ms a trial, are "
        "neither start-up nor evaluation."
    ) in said
    assert "not free" not in said


def test_several_loops_are_said_together_the_cheapest_first():
    results = owning_its_loop(made(tasks=12, n_trials=30), "skopt:gp", idle=3.0)
    said = text(owning_its_loop(results, "optuna:tpe", idle=0.6))
    assert "Time that backends take" not in said  # of random search alone
    assert (
        "These run their own loops, which are not timed apart: optuna:tpe 600 ms of a run, 20 ms a "
        "trial; skopt:gp 3 s of a run, 100 ms a trial. That is neither start-up nor evaluation."
    ) in said


def test_on_a_virtual_clock_no_time_is_said():
    results = made(tasks=12)
    still = dict.fromkeys(["start_up", "suggest", "observe"], 0.0)
    said = text(replace(results, runs=results.runs.assign(**still, idle=5.0)))
    assert "loop" not in said
    assert "Time that backends take" not in said


@pytest.mark.parametrize(("contenders", "named"), [(8, 8), (9, 6), (20, 6)])
def test_of_many_times_the_least_and_the_greatest_are_said(contenders, named):
    skills = {RANDOM: 1.0, **{f"c{i}": 1.2 for i in range(1, contenders)}}
    results = made(skills, tasks=2, seeds=2, n_trials=4)
    place = results.runs["contender"].map({name: i + 1 for i, name in enumerate(skills)})
    timed = replace(results, runs=results.runs.assign(suggest=place * 4.0, observe=0.0))
    (said,) = [line for line in sentences(verdict(timed)) if line.startswith("Time that")]
    assert said.count(" s") == named
    assert said.startswith("Time that backends take for one trial: builtin:random 1 s, c1 2 s, ")
    assert said.endswith(
        f" c{contenders - 2} {contenders - 1} s, c{contenders - 1} {contenders} s."
    )
    assert (f"c2 3 s, {contenders - 6} others in between, " in said) == (contenders > 8)
