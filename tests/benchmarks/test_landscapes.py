from __future__ import annotations

import pickle
import random
from types import SimpleNamespace

import pytest
from scipy.optimize import minimize

from unitune import Infeasible
from unitune_benchmarks.functions import SIZED, get_function
from unitune_benchmarks.landscapes import Landscape, mirrored, place, rotation

MOVED = [
    *(Landscape(name, 4, shift=2, rotate=3) for name in SIZED),
    *(Landscape(name, shift=5, rotate=1) for name in ("branin", "hartmann6", "camel")),
]


def at(landscape, point):
    return landscape({f"x{i}": value for i, value in enumerate(point, start=1)})


@pytest.mark.parametrize("landscape", MOVED, ids=str)
def test_the_least_value_stays_what_it_was_and_inside_the_box(landscape):
    minimiser = landscape.minimiser()
    assert landscape.space().contains({f"x{i}": v for i, v in enumerate(minimiser, start=1)})
    assert at(landscape, minimiser) == pytest.approx(landscape.optimum(), abs=1e-6)
    function = get_function(landscape.function, landscape.dimensions)
    assert landscape.optimum() == function.optimum


@pytest.mark.parametrize("landscape", MOVED, ids=str)
def test_nothing_in_the_box_is_below_the_optimum(landscape):
    space = landscape.space()
    assert all(landscape(space.sample(seed)) >= landscape.optimum() - 1e-9 for seed in range(500))
    box = [(parameter.low, parameter.high) for parameter in space.values()]
    rng = random.Random(0)
    near = [
        min(max(v + rng.gauss(0, 0.02 * (high - low)), low), high)
        for v, (low, high) in zip(landscape.minimiser(), box, strict=True)
    ]
    found = minimize(lambda point: at(landscape, point), near, bounds=box, method="Nelder-Mead")
    assert found.fun >= landscape.optimum() - 1e-9


@pytest.mark.parametrize("landscape", MOVED, ids=str)
def test_the_minimiser_is_far_from_the_middle_in_every_parameter(landscape):
    bounds = get_function(landscape.function, landscape.dimensions).bounds
    for value, (low, high) in zip(landscape.minimiser(), bounds, strict=True):
        share = (value - low) / (high - low)
        assert 0.1 < abs(share - 0.5) < 0.4


def test_without_shift_and_rotation_it_is_the_function_itself():
    landscape = Landscape("levy", 3)
    assert at(landscape, (0.3, -4.0, 2.0)) == get_function("levy", 3).value((0.3, -4.0, 2.0))


def test_a_rotation_keeps_lengths_and_makes_variables_interact():
    rows = rotation(5, 7)
    for i, row in enumerate(rows):
        for j, other in enumerate(rows):
            assert sum(a * b for a, b in zip(row, other, strict=True)) == pytest.approx(
                float(i == j), abs=1e-12
            )
        assert max(map(abs, row)) < 0.999
    assert rotation(5, 8) != rows


def test_places_depend_on_the_seed_only():
    bounds = ((0.0, 1.0), (-2.0, 6.0))
    assert place(bounds, 1) == place(bounds, 1) != place(bounds, 2)


def test_mirrors_fold_points_back_into_the_box():
    bounds = ((0.0, 2.0),)
    folded = [mirrored([v], bounds)[0] for v in (-0.5, 0.5, 2.5, 4.5, -4.5)]
    assert folded == pytest.approx([0.5, 0.5, 1.5, 0.5, 0.5])


def test_noise_is_drawn_by_the_trials_seed():
    noisy, still = Landscape("branin", noise=0.5), Landscape("branin")
    config = {"x1": 1.0, "x2": 2.0}
    values = [noisy(config, SimpleNamespace(seed=seed)) for seed in (1, 1, 2)]
    assert values[0] == values[1] != values[2]
    drawn = [noisy(config, SimpleNamespace(seed=seed)) - still(config) for seed in range(2000)]
    mean = sum(drawn) / len(drawn)
    assert abs(mean) < 0.05
    assert (sum((v - mean) ** 2 for v in drawn) / len(drawn)) ** 0.5 == pytest.approx(0.5, rel=0.1)


def test_what_is_forbidden_is_infeasible():
    landscape = Landscape("branin", forbidden=5.0)
    with pytest.raises(Infeasible, match="above 5"):
        landscape({"x1": 5.1, "x2": 0.0})
    assert landscape({"x1": 5.0, "x2": 0.0}) > 0


def test_it_can_be_sent_to_another_process():
    landscape = Landscape("ackley", 3, shift=1, rotate=1)
    copy = pickle.loads(pickle.dumps(landscape))
    assert at(copy, (1.0, 2.0, 3.0)) == at(landscape, (1.0, 2.0, 3.0))
