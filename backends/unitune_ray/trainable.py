"""What runs on Ray's workers: one trial after the other in the same actor."""

from __future__ import annotations

import math
import pickle
import sys
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import ray
from ray import tune

from unitune.errors import OptionError
from unitune.job import Finished, Job
from unitune.objective import Evaluator
from unitune.translation import Translation
from unitune.trial import Failure, Outcome, Report, State, trial_seed
from unitune_ray.evaluation import Evaluation, clear, pack, unpack

VALUE, STEP, STATE, SECONDS, OUTCOME = "value", "step", "state", "evaluate_s", "outcome"
# Out of results before Ray keeps them: (step from which a leg computes, how it came by the state
# there), the last step it computed, whether it is what the objective has returned, and why the
# trial fails if it is stopped now.
ORIGIN, REACHED, RETURNED, REFUSAL = "origin", "reached", "returned", "refusal"
# Among the values of a config: how far its trial goes, where a scheduler of unitune's says so.
RESOURCE = "__resource__"
PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True, slots=True)
class Payload:
    """What every trial of a run has in common; it is shipped once.

    Attributes:
        evaluate: evaluates the objective.
        translation: lifts raw configs.
        seed: the run's.
        most: the step at which a trial is complete; None for no such step.
    """

    evaluate: Evaluator
    translation: Translation
    seed: int
    most: int | None = None


class RayTrial(tune.Trainable):
    """Tune's trainable: a class, because Ray waits twice for every trial of a function."""

    reference: ClassVar[Any] = None
    path: ClassVar[tuple[str, ...]] = ()

    def setup(self, config: dict[str, Any]) -> None:
        # Objectives of modules that only the first process knows how to find.
        sys.path.extend(place for place in self.path if place not in sys.path)
        self._payload: Payload = ray.get(self.reference)
        self._evaluation: Evaluation | None = None
        self._prepare(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.cleanup()
        self._prepare(new_config)
        return True

    def _prepare(self, config: dict[str, Any]) -> None:
        self._reports: tuple[Report, ...] = ()
        self._raw = config
        # New for each actor that has the trial: the one it was paused in may still be ending there,
        # and clears up what it leaves, when the next one has begun.
        self._place = Path(self.logdir) / f"checkpoint-{uuid.uuid4().hex}"

    def step(self) -> dict[str, Any]:
        if self._evaluation is None:
            self._evaluation = self._begin()
        said = self._evaluation.next()
        if isinstance(said, Report):
            return {
                VALUE: said.value,
                STEP: said.step,
                ORIGIN: self._evaluation.origin(),
                RETURNED: self._evaluation.returned,
                REFUSAL: self._evaluation.refusal(),
            }
        return _result(said)

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        # Ray's loop misses one of the two checkpoints by which synchronous PBT saves the last of a
        # generation, and has a later one written over it, which others may still have to load.
        # Hence numbers that do not come again.
        storage: Any = self._storage
        storage.current_checkpoint_index = time.time_ns()
        reports = self._reports if self._evaluation is None else self._evaluation.reports
        pack(self._place, reports, number_of(self.trial_name), checkpoint_dir)

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Go on from what this trial was paused with, or from what it takes over of another.

        Raises:
            OptionError: the other one has nothing to go on from.
        """
        source, self._reports, kept = unpack(checkpoint, self._place)
        number = number_of(self.trial_name)
        if source != number and not kept:
            raise OptionError(
                f"Trial {number} was to go on from trial {source}, which has saved nothing: call "
                f"trial.checkpoint.save(…) before each trial.report(…), and "
                f"trial.checkpoint.load() at the start."
            )

    def cleanup(self) -> None:
        if self._evaluation is not None:
            self._evaluation.stop()
            self._evaluation = None
        clear(self._place)

    def _begin(self) -> Evaluation:
        payload, number = self._payload, number_of(self.trial_name)
        raw = dict(self._raw)
        resource = raw.pop(RESOURCE, payload.most)
        job = Job(
            number,
            payload.translation.lift(raw),
            seed=trial_seed(payload.seed, number),
            resource=resource,
            reports=self._reports,
            place=str(self._place),
        )
        return Evaluation(payload.evaluate, job, payload.most)


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
        ORIGIN: (finished.start, finished.how),
        REACHED: finished.reached,
        # Schedulers of Ray's look for it in every result.
        STEP: outcome.reports[-1].step if outcome.reports else 0,
        "done": True,
    }
    metrics = {name: v for name, v in outcome.metrics.items() if type(v) in PLAIN}
    if metrics:
        result["metrics"] = metrics
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
