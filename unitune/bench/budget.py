"""How much each run of a comparison may spend: the same for every contender."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from unitune.errors import OptionError
from unitune.settings import read_whole
from unitune.task import Task

# Beyond trials, resource or seconds as a budget, this many trials are never made; a grid is laid
# out for so many.
MOST_TRIALS = 10_000
# The share of a run's trials that its initial design may take, and the most trials it has.
SHARE, MOST_INITIAL = 4, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may spend: exactly one of these.

    Args:
        n_trials: so many whole trials. A contender that stops trials early may begin more of
            them, and has the resource that so many whole trials consume.
        max_resource: units of the task's resource.
        seconds: wall-clock time, after which no trial begins.

    Raises:
        OptionError: none or several are given, or one is not above 0.

    Example:
        >>> Budget(n_trials=50).words
        '50 trials'
    """

    n_trials: int | None = None
    max_resource: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        given = [v for v in (self.n_trials, self.max_resource, self.seconds) if v is not None]
        if len(given) != 1 or not _is_number(given[0]) or not given[0] > 0:
            raise OptionError(
                f"A budget is a number of trials, of units of resource, or of seconds, above 0; "
                f"given: {self}."
            )
        for name in ("n_trials", "max_resource"):
            if getattr(self, name) is not None:
                read_whole(name, getattr(self, name), least=1)

    @property
    def words(self) -> str:
        """The budget as it is said."""
        if self.n_trials is not None:
            return f"{self.n_trials} trial{'s' * (self.n_trials != 1)}"
        if self.max_resource is not None:
            return f"{self.max_resource} unit{'s' * (self.max_resource != 1)} of resource"
        return f"{self.seconds:g} second{'s' * (self.seconds != 1)}"

    def settings(self, task: Task, *, scheduled: bool) -> dict[str, Any]:
        """Return the arguments of `unitune.run` that keep a run to it.

        Args:
            task: what is searched.
            scheduled: whether trials may be stopped early.
        """
        if self.seconds is not None:
            return {"n_trials": MOST_TRIALS, "timeout": self.seconds}
        resource = self.max_resource
        if resource is None:
            if not scheduled or task.resource is None:
                return {"n_trials": self.n_trials}
            resource = (self.n_trials or 0) * task.resource[1]
        least, most = task.resource or (1, 1)
        return {
            "n_trials": min(MOST_TRIALS, max(1, resource // (least if scheduled else most))),
            "max_resource": resource,
        }

    def whole_trials(self, task: Task) -> int:
        """Return about how many trials it pays for if none is stopped early."""
        if self.n_trials is not None:
            return self.n_trials
        if self.max_resource is not None:
            return self.max_resource // (task.resource[1] if task.resource else 1)
        return int(min(MOST_TRIALS, (self.seconds or 0.0) / max(task.cost, 1e-3)))

    def initial(self, task: Task) -> int:
        """Return how many configs the shared initial design of a paired cell has."""
        return min(MOST_INITIAL, self.whole_trials(task) // SHARE)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return hasattr(value, "__index__") or (isinstance(value, float) and math.isfinite(value))
