"""LightGBM: one report a round. Its callbacks are plain functions, so nothing is imported."""

from __future__ import annotations

from typing import Any

from unitune.handle import Handle
from unitune.integrations.saving import Rounds, no_metric


class LightGBMCallback(Rounds):
    """Reports a metric to a trial after each round; a stop is raised out of `train`.

    With `num_boost_round=callback.left(ROUNDS)` and `init_model=callback.booster`, a trial goes on
    after a pause with the rounds it has. It reports from `lightgbm.cv` too, which cannot go on.

    Args:
        trial: the trial's handle.
        metric: the metric, such as 'l2'.
        valid_name: the data set it is evaluated on; 'valid' for `lightgbm.cv`.
        save_every: keep the model every so many rounds too, for trials that are tried again.

    Raises:
        UnknownNameError: from `train`, if nothing of that name is evaluated.

    Example:
        >>> import lightgbm
        >>> import numpy as np
        >>> import unitune
        >>> X = np.arange(60.0).reshape(20, 3)
        >>> def train(config, trial):
        ...     data = lightgbm.Dataset(X, X[:, 0])
        ...     callback = LightGBMCallback(trial, "l2", "valid")
        ...     lightgbm.train(
        ...         {"learning_rate": config["lr"], "verbose": -1, "min_data_in_leaf": 5}, data,
        ...         callback.left(3), valid_sets=[data], valid_names=["valid"],
        ...         init_model=callback.booster, callbacks=[callback],
        ...     )
        >>> result = unitune.run(
        ...     {"lr": unitune.Float(0.01, 0.3)}, train, backend="builtin", method="random",
        ...     n_trials=2, seed=0,
        ... )
        >>> [trial.resource for trial in result.trials]
        [3, 3]
    """

    def __init__(
        self,
        trial: Handle,
        metric: str,
        valid_name: str = "valid_0",
        *,
        save_every: int | None = None,
    ) -> None:
        super().__init__(trial, save_every)
        self._name = f"{valid_name}-{metric}"

    def __call__(self, env: Any) -> None:
        """Report the round; LightGBM calls this after each one."""
        evaluated = env.evaluation_result_list or []
        values = {f"{data}-{metric}": value for data, metric, value, *_ in evaluated}
        if self._name not in values:
            raise no_metric(self._name, values)
        kept = env.model if hasattr(env.model, "model_to_string") else None
        self.take(env.iteration + 1, values[self._name], kept)
