"""Evaluating one config: from whatever the user's objective is and does to one `Outcome`."""

from __future__ import annotations

import contextlib
import inspect
import logging
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Literal

from unitune.checkpoint import Checkpoint
from unitune.errors import Infeasible
from unitune.handle import Handle, Stop
from unitune.job import Finished, Job, OnReport
from unitune.reading import BadValueError, Reader, read_failure, wants_trial
from unitune.space.record import plain
from unitune.trial import Failure, Outcome, State, Verdict, up_to

# A paused generator is kept only while this share of the machine's memory is available.
SPARE = 0.1

# Files on the way to the user's code, which say nothing of what goes wrong there.
OWN = (__file__, inspect.getfile(Handle))

logger = logging.getLogger("unitune")


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
            state, failure = State.FAILED, read_failure(error, *OWN)
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
