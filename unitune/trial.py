"""A trial: one config on its way through one evaluation, and its record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum, StrEnum
from typing import Any, Literal


class State(StrEnum):
    """How a trial ended; equal to its name as a string.

    Example:
        >>> State("pruned") is State.PRUNED, State.COMPLETE == "complete"
        (True, True)
    """

    COMPLETE = "complete"
    PRUNED = "pruned"  # stopped early; its value is the last one it reported
    FAILED = "failed"  # an exception, or a value that is no finite number
    INFEASIBLE = "infeasible"  # refused by the objective, or by a constraint of the space


class Verdict(Enum):
    """What becomes of a running trial after a report."""

    CONTINUE = "continue"
    STOP = "stop"  # it is pruned
    PAUSE = "pause"  # it waits until the scheduler releases it
    FINISH = "finish"  # it has used the most resource a trial may: it is complete


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a trial has no value: the exception's type and message, and where it came from."""

    kind: str
    message: str
    _: KW_ONLY
    traceback: str = ""
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


@dataclass(frozen=True, slots=True)
class Report:
    """The value a trial had at one step."""

    step: int
    value: float


def up_to(reports: tuple[Report, ...], step: int) -> tuple[Report, ...]:
    """Return what a trial reported up to a step.

    A further attempt may come to its end earlier than the one before it reported.
    """
    if not reports or reports[-1].step <= step:
        return reports
    return tuple(report for report in reports if report.step <= step)


# How a leg came by the state that the one before it left: the generator had waited, the objective
# loaded its checkpoint, or everything was computed again.
How = Literal["first", "waited", "restored", "replayed"]


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of a trial, from its start or the end of a pause to the next pause or the end.

    Attributes:
        start: the step from which it computed; what it consumed is `reached - start`.
        reached: the last step it computed.
        how: how it came by the state at `start`.
        bracket: the bracket it ran in, where the scheduler has brackets.
        rung: the rung it ran for.
    """

    start: int
    reached: int
    _: KW_ONLY
    how: How = "first"
    bracket: int | None = None
    rung: int | None = None

    @property
    def consumed(self) -> int:
        """How much resource it consumed."""
        return self.reached - self.start


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A change of a running trial's config, with the state of another trial to go on from.

    Attributes:
        step: the step at which that state was saved; the trial goes on from there.
        source: the number of the trial whose state it is.
        before: the config until then.
        after: the config from then on.
    """

    step: int
    source: int
    _: KW_ONLY
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an evaluation came to, in the sign the user sees.

    `value` is a finite float for COMPLETE, the last reported one (or None) for PRUNED, and None
    otherwise.
    """

    state: State
    value: float | None = None
    _: KW_ONLY
    reports: tuple[Report, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """The record of one finished trial.

    Attributes:
        number: counted from 0 in the order in which trials were proposed.
        config: the values the objective was given, the user's own objects among them; where they
            changed on the way, those with which it ended.
        state: how it ended.
        value: the objective's value; see `Outcome`.
        seed: the trial's own seed, fixed by the run's seed and the number.
        reports: the values it reported on the way.
        metrics: the whole mapping, where the objective returned one.
        failure: why there is no value.
        attempts: why earlier attempts at this trial failed, where it was tried again.
        initial: whether the config was given by the user, not proposed by the backend.
        start: seconds from the start of the run to the start of the evaluation.
        suggest: seconds the backend took to propose the config.
        evaluate: seconds the objective took, all attempts together.
        observe: seconds the backend took to learn the outcome.
        legs: what it consumed, stretch by stretch, those of failed attempts among them.
        perturbations: how its config changed while it ran, by a population-based scheduler. Its
            reports are then those of the state it ended with, from whichever trial they are.

    Example:
        >>> import unitune
        >>> result = unitune.run(
        ...     {"x": unitune.Float(0, 1)}, lambda config: config["x"], backend="builtin",
        ...     method="random", n_trials=3, seed=0,
        ... )
        >>> trial = result.trials[2]
        >>> trial.number, trial.state.value, trial.value == trial.config["x"]
        (2, 'complete', True)
    """

    number: int
    config: Mapping[str, Any]
    _: KW_ONLY
    state: State
    value: float | None
    seed: int
    reports: tuple[Report, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)
    failure: Failure | None = None
    attempts: tuple[Failure, ...] = ()
    initial: bool = False
    start: float = 0.0
    suggest: float = 0.0
    evaluate: float = 0.0
    observe: float = 0.0
    legs: tuple[Leg, ...] = ()
    perturbations: tuple[Perturbation, ...] = ()

    @property
    def resource(self) -> int:
        """How much resource it consumed in all, in the units of its steps."""
        return sum(leg.consumed for leg in self.legs)

    def row(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the record as one row of a table, with a column for each parameter named."""
        return {
            "number": self.number,
            "state": self.state.value,
            "value": self.value,
            **{f"config.{name}": self.config.get(name) for name in names},
            "seed": self.seed,
            "initial": self.initial,
            "resource": self.resource,
            "attempts": len(self.attempts) + 1,
            "start": self.start,
            "suggest": self.suggest,
            "evaluate": self.evaluate,
            "observe": self.observe,
            "failure": None if self.failure is None else str(self.failure),
        }

    @property
    def outcome(self) -> Outcome:
        """What the backend was told of it."""
        return Outcome(
            self.state,
            self.value,
            reports=self.reports,
            metrics=self.metrics,
            failure=self.failure,
        )


def trial_seed(seed: int, number: int) -> int:
    """Return a trial's own seed, in [0, 2**32): the same for every backend and every attempt.

    Example:
        >>> trial_seed(0, 1) == trial_seed(0, 1) != trial_seed(0, 2)
        True
    """
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
