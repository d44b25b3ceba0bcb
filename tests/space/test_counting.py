from __future__ import annotations

import itertools
import math

import pytest

import unitune as ut
from unitune.errors import SpaceError
from unitune.source import Source
from unitune.space import Bool, Categorical, Int, Space
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


def test_numbers_beyond_the_floats_are_counted_and_beside_infinity_are_none():
    names = [f"p{i}" for i in range(1000)]
    conditions, sizes = dict.fromkeys(names, ALONE), dict.fromkeys(names, 10)
    assert count_configs(conditions, sizes) == 10**1000
    assert count_configs({**conditions, "x": ALONE}, {**sizes, "x": math.inf}) == math.inf


def test_children_of_one_parent_are_counted_apart_once_it_is_decided():
    parameters = {"p": Categorical(["a", "b"])}
    for i in range(600):
        parameters[f"q{i}"] = Bool(when={"p": "a"})
        parameters[f"x{i}"] = Int(1, 3, when={f"q{i}": True})
    assert Space(parameters).size == 4**600 + 1


def test_a_thousand_parameters_may_have_one_parent():
    children = {f"x{i}": Int(1, 2, when={"p": "ab"[i % 2]}) for i in range(1100)}
    space = Space({"p": Categorical(["a", "b"]), **children})
    assert space.size == space.grid_size() == 2 * 2**550


def test_one_parameter_may_have_hundreds_of_parents():
    parents = {f"p{i}": Bool() for i in range(300)}
    space = Space({**parents, "x": Int(1, 5, when=dict.fromkeys(parents, True))})
    assert space.size == 2**300 - 1 + 5


def test_a_tree_is_counted_branch_by_branch():
    parameters = {"n1": Bool()}
    for i in range(2, 1024):
        parameters[f"n{i}"] = Bool(when={f"n{i // 2}": True})
    size = 1
    for _ in range(10):
        size = 1 + size * size
    assert Space(parameters).size == size


@pytest.mark.parametrize("below", [True, False])
def test_pairs_of_parents_are_counted_pair_by_pair_whatever_their_order(below):
    when = {"p": "a"} if below else None
    parameters = {"p": Categorical(["a", "b"])}
    parameters |= {f"a{i}": Bool(when=when) for i in range(200)}
    parameters |= {f"b{i}": Bool(when=when) for i in reversed(range(200))}
    parameters |= {f"x{i}": Int(1, 4, when={f"a{i}": True, f"b{i}": True}) for i in range(200)}
    assert Space(parameters).size == (7**200 + 1 if below else 2 * 7**200)


def entangled(count):
    """Every pair of flags has a child of its own."""
    flags = {f"p{i}": Bool() for i in range(count)}
    pairs = itertools.combinations(flags, 2)
    return Space({**flags, **{a + b: Bool(when={a: True, b: True}) for a, b in pairs}})


def test_what_pairs_entangle_is_counted_as_long_as_it_can_be():
    assert entangled(5).size == sum(math.comb(5, k) * 2 ** math.comb(k, 2) for k in range(6))
    with pytest.raises(SpaceError, match=r"cannot be counted: .* more than 100000 cases.* another"):
        _ = entangled(30).size


def test_a_run_needs_no_count_to_know_that_its_space_is_finite():
    translation = ut.translate(entangled(30), "builtin", "random")
    seen = []
    source = Source(
        None, translation, on_rejected=print, on_repeated=lambda *what: seen.append(what)
    )
    source.begin(0, translation.space.sample(0))
    assert len(source._seen) == 1
