from __future__ import annotations

import pickle

import pytest

from unitune_benchmarks.iohprofiler import BITS, FUNCTIONS, tasks

TASKS = {task.name: task for task in tasks()}


def test_there_are_24_functions_of_reals_and_some_of_bits():
    assert len(TASKS) == 24 + len(BITS)
    assert all(task.optimum is not None for task in TASKS.values())


def test_the_names_are_those_of_the_library_in_its_order():
    ioh = pytest.importorskip("ioh")
    assert tuple(ioh.ProblemClass.BBOB.problems.values())[: len(FUNCTIONS)] == FUNCTIONS


@pytest.mark.parametrize("name", TASKS)
def test_the_optimum_is_that_of_the_library_and_taken_at_its_best_point(name):
    ioh = pytest.importorskip("ioh")
    task = TASKS[name]
    made = task.objective
    kind = getattr(ioh.ProblemClass, made.family)
    problem = ioh.get_problem(made.function, 1, made.dimensions, kind)
    assert task.optimum == pytest.approx(problem.optimum.y, abs=1e-9)
    if made.family == "BBOB":
        best = {f"x{i}": float(value) for i, value in enumerate(problem.optimum.x, start=1)}
        assert made(best) == pytest.approx(task.optimum, abs=1e-9)
        bounds = {(parameter.low, parameter.high) for parameter in task.space.values()}
        assert bounds == {(problem.bounds.lb[0], problem.bounds.ub[0])}
    sign = 1 if task.mode == "min" else -1
    assert all(sign * made(task.space.sample(seed)) >= sign * task.optimum for seed in range(30))


def test_bits_of_ones_are_best_for_leading_ones():
    pytest.importorskip("ioh")
    task = TASKS["ioh-pbo-leadingones"]
    ones = {f"x{i}": 1 for i in range(1, 17)}
    assert task.objective(ones) == task.optimum == 16.0
    assert task.objective({**ones, "x4": 0}) == 3.0


def test_a_problem_can_be_sent_to_another_process():
    pytest.importorskip("ioh")
    task = TASKS["ioh-bbob-katsuura"]
    config = task.space.sample(0)
    assert pickle.loads(pickle.dumps(task.objective))(config) == task.objective(config)
