from __future__ import annotations

import random

import pytest
from scipy.optimize import differential_evolution, minimize

from unitune.errors import OptionError, UnknownNameError
from unitune_benchmarks.functions import FIXED, SIZED, branin, get_function

# The least values as cited: Surjanovic and Bingham's library, for Hartmann's the values in full.
CITED = {
    ("branin", None): 0.397887,
    ("hartmann3", None): -3.862780,
    ("hartmann6", None): -3.322368,
    ("camel", None): -1.031628,
    ("goldstein-price", None): 3.0,
    ("rosenbrock", 4): 0.0,
    ("ackley", 5): 0.0,
    ("rastrigin", 5): 0.0,
    ("levy", 4): 0.0,
    ("styblinski-tang", 5): -195.830829,
    ("michalewicz", 2): -1.801303,
    ("michalewicz", 5): -4.687658,
    ("michalewicz", 10): -9.660152,
}
SMALL = [*((name, None) for name in FIXED), *((name, 2) for name in SIZED)]


def test_every_function_is_held_against_a_cited_value():
    assert {name for name, _ in CITED} == {*FIXED, *SIZED}


@pytest.mark.parametrize(("name", "dimensions"), CITED)
def test_the_optimum_agrees_with_the_cited_value(name, dimensions):
    function = get_function(name, dimensions)
    assert function.optimum == pytest.approx(CITED[name, dimensions], abs=1e-6)
    assert function.value(function.minimiser) == pytest.approx(function.optimum, abs=1e-9)


@pytest.mark.parametrize(("name", "dimensions"), CITED)
def test_the_minimiser_lies_in_the_box(name, dimensions):
    function = get_function(name, dimensions)
    assert len(function.minimiser) == len(function.bounds)
    pairs = zip(function.minimiser, function.bounds, strict=True)
    assert all(low <= value <= high for value, (low, high) in pairs)


@pytest.mark.parametrize(("name", "dimensions"), CITED)
def test_local_descent_finds_nothing_below_the_minimiser(name, dimensions):
    function = get_function(name, dimensions)
    found = minimize(function.value, function.minimiser, bounds=function.bounds)
    assert found.fun == pytest.approx(function.optimum, abs=1e-6)


@pytest.mark.parametrize(("name", "dimensions"), SMALL)
def test_global_search_finds_the_optimum_and_nothing_below(name, dimensions):
    function = get_function(name, dimensions)
    found = differential_evolution(function.value, function.bounds, seed=1, tol=1e-10, popsize=20)
    assert found.fun == pytest.approx(function.optimum, abs=1e-6)


@pytest.mark.parametrize(("name", "dimensions"), [c for c in CITED if c[0] != "michalewicz"])
def test_no_function_said_to_be_lowest_everywhere_is_lower_outside_its_box(name, dimensions):
    function = get_function(name, dimensions)
    assert function.everywhere
    rng = random.Random(0)
    wide = [(2 * low - high, 2 * high - low) for low, high in function.bounds]
    for _ in range(2000):
        point = [rng.uniform(low, high) for low, high in wide]
        assert function.value(point) >= function.optimum - 1e-9


def test_michalewicz_is_lower_outside_its_box():
    function = get_function("michalewicz", 2)
    wide = [(0.0, 10.0)] * 2
    found = differential_evolution(function.value, wide, seed=1, tol=1e-8, popsize=30)
    assert found.fun < function.optimum - 0.05
    assert not function.everywhere


@pytest.mark.parametrize("at", [(-3.141592653589793, 12.275), (9.42477796076938, 2.475)])
def test_branin_has_two_more_minima_as_low(at):
    assert branin(at) == pytest.approx(get_function("branin").optimum, abs=1e-9)


def test_values_are_plain_floats():
    for name, dimensions in CITED:
        function = get_function(name, dimensions)
        assert type(function.value(function.minimiser)) is float


def test_an_unknown_function_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match="'branin'"):
        get_function("brannin")


@pytest.mark.parametrize(
    ("name", "dimensions", "said"),
    [
        ("branin", 3, "has 2 variables, not 3"),
        ("ackley", None, "any number of variables"),
        ("ackley", 1, "from 2 on"),
        ("michalewicz", 11, "up to 10"),
    ],
)
def test_a_number_of_variables_that_cannot_be_is_refused(name, dimensions, said):
    with pytest.raises(OptionError, match=said):
        get_function(name, dimensions)
