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
    until,
    values,
)

from unitune.trial import Verdict

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("lightning") is None, reason="lightning is not installed"
    ),
]


def train(config, trial, *, seen=None, monitor="val_loss", **given):
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from torch.utils.data import DataLoader, TensorDataset

    from unitune.integrations.lightning import LightningCallback

    class Line(LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)
            torch.nn.init.zeros_(self.layer.weight)
            torch.nn.init.zeros_(self.layer.bias)

        def training_step(self, batch, _):
            loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
            self.log("train_loss", loss, on_epoch=True)
            return loss

        def validation_step(self, batch, _):
            loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
            self.log("val_loss", loss)
            self.log("score", -loss)

        def on_train_epoch_start(self):
            if seen is not None:
                seen.append(self.current_epoch)

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=config["lr"])

    x = torch.linspace(-1, 1, 16).reshape(-1, 1)
    data = DataLoader(TensorDataset(x, 3 * x + 1), batch_size=16)
    callback = LightningCallback(trial, monitor)
    trainer = Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
        **given,
    )
    trainer.fit(Line(), data, data, ckpt_path=callback.ckpt_path)


def objective(config, trial):
    train(config, trial)


def test_a_stop_ends_training_at_once():
    seen = []
    stopped_after_three(lambda config, trial: train(config, trial, seen=seen))
    assert seen == [0, 1, 2]


def test_a_training_that_nobody_stops_is_complete():
    finished = evaluate(objective, until(None, None))
    assert finished.outcome.state == "complete", finished.outcome.failure
    assert len(values(finished)) == EPOCHS


def test_after_a_pause_it_goes_on_as_if_there_had_been_none(tmp_path):
    """The optimizer has a momentum, which is kept too."""
    paused, straight = gone_on_with(objective, tmp_path)
    assert values(paused) == pytest.approx(values(straight), rel=1e-5)


def test_a_metric_of_the_training_may_be_reported():
    stopped_after_three(lambda config, trial: train(config, trial, monitor="train_loss"))


def test_epochs_without_a_validation_are_not_reported():
    every = lambda config, trial: train(config, trial, check_val_every_n_epoch=2)  # noqa: E731
    finished = evaluate(every, until(6, Verdict.STOP))
    assert [report.step for report in finished.outcome.reports] == [2, 4, 6]


def test_hyperband_consumes_the_difference_only():
    hyperband(objective)


@pytest.mark.slow
def test_hyperband_consumes_the_difference_only_in_processes():
    hyperband(objective, executor="process")


def test_asha_stops_trials_whose_metric_is_to_be_large():
    result = asha(lambda config, trial: train(config, trial, monitor="score"), mode="max")
    assert result.best.value == max(t.value for t in result.trials if t.state == "complete") < 0


def test_a_metric_that_is_not_logged_is_named():
    finished = evaluate(lambda config, trial: train(config, trial, monitor="val_los"))
    assert finished.outcome.failure.kind == "UnknownNameError"
    assert "'val_loss'" in finished.outcome.failure.message


def test_where_lightning_is_missing_the_command_is_given():
    asks_to_install("lightning", "lightning")


def test_the_example_in_the_docstring_runs():
    examples_hold("lightning")
