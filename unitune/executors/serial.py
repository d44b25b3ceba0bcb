"""The executor contract, and the executor that evaluates in this very process."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from unitune.job import Finished, Job, OnReport
from unitune.objective import Evaluator


class Executor(Protocol):
    """Evaluates jobs; reports of running ones go to the `on_report` it was made with.

    A job of a trial that has paused goes on where its generator waits, if it does.
    """

    @property
    def busy(self) -> bool:
        """Whether a job was submitted that `next` has not returned yet."""

    def submit(self, job: Job) -> None:
        """Take a job."""

    def next(self) -> Finished:
        """Wait for a job to finish or to pause, and return it."""

    def discard(self, number: int) -> None:
        """Let go of a paused trial that is not gone on with."""

    def close(self) -> None:
        """Give back what the executor holds."""


class SerialExecutor:
    """Evaluates one job at a time, when its result is asked for."""

    def __init__(self, evaluate: Evaluator, on_report: OnReport) -> None:
        self._evaluate = evaluate
        self._on_report = on_report
        self._jobs: deque[Job] = deque()

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    def submit(self, job: Job) -> None:
        self._jobs.append(job)

    def next(self) -> Finished:
        return self._evaluate(self._jobs.popleft(), self._on_report)

    def discard(self, number: int) -> None:
        self._evaluate.discard(number)

    def close(self) -> None:
        self._jobs.clear()
        self._evaluate.close()
