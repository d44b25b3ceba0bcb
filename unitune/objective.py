"""Evaluating one config: from whatever the user's objective is and does to one `Outcome`."""

from __future__ import annotations

import contextlib
import inspect
import logging
import operator
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from unitune.checkpoint import Checkpoint
from unitune.errors import Infeasible, UnituneWarning
from unitune.reading import BadValueError, Reader, read_failure, wants_trial
from unitune.space import Config
from unitune.space.record import plain
from unitune.trial import Failure, How, Outcome, Report, State, Verdict, up_to

# Called with (trial number, step, value) while a trial runs; answers what becomes of it.
OnReport = Callable[[int, int, float], Verdict]

# A paused generator is kept only while this share of the machine's memory is available.
SPARE = 0.1

logger = logging.getLogger("unitune")


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


@dataclass(frozen=True, slots=True)
class Job:
    """One evaluation to make, or one to go on with.

    Attributes:
        number: the trial's number.
        config: its config.
        seed: its own seed.
        resource: how far it goes now, where there is a limit.
        reports: what it reported before a pause, or in an attempt that failed.
        place: where its checkpoint is kept; None for a temporary place.
    """

    number: int
    config: Config
    _: KW_ONLY
    seed: int
    resource: int | None = None
    reports: tuple[Report, ...] = ()
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """One evaluation made, up to its end or to a pause.

    Attributes:
        job: what was to be done.
        outcome: what came of it; of a paused trial, what it comes to if it is not gone on with.
        seconds: how long it took.
        paused: whether the trial may be gone on with.
        kept: whether its generator waits where it ran.
        start: the step from which it computed.
        reached: the last step it computed.
        how: how it came by the state at `start`.
    """

    job: Job
    outcome: Outcome
    seconds: float
    _: KW_ONLY
    paused: bool = False
    kept: bool = False
    start: int = 0
    reached: int = 0
    how: How = "first"


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


class Evaluator:
    """Evaluates a user's objective; it can be sent to another process.

    Args:
        objective: takes a config, or a config and a trial handle; returns a number or a mapping,
            or is a generator that yields them.
        metric: which value of a mapping counts; may be left out if there is only one.
        best: 'min' or 'max' to let the best report count, not the last value.

    Attributes:
        wants_trial: whether the objective takes a trial handle.
        handle: that of the trial being evaluated; None between trials.

    Raises:
        OptionError: the objective cannot be called that way.
    """

    def __init__(
        self,
        objective: Callable[..., Any],
        metric: str | None = None,
        *,
        best: Literal["min", "max"] | None = None,
    ) -> None:
        self.objective = objective
        self.metric = metric
        self.best = best
        self._read = Reader(metric)
        self.wants_trial = wants_trial(objective)
        self.handle: Handle | None = None
        self._waiting: dict[int, tuple[Generator[Any, None, Any], Handle]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "handle": None, "_waiting": {}}

    def __call__(
        self, job: Job, on_report: OnReport, checkpoint: Checkpoint | None = None
    ) -> Finished:
        """Evaluate one config; nothing but KeyboardInterrupt gets out.

        Args:
            job: what to do.
            on_report: takes the reports.
            checkpoint: in place of the one at `job.place`.
        """
        generator, handle = self._waiting.pop(job.number, (None, None))
        if handle is None:
            handle = Handle(job, on_report, self._read)
            handle.checkpoint = checkpoint or handle.checkpoint
            before = None
        else:
            handle.go_on(job, on_report)
            before = handle.last
        self.handle = handle
        started = time.perf_counter()
        outcome = self._outcome(handle, generator)
        seconds = time.perf_counter() - started
        self.handle = None
        paused = handle.verdict is Verdict.PAUSE and outcome.state is State.PRUNED
        start, how = handle.origin() if before is None else (before, "waited")
        if handle.verdict is Verdict.CONTINUE:
            handle.verdict = Verdict.FINISH  # whoever reports now reports after the end
        return Finished(
            job,
            outcome,
            seconds,
            paused=paused,
            kept=job.number in self._waiting,
            start=start,
            reached=max(start, handle.last or 0),
            how=how,
        )

    def discard(self, number: int) -> None:
        """Close the generator of a paused trial that is not gone on with, if one waits here."""
        generator, _ = self._waiting.pop(number, (None, None))
        if generator is not None:
            # its trial is over, whatever its `finally` does
            _close(generator)

    def close(self) -> None:
        """Close every generator that waits here."""
        for number in list(self._waiting):
            self.discard(number)

    def _outcome(self, handle: Handle, generator: Generator[Any, None, Any] | None) -> Outcome:
        state, failure = State.COMPLETE, None
        returned: Any = None
        value: float | None = None
        stopped = True
        try:
            with contextlib.suppress(Stop):
                returned = self._call(handle, generator)
                if returned is not None and handle.last is None and handle.resource is not None:
                    handle.returned = True
                    handle.report(returned, step=handle.resource)
                stopped = False
            verdict = handle.verdict
            if stopped and verdict is Verdict.CONTINUE:
                verdict = Verdict.STOP  # by the objective itself
            if verdict in (Verdict.STOP, Verdict.PAUSE):
                self.refuse_to_guess(handle)
                state = State.PRUNED
            value = self._value(returned, handle, state)
        except Infeasible as refusal:
            state, failure = State.INFEASIBLE, Failure("Infeasible", str(refusal))
        except BadValueError as error:
            state, failure = State.FAILED, Failure("ValueError", str(error), place="value")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit, asyncio's: it is kept
            state, failure = State.FAILED, read_failure(error, __file__)
        metrics: dict[str, Any] = {}
        if isinstance(returned, Mapping) and failure is None:
            metrics = {key: plain(one) for key, one in returned.items()}
        reports = tuple(handle.reports)
        return Outcome(state, value, reports=reports, metrics=metrics, failure=failure)

    def refuse_to_guess(self, handle: Handle) -> None:
        """Raise BadValueError if a trial is looked at that could not know how far to go."""
        if handle.returned and not self.wants_trial:
            raise BadValueError(
                f"the scheduler looks at trials after {handle.resource} steps, and the objective "
                f"neither reports nor takes a trial that says how far to go; yield a value at "
                f"each step, or take a second argument, trial, and compute up to trial.resource"
            )

    def _value(self, returned: Any, handle: Handle, state: State) -> float | None:
        reports = tuple(handle.reports)
        if handle.last is not None:
            reports = up_to(reports, handle.last)
        reported = [report.value for report in reports]
        if state is State.PRUNED:
            return reported[-1] if reported else None
        if returned is not None or not reported:
            reported.append(self._read(returned))
        if self.best is None:
            return reported[-1]
        return min(reported) if self.best == "min" else max(reported)

    def _call(self, handle: Handle, generator: Generator[Any, None, Any] | None) -> Any:
        if generator is None:
            # A copy, so that an objective that changes its config changes nothing else.
            config = dict(handle.config)
            args = (config, handle) if self.wants_trial else (config,)
            returned = self.objective(*args)
            if not isinstance(returned, Generator):
                return returned
            generator = returned
        return self._exhaust(generator, handle)

    def _exhaust(self, generator: Generator[Any, None, Any], handle: Handle) -> Any:
        try:
            while True:
                handle.report(next(generator))
        except StopIteration as end:
            return end.value
        except Stop:
            # A generator that was stopped from within, by `trial.report`, has ended.
            suspended = inspect.getgeneratorstate(generator) == inspect.GEN_SUSPENDED
            if handle.verdict is Verdict.PAUSE and suspended and _memory_allows():
                self._waiting[handle.number] = (generator, handle)
            raise
        finally:
            if handle.number not in self._waiting:
                _close(generator)


def _close(generator: Generator[Any, None, Any]) -> None:
    """Close a generator; what its `finally` does changes nothing of what its trial came to."""
    try:
        generator.close()
    except Exception as error:  # noqa: BLE001 - it is the user's
        logger.info("Closing the objective's generator raised %r.", error)


def _as_step(step: Any) -> int:
    try:
        at = operator.index(step)
    except TypeError:
        raise BadValueError(f"the objective reported for step {step!r}; give an int") from None
    if at < 0 or isinstance(step, bool):
        raise BadValueError(f"the objective reported for step {step!r}; steps count from 0")
    return at


def _memory_allows() -> bool:
    """Return whether there is memory to spare for a paused generator, as far as can be told."""
    if sys.platform != "linux":
        return True
    import resource

    # A limit on this process is for the trial that runs, not for all that have paused.
    if resource.getrlimit(resource.RLIMIT_DATA)[0] != resource.RLIM_INFINITY:
        return False
    lines = Path("/proc/meminfo").read_text().splitlines()
    sizes = {name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines)}
    return sizes.get("MemAvailable", 1) >= SPARE * sizes.get("MemTotal", 1)
