"""The contract of a scheduler: it watches running trials and says who goes on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from typing import Self

from unitune.backend import Scheduling
from unitune.trial import Verdict

__all__ = ["Place", "Release", "Rung", "Scheduler", "Verdict"]


@dataclass(frozen=True, slots=True)
class Release:
    """The end of a trial's pause.

    Attributes:
        number: the trial's number.
        resource: how far it goes on; None where it is stopped for good.
    """

    number: int
    resource: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trial stands in a schedule of brackets and rungs.

    Attributes:
        bracket: the bracket, numbered as its paper does.
        rung: the rung within it, from 0.
        resource: the resource at which that rung is decided.
    """

    bracket: int
    rung: int
    _: KW_ONLY
    resource: int


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of a bracket as planned: how many trials reach it, and how far each goes."""

    bracket: int
    rung: int
    _: KW_ONLY
    trials: int
    resource: int


class Scheduler(ABC):
    """Decides on running trials from what they report.

    It is called from one thread, and decides by nothing but the order of these calls and its
    seed, so that a run that is repeated call by call is decided in the same way. Losses are
    better the smaller they are, whatever the run's mode. For each trial `report` is called with
    increasing steps only.
    """

    @classmethod
    @abstractmethod
    def open(cls, scheduling: Scheduling) -> Self:
        """Begin; raises OptionError for options it does not know or that make no sense."""

    def begin(self, number: int) -> int | None:
        """Take a new trial in; return the resource it may use at first, None for no limit."""
        return None

    @abstractmethod
    def report(self, number: int, step: int, loss: float) -> Verdict:
        """Decide on a running trial that has a loss at a step."""

    def end(self, number: int, loss: float | None) -> None:  # noqa: B027 - most need not know
        """Learn that a trial has ended by itself or by an error, with its last loss if any.

        Not called for trials that the scheduler itself stopped or finished; but for one that
        failed in the moment in which it paused, or that was released too late to be gone on with.
        """

    def full(self) -> None:  # noqa: B027 - most do not wait for further trials
        """Learn that no further trial will begin: what waits for more is decided with what is.

        Should one begin after all, in a run that goes on with more trials, a new round begins.
        """

    def released(self) -> list[Release]:
        """Return the paused trials whose pause is over, in the order in which to go on."""
        return []

    def owed(self, *, anew: bool) -> int:
        """Return what resource the trials that wait, and a further one, need to come to their ends.

        A budget of resource lets one trial more begin if so much is left, beside what running and
        released trials may use. By default 0: nobody waits, and no further one is reckoned with.

        Args:
            anew: whether a trial that goes on after a pause is computed again from its start.
        """
        return 0

    def place(self, number: int) -> Place | None:
        """Return where a trial stands now; None where there are no rungs."""
        return None

    def plan(self) -> list[Rung]:
        """Return the rungs of one round of the schedule, as its paper has them."""
        return []
