from __future__ import annotations

import numpy as np
import pytest
from trainings import (
    EPOCHS,
    asha,
    asks_to_install,
    evaluate,
    examples_hold,
    gone_on_with,
    hyperband,
    run,
    stopped_after_three,
    values,
)

xgboost = pytest.importorskip("xgboost")
from unitune.integrations.xgboost import XGBoostCallback  # noqa: E402

draw = np.random.default_rng(0)
X = draw.normal(size=(60, 4))
y = X @ [1.0, -2.0, 0.5, 0.0]
METRIC = "valid-rmse"


def parameters(config):
    return {"eta": config["lr"], "max_depth": 2, "nthread": 1}


class Boosters(xgboost.callback.TrainingCallback):
    """Keeps the booster that is trained."""

    def before_training(self, model):
        self.model = model
        return model


def train(config, trial, *others, metric=METRIC):
    data = xgboost.DMatrix(X, y)
    callback = XGBoostCallback(trial, metric)
    return xgboost.train(
        parameters(config),
        data,
        callback.left(EPOCHS),
        evals=[(data, "valid")],
        xgb_model=callback.booster,
        callbacks=[*others, callback],
        verbose_eval=False,
    )


def objective(config, trial):
    train(config, trial)


def test_a_stop_ends_training_at_once():
    boosters = Boosters()
    stopped_after_three(lambda config, trial: train(config, trial, boosters))
    assert boosters.model.num_boosted_rounds() == 3


def test_what_is_reported_is_what_xgboost_evaluates():
    histories = []

    def objective(config, trial):
        monitor = xgboost.callback.EvaluationMonitor(logger=histories.append)
        train(config, trial, monitor)

    finished = evaluate(objective)
    shown = [float(line.rpartition(":")[2]) for line in histories]
    assert values(finished)[: len(shown)] == pytest.approx(shown, abs=1e-4)
    assert len(values(finished)) == EPOCHS


def test_after_a_pause_it_goes_on_as_if_there_had_been_none(tmp_path):
    paused, straight = gone_on_with(objective, tmp_path)
    assert values(paused) == pytest.approx(values(straight), rel=1e-5)


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_hyperband_consumes_the_difference_only(executor):
    hyperband(objective, executor=executor)


def test_asha_stops_trials_whose_metric_is_to_be_large():
    labels = (y > 0).astype(int)

    def objective(config, trial):
        model = xgboost.XGBClassifier(
            n_estimators=EPOCHS,
            learning_rate=config["lr"],
            max_depth=2,
            n_jobs=1,
            eval_metric="auc",
            callbacks=[XGBoostCallback(trial, "validation_0-auc")],
        )
        model.fit(X, labels, eval_set=[(X, labels)], verbose=False)

    result = asha(objective, mode="max")
    assert result.best.value == max(t.value for t in result.trials if t.state == "complete") > 0.9


def test_cross_validation_reports_the_mean_of_the_folds():
    tables = []

    def objective(config, trial):
        callback = XGBoostCallback(trial, "test-rmse")
        data = xgboost.DMatrix(X, y)
        tables.append(xgboost.cv(parameters(config), data, 5, nfold=3, callbacks=[callback]))

    result = run(objective, n_trials=1, resource=(1, 9))
    reported = [report.value for report in result.trials[0].reports]
    assert reported == pytest.approx(tables[0]["test-rmse-mean"].tolist())


def test_a_metric_that_is_not_evaluated_is_named():
    finished = evaluate(lambda config, trial: train(config, trial, metric="valid-rmsle"))
    assert finished.outcome.failure.kind == "UnknownNameError"
    assert "'valid-rmse'" in finished.outcome.failure.message


def test_where_xgboost_is_missing_the_command_is_given():
    asks_to_install("xgboost", "xgboost")


def test_the_example_in_the_docstring_runs():
    examples_hold("xgboost")
