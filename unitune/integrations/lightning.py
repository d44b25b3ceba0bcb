"""PyTorch Lightning: one report an epoch."""

from __future__ import annotations

from pathlib import Path

from unitune.errors import MissingLibraryError
from unitune.handle import Handle
from unitune.integrations.saving import is_due, no_metric

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ModuleNotFoundError as error:
    if error.name != "lightning":
        raise
    raise MissingLibraryError(
        "Lightning is not installed. Install it with: pip install 'unitune[lightning]'"
    ) from error


class LightningCallback(Callback):  # type: ignore[misc]
    """Reports a metric to a trial after each epoch; a stop is raised out of `fit`.

    It reports from one process: train each trial on one device.

    Args:
        trial: the trial's handle.
        monitor: the metric, by the name it is logged with.
        save_every: keep a checkpoint every so many epochs too, for trials that are tried again.

    Raises:
        UnknownNameError: from `fit`, if nothing of that name is logged.
        MissingLibraryError: from the import of this module, if Lightning is not installed.

    Example:
        >>> import torch
        >>> import unitune
        >>> class Line(LightningModule):
        ...     def __init__(self, lr):
        ...         super().__init__()
        ...         self.layer, self.lr = torch.nn.Linear(3, 1), lr
        ...
        ...     def training_step(self, batch, _):
        ...         loss = (self.layer(batch) - 1.0).square().mean()
        ...         self.log("loss", loss, on_epoch=True)
        ...         return loss
        ...
        ...     def configure_optimizers(self):
        ...         return torch.optim.Adam(self.parameters(), self.lr)
        >>> def train(config, trial):
        ...     callback = LightningCallback(trial, "loss")
        ...     trainer = Trainer(
        ...         max_epochs=3, accelerator="cpu", callbacks=[callback], logger=False,
        ...         log_every_n_steps=1, enable_checkpointing=False, enable_progress_bar=False,
        ...         enable_model_summary=False,
        ...     )
        ...     data = torch.utils.data.DataLoader(torch.ones(8, 3), 8)
        ...     trainer.fit(Line(config["lr"]), data, ckpt_path=callback.ckpt_path)
        >>> result = unitune.run(
        ...     {"lr": unitune.Float(0.01, 0.3)}, train, backend="builtin", method="random",
        ...     n_trials=2, seed=0,
        ... )
        >>> [trial.resource for trial in result.trials]
        [3, 3]
    """

    def __init__(
        self, trial: Handle, monitor: str = "val_loss", *, save_every: int | None = None
    ) -> None:
        self._trial = trial
        self._monitor = monitor
        self._every = save_every

    @property
    def ckpt_path(self) -> Path | None:
        """What `Trainer.fit` goes on from after a pause; None at the trial's start."""
        return self._place if self._place.exists() else None

    @property
    def _place(self) -> Path:
        return self._trial.checkpoint.path / "lightning.ckpt"

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep a checkpoint if it is due, and report."""
        step = trainer.current_epoch + 1
        if trainer.enable_validation and step % (trainer.check_val_every_n_epoch or 1):
            return  # without a validation, the metric is that of an earlier epoch
        if self._monitor not in trainer.callback_metrics:
            raise no_metric(self._monitor, trainer.callback_metrics)
        value = float(trainer.callback_metrics[self._monitor])
        if is_due(self._trial, step, self._every):
            trainer.save_checkpoint(self._place)
        self._trial.report(value, step=step)
