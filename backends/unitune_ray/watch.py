"""What this process knows of the trials under way, and how Tune tells it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.exceptions import RayTaskError
from ray.tune.experiment import Trial

from unitune.backend import Sink
from unitune.errors import BackendError
from unitune.trial import Failure, Outcome, Report, State
from unitune_ray.trainable import OUTCOME, SECONDS, STEP, VALUE, name_of


class StaysHere:
    """Something that Ray neither copies nor stores.

    Tune pickles what it is given for a resume, and copies it for each trial; a resume is made
    from the core's own record, and there is only one record.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return (object, ())

    def __deepcopy__(self, memo: dict[int, Any]) -> StaysHere:
        return self


@dataclass(slots=True)
class Seen:
    """A trial as far as it is known here."""

    number: int
    raw: dict[str, Any] = field(default_factory=dict)
    announced: bool = False
    begun: float = 0.0
    reports: list[Report] = field(default_factory=list)
    outcome: Outcome | None = None
    seconds: float | None = None


class Watch(StaysHere):
    """Follows the trials of one run and passes their events on to the sink.

    An exception from the sink cannot pass through Tune, which would take it for its own: it is
    kept in `error`, and the run is brought down in good order.
    """

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.sink: Sink | None = None
        self._seen: dict[str, Seen] = {}
        self._next = 0
        self._running: dict[str, Trial] = {}
        self._random: tuple[Any, ...] = ()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Keep Python's global random state from Ray, which shuffles its events with it."""
        self._random = random.getstate()
        try:
            yield
        finally:
            random.setstate(self._random)

    @property
    def finishing(self) -> bool:
        """Whether no further trial should be proposed."""
        return self.error is not None or (self.sink is not None and self.sink.done)

    @property
    def over(self) -> bool:
        """Whether to end now: at once after an error, otherwise when no trial is running."""
        return self.error is not None or (self.finishing and not self._running)

    def interrupt(self, error: BaseException) -> None:
        """End the run, and with it the trials under way, because of an error."""
        if self.error is None:
            self.error = error
        for trial in self._running.values():
            # Otherwise Tune would wait for them, for up to fifteen seconds.
            actor = trial.temporary_state.ray_actor
            if actor is not None:
                ray.kill(actor)
        self._running.clear()

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Keep an error that Tune would take for a fault of the trial's."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again at the end of the run
            self.interrupt(error)

    def name(self, trial: Trial) -> str:
        """Give a new trial its number, in the order in which trials are proposed."""
        seen = self._seen.setdefault(trial.trial_id, Seen(len(self._seen)))
        seen.raw = trial.config
        return name_of(seen.number)

    def outcome(self, trial_id: str) -> Outcome | None:
        """Return what became of a trial, if its worker lived to say so."""
        return self._seen[trial_id].outcome

    def begins(self, trial: Trial) -> None:
        """A trial is about to be evaluated; trials are announced in the order of their numbers."""
        self._running[trial.trial_id] = trial
        self._seen[trial.trial_id].begun = time.perf_counter()
        self._announce(self._seen[trial.trial_id].number)

    def hears(self, trial_id: str, result: dict[str, Any]) -> bool:
        """A worker sent a result; return whether to stop the trial."""
        seen = self._seen[trial_id]
        if OUTCOME in result:
            # Out of the way of Ray's own tables and files.
            seen.outcome, seen.seconds = result.pop(OUTCOME), result[SECONDS]
            return False
        step, value = result[STEP], result[VALUE]
        seen.reports.append(Report(step, value))
        stop = self._tell(lambda sink: sink.reported(trial_id, step, value))
        if stop:
            seen.outcome = Outcome(State.PRUNED, value, reports=tuple(seen.reports))
        return bool(stop)

    def rejects(self) -> None:
        """A proposal broke a constraint."""
        self._tell(lambda sink: sink.rejected())

    def ends(self, trial: Trial) -> None:
        """A trial is over."""
        seen = self._seen[trial.trial_id]
        self._running.pop(trial.trial_id, None)
        if self.error is not None and seen.outcome is None:
            return
        self._announce(seen.number)
        last = seen.reports[-1].value if seen.reports else None
        # Without a word of the worker's, a scheduler of Ray's stopped it.
        outcome = seen.outcome or Outcome(State.PRUNED, last, reports=tuple(seen.reports))
        since = time.perf_counter() - seen.begun if seen.begun else 0.0
        seconds = since if seen.seconds is None else seen.seconds
        self._tell(lambda sink: sink.finished(trial.trial_id, outcome, seconds))

    def fails(self, trial: Trial) -> None:
        """Ray lost a trial: its worker died, or never came up, or broke over a proposal."""
        error = _error_of(trial)
        seen = self._seen[trial.trial_id]
        if self.error is None and _at_fault(error):
            cause = getattr(error, "cause", None) or error
            self.interrupt(BackendError(f"Ray could not run trial {seen.number}: {cause}"))
        failure = Failure("WorkerDied", f"the worker process ended during the trial: {error}")
        seen.outcome = Outcome(State.FAILED, reports=tuple(seen.reports), failure=failure)
        if self.error is None:
            self.ends(trial)

    def _announce(self, number: int) -> None:
        for trial_id, seen in list(self._seen.items())[self._next : number + 1]:
            self._next = seen.number + 1
            self._tell(partial(_started, trial_id, seen.raw))

    def _tell(self, what: Callable[[Sink], Any]) -> Any:
        if self.error is not None or self.sink is None:
            return None
        rays = random.getstate()
        random.setstate(self._random)  # callbacks of the user's find it as they left it
        try:
            return what(self.sink)
        except BaseException as error:  # noqa: BLE001 - raised again at the end of the run
            self.interrupt(error)
            return None
        finally:
            self._random = random.getstate()
            random.setstate(rays)


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


def _started(key: str, raw: dict[str, Any], sink: Sink) -> None:
    sink.started(key, raw)


def _error_of(trial: Trial) -> Any:
    # `trial.get_pickled_error` looks where the file is brought only at the end of the run.
    path = trial.pickled_error_file or trial.error_file
    if path is None:
        return "no reason given"
    content = Path(path).read_bytes()
    return ray.cloudpickle.loads(content) if trial.pickled_error_file else content.decode()


def _at_fault(error: Any) -> bool:
    # Objectives raise nothing, so that an exception is a fault of the backend's, or of a proposal.
    # A worker whose start-up raised has died, but so would the next one.
    return isinstance(error, RayTaskError) or "creation task" in str(error)
