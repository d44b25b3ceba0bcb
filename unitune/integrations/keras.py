"""Keras 3: one report an epoch."""

from __future__ import annotations

from typing import Any

from unitune.errors import MissingLibraryError
from unitune.handle import Handle
from unitune.integrations.saving import is_due, no_metric

try:
    import keras
except ModuleNotFoundError as error:
    if error.name != "keras":  # Keras itself misses the library it runs on, and says so
        raise
    raise MissingLibraryError(
        "Keras is not installed. Install it with: pip install 'unitune[keras]'"
    ) from error


class KerasCallback(keras.callbacks.BackupAndRestore):  # type: ignore[misc]
    """Reports a metric to a trial after each epoch; a stop is raised out of `fit`.

    Where the trial may pause, the model with its optimizer is kept in the trial's directory, and
    the `fit` after the pause goes on from there.

    Args:
        trial: the trial's handle.
        monitor: the metric, by its name in Keras's logs.
        save_every: keep the model every so many epochs too, for trials that are tried again.

    Raises:
        UnknownNameError: from `fit`, if nothing of that name is logged.
        MissingLibraryError: from the import of this module, if Keras is not installed.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> import unitune
        >>> X = np.arange(60.0).reshape(20, 3) / 60
        >>> def train(config, trial):
        ...     model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        ...     model.compile(keras.optimizers.Adam(config["lr"]), "mse")
        ...     model.fit(X, X[:, 0], epochs=3, verbose=0, callbacks=[KerasCallback(trial, "loss")])
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
        # A process that is killed while it saves leaves the second copy.
        super().__init__(
            str(trial.checkpoint.path / "keras"), double_checkpoint=True, delete_checkpoint=False
        )
        self._trial = trial
        self._monitor = monitor
        self._every = save_every

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the model if it is due, and report."""
        logs = logs or {}
        if self._monitor not in logs:
            raise no_metric(self._monitor, logs)
        if is_due(self._trial, epoch + 1, self._every):
            super().on_epoch_end(epoch, logs)
        self._trial.report(logs[self._monitor], step=epoch + 1)
