from __future__ import annotations

import inspect
import pickle

import pytest

from unitune_benchmarks.learners import DATA
from unitune_benchmarks.learning import STEPS, Boosted, CrossValidated, tasks

TASKS = {task.name: task for task in tasks()}


def test_every_data_set_and_every_kind_of_learner_is_there():
    assert {task.objective.data for task in TASKS.values()} == set(DATA)
    models = {name.split("-")[0] for name in TASKS}
    assert models == {"svm", "forest", "boosting", "neighbours", "logistic", "perceptron"}


@pytest.mark.parametrize(
    ("name", "config", "below"),
    [
        ("svm-breast", {"C": 1.0, "kernel": "linear"}, 0.02),
        ("svm-diabetes", {"C": 100.0, "gamma": 0.01, "epsilon": 10.0}, 60.0),
        (
            "neighbours-digits",
            {"n_neighbors": 3, "weights": "distance", "p": 2, "components": 40, "whiten": False},
            0.02,
        ),
        ("logistic-breast", {"C": 0.3, "balanced": False, "reduce": False}, 0.1),
    ],
)
def test_a_sensible_config_learns(name, config, below):
    task = TASKS[name]
    assert task.space.contains(config)
    loss = task.objective(config)
    assert type(loss) is float
    assert 0.0 < loss < below
    assert loss == task.objective(config)


def test_boosted_trees_report_while_they_grow():
    config = {
        "learning_rate": 0.3,
        "max_depth": 2,
        "subsample": 1.0,
        "max_features": 0.1,
        "min_samples_leaf": 5,
    }
    task = TASKS["boosting-breast"]
    assert task.space.contains(config)
    generator = task.objective(config)
    assert inspect.isgenerator(generator)
    first = [next(generator) for _ in range(6)]
    assert first[-1] < first[0]
    generator.close()
    assert task.resource == (1, STEPS)


def test_objectives_can_be_sent_to_another_process():
    for objective in (CrossValidated("svm", "iris", "error"), Boosted("wine")):
        assert pickle.loads(pickle.dumps(objective)) == objective
