"""What a worker tells the driver."""

from __future__ import annotations

from typing import NamedTuple

from unitune.trial import Failure


class Ready(NamedTuple):
    """The evaluator is loaded; jobs can be evaluated."""


class Broken(NamedTuple):
    """The evaluator could not be loaded."""

    words: str


class Reported(NamedTuple):
    """The running trial reported, and waits for an answer."""

    step: int
    value: float
    sent: float  # on the system's monotonic clock


class Done(NamedTuple):
    """The trial is over; the driver has its job and its reports."""

    state: str
    value: float | None
    failure: Failure | None
    metrics: bytes  # packed; empty if there are none
    seconds: float


Message = Ready | Broken | Reported | Done
