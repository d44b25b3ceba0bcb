"""What losses are measured against."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from analysis.made import RANDOM, made

from unitune.analysis import BaselineError, expected_best, random_trials, references, scores
from unitune.errors import UnituneError


def only(results):
    return references(results).iloc[0]


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_the_expected_best_is_the_mean_over_all_choices_of_k(k):
    losses = [5.0, 1.0, 4.0, 2.0, 2.0, 9.0]
    every = [min(chosen) for chosen in itertools.combinations(losses, k)]
    assert expected_best(losses, k) == pytest.approx(np.mean(every), rel=1e-9)


def test_of_more_trials_than_there_are_the_best_is_the_best_there_is():
    assert expected_best([3.0, 2.0], 100) == 2.0


def test_the_expected_best_of_many_draws_is_computed_without_overflow():
    n, k = 20_001, 50
    # The least of k out of 0 … n - 1 is (n - k) / (k + 1) on average.
    assert expected_best(np.arange(n), k) == pytest.approx((n - k) / (k + 1), rel=1e-9)


@pytest.mark.parametrize("k", [1.0, 1.5, 7.25, 40.0, 100.0])
def test_random_trials_undoes_the_expected_best(k):
    losses = np.random.default_rng(0).random(100)
    found, capped = random_trials(losses, expected_best(losses, k))
    assert found == pytest.approx(k, rel=1e-6)
    assert not capped


def test_what_is_worse_than_one_random_trial_is_worth_none():
    assert random_trials([1.0, 2.0, 3.0], 2.5) == (0.0, False)


def test_ties_at_the_best_value_need_no_more_trials_than_that():
    found, capped = random_trials([1.0, 1.0, 1.0], 1.0)
    assert (found, capped) == (1.0, False)


def test_the_optimum_of_the_task_is_the_reference_though_nobody_reached_it():
    row = only(made(tasks=1, optimum=-1.0))
    assert (row.reference, row.origin, row.beaten) == (-1.0, "optimum", False)


def test_an_optimum_that_is_not_proven_says_so_and_may_be_beaten():
    row = only(made(tasks=1, optimum=0.5, proven=False))
    assert (row.reference, row.origin, row.beaten) == (0.5, "best known", True)


def test_without_an_optimum_the_best_seen_is_the_reference():
    results = made(tasks=1, optimum=None)
    row = only(results)
    assert row.origin == "best seen"
    assert row.reference == results.trials["loss"].min()
    assert not row.beaten


def test_a_pruned_value_is_never_the_best_seen():
    results = made(tasks=1, optimum=None, most=9, pruned=0.6)
    whole = results.trials["loss"][results.trials["state"] == "complete"].min()
    assert results.trials["loss"].min() < whole == only(results).reference


def test_references_of_tasks_to_be_maximised_are_losses():
    least, greatest = only(made(tasks=1, optimum=0.0)), only(made(tasks=1, optimum=0.0, mode="max"))
    assert greatest.reference == 0.0
    assert greatest.expected == least.expected > 0


def test_random_search_is_pooled_over_its_seeds():
    row = only(made(tasks=1, seeds=7, n_trials=11))
    assert (row.evaluations, row.draws) == (11, 77)


def test_failed_random_trials_count_as_the_worst():
    clean, failing = only(made(tasks=1)), only(made(tasks=1, failed=0.5))
    assert failing.draws == clean.draws
    results = made(tasks=1, failed=0.5)
    own = results.trials[results.trials["contender"] == RANDOM]
    filled = own["loss"].fillna(own["loss"].max())
    assert failing.expected == pytest.approx(expected_best(filled, 30))
    assert failing.expected > expected_best(own["loss"].dropna(), 30)


def test_without_random_search_the_error_says_what_to_add():
    results = made({"optuna:tpe": 1.0, "skopt:gp": 1.0})
    with pytest.raises(BaselineError, match=r"'builtin:random' is not among .*optuna:tpe, skopt"):
        scores(results)
    with pytest.raises(LookupError) as raised:
        references(results)
    assert isinstance(raised.value, UnituneError)


def without_random(results, task):
    def kept(frame):
        return frame[(frame["contender"] != RANDOM) | (frame["task"] != task)]

    return replace(results, runs=kept(results.runs), trials=kept(results.trials))


def test_a_task_without_random_search_has_a_reason_for_having_no_scores():
    known = references(without_random(made(tasks=2), "task-1"))
    assert known["reason"].tolist() == ["", "no run of builtin:random"]


def test_a_task_on_which_all_of_random_search_fails_has_a_reason():
    results = made(tasks=1)
    own = results.trials["contender"] == RANDOM
    trials = results.trials.assign(state=results.trials["state"].where(~own, "failed"))
    row = only(replace(results, trials=trials))
    assert row.reason == "no trial of builtin:random is complete"
    assert np.isnan(row.expected)


def test_a_task_that_random_search_solves_has_a_reason():
    results = made(tasks=1)
    trials = results.trials.assign(loss=0.0, value=0.0)
    assert only(replace(results, trials=trials)).reason == (
        "builtin:random is expected to find the best value with this budget"
    )
