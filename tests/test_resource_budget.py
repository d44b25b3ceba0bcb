"""Budgets of resource: what fits into them, and how a schedule comes to its end within them."""

from __future__ import annotations

import math

import pytest

import unitune
from unitune import Float, Space
from unitune.errors import ObjectiveError
from unitune.schedulers.asha import Asha
from unitune.schedulers.hyperband import Hyperband
from unitune.trial import State

SPACE = Space({"x": Float(0, 1)})
# What a trial costs from rung to rung where its generator waits: the first bracket for R = 81.
BRACKET = 81 * 1 + 27 * 2 + 9 * 6 + 3 * 18 + 1 * 54


def curve(config):
    for epoch in range(81):
        yield config["x"] + 1 / (epoch + 1)


def run(objective=curve, **settings):
    given = {"backend": "builtin", "method": "random", "seed": 0, "progress": False}
    given |= {"n_trials": 10_000, "resource": (1, 81)}
    return unitune.run(SPACE, objective, **{**given, **settings})


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("budget", [81, 100, 200, BRACKET, 410, 500, 1000])
def test_whatever_the_budget_hyperband_comes_to_a_complete_trial_within_it(budget, workers):
    result = run(method="hyperband", max_resource=budget, workers=workers)
    assert any(trial.state is State.COMPLETE for trial in result.trials)
    assert budget / 2 < result.resource.total <= budget
    assert result.reason == "max_resource"


def test_a_budget_of_one_bracket_buys_that_bracket():
    result = run(method="hyperband", max_resource=BRACKET)
    assert len(result.trials) == 81
    assert result.resource.total == BRACKET
    assert [t.state for t in result.trials].count(State.COMPLETE) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_successive_halving_comes_to_a_complete_trial_within_its_budget(workers):
    given = {"scheduler": "unitune:successive_halving", "max_resource": 200}
    result = run(**given, workers=workers)
    assert any(trial.state is State.COMPLETE for trial in result.trials)
    assert result.resource.total <= 200


def test_asynchronous_halving_that_promotes_comes_to_a_complete_trial_too():
    given = {"scheduler": "unitune:asha", "scheduler_options": {"variant": "promotion"}}
    result = run(**given, max_resource=200)
    assert any(trial.state is State.COMPLETE for trial in result.trials)


def test_trials_that_are_computed_again_are_reckoned_with():
    def begins_anew(config, trial):
        for epoch in range(trial.resource):
            trial.report(config["x"] + 1 / (epoch + 1), step=epoch + 1)

    result = run(begins_anew, method="hyperband", max_resource=600)
    assert "replayed" in set(result.resource.frame()["how"])
    assert any(trial.state is State.COMPLETE for trial in result.trials)


def test_what_a_bracket_owes_is_what_its_upper_rungs_cost():
    scheduler = Hyperband(resource=(1, 9), eta=3)  # 9 at 1, 3 at 3, 1 at 9
    assert scheduler.owed(anew=False) == 1 + 2 + 6  # one trial would go all the way
    for number in range(8):
        scheduler.begin(number)
    assert scheduler.owed(anew=False) == 1 + 3 * 2 + 1 * 6
    assert scheduler.owed(anew=True) == 1 + 3 * 3 + 1 * 9
    scheduler.begin(8)
    # The next bracket, of 5 at 3 and 1 at 9, would owe for its first trial.
    assert scheduler.owed(anew=False) == 3 * 2 + 1 * 6 + 9
    for number in range(9):
        scheduler.report(number, 1, float(number))
    scheduler.released()
    assert scheduler.owed(anew=False) == 1 * 6 + 9
    for number in range(3):
        scheduler.report(number, 3, float(number))
    scheduler.released()
    scheduler.report(0, 9, 0.0)
    assert scheduler.owed(anew=False) == 9


def test_asynchronous_halving_owes_one_way_up_until_one_has_come_up():
    scheduler = Asha(resource=(1, 9), eta=3, variant="promotion")
    assert scheduler.owed(anew=False) == 9
    assert scheduler.owed(anew=True) == 1 + 3 + 9
    scheduler.begin(0)
    for step in (1, 3, 9):
        scheduler.report(0, step, 0.0)
    assert scheduler.owed(anew=False) == 0
    assert Asha(resource=(1, 9), eta=3).owed(anew=False) == 0


def test_a_running_trial_of_unknown_length_counts_like_the_longest_so_far():
    def long(config):
        for epoch in range(30):
            yield config["x"] + epoch

    result = run(long, resource=None, max_resource=90 + 1, workers=2)
    assert result.resource.total == 120  # not 150: with one under way, nothing more was begun


def test_a_budget_that_nothing_would_use_up_is_refused_at_once():
    calls = []

    def silent(config):
        calls.append(config)
        return config["x"]

    with pytest.raises(ObjectiveError, match="consumed no resource, so that max_resource="):
        run(silent, resource=None, max_resource=50)
    assert len(calls) == 1
    assert run(silent, max_resource=810).resource.total == 810


@pytest.mark.parametrize("scheduler", ["unitune:hyperband", "unitune:successive_halving"])
@pytest.mark.parametrize("failing", [{1, 2, 3}, {5, 17, 40}, set(range(0, 81, 3))])
def test_a_few_that_fail_while_others_wait_do_not_make_the_objective_broken(scheduler, failing):
    def objective(config, trial):
        for loss in curve(config):
            yield math.nan if trial.number in failing else loss

    given = {"scheduler": scheduler, "n_trials": 81}
    result = run(objective, **given)
    failed = {trial.number for trial in result.trials if trial.state is State.FAILED}
    assert failed == failing
    assert result.best.resource == 81


def test_an_objective_that_fails_whatever_it_is_given_is_still_broken():
    def objective(config):
        yield math.nan

    with pytest.raises(ObjectiveError, match="first 3 trials all failed"):
        run(objective, method="hyperband", n_trials=81)


def test_a_trial_that_was_stopped_early_does_not_wear_out_patience():
    result = run(method="hyperband", n_trials=98, patience=20)
    assert result.reason == "n_trials"


def test_a_grid_is_planned_by_what_its_trials_cost_under_the_schedule():
    given = {"method": "grid", "resource": (1, 27), "max_resource": 357}
    plain = run(**given)
    halved = run(**given, scheduler="unitune:hyperband")
    assert plain.resource.total <= 357
    assert 0.8 * 357 < halved.resource.total <= 357
    assert len(halved.trials) > 3 * len(plain.trials)
