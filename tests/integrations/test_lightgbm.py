from __future__ import annotations

import numpy as np
import pytest
from trainings import (
    EPOCHS,
    asha,
    evaluate,
    gone_on_with,
    hyperband,
    run,
    stopped_after_three,
    values,
)

from unitune.integrations.lightgbm import LightGBMCallback

lightgbm = pytest.importorskip("lightgbm")

draw = np.random.default_rng(0)
X = draw.normal(size=(60, 4))
y = X @ [1.0, -2.0, 0.5, 0.0]


def parameters(config, **given):
    own = {"learning_rate": config["lr"], "num_leaves": 4, "min_data_in_leaf": 5}
    return own | {"num_threads": 1, "verbose": -1, "deterministic": True} | given


def train(config, trial, *others, watched="l2", labels=y, **given):
    data = lightgbm.Dataset(X, labels)
    callback = LightGBMCallback(trial, watched, "valid")
    return lightgbm.train(
        parameters(config, **{"metric": "l2", **given}),
        data,
        num_boost_round=callback.left(EPOCHS),
        valid_sets=[lightgbm.Dataset(X, labels, reference=data)],
        valid_names=["valid"],
        init_model=callback.booster,
        callbacks=[*others, callback],
    )


def objective(config, trial):
    train(config, trial)


def test_a_stop_ends_training_at_once():
    rounds = []
    count = lambda env: rounds.append(env.model.current_iteration())  # noqa: E731
    stopped_after_three(lambda config, trial: train(config, trial, count))
    assert rounds == [1, 2, 3]


def test_what_is_reported_is_what_lightgbm_evaluates():
    history = {}
    recording = lightgbm.record_evaluation(history)
    finished = evaluate(lambda config, trial: train(config, trial, recording) and None)
    assert values(finished)[:-1] == history["valid"]["l2"]
    assert len(values(finished)) == EPOCHS


def test_a_training_that_nobody_stops_is_complete():
    result = run(objective, n_trials=2)
    assert [trial.state for trial in result.trials] == ["complete"] * 2
    assert [len(trial.reports) for trial in result.trials] == [EPOCHS] * 2


def test_after_a_pause_it_goes_on_as_if_there_had_been_none(tmp_path):
    paused, straight = gone_on_with(objective, tmp_path)
    assert values(paused) == pytest.approx(values(straight), rel=1e-6)


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_hyperband_consumes_the_difference_only(executor):
    hyperband(objective, executor=executor)


def test_asha_stops_trials_whose_metric_is_to_be_large():
    labels = (y > 0).astype(int)

    def objective(config, trial):
        leaves = 2 + int(20 * config["lr"])
        given = {"metric": "auc", "objective": "binary", "num_leaves": leaves}
        train(config, trial, watched="auc", labels=labels, **given)

    result = asha(objective, mode="max")
    assert result.best.value == max(t.value for t in result.trials if t.state == "complete") > 0.9


def test_cross_validation_reports_the_mean_of_the_folds():
    tables = []

    def objective(config, trial):
        callback = LightGBMCallback(trial, "l2", "valid")
        data = lightgbm.Dataset(X, y)
        settings = parameters(config, metric="l2")
        given = {"nfold": 3, "stratified": False, "callbacks": [callback]}
        tables.append(lightgbm.cv(settings, data, 5, **given))

    result = run(objective, n_trials=1, resource=(1, 9))
    reported = [report.value for report in result.trials[0].reports]
    assert reported == pytest.approx(tables[0]["valid l2-mean"])


def test_a_metric_that_is_not_evaluated_is_named():
    finished = evaluate(lambda config, trial: train(config, trial, watched="l3"))
    assert finished.outcome.failure.kind == "UnknownNameError"
    assert "'valid-l2'" in finished.outcome.failure.message
