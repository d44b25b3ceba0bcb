"""One bracket, over and over."""

from __future__ import annotations

import pytest
from simulator import Simulator

from unitune.backend import Scheduling
from unitune.schedulers.successive_halving import SuccessiveHalving


def sizes(**options):
    resource = options.pop("resource", (1, 27))
    scheduling = Scheduling("successive_halving", resource=resource, options=options)
    plan = SuccessiveHalving.open(scheduling).plan()
    assert {rung.bracket for rung in plan} == {len(plan) - 1}
    return [(rung.trials, rung.resource) for rung in plan]


def test_by_default_just_one_trial_gets_to_the_most():
    assert sizes() == [(27, 1), (9, 3), (3, 9), (1, 27)]
    assert sizes(eta=2, resource=(2, 9)) == [(4, 2), (2, 4), (1, 9)]


def test_with_more_trials_all_rungs_grow_and_with_fewer_one_goes_on():
    assert sizes(trials=60) == [(60, 1), (20, 3), (6, 9), (2, 27)]
    assert sizes(trials=4) == [(4, 1), (1, 3), (1, 9), (1, 27)]


@pytest.mark.parametrize("workers", [1, 4])
def test_brackets_repeat_and_the_last_is_decided_with_what_it_has(workers):
    log = Simulator(
        SuccessiveHalving(resource=(1, 9)),
        lambda number, step: -number,
        n_trials=9 + 9 + 4,
        workers=workers,
    ).run()
    assert log.ledger() == {(2, 0, 1): 22, (2, 1, 3): 7, (2, 2, 9): 3}
    assert log.places[(2, 2, 9)] == {8, 17, 21}
