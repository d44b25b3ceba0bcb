from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from unitune_benchmarks.learners import (
    CLASSIFIERS,
    MEASURES,
    REGRESSORS,
    boosting_curve,
    cross_validate,
    load_data,
    splits,
)

NETWORK = {
    "layers": 1,
    "units": 8,
    "activation": "relu",
    "lr": 1e-3,
    "beta1": 0.9,
    "alpha": 1e-4,
    "batch_size": 64,
}


@pytest.mark.parametrize("data", ["iris", "diabetes"])
def test_the_folds_are_fixed_and_take_every_example_once(data):
    first, again = splits(data, 5), splits(data, 5)
    for (rows, others), (rows2, others2) in zip(first, again, strict=True):
        assert (rows == rows2).all()
        assert (others == others2).all()
        assert not set(rows) & set(others)
    held_out = np.concatenate([others for _, others in first])
    assert sorted(held_out) == list(range(len(load_data(data)[1])))


def test_classes_are_spread_evenly_over_the_folds():
    labels = load_data("iris")[1]
    for _, others in splits("iris", 5):
        assert np.bincount(labels[others]).tolist() == [10, 10, 10]


def test_a_network_that_is_not_done_learning_warns_nobody():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss = cross_validate("perceptron", "iris", "log loss", NETWORK)
    assert 0.0 < loss < math.inf


def test_losses_are_smaller_for_better_learners():
    good, bad = {"C": 1.0, "kernel": "rbf"}, {"C": 1e-3, "kernel": "rbf", "gamma": 1e-5}
    for measure, data in (("error", "iris"), ("1 - AUC", "breast")):
        assert cross_validate("svm", data, measure, good) < 0.1
        assert cross_validate("svm", data, measure, good) <= cross_validate(
            "svm", data, measure, bad
        )


def test_diabetes_is_regressed_on():
    error = cross_validate("forest", "diabetes", "rmse", {"max_depth": 4})
    assert 40.0 < error < float(np.std(load_data("diabetes")[1]))


def test_the_loss_of_growing_trees_falls_at_first():
    losses = list(boosting_curve({"learning_rate": 0.3}, "wine", steps=3, trees=2))
    assert losses[0] > losses[1] > losses[2] > 0.0


def test_every_model_and_measure_has_its_name():
    assert set(CLASSIFIERS) | set(REGRESSORS) == {
        *("boosting", "forest", "logistic", "neighbours", "perceptron", "svm")
    }
    assert set(MEASURES) == {"error", "log loss", "1 - AUC", "rmse"}
