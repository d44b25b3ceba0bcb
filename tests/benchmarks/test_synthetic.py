from __future__ import annotations

import pytest

from unitune_benchmarks.synthetic import make_task, tasks


def middle(space):
    return {name: parameter.quantile(0.5) for name, parameter in space.items()}


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.name)
def test_no_optimum_sits_at_the_middle_of_its_box(task):
    assert task.objective(middle(task.space)) > task.optimum + 1e-3


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.name)
def test_the_optimum_is_taken_at_the_minimiser(task):
    minimiser = task.objective.minimiser()
    config = {f"x{i}": value for i, value in enumerate(minimiser, start=1)}
    assert task.space.contains(config)
    assert task.objective(config) == pytest.approx(task.optimum, abs=1e-6)


def test_a_task_can_have_any_number_of_dimensions():
    task = make_task("rastrigin", 12, shift=1)
    assert (task.name, len(task.space), task.optimum) == ("rastrigin12", 12, 0.0)
    assert not task.noisy


def test_noise_can_be_lucky_so_that_the_optimum_is_not_proven():
    task = make_task("branin", noise=1.0, name="branin-noisy")
    assert (task.noisy, task.proven) == (True, False)
