"""Who stops and pauses trials in Tune: a scheduler of Ray's, or unitune's through the sink."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from unitune_ray.watch import StaysHere, Watch


class Steered(StaysHere, FIFOScheduler):
    """Does in Tune what a scheduler of unitune's has decided in the sink.

    Stops are the stopper's; this one pauses trials, goes on with those that are released, ends
    those that are not, and says when nothing further can begin.

    Args:
        watch: what is known of the trials.
        workers: how many run side by side.
    """

    def __init__(self, watch: Watch, workers: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._watch = watch
        self._workers = workers

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: Mapping[str, Any]) -> str:
        running = self._watch.is_running(trial.trial_id)
        return str(TrialScheduler.CONTINUE if running else TrialScheduler.PAUSE)

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        if self._watch.finishing:
            end_waiting(self._watch, tune_controller)
            return None
        self._close_schedule(tune_controller)
        for key, resource in self._watch.released():
            trial = self._watch.trial(key)
            if trial.status != Trial.PAUSED:
                continue  # it is still being saved
            if resource is None:
                tune_controller.stop_trial(trial)
            elif self._watch.active < self._workers:
                self._watch.goes_on(key, resource)
                return trial
        waiting = (t for t in tune_controller.get_trials() if t.status == Trial.PENDING)
        return next(waiting, None)

    def _close_schedule(self, tune_controller: Any) -> None:
        """Say that no further trial will begin, or can before one goes on."""
        stuck = not self._watch.active and not self._watch.released()
        if self._watch.begun and (stuck or tune_controller.search_alg.is_finished()):
            self._watch.full()


class Mannered(StaysHere):
    """Put before a scheduler of Ray's: it leaves global random numbers and warnings alone.

    Attributes:
        watch: what is known of the trials.
        dice: the scheduler's own random numbers.
        counts: whether it is told of trials that have come to the most resource, since they count
            in their bracket; otherwise their workers end them.
    """

    watch: Watch
    dice: Dice
    counts: bool

    def _apart(self) -> AbstractContextManager[None]:
        # Hyperband draws nothing, and ends other trials meanwhile, of which the user hears.
        return nullcontext() if self.counts else self.dice.rolled()

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        with self._apart():
            super().on_trial_add(tune_controller, trial)  # type: ignore[misc]

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        key = trial.trial_id
        if self.watch.ends_itself(key) or (self.watch.complete(key) and not self.counts):
            return str(TrialScheduler.CONTINUE)
        with self._apart(), self.watch.guarding():
            decision: str = super().on_trial_result(  # type: ignore[misc]
                tune_controller, trial, result
            )
            if decision == TrialScheduler.PAUSE or trial.status == Trial.PAUSED:
                self.watch.pauses(key)
            return decision
        return str(TrialScheduler.STOP)

    def on_trial_complete(
        self, tune_controller: Any, trial: Trial, result: Mapping[str, Any]
    ) -> None:
        with self._apart():
            super().on_trial_complete(tune_controller, trial, result)  # type: ignore[misc]

    def choose_trial_to_run(self, tune_controller: Any, **settings: Any) -> Trial | None:
        if self.watch.finishing:
            end_waiting(self.watch, tune_controller)
            return None
        slots = self.watch.slots
        if slots is not None and len(_bound(tune_controller)) >= slots:
            return None
        chosen: Trial | None = super().choose_trial_to_run(  # type: ignore[misc]
            tune_controller, **settings
        )
        return chosen or self._stuck(tune_controller)

    def _stuck(self, tune_controller: Any) -> Trial | None:
        """Return a trial to go on with where all wait for one that has failed meanwhile."""
        if not tune_controller.search_alg.is_finished() or _bound(tune_controller):
            return None
        trials: list[Trial] = tune_controller.get_trials()
        for trial in [one for one in trials if one.status == Trial.PAUSED]:
            if not self.watch.complete(trial.trial_id):
                return trial
            tune_controller.stop_trial(trial)
        return None


class Dice:
    """Random numbers of a scheduler's own, in the place of the global ones that it draws from."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).getstate()
        self._numpy: Any = np.random.RandomState(seed).get_state()

    @contextmanager
    def rolled(self) -> Iterator[None]:
        """Put them there for a while."""
        state, numbers = random.getstate(), np.random.get_state()  # noqa: NPY002 - Ray's choice
        random.setstate(self._random)
        np.random.set_state(self._numpy)  # noqa: NPY002
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of medians of nothing, and of models' fits
                yield
        finally:
            self._random, self._numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
            random.setstate(state)
            np.random.set_state(numbers)  # noqa: NPY002


def _bound(tune_controller: Any) -> list[Trial]:
    """Return the trials that run, or are about to."""
    trials = tune_controller.get_trials()
    return [trial for trial in trials if trial.status in (Trial.RUNNING, Trial.PENDING)]


def end_waiting(watch: Watch, tune_controller: Any) -> None:
    """End the trials that wait to begin or to go on: the run is nearly over."""
    for trial in tune_controller.get_trials():
        if trial.status in (Trial.PENDING, Trial.PAUSED) and not watch.is_running(trial.trial_id):
            tune_controller.stop_trial(trial)
