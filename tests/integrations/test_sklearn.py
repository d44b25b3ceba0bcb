from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier, SGDRegressor
from trainings import EPOCHS, asha, evaluate, gone_on_with, hyperband, run, stopped_after_three

from unitune.integrations.sklearn import partial_fit
from unitune.trial import State

draw = np.random.default_rng(0)
X = draw.normal(size=(60, 4))
y = X @ [1.0, -2.0, 0.5, 0.0] + 0.1 * draw.normal(size=60)


def model_of(config):
    return SGDRegressor(eta0=config["lr"] / 10, learning_rate="constant", random_state=0)


def objective(config, trial):
    return partial_fit(
        model_of(config),
        X,
        y,
        epochs=EPOCHS,
        score=lambda model: float(np.mean((model.predict(X) - y) ** 2)),
        trial=trial,
    )


@pytest.fixture
def no_memory(monkeypatch):
    """No paused generator can wait."""
    monkeypatch.setattr("unitune.objective._memory_allows", lambda: False)


def test_a_stop_ends_training_at_once():
    models = []

    def objective(config):
        models.append(model_of(config))
        return partial_fit(models[0], X, y, epochs=EPOCHS, score=lambda model: model.score(X, y))

    stopped_after_three(objective)
    assert models[0].t_ == 3 * len(X) + 1


def test_a_classifier_is_told_its_labels():
    labels = np.where(y > 0, "up", "down")

    def objective(config):
        model = SGDClassifier(eta0=config["lr"], learning_rate="constant", random_state=0)
        score = lambda model: {"accuracy": model.score(X, labels)}  # noqa: E731
        return partial_fit(model, X, labels, epochs=3, classes=["down", "up"], score=score)

    result = run(objective, n_trials=5, mode="max", metric="accuracy")
    assert all(trial.state is State.COMPLETE for trial in result.trials)
    assert result.best.value == max(trial.value for trial in result.trials) > 0.8


def test_after_a_pause_it_goes_on_as_if_there_had_been_none(tmp_path, no_memory):
    paused, straight = gone_on_with(objective, tmp_path)
    assert paused.outcome.reports == straight.outcome.reports


@pytest.mark.parametrize("executor", ["serial", "process"])
def test_hyperband_waits_in_memory_and_consumes_the_difference(executor):
    result = run(objective, method="hyperband", resource=(1, 9), n_trials=9, executor=executor)
    assert set(result.resource.frame()["how"]) == {"first", "waited"}
    assert result.resource.total == 9 + 3 * 2 + 6


def test_hyperband_restores_what_cannot_wait(no_memory):
    hyperband(objective)


def test_asha_stops_trials():
    asha(objective)


def test_without_a_trial_nothing_is_kept():
    finished = evaluate(lambda config: partial_fit(model_of(config), X, y, epochs=2, score=id))
    assert [report.step for report in finished.outcome.reports] == [1, 2]
