"""Patience: a trial that no longer gets better is stopped, whatever the others do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

from unitune.backend import Scheduling, build
from unitune.schedulers.contract import Scheduler, Verdict
from unitune.schedulers.settings import bounds, graded, real, whole


@dataclass(slots=True)
class Wait:
    """A trial's best loss, and how many reports there were since."""

    best: float = math.inf
    reports: int = 0


class Patience(Scheduler):
    """Stops a trial after so many reports in a row without an improvement.

    A report is an improvement if its loss is more than `min_delta` below the best one, as in the
    EarlyStopping of Keras.

    Args:
        resource: the least and the most a trial consumes; at the most it is finished.
        patience: after how many reports without an improvement a trial is stopped.
        min_delta: by how much a loss must be better.
        grace: reports at steps before this one are left out of account; by default the least
            resource.

    Example:
        >>> patience = Patience(patience=2)
        >>> _ = patience.begin(0)
        >>> [patience.report(0, step, loss).value for step, loss in enumerate([3, 1, 2, 1])]
        ['continue', 'continue', 'continue', 'stop']
    """

    def __init__(
        self,
        *,
        resource: tuple[int, int] | None = None,
        patience: Any = 5,
        min_delta: Any = 0.0,
        grace: Any = None,
    ) -> None:
        least, most = (0, None) if resource is None else resource
        self._most: int | None = most
        self._patience = whole("patience", patience, least=1)
        self._min_delta = real("min_delta", min_delta, least=0.0)
        self._grace = least if grace is None else whole("grace", grace, least=0)
        self._waits: dict[int, Wait] = {}

    @classmethod
    def open(cls, scheduling: Scheduling) -> Self:
        return build(cls, scheduling.options, resource=bounds(scheduling, needed=False))

    def begin(self, number: int) -> int | None:
        self._waits[number] = Wait()
        return self._most

    def report(self, number: int, step: int, loss: float) -> Verdict:
        if self._most is not None and step >= self._most:
            return Verdict.FINISH
        wait = self._waits[number]
        if step < self._grace:
            return Verdict.CONTINUE
        if graded(loss) + self._min_delta < wait.best:
            wait.best, wait.reports = loss, 0
            return Verdict.CONTINUE
        wait.reports += 1
        return Verdict.STOP if wait.reports >= self._patience else Verdict.CONTINUE
