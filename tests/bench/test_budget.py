from __future__ import annotations

import dataclasses

import pytest
from toys import BOWL, CURVES

from unitune.bench.budget import MOST_TRIALS, Budget
from unitune.errors import OptionError


@pytest.mark.parametrize(
    "given",
    [
        *({}, {"n_trials": 5, "seconds": 1.0}, {"n_trials": 0}, {"seconds": -1.0}),
        *({"max_resource": 0}, {"n_trials": "5"}, {"seconds": "a"}, {"seconds": float("nan")}),
        *({"seconds": float("inf")}, {"seconds": True}),
    ],
)
def test_a_budget_is_exactly_one_amount_above_zero(given):
    with pytest.raises(OptionError, match="A budget is"):
        Budget(**given)


@pytest.mark.parametrize("name", ["n_trials", "max_resource"])
def test_what_is_counted_is_a_whole_number(name):
    with pytest.raises(OptionError, match=f"{name}=2.5: give a whole number"):
        Budget(**{name: 2.5})


def test_trials_are_whole_ones_for_contenders_that_stop_none():
    assert Budget(n_trials=20).settings(BOWL, scheduled=False) == {"n_trials": 20}
    assert Budget(n_trials=20).settings(CURVES, scheduled=False) == {"n_trials": 20}


def test_who_stops_trials_early_has_the_resource_of_as_many_whole_ones():
    given = Budget(n_trials=20).settings(CURVES, scheduled=True)
    assert given == {"n_trials": 540, "max_resource": 540}


def test_resource_is_the_same_for_all():
    budget = Budget(max_resource=270)
    assert budget.settings(CURVES, scheduled=True) == {"n_trials": 270, "max_resource": 270}
    assert budget.settings(CURVES, scheduled=False) == {"n_trials": 10, "max_resource": 270}


def test_seconds_end_a_run_that_would_not_end_otherwise():
    given = Budget(seconds=1.5).settings(BOWL, scheduled=False)
    assert given == {"n_trials": MOST_TRIALS, "timeout": 1.5}


def test_the_initial_design_takes_a_quarter_of_the_trials_and_at_most_ten():
    assert [Budget(n_trials=n).initial(BOWL) for n in (3, 20, 40, 400)] == [0, 5, 10, 10]
    assert Budget(max_resource=27 * 8).initial(CURVES) == 2
    slow = dataclasses.replace(BOWL, cost=1.0)
    assert Budget(seconds=16.0).initial(slow) == 4


def test_budgets_are_said_in_words():
    assert [Budget(max_resource=9).words, Budget(seconds=0.5).words] == [
        "9 units of resource",
        "0.5 seconds",
    ]
    ones = [Budget(n_trials=1), Budget(max_resource=1), Budget(seconds=1.0)]
    assert [one.words for one in ones] == ["1 trial", "1 unit of resource", "1 second"]
