from __future__ import annotations

import inspect
from types import SimpleNamespace

import pytest

from unitune_benchmarks import learning, networks, searches
from unitune_benchmarks.known import best_known, entries

TASKS = {task.name: task for home in (learning, networks, searches) for task in home.tasks()}
# The others take seconds.
QUICK = ("svm-breast", "logistic-breast", "digits-few", "activation-search", "optimizer-search")
# Other processors and releases round differently, which the training of networks amplifies.
TOLERANCE = {False: 0.1, True: 0.5}


def value(name):
    found = entries()[name]
    task = TASKS[name]
    assert task.space.contains(found["config"])
    objective = task.load()
    trial = [SimpleNamespace(seed=found["seed"])]
    wanted = "trial" in inspect.signature(objective).parameters
    returned = objective(found["config"], *(trial if wanted else []))
    return list(returned)[-1] if inspect.isgenerator(returned) else returned


@pytest.mark.parametrize("name", TASKS)
def test_every_task_without_a_formula_for_its_optimum_has_a_best_value(name):
    assert TASKS[name].optimum == best_known(name) == entries()[name]["value"]
    assert not TASKS[name].proven
    assert TASKS[name].space.contains(entries()[name]["config"])


@pytest.mark.parametrize("name", QUICK)
def test_the_best_config_has_the_best_value(name):
    assert value(name) == pytest.approx(best_known(name), rel=TOLERANCE[TASKS[name].noisy])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(TASKS) - set(QUICK)))
def test_the_best_config_of_a_longer_task_has_the_best_value(name):
    assert value(name) == pytest.approx(best_known(name), rel=TOLERANCE[TASKS[name].noisy])


@pytest.mark.parametrize("name", [task.name for task in TASKS.values() if task.cost <= 0.1])
def test_random_search_does_not_beat_it_at_once(name):
    task = TASKS[name]
    objective = task.load()
    wanted = "trial" in inspect.signature(objective).parameters
    for seed in range(5):
        trial = [SimpleNamespace(seed=seed)] if wanted else []
        returned = objective(task.space.sample(seed), *trial)
        last = list(returned)[-1] if inspect.isgenerator(returned) else returned
        assert last > best_known(name)


def test_nothing_is_known_of_a_task_that_is_not_there():
    assert best_known("no-such-task") is None
