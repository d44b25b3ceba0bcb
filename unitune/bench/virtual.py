"""Virtual time: trials whose learning curves are known, run side by side on a clock of their own.

An objective that can say what each step of a config comes to and how long it took,

    curve(config, seed) -> [(step, value, seconds), …]

need not be evaluated: the executor here goes from one report to the next in the order in which
they would have come from so many workers. All else is real, the driver, the study, the scheduler
and the journal, so that thousands of parallel runs are over in seconds. Proposing and deciding
take no time on the virtual clock.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from unitune.errors import OptionError
from unitune.job import Finished, Job, OnReport
from unitune.objective import Evaluator
from unitune.trial import Failure, Outcome, Report, State, Verdict

# (step, value, seconds that this step took)
Step = tuple[int, float, float]
CurveOf = Callable[[Mapping[str, Any], int], Sequence[Step]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of a trial on one virtual worker.

    Attributes:
        number: the trial's number.
        worker: the worker's, from 0.
        begin: when it began, in virtual seconds since the run did.
        end: when it ended or paused.
    """

    number: int
    worker: int
    _: KW_ONLY
    begin: float
    end: float


@dataclass(slots=True)
class _Running:
    """A job on a virtual worker."""

    job: Job
    steps: deque[Step]
    failure: Failure | None
    _: KW_ONLY
    worker: int
    begin: float
    start: int
    reports: list[Report] = field(default_factory=list)


class VirtualExecutor:
    """Evaluates jobs whose learning curves are known, on a virtual clock.

    What happens at one moment happens in the order in which it was begun.

    Args:
        evaluate: holds the objective, which has a method `curve`.
        on_report: takes the reports, in the order of virtual time.
        workers: how many trials run side by side.
        timeline: takes a `Stretch` for each one that has ended.

    Raises:
        OptionError: the objective has no learning curves to give.
    """

    virtual = True  # there is nothing to be gained by asking ahead

    def __init__(
        self,
        evaluate: Evaluator,
        on_report: OnReport,
        *,
        workers: int,
        timeline: list[Stretch] | None = None,
    ) -> None:
        curve = getattr(evaluate.objective, "curve", None)
        if curve is None:
            raise OptionError(
                "executor='virtual' replays learning curves that are known, and this objective "
                "has no method curve(config, seed). Make a table of a run, or evaluate with "
                "another executor."
            )
        self._curve: CurveOf = curve
        self._best = evaluate.best
        self._on_report = on_report
        self._timeline = timeline if timeline is not None else []
        self._idle = list(range(workers))
        self._waiting: deque[Job] = deque()
        self._agenda: list[tuple[float, int, _Running]] = []  # a heap
        self._count = 0
        self.now = 0.0

    @property
    def busy(self) -> bool:
        return bool(self._agenda or self._waiting)

    def submit(self, job: Job) -> None:
        self._waiting.append(job)
        self._hand_out()

    def next(self) -> Finished:
        if not self.busy:
            raise LookupError("No job was submitted that has not been returned yet.")
        while True:
            self.now, _, running = heapq.heappop(self._agenda)
            finished = self._advance(running)
            if finished is not None:
                heapq.heappush(self._idle, running.worker)
                self._timeline.append(
                    Stretch(running.job.number, running.worker, begin=running.begin, end=self.now)
                )
                self._hand_out()
                return finished

    def discard(self, number: int) -> None:
        """Nothing is held for a trial that pauses."""

    def close(self) -> None:
        self._waiting.clear()
        self._agenda.clear()

    def _hand_out(self) -> None:
        while self._waiting and self._idle:
            job = self._waiting.popleft()
            steps, failure = self._known(job)
            start = job.reports[-1].step if job.reports else 0
            running = _Running(
                job,
                deque(step for step in steps if step[0] > start),
                failure,
                worker=heapq.heappop(self._idle),
                begin=self.now,
                start=start,
                reports=list(job.reports),
            )
            self._plan(running)

    def _known(self, job: Job) -> tuple[Sequence[Step], Failure | None]:
        try:
            return self._curve(dict(job.config), job.seed), None
        except Exception as error:  # noqa: BLE001 - what the objective itself would raise
            failure = Failure(type(error).__name__, str(error))
            return getattr(error, "steps", ()), failure

    def _plan(self, running: _Running) -> None:
        seconds = running.steps[0][2] if running.steps else 0.0
        self._count += 1
        heapq.heappush(self._agenda, (self.now + seconds, self._count, running))

    def _advance(self, running: _Running) -> Finished | None:
        """Take the step that is due; return what came of the job if that was its last."""
        if not running.steps:
            return self._finished(running, State.FAILED if running.failure else State.COMPLETE)
        step, value, _ = running.steps.popleft()
        running.reports.append(Report(step, float(value)))
        verdict = self._on_report(running.job.number, step, float(value))
        if verdict in (Verdict.STOP, Verdict.PAUSE):
            return self._finished(running, State.PRUNED, paused=verdict is Verdict.PAUSE)
        if verdict is Verdict.FINISH or not (running.steps or running.failure):
            return self._finished(running, State.COMPLETE)
        self._plan(running)
        return None

    def _finished(self, running: _Running, state: State, *, paused: bool = False) -> Finished:
        reports = tuple(running.reports)
        failed = state is State.FAILED
        outcome = Outcome(
            state,
            None if failed else self._value(reports, state),
            reports=reports,
            failure=running.failure if failed else None,
        )
        return Finished(
            running.job,
            outcome,
            self.now - running.begin,
            paused=paused,
            start=running.start,
            reached=reports[-1].step if reports else running.start,
            how="waited" if running.start else "first",
        )

    def _value(self, reports: Sequence[Report], state: State) -> float | None:
        values = [report.value for report in reports]
        if not values:
            return None
        if state is State.PRUNED or self._best is None:
            return values[-1]
        return min(values) if self._best == "min" else max(values)
