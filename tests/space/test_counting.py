from __future__ import annotations

from unitune.space.conditions import Condition
from unitune.space.counting import count_configs

ALONE = ()


def test_parameters_without_conditions_multiply():
    assert count_configs({"a": ALONE, "b": ALONE}, {"a": 3, "b": 4}) == 12


def test_a_child_counts_once_for_each_value_that_lets_it_in():
    conditions = {"p": ALONE, "x": (Condition("p", (1, 2)),)}
    assert count_configs(conditions, {"p": 5, "x": 10}) == 3 + 2 * 10


def test_a_value_that_two_conditions_name_is_one_value():
    conditions = {"p": ALONE, "x": (Condition("p", (1, 2)),), "y": (Condition("p", (2, 3)),)}
    assert count_configs(conditions, {"p": 3, "x": 10, "y": 7}) == 10 + 10 * 7 + 7


def test_a_named_value_that_the_grid_leaves_out_lets_nothing_in():
    conditions = {"p": ALONE, "x": (Condition("p", (1, 2)),)}
    assert count_configs(conditions, {"p": 2, "x": 10}, lambda name, value: value == 2) == 1 + 10


def test_a_child_of_two_parents_joins_them():
    conditions = {
        "p": ALONE,
        "q": ALONE,
        "x": (Condition("p", (True,)), Condition("q", (True,))),
        "z": ALONE,
    }
    assert count_configs(conditions, {"p": 2, "q": 2, "x": 5, "z": 3}) == (3 + 5) * 3


def test_infinitely_many_make_infinity_and_no_nan():
    conditions = {"p": ALONE, "x": (Condition("p", (0, 1)),)}
    assert count_configs(conditions, {"p": 2, "x": float("inf")}) == float("inf")
