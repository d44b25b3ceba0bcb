"""What is known of one trial of Tune's, and why Ray lost it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayTaskError
from ray.tune.experiment import Trial

from unitune.backend import Mode
from unitune.trial import Failure, Leg, Outcome, Report, State


@dataclass(slots=True)
class Seen:
    """A trial as far as it is known here.

    Attributes:
        trial: as Ray has it.
        number: in the order of proposals.
        raw: its config as Ray has it.
        began: when it began or went on; 0 before.
        spent: seconds its evaluation took until it was paused.
        reports: what it reported.
        leg: what it has consumed since it began or went on; None while it has not reported.
        returned: whether its last report is what the objective has returned.
        outcome: what became of it.
        seconds: how long its evaluation took at the last, if the worker has said so.
    """

    trial: Trial
    number: int
    raw: dict[str, Any]
    began: float = 0.0
    spent: float = 0.0
    reports: list[Report] = field(default_factory=list)
    leg: Leg | None = None
    returned: bool = False
    outcome: Outcome | None = None
    seconds: float | None = None

    @property
    def pruned(self) -> Outcome:
        """What it comes to if it does not go on."""
        last = self.reports[-1].value if self.reports else None
        return Outcome(State.PRUNED, last, reports=tuple(self.reports))

    def completed(self, best: Mode | None) -> Outcome:
        """Return what it comes to if that was all, by its last or by its best report."""
        values = [report.value for report in self.reports]
        value = values[-1] if best is None else {"min": min, "max": max}[best](values)
        return Outcome(State.COMPLETE, value, reports=tuple(self.reports))

    def failed(self, failure: Failure) -> Outcome:
        """Return what it comes to after a failure."""
        return Outcome(State.FAILED, reports=tuple(self.reports), failure=failure)


def error_of(trial: Trial) -> Any:
    """Return why Ray gave a trial up: its exception, or what it says."""
    # `trial.get_pickled_error` looks where the file is brought only at the end of the run.
    path = trial.pickled_error_file or trial.error_file
    if path is None:
        return "no reason given"
    content = Path(path).read_bytes()
    return ray.cloudpickle.loads(content) if trial.pickled_error_file else content.decode()


def is_at_fault(error: Any) -> bool:
    """Return whether an error is a fault of the backend's, or of a proposal.

    Objectives raise nothing here. A worker whose start-up raised has died, but so would the next
    one.
    """
    return isinstance(error, RayTaskError) or "creation task" in str(error)
