from __future__ import annotations

import time

import pytest

from unitune.space import Bool, Categorical, Float, Int, Space
from unitune.space.design import grid_for_budget, points_for_budget

SQUARE = Space({"x": Float(0, 1), "y": Float(0, 1)})
FORKED = Space(
    {
        "kind": Categorical(["a", "b"]),
        "n": Int(1, 10, when={"kind": "a"}),
        "x": Float(0, 1, when={"kind": "b"}),
    }
)


@pytest.mark.parametrize(
    ("space", "n_trials", "points"),
    [(SQUARE, 30, 5), (SQUARE, 25, 5), (SQUARE, 24, 4), (SQUARE, 1, 2), (FORKED, 12, 6)],
)
def test_points_are_the_most_with_which_the_grid_fits(space, n_trials, points):
    assert points_for_budget(space, n_trials) == points


@pytest.mark.parametrize("n_trials", range(1, 60))
def test_one_point_more_would_not_fit(n_trials):
    points = points_for_budget(SQUARE, n_trials)
    assert points == 2 or SQUARE.grid_size(points) <= n_trials
    assert SQUARE.grid_size(points + 1) > n_trials


def test_points_for_a_hundred_thousand_trials_are_found_at_once():
    start = time.perf_counter()
    assert points_for_budget(Space({"x": Float(0, 1)}), 100_000) == 100_000
    assert time.perf_counter() - start < 5


def test_a_grid_that_fits_is_visited_whole_and_in_order():
    assert list(grid_for_budget(SQUARE, 30, seed=0)) == list(SQUARE.grid(5))


def test_a_larger_grid_is_visited_in_random_part_that_the_seed_fixes():
    def part(seed):
        configs = grid_for_budget(SQUARE, 10, seed, points=9)
        return [next(configs) for _ in range(10)]

    first = part(1)
    assert first == part(1) != part(2)
    grid = list(SQUARE.grid(9))
    assert all(config in grid for config in first)
    assert len({tuple(config.values()) for config in first}) == 10


def test_the_random_part_ends_when_nearly_all_has_been_seen():
    configs = list(grid_for_budget(FORKED, 5, seed=0, points=3))
    assert sorted(map(repr, configs)) == sorted(map(repr, FORKED.grid(3)))


def test_the_random_part_keeps_to_constraints():
    space = Space(dict(SQUARE), {"below": lambda c: c["x"] < c["y"]})
    configs = list(grid_for_budget(space, 5, seed=0, points=4))
    assert len(configs) == 6
    assert all(config["x"] < config["y"] for config in configs)


def test_a_bool_alone_has_one_grid_whatever_the_budget():
    assert list(grid_for_budget(Space({"b": Bool()}), 50, seed=0)) == [{"b": False}, {"b": True}]
