from __future__ import annotations

import pickle

import pytest

from unitune import Float, Int
from unitune.errors import OptionError
from unitune_benchmarks.coco import Problem, make_space, tasks


def test_the_tasks_are_the_24_functions():
    for suite in ("bbob", "bbob-mixint"):
        found = tasks(suite)
        assert [task.name for task in found] == [f"{suite}-f{n}-d5-i1" for n in range(1, 25)]
        assert all(task.optimum is not None and task.proven for task in found)


@pytest.mark.parametrize(("suite", "dimensions"), [("bbob", 3), ("bbob-mixint", 10)])
def test_the_space_is_that_of_the_suite(suite, dimensions):
    cocoex = pytest.importorskip("cocoex")
    loaded = cocoex.Suite(suite, "", f"dimensions:{dimensions} instance_indices:1")
    problem = loaded.get_problem(0)
    space = make_space(suite, dimensions)
    assert [p.low for p in space.values()] == list(problem.lower_bounds)
    assert [p.high for p in space.values()] == list(problem.upper_bounds)
    kinds = [type(parameter) for parameter in space.values()]
    whole = problem.number_of_integer_variables
    assert kinds == [Int] * whole + [Float] * (dimensions - whole)


@pytest.mark.parametrize("suite", ["bbob", "bbob-mixint"])
def test_no_config_is_below_the_optimum(suite):
    pytest.importorskip("cocoex")
    for task in tasks(suite):
        values = [task.objective(task.space.sample(seed)) for seed in range(40)]
        assert all(type(value) is float for value in values)
        assert min(values) > task.optimum
        assert task.objective(task.space.sample(3)) == values[3]


def test_the_optimum_is_reached_at_the_best_point():
    pytest.importorskip("cocoex")
    # The linear slope has its minimum in a corner of the box.
    (slope,) = tasks("bbob-mixint", functions=[5])
    corner = {"x1": 1, "x2": 3, "x3": 7, "x4": 15, "x5": -5.0}
    assert slope.objective(corner) == pytest.approx(slope.optimum, abs=1e-9)


def test_problems_are_told_apart_and_can_be_sent_to_another_process():
    pytest.importorskip("cocoex")
    config = make_space("bbob", 5).sample(0)
    first, second, other = (
        Problem("bbob", 1),
        Problem("bbob", 2),
        Problem("bbob", 1, instance=2),
    )
    assert len({problem(config) for problem in (first, second, other)}) == 3
    assert pickle.loads(pickle.dumps(first))(config) == first(config)


def test_other_suites_and_dimensions_have_no_known_optimum_made_up():
    assert [task.optimum for task in tasks("bbob", dimensions=10, functions=[1])] == [None]


@pytest.mark.parametrize(
    ("suite", "dimensions", "said"),
    [("bbob-noisy", 5, "'bbob' or 'bbob-mixint'"), ("bbob-mixint", 4, "5, 10, 20, 40 variables")],
)
def test_what_coco_has_not_is_refused(suite, dimensions, said):
    with pytest.raises(OptionError, match=said):
        make_space(suite, dimensions)
