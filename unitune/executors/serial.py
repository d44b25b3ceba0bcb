"""The executor contract, and the executor that evaluates in this very process."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from unitune.objective import Evaluator, Finished, Job, OnReport


class Executor(Protocol):
    """Evaluates jobs; reports of running ones go to the `on_report` it was made with."""

    @property
    def free(self) -> bool:
        """Whether another job would begin at once."""

    @property
    def busy(self) -> bool:
        """Whether a job was submitted that `next` has not returned yet."""

    def submit(self, job: Job) -> None:
        """Take a job."""

    def next(self) -> Finished:
        """Wait for a job to finish, and return it."""

    def close(self) -> None:
        """Give back what the executor holds."""


class SerialExecutor:
    """Evaluates one job at a time, when its result is asked for."""

    def __init__(self, evaluate: Evaluator, on_report: OnReport) -> None:
        self._evaluate = evaluate
        self._on_report = on_report
        self._jobs: deque[Job] = deque()

    @property
    def free(self) -> bool:
        return not self._jobs

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    def submit(self, job: Job) -> None:
        self._jobs.append(job)

    def next(self) -> Finished:
        return self._evaluate(self._jobs.popleft(), self._on_report)

    def close(self) -> None:
        self._jobs.clear()
