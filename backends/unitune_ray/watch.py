"""What this process knows of the trials under way, and how Tune tells it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.exceptions import RayTaskError
from ray.tune.experiment import Trial

from unitune.backend import Mode, Sink
from unitune.errors import BackendError
from unitune.trial import Failure, Leg, Outcome, Report, State, Verdict
from unitune_ray.trainable import ORIGIN, OUTCOME, REACHED, RESOURCE, SECONDS, STEP, VALUE, name_of


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
    """A trial as far as it is known here.

    Attributes:
        trial: as Ray has it.
        number: in the order of proposals.
        raw: its config as Ray has it.
        began: when it began or went on; 0 before.
        active: whether it is to be evaluated: proposed or gone on with, and not paused or ended.
        spent: seconds its evaluation took until it was paused.
        reports: what it reported.
        leg: what it has consumed since it began or went on; None while it has not reported.
        outcome: what became of it.
        seconds: how long its evaluation took at the last, if the worker has said so.
    """

    trial: Trial
    number: int
    raw: dict[str, Any]
    began: float = 0.0
    active: bool = True
    spent: float = 0.0
    reports: list[Report] = field(default_factory=list)
    leg: Leg | None = None
    outcome: Outcome | None = None
    seconds: float | None = None

    @property
    def pruned(self) -> Outcome:
        """What it comes to if it does not go on."""
        last = self.reports[-1].value if self.reports else None
        return Outcome(State.PRUNED, last, reports=tuple(self.reports))


class Watch(StaysHere):
    """Follows the trials of one run and passes their events on to the sink.

    An exception from the sink cannot pass through Tune, which would take it for its own: it is
    kept in `error`, and the run is brought down in good order.

    Args:
        most: the step at which a trial is complete, as workers see by themselves.

    Attributes:
        sink: where events go.
        best: by which order the best report counts; None where the last one does.
        on_report: what else hears reports, and may stop a trial; called with its id.
    """

    def __init__(self, most: int | None = None) -> None:
        self.error: BaseException | None = None
        self.sink: Sink | None = None
        self.best: Mode | None = None
        self.on_report: Callable[[str, int, float], bool] | None = None
        self._most = most
        self._seen: dict[str, Seen] = {}
        self._running: dict[str, Seen] = {}
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

    @property
    def room(self) -> bool:
        """Whether the budget allows for a further trial."""
        return self.sink is None or self.sink.room

    @property
    def active(self) -> int:
        """How many trials are evaluated, or are about to be."""
        return sum(seen.active for seen in self._seen.values())

    def interrupt(self, error: BaseException) -> None:
        """End the run, and with it the trials under way, because of an error."""
        if self.error is None:
            self.error = error
        for seen in self._running.values():
            # Otherwise Tune would wait for them, for up to fifteen seconds.
            actor = seen.trial.temporary_state.ray_actor
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
        key = trial.trial_id
        if key not in self._seen:
            seen = self._seen[key] = Seen(trial, len(self._seen), dict(trial.config))
            resource = self._tell(lambda sink: sink.proposed(key, seen.raw))
            if resource is not None and resource != self._most:
                trial.config[RESOURCE] = resource
        return name_of(self._seen[key].number)

    def trial(self, trial_id: str) -> Seen:
        """Return what is known of a trial."""
        return self._seen[trial_id]

    def outcome(self, trial_id: str) -> Outcome:
        """Return what became of a trial, or becomes of it if it does not go on."""
        seen = self._seen[trial_id]
        return seen.outcome or seen.pruned

    def begins(self, trial: Trial) -> None:
        """A trial is about to be evaluated, or to go on."""
        seen = self._running[trial.trial_id] = self._seen[trial.trial_id]
        raw = {name: value for name, value in trial.config.items() if name != RESOURCE}
        if raw != seen.raw:
            self._takes_over(seen, raw)
        seen.active, seen.began = True, time.perf_counter()
        self._tell(lambda sink: sink.begun(trial.trial_id))

    def hears(self, trial_id: str, result: dict[str, Any]) -> bool:
        """A worker sent a result; return whether to stop the trial."""
        seen, (start, how) = self._seen[trial_id], result.pop(ORIGIN)
        seen.leg = Leg(start, max(start, result.pop(REACHED, result[STEP])), how=how)
        if OUTCOME in result:
            # Out of the way of Ray's own tables and files.
            seen.outcome, seen.seconds = result.pop(OUTCOME), result[SECONDS]
            return False
        step, value = result[STEP], result[VALUE]
        seen.reports.append(Report(step, value))
        verdict = self._tell(lambda sink: sink.reported(trial_id, step, value))
        if self.on_report is not None:
            with self.guarding():
                stop = self.on_report(trial_id, step, value)
                verdict = Verdict.STOP if stop and verdict is Verdict.CONTINUE else verdict
        if verdict is Verdict.STOP:
            seen.outcome = seen.pruned
        elif verdict is Verdict.FINISH and not self.complete(trial_id):
            seen.outcome = self._completed(seen)
        elif verdict is Verdict.PAUSE:
            self.pauses(trial_id)
        return seen.outcome is not None

    def complete(self, trial_id: str) -> bool:
        """Return whether a trial has come to the most resource, where its worker ends it."""
        reports = self._seen[trial_id].reports
        return self._most is not None and bool(reports) and reports[-1].step >= self._most

    def pauses(self, trial_id: str) -> None:
        """A trial makes way for others."""
        seen = self._seen[trial_id]
        if self._running.pop(trial_id, None) is not None:
            seen.active = False
            seen.spent += time.perf_counter() - seen.began
            self._close_leg(seen)

    def goes_on(self, trial_id: str, resource: int) -> None:
        """A paused trial is to be gone on with."""
        seen = self._seen[trial_id]
        seen.active = True
        seen.trial.set_config({**seen.trial.config, RESOURCE: resource})
        self._tell(lambda sink: sink.gone_on(trial_id))

    def rejects(self) -> None:
        """A proposal broke a constraint."""
        self._tell(lambda sink: sink.rejected())

    def released(self) -> list[tuple[str, int | None]]:
        """Return the paused trials that wait to be gone on with, or to be stopped."""
        found: list[tuple[str, int | None]] = self._tell(lambda sink: sink.released()) or []
        return found

    def full(self) -> None:
        """No further trial can be proposed before a paused one goes on."""
        self._tell(lambda sink: sink.full())

    def ends(self, trial: Trial) -> None:
        """A trial is over."""
        key = trial.trial_id
        seen = self._seen[key]
        seen.active = False
        running = self._running.pop(key, None) is not None
        begun = bool(seen.began) or seen.outcome is not None
        if not begun or (self.error is not None and seen.outcome is None):
            return
        self._close_leg(seen)
        # Without a word of the worker's, a scheduler of Ray's stopped it.
        outcome = seen.outcome or seen.pruned
        since = time.perf_counter() - seen.began if running else 0.0
        seconds = seen.spent + (since if seen.seconds is None else seen.seconds)
        self._tell(lambda sink: sink.finished(key, outcome, seconds))

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

    def settle(self) -> None:
        """End the trials that were paused when the run was over."""
        for seen in self._seen.values():
            if seen.began and seen.outcome is None and self.error is None:
                seen.outcome = seen.pruned
                self.ends(seen.trial)

    def _completed(self, seen: Seen) -> Outcome:
        values = [report.value for report in seen.reports]
        value = values[-1] if self.best is None else {"min": min, "max": max}[self.best](values)
        return Outcome(State.COMPLETE, value, reports=tuple(seen.reports))

    def _takes_over(self, seen: Seen, raw: dict[str, Any]) -> None:
        """A scheduler of Ray's gave a trial another's state, and a config made from its config."""
        found = seen.trial.latest_checkpoint_result.metrics
        source, step = self._seen[found["trial_id"]], found[STEP]
        seen.raw = raw
        seen.reports = [report for report in source.reports if report.step <= step]
        self._tell(
            lambda sink: sink.perturbed(seen.trial.trial_id, found["trial_id"], step, raw)
        )

    def _close_leg(self, seen: Seen) -> None:
        leg, seen.leg = seen.leg, None
        if leg is not None:
            self._tell(lambda sink: sink.consumed(seen.trial.trial_id, leg))

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
