"""The median stopping rule: whoever is worse than half of the others is stopped."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import Any, Self

from unitune.backend import Scheduling, build
from unitune.schedulers.contract import Scheduler, Verdict
from unitune.schedulers.settings import bounds, graded, one_of, whole


@dataclass(slots=True)
class Curve:
    """What a trial reported.

    Attributes:
        step: its last step.
        best: its least loss so far, over all steps.
        steps: its steps from the grace period on.
        losses: its losses at these steps.
        means: the running averages of these losses.
    """

    step: int = -1
    best: float = float("inf")
    steps: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    means: list[float] = field(default_factory=list)

    def add(self, step: int, loss: float) -> None:
        """Add a report from the grace period on."""
        mean = self.means[-1] if self.means else 0.0
        self.steps.append(step)
        self.losses.append(loss)
        # In this form the average of equal losses is just that loss, without a rounding error.
        self.means.append(mean + (loss - mean) / len(self.steps))

    def mean_at(self, step: int) -> float | None:
        """Return the average of the losses up to a step; None where there are none."""
        place = bisect.bisect_right(self.steps, step)
        return self.means[place - 1] if place else None


class Board:
    """The sorted results of all trials at each step."""

    def __init__(self) -> None:
        self._columns: dict[int, list[float]] = {}
        self._steps: list[int] = []

    def __contains__(self, step: int) -> bool:
        return step in self._columns

    def open(self, step: int) -> None:
        """Begin to keep results for a step."""
        self._columns[step] = []
        bisect.insort(self._steps, step)

    def between(self, after: int, before: int) -> list[int]:
        """Return the steps kept that lie strictly between two."""
        first = bisect.bisect_right(self._steps, after)
        return self._steps[first : bisect.bisect_left(self._steps, before)]

    def enter(self, step: int, result: float) -> None:
        """Enter one trial's result at a step."""
        bisect.insort(self._columns[step], result)

    def median(self, step: int, at_least: int) -> float | None:
        """Return the median at a step; None where there are fewer results."""
        column = self._columns.get(step, [])
        if len(column) < max(1, at_least):
            return None
        low, high = column[(len(column) - 1) // 2], column[len(column) // 2]
        return low if low == high else (low + high) / 2


class Median(Scheduler):
    """The median stopping rule (Golovin et al. 2017, section 3.2.2).

    A trial is stopped at a step if its best loss so far is greater than the median of what the
    others came to. That is, with the rule

    * 'averages', the paper's and the default: the running averages, up to that step, of all other
      trials that got as far. A running average is not thrown off by one lucky report, and it is
      there from the first report on, where the other rule waits for trials to complete. Of these
      trials the paper counts those that completed only; here the stopped ones count as well, as
      in Ray Tune's MedianStoppingRule, lest the bar rise with every trial stopped.
    * 'values': the losses of completed trials at that very step, as in Optuna's MedianPruner.

    Args:
        resource: the least and the most a trial consumes; at the most it is finished.
        rule: 'averages' or 'values'.
        grace: no trial is stopped before this step, and averages begin with it; by default the
            least resource.
        startup: how many others must have an average at the step, or must have completed, before
            any trial is stopped.
        interval: decide only at the first report in every so many steps, from `grace` on.

    Example:
        >>> median = Median(startup=2)
        >>> for number, loss in enumerate([0.1, 0.2, 0.3]):
        ...     _ = median.begin(number)
        ...     print(median.report(number, 1, loss))
        Verdict.CONTINUE
        Verdict.CONTINUE
        Verdict.STOP
    """

    def __init__(
        self,
        *,
        resource: tuple[int, int] | None = None,
        rule: str = "averages",
        grace: Any = None,
        startup: Any = 5,
        interval: Any = 1,
    ) -> None:
        least, most = (0, None) if resource is None else resource
        self._most: int | None = most
        self._averages = one_of("rule", rule, ("averages", "values")) == "averages"
        self._grace = least if grace is None else whole("grace", grace, least=0)
        self._startup = whole("startup", startup, least=0)
        self._interval = whole("interval", interval, least=1)
        self._curves: dict[int, Curve] = {}
        self._board = Board()
        self._completed = 0

    @classmethod
    def open(cls, scheduling: Scheduling) -> Self:
        return build(cls, scheduling.options, resource=bounds(scheduling, needed=False))

    def begin(self, number: int) -> int | None:
        self._curves[number] = Curve()
        return self._most

    def report(self, number: int, step: int, loss: float) -> Verdict:
        curve = self._curves[number]
        loss = graded(loss)
        curve.best = min(curve.best, loss)
        due = self._due(curve.step, step)
        previous, curve.step = curve.step, step
        if step < self._grace:
            return self._onward(number, step)
        if self._averages and step not in self._board:
            self._look_back(number, step)
        bar = self._bar(step) if due else None
        curve.add(step, loss)
        if self._averages:
            self._enter_averages(curve, previous)
        if bar is not None and curve.best > bar and (self._most is None or step < self._most):
            return Verdict.STOP
        return self._onward(number, step)

    def end(self, number: int, loss: float | None) -> None:
        if loss is not None:
            self._complete(number)

    def _onward(self, number: int, step: int) -> Verdict:
        if self._most is None or step < self._most:
            return Verdict.CONTINUE
        self._complete(number)
        return Verdict.FINISH

    def _due(self, previous: int, step: int) -> bool:
        since = step - self._grace
        return since >= 0 and previous < self._grace + since // self._interval * self._interval

    def _bar(self, step: int) -> float | None:
        if self._averages:
            return self._board.median(step, self._startup)
        return self._board.median(step, 1) if self._completed >= self._startup else None

    def _look_back(self, number: int, step: int) -> None:
        # Nobody reported at this step before; the others have their averages up to it.
        self._board.open(step)
        for other, curve in self._curves.items():
            mean = curve.mean_at(step)
            if other != number and curve.step >= step and mean is not None:
                self._board.enter(step, mean)

    def _enter_averages(self, curve: Curve, previous: int) -> None:
        # At steps that it passed over since its last report, it has the average it had there.
        if len(curve.means) > 1:
            for step in self._board.between(previous, curve.step):
                self._board.enter(step, curve.means[-2])
        self._board.enter(curve.step, curve.means[-1])

    def _complete(self, number: int) -> None:
        self._completed += 1
        if self._averages:
            return
        curve = self._curves[number]
        for step, loss in zip(curve.steps, curve.losses, strict=True):
            if step not in self._board:
                self._board.open(step)
            self._board.enter(step, loss)
