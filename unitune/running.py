"""A trial on its way through its evaluation."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from unitune.job import Job
from unitune.trial import Failure, Leg, Outcome, Trial


@dataclass(slots=True)
class Running:
    """A trial between its proposal and its end.

    Attributes:
        job: what is to be done next.
        token: what the study knows it by.
        initial: whether the user gave the config.
        suggest: seconds it took to come by.
        spent: seconds its evaluation took so far.
        start: when it began, in seconds since the run did; None before it has.
        failures: why earlier attempts failed.
        legs: what it has consumed.
        paused: what it comes to if it is not gone on with; None while it is not paused.
    """

    job: Job
    token: Any
    _: KW_ONLY
    initial: bool = False
    suggest: float = 0.0
    spent: float = 0.0
    start: float | None = None
    failures: list[Failure] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    paused: Outcome | None = None

    def record(self, outcome: Outcome) -> Trial:
        """Return what is recorded of the trial, which has come to an end."""
        return Trial(
            self.job.number,
            self.job.config,
            state=outcome.state,
            value=outcome.value,
            seed=self.job.seed,
            reports=outcome.reports,
            metrics=outcome.metrics,
            failure=outcome.failure,
            attempts=tuple(self.failures),
            initial=self.initial,
            start=self.start or 0.0,
            suggest=self.suggest,
            evaluate=self.spent,
            legs=tuple(self.legs),
        )
