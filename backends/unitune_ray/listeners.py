"""Where Tune says what happens, and asks whether to go on."""

from __future__ import annotations

from typing import Any

from ray import tune
from ray.tune.experiment import Trial
from ray.tune.progress_reporter import TrialProgressCallback

from unitune_ray.watch import StaysHere, Watch


class WatchStopper(StaysHere, tune.Stopper):
    """Where Tune asks whether to stop: it hears every result first."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return self._watch.hears(trial_id, result)

    def stop_all(self) -> bool:
        return self._watch.over


class WatchCallback(StaysHere, tune.Callback):
    """Where Tune tells what happens to trials."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:
        self._watch.begins(trial)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **_: Any
    ) -> None:
        self._watch.ends(trial)

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **_: Any) -> None:
        self._watch.fails(trial)


class Silence(StaysHere, TrialProgressCallback):
    """In the place of Ray's own, which always prints trials that end before they began."""

    def on_trial_result(self, *_: Any, **__: Any) -> None:
        """Print nothing."""

    def on_trial_error(self, *_: Any, **__: Any) -> None:
        """Print nothing."""

    def on_trial_complete(self, *_: Any, **__: Any) -> None:
        """Print nothing."""
