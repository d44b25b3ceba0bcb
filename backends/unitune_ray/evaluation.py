"""An objective under way in an actor, and what it keeps of a trial from pause to pause."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from unitune.job import Finished, Job
from unitune.objective import Evaluator
from unitune.reading import BadValueError
from unitune.trial import Failure, How, Outcome, Report, State, Verdict

_STATE, _PAST = "state", "past.json"


class Evaluation:
    """An objective under way in a thread, which waits in each report for the word to go on.

    Args:
        evaluate: evaluates one job.
        job: what to do.
        most: the step at which the trial is complete; None for no such step.

    Attributes:
        reports: what the trial has reported, before a pause and since.
    """

    def __init__(self, evaluate: Evaluator, job: Job, most: int | None = None) -> None:
        self._evaluate = evaluate
        self._job = job
        self._most = most
        self.reports = list(job.reports)
        self._said: SimpleQueue[Report | Finished] = SimpleQueue()
        self._answers: SimpleQueue[Verdict] = SimpleQueue()
        self._waiting = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def next(self) -> Report | Finished:
        """Let the objective go on to its next report or its end."""
        if self._waiting:
            over = self._most is not None and self.reports[-1].step >= self._most
            self._answers.put(Verdict.FINISH if over else Verdict.CONTINUE)
        said = self._said.get()
        self._waiting = isinstance(said, Report)
        if isinstance(said, Report):
            self.reports.append(said)
        return said

    def origin(self) -> tuple[int, How]:
        """Return the step from which it computes, and how it came by the state there."""
        handle = self._evaluate.handle
        return (0, "first") if handle is None else handle.origin()

    @property
    def returned(self) -> bool:
        """Whether what was said last is what the objective has returned."""
        handle = self._evaluate.handle
        return handle is not None and handle.returned

    def refusal(self) -> str | None:
        """Return why the trial fails if it is stopped or paused now; None where it does not."""
        handle = self._evaluate.handle
        try:
            if handle is not None:
                self._evaluate.refuse_to_guess(handle)
        except BadValueError as error:
            return str(error)
        return None

    def stop(self) -> None:
        """End the objective at the report it waits in, or at its next one."""
        self._stopped = True
        self._answers.put(Verdict.STOP)
        self._thread.join()

    def _report(self, number: int, step: int, value: float) -> Verdict:
        if self._stopped:
            return Verdict.STOP
        self._said.put(Report(step, value))
        return self._answers.get()

    def _run(self) -> None:
        try:
            finished = self._evaluate(self._job, self._report)
        except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt, raised by an objective
            failure = Failure(type(error).__name__, str(error))
            finished = Finished(self._job, Outcome(State.FAILED, failure=failure), 0.0)
        self._said.put(finished)


def pack(place: Path, reports: Sequence[Report], number: int, into: str) -> None:
    """Write what a trial goes on from: what the objective saved, and what was reported so far."""
    past = {"number": number, "reports": [(one.step, one.value) for one in reports]}
    (Path(into) / _PAST).write_text(json.dumps(past))
    if place.is_dir():
        shutil.copytree(place, Path(into) / _STATE)


def unpack(source: str, place: Path) -> tuple[int, tuple[Report, ...], bool]:
    """Bring back what was packed.

    Returns:
        the number of the trial whose it was, its reports, and whether the objective had saved
        anything.
    """
    past: dict[str, Any] = json.loads((Path(source) / _PAST).read_text())
    kept = (Path(source) / _STATE).is_dir()
    clear(place)
    if kept:
        shutil.copytree(Path(source) / _STATE, place)
    return past["number"], tuple(Report(*one) for one in past["reports"]), kept


def clear(place: Path) -> None:
    """Remove what a trial has saved."""
    shutil.rmtree(place, ignore_errors=True)
