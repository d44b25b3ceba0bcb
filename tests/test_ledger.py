"""The ledger: what was planned, rung by rung, and what was done."""

from __future__ import annotations

import warnings

import pytest

import unitune
from unitune import Float, Space
from unitune.ledger import Ledger
from unitune.plugins import find_backend
from unitune.schedulers import Rung
from unitune.schedulers.hyperband import Hyperband
from unitune.scheduling import choose
from unitune.trial import Leg, State, Trial

SPACE = Space({"x": Float(0, 1)})
PLAN = tuple(Hyperband(resource=(1, 9), eta=3).plan())


def curve(config):
    for epoch in range(9):
        yield config["x"] + 1 / (epoch + 1)


def run(**settings):
    return unitune.run(SPACE, curve, seed=0, progress=False, **{"n_trials": 17, **settings})


def trial(number, *legs):
    stretches = tuple(Leg(start, reached) for start, reached in legs)
    return Trial(number, {}, state=State.PRUNED, value=0.0, seed=0, legs=stretches)


def table(ledger):
    names = ["planned_trials", "planned_resource", "trials", "reached", "resource"]
    return ledger.rungs()[names].to_numpy().tolist()


def planned(backend, scheduler, options=None, *, resource=(1, 9), n_trials=17):
    choice = choose(find_backend(backend), scheduler, resource, options or {})
    plan = choice.plan(choice.open(0, n_trials), n_trials)
    return [(rung.bracket, rung.trials, rung.resource) for rung in plan]


def test_without_rungs_the_plan_and_what_was_done_stand_side_by_side_level_by_level():
    done = Ledger((trial(0, (0, 1)), trial(1, (0, 9)), trial(2, (0, 2))), PLAN)
    # 9 + 5 + 3 trials of the three brackets begin, 3 + 5 + 3 come to step 3, 1 + 1 + 3 to step 9
    assert table(done) == [[17, 1, 3, 1, 3], [11, 3, 1, 3, 3], [5, 9, 1, 9, 6]]
    assert done.rungs()[["bracket", "rung"]].isna().all(axis=None)


def test_what_was_computed_twice_is_consumed_twice_on_its_level():
    done = Ledger((trial(0, (0, 1), (0, 3), (3, 5)),), PLAN)
    assert table(done) == [[17, 1, 1, 1, 2], [11, 3, 1, 3, 2], [5, 9, 0, 5, 2]]


def test_a_report_beyond_the_most_is_consumed_on_the_way_to_it():
    done = Ledger((trial(0, (0, 12)),), PLAN)
    assert table(done) == [[17, 1, 1, 1, 1], [11, 3, 1, 3, 2], [5, 9, 1, 12, 9]]
    assert done.rungs()["resource"].sum() == done.total


def test_the_levels_of_a_paper_are_printed_without_brackets():
    printed = str(Ledger((trial(0, (0, 9)),), PLAN))
    assert len(printed.splitlines()) == 2 + 2 + 3
    assert "planned_trials" in printed
    assert "bracket" not in printed
    assert "NA" not in printed


def test_a_scheduler_without_rungs_has_one_line():
    assert str(Ledger((trial(0, (0, 9)),))) == "9 consumed by 1 trials"


@pytest.mark.parametrize(
    ("backend", "scheduler", "options", "alike"),
    [
        ("optuna", "hyperband", {}, ("hyperband", {})),
        ("optuna", "hyperband", {"reduction_factor": 2}, ("hyperband", {"eta": 2})),
        ("optuna", "hyperband", {"eta": 2, "bootstrap_count": 1}, ("hyperband", {"eta": 2})),
        ("optuna", "asha", {"min_early_stopping_rate": 1}, ("asha", {"rate": 1})),
        ("optuna", "successive_halving", {"eta": 4}, ("asha", {"eta": 4})),
        ("ray", "asha", {"brackets": 2}, ("asha", {"brackets": 2})),
        ("ray", "hyperband", {"eta": 2}, ("hyperband", {"eta": 2})),
    ],
)
def test_the_plan_of_a_librarys_scheduler_is_that_of_ours_by_the_same_rule(
    backend, scheduler, options, alike
):
    ours = planned(backend, f"unitune:{alike[0]}", alike[1])
    assert planned(backend, scheduler, options) == ours != []


@pytest.mark.parametrize(
    ("scheduler", "options", "resource"),
    [
        ("median", {}, (1, 9)),
        ("hyperband", {}, None),  # Optuna finds out by itself how far trials go
        ("asha", {"min_early_stopping_rate": 7}, (1, 9)),  # no rung lies below the most
    ],
)
def test_a_librarys_scheduler_without_rungs_of_a_paper_has_no_plan(scheduler, options, resource):
    assert planned("optuna", scheduler, options, resource=resource) == []


def test_each_rung_of_a_plan_says_where_it_is():
    assert PLAN[:2] == (Rung(2, 0, trials=9, resource=1), Rung(2, 1, trials=3, resource=3))


def test_the_ledger_of_optunas_hyperband_shows_the_plan_of_the_paper_and_what_was_done():
    result = run(backend="optuna", method="hyperband", resource=(1, 9))
    assert result.scheduler == "hyperband"
    assert result.schedule == PLAN
    rungs = result.resource.rungs()
    assert rungs["planned_resource"].tolist() == [1, 3, 9]
    assert rungs["planned_trials"].tolist() == [17, 11, 5]
    ends = [trial.reports[-1].step for trial in result.trials]
    assert rungs["trials"].tolist() == [sum(e >= level for e in ends) for level in (1, 3, 9)]
    assert rungs["resource"].sum() == result.resource.total == sum(ends)


@pytest.mark.parametrize(("resource", "eta"), [((1, 9), 100), ((9, 9), 3), ((4, 9), 3)])
@pytest.mark.parametrize("name", ["hyperband", "successive_halving"])
def test_a_schedule_that_stops_nobody_says_so(name, resource, eta):
    settings = {"resource": resource, "scheduler_options": {"eta": eta}, "n_trials": 3}
    said = f"'{name}' stops no trial here.*eta="
    with pytest.warns(unitune.UnituneWarning, match=said) as caught:
        run(backend="builtin", method="random", scheduler=name, **settings)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("name", ["hyperband", "successive_halving", "asha", "median"])
def test_a_schedule_that_stops_trials_says_nothing(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(backend="builtin", method="random", scheduler=name, resource=(1, 9))
