"""Learning curves that are known beforehand, with what each step would have cost.

An objective that has one more method,

    curve(config, seed) -> list[Step]

can be run in virtual time: a simulator asks for the whole curve of a config and moves its own
clock by the seconds of each step, so that thousands of parallel runs are over in seconds. The
steps are those that the objective itself reports, in their order, with the same values, in the
sign of the task; the last value is the one that the objective returns. `seed` is the trial's own
seed: objectives of tasks that are not noisy pay no heed to it. A config that fails raises what
the objective raises; an exception that is a `RecordedFailure` holds the steps that were taken
before it in its attribute `steps`.

`Curve` makes an objective of such a method.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from unitune_benchmarks.seeding import Seeded


class Step(NamedTuple):
    """One step of a learning curve.

    Attributes:
        step: how much of the resource is used up after it.
        value: what the objective reports there.
        seconds: how long this step took, the earlier ones apart.
    """

    step: int
    value: float
    seconds: float


class RecordedFailure(Exception):  # noqa: N818 - the table is sound, its trial failed
    """A trial failed when it was recorded, and so it does when it is replayed.

    Attributes:
        steps: those it had reported before.
    """

    def __init__(self, message: str, steps: Sequence[Step] = ()) -> None:
        super().__init__(message)
        self.steps = list(steps)


@runtime_checkable
class Replayable(Protocol):
    """An objective that can be run in virtual time."""

    def curve(self, config: Mapping[str, Any], seed: int = 0) -> list[Step]:
        """Return the whole learning curve of a config."""


class Curve(ABC):
    """An objective that reports a known curve step by step, at once."""

    __slots__ = ()

    @abstractmethod
    def curve(self, config: Mapping[str, Any], seed: int = 0) -> list[Step]:
        """Return the whole learning curve of a config."""

    def __call__(self, config: Mapping[str, Any], trial: Seeded) -> Generator[float, None, float]:
        """Yield the value after each step."""
        try:
            steps = self.curve(config, trial.seed)
        except RecordedFailure as failure:
            for step in failure.steps:
                yield step.value
            raise
        for step in steps:
            yield step.value
        return steps[-1].value
