"""What runs on Ray's workers: one trial after the other in the same actor."""

from __future__ import annotations

import math
import pickle
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ClassVar

import ray
from ray import tune

from unitune.errors import OptionError
from unitune.objective import Finished, Job
from unitune.translation import Translation
from unitune.trial import Failure, Outcome, Report, State, Verdict, trial_seed

VALUE, STEP, STATE, SECONDS, OUTCOME = "value", "step", "state", "evaluate_s", "outcome"
PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True, slots=True)
class Payload:
    """What every trial of a run has in common; it is shipped once."""

    evaluate: Callable[..., Any]
    translation: Translation
    seed: int


class Evaluation:
    """An objective under way in a thread, which waits in each report for the word to go on."""

    def __init__(self, evaluate: Callable[..., Any], job: Job) -> None:
        self._evaluate = evaluate
        self._job = job
        self._said: SimpleQueue[Report | Finished] = SimpleQueue()
        self._answers: SimpleQueue[Verdict] = SimpleQueue()
        self._waiting = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def next(self) -> Report | Finished:
        """Let the objective go on to its next report or its end."""
        if self._waiting:
            self._answers.put(Verdict.CONTINUE)
        said = self._said.get()
        self._waiting = isinstance(said, Report)
        return said

    def stop(self) -> None:
        """End the objective at the report it waits in, or at its next one."""
        self._stopped = True
        self._answers.put(Verdict.STOP)
        self._thread.join()

    def _report(self, number: int, step: int, value: float) -> Verdict:
        if self._stopped:
            return Verdict.STOP
        self._said.put(Report(step, value))
        return self._answers.get()

    def _run(self) -> None:
        try:
            finished = self._evaluate(self._job, self._report)
        except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt, raised by an objective
            failure = Failure(type(error).__name__, str(error))
            finished = Finished(self._job, Outcome(State.FAILED, failure=failure), 0.0)
        self._said.put(finished)


class RayTrial(tune.Trainable):
    """Tune's trainable: a class, because Ray waits twice for every trial of a function."""

    reference: ClassVar[Any] = None
    path: ClassVar[tuple[str, ...]] = ()

    def setup(self, config: dict[str, Any]) -> None:
        # Objectives of modules that only the first process knows how to find.
        sys.path.extend(place for place in self.path if place not in sys.path)
        self._payload: Payload = ray.get(self.reference)
        self._evaluation: Evaluation | None = None
        self._raw = config

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.cleanup()
        self._raw = new_config
        return True

    def step(self) -> dict[str, Any]:
        if self._evaluation is None:
            self._evaluation = self._begin()
        said = self._evaluation.next()
        if isinstance(said, Report):
            return {VALUE: said.value, STEP: said.step}
        return _result(said)

    def cleanup(self) -> None:
        if self._evaluation is not None:
            self._evaluation.stop()
            self._evaluation = None

    def _begin(self) -> Evaluation:
        payload, number = self._payload, number_of(self.trial_name)
        config = payload.translation.lift(self._raw)
        job = Job(number, config, seed=trial_seed(payload.seed, number))
        return Evaluation(payload.evaluate, job)


def trainable(payload: Payload) -> type[RayTrial]:
    """Return the trainable of one run; the class carries a reference, not the payload.

    `tune.with_parameters` does the same, and keeps every payload for the life of the process.
    """
    path = tuple(str(Path(place).absolute()) for place in sys.path)
    try:
        reference = ray.put(payload)
    except (TypeError, pickle.PicklingError) as error:
        raise OptionError(
            f"The objective cannot be sent to Ray's workers: {str(error).splitlines()[0]}. Keep "
            f"locks, open files and connections out of it, or make them inside it."
        ) from error
    members = {"reference": reference, "path": path, "__module__": __name__}
    return type("unitune", (RayTrial,), members)


def name_of(number: int) -> str:
    """Return what Ray calls a trial; the workers read its number from it."""
    return f"trial-{number:05d}"


def number_of(name: str) -> int:
    """Return the number in a trial's name."""
    return int(name.rpartition("-")[2])


def _result(finished: Finished) -> dict[str, Any]:
    outcome = _sendable(finished.outcome)
    result: dict[str, Any] = {
        # Ray wants the metric in every result; its own rankings leave NaN out.
        VALUE: math.nan if outcome.value is None else outcome.value,
        STATE: outcome.state.value,
        SECONDS: finished.seconds,
        OUTCOME: outcome,
        "done": True,
    }
    metrics = {name: v for name, v in outcome.metrics.items() if type(v) in PLAIN}
    if metrics:
        result["metrics"] = metrics
    if outcome.reports:
        result[STEP] = outcome.reports[-1].step
    if outcome.failure is not None:
        result["failure"] = str(outcome.failure)
    return result


def _sendable(outcome: Outcome) -> Outcome:
    try:
        pickle.dumps(dict(outcome.metrics))
    except Exception as error:  # noqa: BLE001 - objects of the user's fail in any way
        failure = Failure(type(error).__name__, f"the returned mapping cannot be sent: {error}")
        return replace(outcome, state=State.FAILED, value=None, metrics={}, failure=failure)
    return outcome
