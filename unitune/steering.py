"""Who goes on: what the study and the scheduler say of running trials, made one answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from unitune.backend import Study
from unitune.schedulers import Place, Release, Scheduler
from unitune.trial import Outcome, State, Verdict

# What a study is told: by which token it knows a proposal, and what became of it.
Told = tuple[Any, Outcome]


@dataclass(slots=True)
class _Course:
    """What is known of a running trial."""

    step: int = -1
    verdict: Verdict = Verdict.CONTINUE
    decided: bool = False  # the scheduler itself has ended it
    place: Place | None = None  # where it stood when it last reported


class Tempering:
    """What a study is told of trials that were stopped early, if it takes all values for final.

    The value of such a trial belongs to a lower resource than those of complete ones, and may look
    better than it would have been. The worst complete value is told in its place, if that is worse;
    until there is a complete one, nothing is told.

    Args:
        loss: takes the sign off a value, so that smaller is better.

    Example:
        >>> temper = Tempering(lambda value: value)
        >>> temper("early", Outcome(State.PRUNED, 1.0))
        []
        >>> told = temper("whole", Outcome(State.COMPLETE, 2.0))
        >>> [(token, outcome.value) for token, outcome in told]
        [('whole', 2.0), ('early', 2.0)]
    """

    def __init__(self, loss: Callable[[float], float]) -> None:
        self._loss = loss
        self._worst: float | None = None  # as the user sees it
        self._held: list[Told] = []

    def __call__(self, token: Any, outcome: Outcome) -> list[Told]:
        """Return what to tell now that a trial has ended: its outcome, and those held back."""
        value, worst = outcome.value, self._worst
        if outcome.state is State.PRUNED and value is not None:
            self._held.append((token, outcome))
            return [] if worst is None else self.rest()
        if outcome.state is not State.COMPLETE or value is None:
            return [(token, outcome)]
        if worst is None or self._loss(value) > self._loss(worst):
            self._worst = value
        return [(token, outcome), *self.rest()]

    def rest(self) -> list[Told]:
        """Return what is held back, to be told if nothing more comes to measure it by."""
        held, self._held = self._held, []
        return [(token, self._capped(outcome)) for token, outcome in held]

    def _capped(self, outcome: Outcome) -> Outcome:
        if self._worst is None or outcome.value is None:
            return outcome
        return replace(outcome, value=max(outcome.value, self._worst, key=self._loss))


class Steering:
    """Puts every report to the study and to the scheduler, once, and keeps what they said.

    The driver and the replay of a journal make the same calls in the same order, after which both
    stand at the same point.

    Args:
        study: the open study, which may stop trials itself and may learn from reports.
        scheduler: the composed one; None leaves stopping to the study.
        loss: takes the sign off a value, so that smaller is better.
        most: the most resource a trial may use; None for no limit.
        partial: whether the study tells stopped trials from complete ones by itself.
    """

    def __init__(
        self,
        study: Study,
        scheduler: Scheduler | None = None,
        *,
        loss: Callable[[float], float],
        most: int | None = None,
        partial: bool = True,
    ) -> None:
        self.study = study
        self._scheduler = scheduler
        self._loss = loss
        self._most = most
        self._temper = None if partial else Tempering(loss)
        self._courses: dict[int, _Course] = {}
        self._releases: dict[int, Release] = {}

    def begin(self, number: int) -> int | None:
        """Take a new trial in, and return how far it goes at first."""
        self._courses[number] = _Course()
        if self._scheduler is None:
            return self._most
        resource = self._scheduler.begin(number)
        self._collect()
        return self._most if resource is None else resource

    def report(self, number: int, token: Any, step: int, value: float) -> Verdict:
        """Return what becomes of a trial that reports a value at a step."""
        course = self._courses[number]
        if step <= course.step:
            # An attempt after the first: what was said at that step holds.
            return course.verdict if step == course.step else Verdict.CONTINUE
        stop = self.study.report(token, step, value)
        course.step = step
        if self._scheduler is None:
            course.verdict = Verdict.STOP if stop else Verdict.CONTINUE
        else:
            course.place = self._scheduler.place(number)
            course.verdict = self._scheduler.report(number, step, self._loss(value))
            course.decided = course.verdict in (Verdict.STOP, Verdict.FINISH)
            self._collect()
        if self._most is not None and step >= self._most:
            course.verdict = Verdict.FINISH  # there is nothing left to save by stopping it
        return course.verdict

    def owed(self, anew: bool) -> int:  # noqa: FBT001 - what it says
        """Return what resource those that wait, and one trial more, need to come to their ends.

        Args:
            anew: whether a trial that goes on after a pause is computed again from its start.
        """
        if self._scheduler is None:
            return 0
        released = [one for one in self._releases.values() if one.resource is not None]
        bound = sum(one.resource or 0 for one in released)
        done = 0 if anew else sum(self._courses[one.number].step for one in released)
        return max(0, bound - done) + self._scheduler.owed(anew=anew)

    def ended(self, number: int, outcome: Outcome) -> None:
        """Learn that a trial has reached its final state."""
        course = self._courses.pop(number)
        release = self._releases.pop(number, None)
        dropped = release is not None and release.resource is None
        if self._scheduler is not None and not course.decided and not dropped:
            value = outcome.value
            self._scheduler.end(number, None if value is None else self._loss(value))
            self._collect()

    def tell(self, token: Any, outcome: Outcome) -> None:
        """Tell the study what became of a proposal, once that can be said truly.

        A study that takes all values for final is told of trials that were stopped early as soon
        as there is a complete one to measure them by.
        """
        temper = self._temper
        for one, said in [(token, outcome)] if temper is None else temper(token, outcome):
            self.study.tell(one, said)

    def settle(self) -> None:
        """Tell the study what is held back, since nothing more will come to measure it by."""
        for token, outcome in [] if self._temper is None else self._temper.rest():
            self.study.tell(token, outcome)

    def go_on(self, number: int) -> None:
        """Learn that a released trial is gone on with."""
        self._releases.pop(number, None)
        self._courses[number].verdict = Verdict.CONTINUE
        self._courses[number].place = None

    def full(self) -> None:
        """Learn that no further trial will begin."""
        if self._scheduler is not None:
            self._scheduler.full()
            self._collect()

    def releases(self) -> list[Release]:
        """Return the paused trials that wait to be gone on with or stopped."""
        return list(self._releases.values())

    def place(self, number: int) -> Place | None:
        """Return where a trial stood in the schedule when it last reported, or stands at first."""
        place = self._courses[number].place
        return place if place or self._scheduler is None else self._scheduler.place(number)

    def _collect(self) -> None:
        if self._scheduler is not None:
            self._releases |= {one.number: one for one in self._scheduler.released()}
