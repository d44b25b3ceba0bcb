"""What this process knows of the trials under way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.tune.experiment import Trial

from unitune.backend import Mode, Sink
from unitune.errors import BackendError
from unitune.trial import Failure, Leg, Outcome, Report, Verdict
from unitune_ray.seen import Seen, error_of, is_at_fault
from unitune_ray.trainable import (
    ORIGIN,
    OUTCOME,
    REACHED,
    REFUSAL,
    RESOURCE,
    RETURNED,
    SECONDS,
    STEP,
    VALUE,
    name_of,
)


class StaysHere:
    """Something that Ray neither copies nor stores.

    Tune pickles what it is given for a resume, and copies it for each trial; a resume is made
    from the core's own record, and there is only one record.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return (object, ())

    def __deepcopy__(self, memo: dict[int, Any]) -> StaysHere:
        return self


class Watch(StaysHere):
    """Follows the trials of one run and passes their events on to the sink.

    An exception from the sink cannot pass through Tune, which would take it for its own: it is
    kept in `error`, and the run is brought down in good order.

    Args:
        most: the step at which a trial is complete, as workers see by themselves.
        slots: how many trials may be under way; None where something else sees to that.
        crowd: whether all trials are to be known to Ray at once.

    Attributes:
        sink: where events go.
        slots: how many trials may be under way; None where something else sees to that.
        best: by which order the best report counts; None where the last one does.
        on_report: what else hears reports, and may stop a trial; called with its id.
    """

    def __init__(
        self, most: int | None = None, *, slots: int | None = None, crowd: bool = False
    ) -> None:
        self.error: BaseException | None = None
        self.sink: Sink | None = None
        self.best: Mode | None = None
        self.on_report: Callable[[str, int, float], bool] | None = None
        self._most = most
        self.slots = slots
        self._crowd = crowd
        self._seen: dict[str, Seen] = {}
        self._running: dict[str, Seen] = {}
        self._active: set[str] = set()
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
        """Whether a further trial may be proposed now."""
        if self._crowd or self.sink is None:
            return True
        if self.slots is not None:
            waiting = any(resource is not None for _, resource in self.released())
            if waiting or self.active >= self.slots:
                return False
        return self.sink.room

    @property
    def begun(self) -> bool:
        """Whether there has been a trial."""
        return bool(self._seen)

    @property
    def active(self) -> int:
        """How many trials are evaluated, or are about to be."""
        return len(self._active)

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
            self._active.add(key)
            resource = self._tell(lambda sink: sink.proposed(key, seen.raw))
            if resource is not None and resource != self._most:
                trial.config[RESOURCE] = resource
        return name_of(self._seen[key].number)

    def trial(self, trial_id: str) -> Trial:
        """Return a trial as Ray has it."""
        return self._seen[trial_id].trial

    def is_running(self, trial_id: str) -> bool:
        """Return whether a trial is being evaluated, and has not paused."""
        return trial_id in self._running

    def outcome(self, trial_id: str) -> Outcome:
        """Return what became of a trial, or becomes of it if it does not go on."""
        seen = self._seen[trial_id]
        # Without a word of the worker's, a scheduler of Ray's stopped it.
        if seen.outcome is not None:
            return seen.outcome
        return seen.completed(self.best) if self.complete(trial_id) else seen.pruned

    def begins(self, trial: Trial) -> None:
        """A trial is about to be evaluated, or to go on."""
        seen = self._running[trial.trial_id] = self._seen[trial.trial_id]
        self._active.add(trial.trial_id)
        self._take_over(seen)
        seen.began = time.perf_counter()
        self._tell(lambda sink: sink.begun(trial.trial_id))

    def hears(self, trial_id: str, result: dict[str, Any]) -> bool:
        """A worker sent a result; return whether to stop the trial."""
        seen, (start, how) = self._seen[trial_id], result.pop(ORIGIN)
        seen.leg = Leg(start, max(start, result.pop(REACHED, result[STEP])), how=how)
        if OUTCOME in result:
            # Out of the way of Ray's own tables and files.
            seen.outcome, seen.seconds = result.pop(OUTCOME), result[SECONDS]
            return False
        step, value, refusal = result[STEP], result[VALUE], result.pop(REFUSAL)
        seen.returned = result.pop(RETURNED)
        seen.reports.append(Report(step, value))
        verdict = self._verdict(trial_id, step, value)
        if refusal is not None and verdict in (Verdict.STOP, Verdict.PAUSE):
            seen.outcome = seen.failed(Failure("ValueError", refusal, place="value"))
        elif verdict is Verdict.STOP:
            seen.outcome = seen.pruned
        elif verdict is Verdict.FINISH and not self.complete(trial_id):
            seen.outcome = seen.completed(self.best)
        elif verdict is Verdict.PAUSE:
            self.pauses(trial_id)
        return seen.outcome is not None

    def complete(self, trial_id: str) -> bool:
        """Return whether a trial has come to the most resource, where its worker ends it."""
        reports = self._seen[trial_id].reports
        return self._most is not None and bool(reports) and reports[-1].step >= self._most

    def ends_itself(self, trial_id: str) -> bool:
        """Return whether a trial has nothing more to compute, and its worker says the rest."""
        return self.complete(trial_id) and self._seen[trial_id].returned

    def pauses(self, trial_id: str) -> None:
        """A trial makes way for others."""
        seen = self._seen[trial_id]
        if self._running.pop(trial_id, None) is not None:
            self._active.discard(trial_id)
            seen.spent += time.perf_counter() - seen.began
            self._close_leg(seen)

    def reserves(self, trial_id: str) -> None:
        """A scheduler of Ray's will go on with a paused trial before there is a new one."""
        self._active.add(trial_id)

    def goes_on(self, trial_id: str, resource: int) -> None:
        """A paused trial is to be gone on with."""
        seen = self._seen[trial_id]
        self._active.add(trial_id)
        seen.trial.config = {**seen.trial.config, RESOURCE: resource}
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
        self._active.discard(key)
        running = self._running.pop(key, None) is not None
        begun = bool(seen.began) or seen.outcome is not None
        if not begun or (self.error is not None and seen.outcome is None):
            return
        self._close_leg(seen)
        outcome = seen.outcome = self.outcome(key)
        since = time.perf_counter() - seen.began if running else 0.0
        seconds = seen.spent + (since if seen.seconds is None else seen.seconds)
        self._tell(lambda sink: sink.finished(key, outcome, seconds))

    def fails(self, trial: Trial) -> None:
        """Ray lost a trial: its worker died, or never came up, or broke over a proposal."""
        error = error_of(trial)
        seen = self._seen[trial.trial_id]
        if self.error is None and is_at_fault(error):
            cause = getattr(error, "cause", None) or error
            self.interrupt(BackendError(f"Ray could not run trial {seen.number}: {cause}"))
        text = f"the worker process ended during the trial: {error}"
        seen.outcome = seen.failed(Failure("WorkerDied", text))
        if self.error is None:
            self.ends(trial)

    def settle(self) -> None:
        """End the trials that were paused when the run was over."""
        for seen in self._seen.values():
            if seen.began and seen.outcome is None:
                self.ends(seen.trial)

    def _verdict(self, trial_id: str, step: int, value: float) -> Verdict:
        verdict = self._tell(lambda sink: sink.reported(trial_id, step, value))
        if self.on_report is not None:
            with self.guarding():
                if self.on_report(trial_id, step, value) and verdict is Verdict.CONTINUE:
                    return Verdict.STOP
        return verdict or Verdict.CONTINUE

    def _take_over(self, seen: Seen) -> None:
        """Notice whether a trial goes on from the state of another one, with a new config."""
        found, key = seen.trial.latest_checkpoint_result, seen.trial.trial_id
        if found is None or found.metrics["trial_id"] == key:
            return
        source, step = found.metrics["trial_id"], found.metrics[STEP]
        seen.raw = dict(seen.trial.config)
        seen.reports = [one for one in self._seen[source].reports if one.step <= step]
        self._tell(lambda sink: sink.perturbed(key, source, step, seen.raw))

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
