"""XGBoost: one report a round."""

from __future__ import annotations

from typing import Any

from unitune.errors import MissingLibraryError
from unitune.handle import Handle
from unitune.integrations.saving import Rounds, no_metric

try:
    import xgboost
except ModuleNotFoundError as error:
    if error.name != "xgboost":
        raise
    raise MissingLibraryError(
        "XGBoost is not installed. Install it with: pip install 'unitune[xgboost]'"
    ) from error


class XGBoostCallback(Rounds, xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Reports a metric to a trial after each round; a stop is raised out of `train`.

    With `num_boost_round=callback.left(ROUNDS)` and `xgb_model=callback.booster`, a trial goes on
    after a pause with the rounds it has. It reports from `xgboost.cv` too, which cannot go on.

    Args:
        trial: the trial's handle.
        metric: data set and metric, such as 'validation-rmse', as XGBoost prints them.
        save_every: keep the model every so many rounds too, for trials that are tried again.

    Raises:
        UnknownNameError: from `train`, if nothing of that name is evaluated.
        MissingLibraryError: from the import of this module, if XGBoost is not installed.

    Example:
        >>> import numpy as np
        >>> import xgboost
        >>> import unitune
        >>> X = np.arange(60.0).reshape(20, 3)
        >>> def train(config, trial):
        ...     data = xgboost.DMatrix(X, X[:, 0])
        ...     callback = XGBoostCallback(trial, "valid-rmse")
        ...     xgboost.train(
        ...         {"eta": config["lr"], "nthread": 1}, data, callback.left(3),
        ...         evals=[(data, "valid")], xgb_model=callback.booster, callbacks=[callback],
        ...         verbose_eval=False,
        ...     )
        >>> result = unitune.run(
        ...     {"lr": unitune.Float(0.01, 0.3)}, train, backend="builtin", method="random",
        ...     n_trials=2, seed=0,
        ... )
        >>> [trial.resource for trial in result.trials]
        [3, 3]
    """

    def __init__(self, trial: Handle, metric: str, *, save_every: int | None = None) -> None:
        Rounds.__init__(self, trial, save_every)
        xgboost.callback.TrainingCallback.__init__(self)
        self._metric = metric

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Report the round; training is never ended in XGBoost's own way."""
        last = {
            f"{data}-{metric}": values[-1]
            for data, metrics in evals_log.items()
            for metric, values in metrics.items()
        }
        if self._metric not in last:
            raise no_metric(self._metric, last)
        value = last[self._metric]
        mean = value[0] if isinstance(value, tuple) else value  # cross-validation adds a deviation
        # The booster's own count goes on after a pause, `epoch` begins again.
        kept = model if isinstance(model, xgboost.Booster) else None
        self.take(model.num_boosted_rounds(), mean, kept)
        return False
