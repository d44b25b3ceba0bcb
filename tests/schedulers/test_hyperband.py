"""Hyperband against the paper's table."""

from __future__ import annotations

import math
import random

import pytest
from simulator import Simulator

from unitune.backend import Scheduling
from unitune.schedulers.hyperband import Hyperband, bracket_size, halvings

# Li et al. 2018, table 1: R = 81, eta = 3; (n_i, r_i) for each bracket s.
PAPER = {
    4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    3: [(34, 3), (11, 9), (3, 27), (1, 81)],
    2: [(15, 9), (5, 27), (1, 81)],
    1: [(8, 27), (2, 81)],
    0: [(5, 81)],
}


def table(rungs):
    found = {}
    for rung in rungs:
        found.setdefault(rung.bracket, []).append((rung.trials, rung.resource))
    return found


def hyperband(**settings):
    return Hyperband(**{"resource": (1, 81), "eta": 3, **settings})


def test_the_plan_is_the_table_of_the_paper():
    assert table(hyperband().plan()) == PAPER
    assert list(table(hyperband().plan())) == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("workers", [1, 4, 16, 143])
@pytest.mark.parametrize("prefers_new", [False, True])
def test_what_is_consumed_is_the_table_of_the_paper(workers, prefers_new):
    rng = random.Random(workers)
    losses = [rng.random() for _ in range(143)]
    log = Simulator(
        hyperband(),
        lambda number, step: losses[number] + 1 / step,
        n_trials=143,
        workers=workers,
        speed=lambda number, step: rng.random(),
        prefers_new=prefers_new,
    ).run()
    planned = {(s, i, r): n for s, row in PAPER.items() for i, (n, r) in enumerate(row)}
    assert log.ledger() == planned
    assert log.outcomes() == {"stop": 133, "finish": 10}
    assert sum(log.steps.values()) == sum(
        (n - (row[i + 1][0] if i + 1 < len(row) else 0)) * r
        for row in PAPER.values()
        for i, (n, r) in enumerate(row)
    )


def test_rounds_repeat():
    log = Simulator(hyperband(), lambda n, step: math.sin(n), n_trials=286, workers=4).run()
    planned = {(s, i, r): 2 * n for s, row in PAPER.items() for i, (n, r) in enumerate(row)}
    assert log.ledger() == planned


def test_within_a_bracket_the_best_go_on():
    log = Simulator(hyperband(), lambda n, step: (n * 37) % 143, n_trials=143, workers=4).run()
    first = sorted(range(81), key=lambda number: (number * 37) % 143)
    for rung, n in enumerate([81, 27, 9, 3, 1]):
        assert log.places[(4, rung, 3**rung)] == set(first[:n])


@pytest.mark.parametrize("eta", range(2, 11))
def test_the_number_of_halvings_is_exact_where_logarithms_round(eta):
    assert math.floor(math.log(243, 3)) == 4  # it should be 5
    for power in range(1, 12):
        assert halvings((1, eta**power), eta) == power
        assert halvings((1, eta**power - 1), eta) == power - 1
        assert halvings((7, 7 * eta**power), eta) == power
        assert halvings((7, 7 * eta**power + 6), eta) == power


def test_bracket_sizes_are_rounded_up_as_in_algorithm_1():
    assert [bracket_size(s, 4, 3) for s in (4, 3, 2, 1, 0)] == [81, 34, 15, 8, 5]
    assert [bracket_size(s, 3, 4) for s in (3, 2, 1, 0)] == [64, 22, 8, 4]


def test_resources_are_counted_down_from_the_most_and_none_is_below_the_least():
    assert table(hyperband(resource=(1, 100)).plan())[4] == [
        (81, 1),
        (27, 3),
        (9, 11),
        (3, 33),
        (1, 100),
    ]
    assert table(hyperband(resource=(4, 100)).plan()) == {
        2: [(9, 11), (3, 33), (1, 100)],
        1: [(5, 33), (1, 100)],
        0: [(3, 100)],
    }


def test_with_one_resource_only_every_trial_is_run_to_its_end():
    scheduler = hyperband(resource=(5, 5))
    assert table(scheduler.plan()) == {0: [(1, 5)]}
    log = Simulator(scheduler, lambda number, step: number, n_trials=3).run()
    assert log.outcomes() == {"finish": 3}


def test_it_opens_with_the_users_options():
    scheduler = Hyperband.open(Scheduling("hyperband", resource=(1, 16), options={"eta": 4}))
    assert table(scheduler.plan()) == {
        2: [(16, 1), (4, 4), (1, 16)],
        1: [(6, 4), (1, 16)],
        0: [(3, 16)],
    }
