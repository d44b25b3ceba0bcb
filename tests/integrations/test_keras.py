from __future__ import annotations

import importlib.util

import pytest
from trainings import (
    EPOCHS,
    asha,
    asks_to_install,
    evaluate,
    examples_hold,
    gone_on_with,
    hyperband,
    stopped_after_three,
    values,
)

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("keras") is None or importlib.util.find_spec("torch") is None,
        reason="Keras is tested on torch, and both are needed",
    ),
]


@pytest.fixture(scope="module", autouse=True)
def on_torch():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        yield


def train(config, trial, *others, monitor="val_loss", optimizer="adam"):
    import keras
    import numpy as np

    from unitune.integrations.keras import KerasCallback

    x = np.linspace(-1, 1, 16, dtype="float32").reshape(-1, 1)
    y = 3 * x + 1
    layer = keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(keras.optimizers.get(optimizer), "mse", metrics=[])
    model.optimizer.learning_rate = config["lr"]
    return model.fit(
        x,
        y,
        epochs=EPOCHS,
        batch_size=16,
        shuffle=False,
        validation_data=(x, y),
        callbacks=[*others, KerasCallback(trial, monitor)],
        verbose=0,
    )


def objective(config, trial):
    train(config, trial)


def test_a_stop_ends_training_at_once():
    import keras

    history = keras.callbacks.History()
    finished = stopped_after_three(lambda config, trial: train(config, trial, history))
    assert history.epoch == [0, 1, 2]
    assert history.history["val_loss"] == values(finished)


def test_a_training_that_nobody_stops_is_complete():
    finished = evaluate(lambda config, trial: train(config, trial).history["val_loss"][-1])
    assert finished.outcome.state == "complete"
    assert len(values(finished)) == EPOCHS


def test_after_a_pause_it_goes_on_as_if_there_had_been_none(tmp_path):
    """The optimizer has a momentum, which is kept too."""
    paused, straight = gone_on_with(objective, tmp_path)
    assert values(paused) == pytest.approx(values(straight), rel=1e-5)


def test_hyperband_consumes_the_difference_only():
    hyperband(objective)


@pytest.mark.slow
def test_hyperband_consumes_the_difference_only_in_processes():
    hyperband(objective, executor="process")


def test_asha_stops_trials_whose_metric_is_to_be_large():
    def objective(config, trial):
        import keras

        class Score(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                logs["score"] = -logs["val_loss"]

        train(config, trial, Score(), monitor="score")

    result = asha(objective, mode="max")
    assert result.best.value == max(t.value for t in result.trials if t.state == "complete") < 0


def test_a_metric_that_is_not_logged_is_named():
    finished = evaluate(lambda config, trial: train(config, trial, monitor="val_los"))
    assert finished.outcome.failure.kind == "UnknownNameError"
    assert "'val_loss'" in finished.outcome.failure.message


def test_where_keras_is_missing_the_command_is_given():
    asks_to_install("keras", "keras")


def test_the_example_in_the_docstring_runs():
    examples_hold("keras")
