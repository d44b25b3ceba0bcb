"""Evaluating one config: from whatever the user's objective is and does to one `Outcome`."""

from __future__ import annotations

import inspect
import math
import operator
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from unitune.errors import Infeasible, OptionError
from unitune.space import Config
from unitune.trial import Failure, Outcome, Report, State

# Called with (trial number, step, value) while a trial runs; answers whether to stop it.
OnReport = Callable[[int, int, float], bool]


class Stop(Exception):  # noqa: N818 - a request, not an error
    """Raised by `trial.report` when the trial is to be stopped early; let it pass."""


class _BadValueError(Exception):
    """The objective returned or reported something that is no finite number."""


@dataclass(frozen=True, slots=True)
class Job:
    """One evaluation to make."""

    number: int
    config: Config
    _: KW_ONLY
    seed: int


@dataclass(frozen=True, slots=True)
class Finished:
    """One evaluation made: its outcome and how many seconds it took."""

    job: Job
    outcome: Outcome
    seconds: float


class Handle:
    """What an objective with a second argument is given: its trial.

    Attributes:
        number: the trial's number.
        config: the trial's config, a copy.
        seed: the trial's own seed, in [0, 2**32).
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
        self.reports: list[Report] = []
        self._on_report = on_report
        self._read = read

    def report(self, value: Any, step: int | None = None) -> None:
        """Report the objective's value so far.

        Args:
            value: a number, or a mapping that holds the metric.
            step: how much was consumed so far (epochs, say); by default one more than before.

        Raises:
            Stop: the trial is to be stopped early.
        """
        number = self._read(value)
        last = self.reports[-1].step if self.reports else 0
        at = last + 1 if step is None else operator.index(step)
        if at < 0:
            raise _BadValueError(f"the objective reported for step {at}; steps count from 0")
        self.reports.append(Report(at, number))
        if self._on_report(self.number, at, number):
            raise Stop


class Evaluator:
    """Evaluates a user's objective; it can be sent to another process.

    Args:
        objective: takes a config, or a config and a trial handle; returns a number or a mapping,
            or is a generator that yields them.
        metric: which value of a mapping counts; may be left out if there is only one.

    Raises:
        OptionError: the objective cannot be called that way.
    """

    def __init__(self, objective: Callable[..., Any], metric: str | None = None) -> None:
        self.objective = objective
        self.metric = metric
        self._wants_trial = _wants_trial(objective)

    def __call__(self, job: Job, on_report: OnReport) -> Finished:
        """Evaluate one config; nothing but KeyboardInterrupt gets out."""
        handle = Handle(job, on_report, self._number)
        started = time.perf_counter()
        outcome = self._outcome(job, handle)
        return Finished(job, outcome, time.perf_counter() - started)

    def _outcome(self, job: Job, handle: Handle) -> Outcome:
        state, failure = State.COMPLETE, None
        value: float | None = None
        metrics: Mapping[str, Any] = {}
        try:
            # A copy, so that an objective that changes its config changes nothing else.
            returned = self._call(dict(job.config), handle)
            if returned is None and handle.reports:
                value = handle.reports[-1].value
            else:
                value = self._number(returned)
                metrics = dict(returned) if isinstance(returned, Mapping) else {}
        except Stop:
            state = State.PRUNED
            value = handle.reports[-1].value if handle.reports else None
        except Infeasible as verdict:
            state, failure = State.INFEASIBLE, Failure("Infeasible", str(verdict))
        except _BadValueError as error:
            state, failure = State.FAILED, Failure("ValueError", str(error), place="value")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is kept
            state, failure = State.FAILED, _failure(error)
        reports = tuple(handle.reports)
        return Outcome(state, value, reports=reports, metrics=metrics, failure=failure)

    def _call(self, config: Config, handle: Handle) -> Any:
        args = (config, handle) if self._wants_trial else (config,)
        returned: Any = self.objective(*args)
        if not isinstance(returned, Generator):
            return returned
        generator: Generator[Any, None, Any] = returned
        return _exhaust(generator, handle)

    def _number(self, value: Any) -> float:
        if isinstance(value, Mapping):
            value = self._pick(value)
        number = _as_float(value)
        if not math.isfinite(number):
            raise _BadValueError(f"the objective gave {number}; it must give a finite number")
        return number

    def _pick(self, values: Mapping[str, Any]) -> Any:
        if self.metric is None and len(values) == 1:
            return next(iter(values.values()))
        if self.metric is not None and self.metric in values:
            return values[self.metric]
        wanted = "metric=" if self.metric is None else f"{self.metric!r}"
        raise _BadValueError(
            f"the objective gave a mapping with {', '.join(map(repr, values)) or 'nothing'}; "
            f"say with metric= which one counts (now: {wanted})"
        )


def _exhaust(generator: Generator[Any, None, Any], handle: Handle) -> Any:
    try:
        while True:
            handle.report(next(generator))
    except StopIteration as end:
        return end.value
    finally:
        generator.close()


def _as_float(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    shape = getattr(value, "shape", None)
    if hasattr(value, "__float__") and shape in (None, ()) and not isinstance(value, str):
        return float(value)
    given = "None" if value is None else f"{value!r:.80} ({type(value).__name__})"
    raise _BadValueError(f"the objective gave {given}; it must give a number")


def _failure(error: BaseException) -> Failure:
    start = error.__traceback__
    # The user's part of it: what unitune calls on the way there says nothing.
    while start is not None and start.tb_next and start.tb_frame.f_code.co_filename == __file__:
        start = start.tb_next
    frames = traceback.extract_tb(start)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    text = "".join(traceback.format_exception(type(error), error, start))
    return Failure(type(error).__name__, str(error), traceback=text, place=place)


def _wants_trial(objective: Callable[..., Any]) -> bool:
    if not callable(objective):
        raise OptionError(f"The objective is {objective!r}; give a function of a config.")
    if inspect.iscoroutinefunction(objective) or inspect.isasyncgenfunction(objective):
        raise OptionError("The objective is asynchronous; give a plain function or generator.")
    try:
        parameters = inspect.signature(objective).parameters.values()
    except ValueError:  # some builtins have no signature
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in positional if p.default is p.empty]
    keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    variable = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    if keywords or len(needed) > 2 or not (positional or variable):
        raise OptionError(
            f"The objective takes {inspect.signature(objective)}; it must take a config, or a "
            f"config and a trial."
        )
    return len(needed) == 2 or any(p.name == "trial" for p in positional[1:])
