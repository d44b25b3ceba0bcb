"""What a worker tells the driver."""

from __future__ import annotations

import pickle
from typing import NamedTuple

from unitune.executors.pickling import pack, unpack
from unitune.job import Finished, Job
from unitune.trial import Failure, How, Outcome, Report, State

UNPICKLABLE = "PicklingError"
OUT_OF_MEMORY = "MemoryError"


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


class Closed(NamedTuple):
    """Paused trials that were to be let go of are closed."""


class Done(NamedTuple):
    """The trial is over, or pauses; the driver has its job and its reports."""

    state: str
    value: float | None
    failure: Failure | None
    metrics: bytes  # packed; empty if there are none
    seconds: float
    paused: bool
    kept: bool
    start: int
    reached: int
    how: How
    spent: bool = False  # the worker is to be replaced


Message = Ready | Broken | Reported | Closed | Done


def job_message(job: Job) -> bytes:
    """Return a job as a worker is given it.

    Raises:
        Exception: whatever the user's classes raise when they are pickled.
    """
    fields = (job.number, job.seed, job.resource, job.reports, job.place)
    return pickle.dumps((*fields, pack(job.config)), pickle.HIGHEST_PROTOCOL)


def discard_message(numbers: tuple[int, ...]) -> bytes:
    """Return the order to let go of paused trials."""
    return pickle.dumps((None, numbers))


def kind_of(error: Exception) -> str:
    """Return as what kind of failure counts what was raised where something was (un)pickled."""
    return OUT_OF_MEMORY if isinstance(error, MemoryError) else UNPICKLABLE


def as_done(finished: Finished, where: str) -> Done:
    """Return what a worker tells of a trial.

    Args:
        finished: what the evaluator made of it.
        where: the kind of worker, for the message on metrics that cannot be sent.
    """
    outcome, paused = finished.outcome, finished.paused
    try:
        packed = pack(outcome.metrics) if outcome.metrics else b""
    except Exception as error:  # noqa: BLE001 - the user's classes run here
        text = (
            f"the objective's mapping cannot be sent from the {where}: {type(error).__name__}: "
            f"{error}; return numbers and other plain values"
        )
        outcome = Outcome(State.FAILED, failure=Failure(kind_of(error), text))
        packed, paused = b"", False
    return Done(
        str(outcome.state),
        outcome.value,
        outcome.failure,
        packed,
        finished.seconds,
        paused,
        finished.kept,
        finished.start,
        finished.reached,
        finished.how,
    )


def as_finished(done: Done, job: Job, reports: tuple[Report, ...], where: str) -> Finished:
    """Return what a worker told of a trial as the driver takes it.

    Args:
        done: what it told.
        job: the trial's job.
        reports: what the trial reported in all.
        where: the kind of worker, for the message on metrics that cannot be loaded.
    """
    try:
        metrics = unpack(done.metrics) if done.metrics else {}
    except Exception as error:  # noqa: BLE001 - the user's classes run here
        words = f"{type(error).__name__}: {error}"
        text = f"the objective's mapping could not be loaded from the {where}: {words}"
        return failed(job, reports, Failure(kind_of(error), text), done.seconds)
    outcome = Outcome(
        State(done.state), done.value, reports=reports, metrics=metrics, failure=done.failure
    )
    return Finished(
        job,
        outcome,
        done.seconds,
        paused=done.paused,
        kept=done.kept,
        start=done.start,
        reached=done.reached,
        how=done.how,
    )


def failed(job: Job, reports: tuple[Report, ...], failure: Failure, seconds: float) -> Finished:
    """Return a trial that failed by no doing of its objective."""
    outcome = Outcome(State.FAILED, reports=reports, failure=failure)
    # From where it computed is not known any more; from the beginning, unless it was told so.
    new = reports[len(job.reports) :]
    start = job.reports[-1].step if job.reports and new else 0
    reached = max(start, new[-1].step if new else 0)
    return Finished(job, outcome, seconds, start=start, reached=reached)
