"""LightGBM: one report a round. Its callbacks are plain functions, so nothing is imported."""

from __future__ import annotations

from typing import Any

from unitune.integrations.saving import Rounds, no_metric
from unitune.objective import Handle


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
