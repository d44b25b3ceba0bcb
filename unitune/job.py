"""One evaluation: what is asked of whoever makes it, and what it brings back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from unitune.space import Config
from unitune.trial import How, Outcome, Report, Verdict

# Called with (trial number, step, value) while a trial runs; answers what becomes of it.
OnReport = Callable[[int, int, float], Verdict]


@dataclass(frozen=True, slots=True)
class Job:
    """One evaluation to make, or one to go on with.

    Attributes:
        number: the trial's number.
        config: its config.
        seed: its own seed.
        resource: how far it goes now, where there is a limit.
        reports: what it reported before a pause, or in an attempt that failed.
        place: where its checkpoint is kept; None for a temporary place.
    """

    number: int
    config: Config
    _: KW_ONLY
    seed: int
    resource: int | None = None
    reports: tuple[Report, ...] = ()
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """One evaluation made, up to its end or to a pause.

    Attributes:
        job: what was to be done.
        outcome: what came of it; of a paused trial, what it comes to if it is not gone on with.
        seconds: how long it took.
        paused: whether the trial may be gone on with.
        kept: whether its generator waits where it ran.
        start: the step from which it computed.
        reached: the last step it computed.
        how: how it came by the state at `start`.
    """

    job: Job
    outcome: Outcome
    seconds: float
    _: KW_ONLY
    paused: bool = False
    kept: bool = False
    start: int = 0
    reached: int = 0
    how: How = "first"
