"""The trial as its objective sees it: what it is, what it reports, and how it is stopped."""

from __future__ import annotations

import operator
import threading
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

from unitune.checkpoint import Checkpoint
from unitune.errors import UnituneWarning
from unitune.job import Job, OnReport
from unitune.reading import BadValueError
from unitune.trial import How, Report, Verdict


class Stop(Exception):  # noqa: N818 - a request, not an error
    """Raised by `trial.report` when the trial is to end or to pause here; let it pass.

    Example:
        >>> import unitune
        >>> def objective(config, trial):
        ...     try:
        ...         for epoch in range(9):
        ...             trial.report(config["x"] / (epoch + 1))
        ...     except unitune.Stop:
        ...         print("closing files")
        ...         raise
        >>> result = unitune.run(
        ...     {"x": unitune.Float(0, 1)}, objective, backend="builtin", method="random", seed=0,
        ...     resource=(1, 3), n_trials=1,
        ... )
        closing files
    """


class Handle:
    """What an objective with a second argument is given: its trial.

    Attributes:
        number: the trial's number.
        config: the trial's config, a copy.
        seed: the trial's own seed, in [0, 2**32).
        resource: how much the trial may consume before it is looked at again, in steps; None
            where there is no limit. An objective that reports nothing computes so far and returns.
        checkpoint: the trial's own directory, to go on from after a pause.
        Stop: the exception that `report` raises to stop the trial.

    Example:
        >>> def objective(config, trial):
        ...     for epoch in range(3):
        ...         trial.report(config["x"] ** 2 / (epoch + 1))
    """

    Stop: ClassVar[type[Stop]] = Stop

    def __init__(self, job: Job, on_report: OnReport, read: Callable[[Any], float]) -> None:
        self.number = job.number
        self.config = dict(job.config)
        self.seed = job.seed
        self.resource = job.resource
        self.checkpoint = Checkpoint(job.place)
        self.reports: list[Report] = list(job.reports)
        self.verdict = Verdict.CONTINUE
        self.first: int | None = None
        self.last: int | None = None
        self.returned = False
        self._before = job.reports
        self._on_report = on_report
        self._read = read
        self._lock = threading.Lock()

    def report(self, value: Any, step: int | None = None) -> None:
        """Report the objective's value so far.

        A report for a step that is not beyond the last one is left out, with a warning. Steps
        that the trial computes once more, after a pause or a failed attempt, are left out in
        silence: what it said of them first holds.

        Args:
            value: a number, or a mapping that holds the metric.
            step: how much was consumed so far (epochs, say); by default one more than before.

        Raises:
            Stop: the trial is to be stopped or paused, or is over already.
        """
        number = self._read(value)
        with self._lock:  # the objective may have threads
            if self.verdict is not Verdict.CONTINUE:
                raise Stop
            at = self._next if step is None else _as_step(step)
            if self.last is not None and at <= self.last:
                self._warn(at)
                return
            self._take(at, number)

    def origin(self) -> tuple[int, How]:
        """Return the step from which this leg computes, and how it came by the state there.

        Known once it has reported for the first time.
        """
        loaded, first = self.checkpoint.step, self.first
        if not self._before:
            return loaded or 0, "restored" if loaded else "first"
        if first is None or self.returned:
            start = 0 if loaded is None else self._before[-1].step
        else:
            # What the first leg had computed before its first report, this one had before its own.
            start = max(0, first - self._before[0].step)
        return start, "restored" if start else "replayed"

    @property
    def _next(self) -> int:
        if self.last is not None:
            return self.last + 1
        if self._before and self.checkpoint.step is None and self.checkpoint.files:
            raise BadValueError(
                "the objective has files in trial.checkpoint.path, and does not say from which "
                "step it goes on: set trial.checkpoint.step to the number of steps that they hold "
                "(0 to begin anew), or report with step="
            )
        return (self.checkpoint.step or 0) + 1

    def _take(self, at: int, number: float) -> None:
        self.first = at if self.first is None else self.first
        self.checkpoint.upcoming = at + (at - self.last if self.last else 1)
        self.last = at
        if self._before and at <= self._before[-1].step:
            return
        self.reports.append(Report(at, number))
        self.verdict = self._on_report(self.number, at, number)
        if self.verdict is not Verdict.CONTINUE:
            raise Stop

    def _warn(self, at: int) -> None:
        warnings.warn(
            f"Trial {self.number} reported for step {at} after step {self.last}; the report is "
            f"left out. Report once for each step, in their order.",
            UnituneWarning,
            stacklevel=3,
        )

    def go_on(self, job: Job, on_report: OnReport) -> None:
        """Begin the next leg of a trial whose generator has waited."""
        self.resource, self._on_report = job.resource, on_report
        self.verdict = Verdict.CONTINUE
        self.first = None


def _as_step(step: Any) -> int:
    try:
        at = operator.index(step)
    except TypeError:
        raise BadValueError(f"the objective reported for step {step!r}; give an int") from None
    if at < 0 or isinstance(step, bool):
        raise BadValueError(f"the objective reported for step {step!r}; steps count from 0")
    return at
