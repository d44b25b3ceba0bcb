"""Synchronous successive halving: brackets that fill up, whose rungs are decided as a whole."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from unitune.schedulers.contract import Place, Release, Rung, Scheduler, Verdict
from unitune.schedulers.settings import graded


@dataclass(slots=True)
class Runner:
    """A trial on its way up a bracket.

    Attributes:
        number: the trial's number.
        bracket: where it climbs.
        rung: the rung it is in.
        step: its last step.
        loss: its last loss; None for none.
        arrived: whether it has its result for its rung.
        over: whether it has ended, so that it waits for nothing.
    """

    number: int
    bracket: Bracket
    rung: int = 0
    step: int = -1
    loss: float | None = None
    arrived: bool = False
    over: bool = False

    @property
    def merit(self) -> tuple[bool, float, int]:
        """What it is ranked by, smaller first: failed last, ties by number."""
        return self.loss is None, math.inf if self.loss is None else self.loss, self.number


@dataclass(slots=True)
class Bracket:
    """One bracket at work.

    Attributes:
        rungs: as planned.
        eta: one in so many goes on.
        members: the trials in the rung being run.
        started: how many trials began in it.
        rung: the rung being run.
        running: how many members have no result for it yet.
        closed: whether no more trials may begin in it.
    """

    rungs: Sequence[Rung]
    eta: int
    members: list[Runner] = field(default_factory=list)
    started: int = 0
    rung: int = 0
    running: int = 0
    closed: bool = False

    def enter(self, number: int) -> Runner:
        """Take a new trial in."""
        runner = Runner(number, self)
        self.members.append(runner)
        self.started += 1
        self.running += 1
        self.closed = self.started == self.rungs[0].trials
        return runner

    def arrive(self, runner: Runner) -> list[Release]:
        """Take a trial's result for its rung; return whose pauses this ends."""
        runner.arrived = True
        self.running -= 1
        return self.decide()

    def decide(self) -> list[Release]:
        """Decide every rung whose results are all there."""
        releases: list[Release] = []
        while self.closed and self.members and not self.running and self._has_next:
            releases += self._climb()
        return releases

    @property
    def over(self) -> bool:
        """Whether nothing is left to decide."""
        return self.closed and not (self.members and self._has_next)

    def owed(self, more: int, *, anew: bool) -> int:
        """Return what the rungs above cost if no trial begins here but so many more."""
        cost, members = 0, len(self.members) + more
        for below, rung in itertools.pairwise(self.rungs[self.rung :]):
            members = min(members, self._kept(rung.rung, self.started + more))
            cost += members * (rung.resource - (0 if anew else below.resource))
        return cost

    @property
    def _has_next(self) -> bool:
        return self.rung + 1 < len(self.rungs)

    def _kept(self, rung: int, started: int) -> int:
        # Hyperband, Algorithm 1, lines 6 to 8: n_i = floor(n eta^-i) trials go on. A bracket that
        # was closed before it was full goes by the number it has, and one at least goes on.
        kept: int = started // self.eta**rung
        return max(1, kept)

    def _climb(self) -> list[Release]:
        self.rung += 1
        kept = self._kept(self.rung, self.started)
        ranked = sorted(self.members, key=lambda runner: runner.merit)
        self.members = [runner for runner in ranked[:kept] if runner.loss is not None]
        dropped = [runner for runner in ranked[len(self.members) :] if not runner.over]
        stops = [Release(runner.number, None) for runner in dropped]
        for runner in dropped:
            runner.over = True
        return stops + self._promote()

    def _promote(self) -> list[Release]:
        resource = self.rungs[self.rung].resource
        for runner in self.members:
            runner.rung = self.rung
            # Whoever reports in great strides may be there already, and need not run for it.
            runner.arrived = runner.over or runner.step >= resource
        bound = [runner for runner in self.members if not runner.arrived]
        self.running = len(bound)
        return [Release(runner.number, resource) for runner in bound]


class Halving(Scheduler):
    """Brackets one after the other, in rounds.

    A trial goes into the bracket that is being filled, and the next one begins to fill when that
    is full, so that no worker idles while a rung waits for its last trial. At its rung's resource
    a trial pauses. When all of a rung have their results, the best go on and the others are
    stopped; equal losses are ranked by trial number. A trial that ended by itself counts with its
    last loss, one that failed as the worst, and neither is replaced. A trial whose steps miss its
    rung's resource counts with its first report beyond it.
    """

    def __init__(self, brackets: Sequence[Sequence[Rung]], eta: int) -> None:
        self._brackets = brackets
        self._eta = eta
        self._begun = 0  # brackets
        self._open: list[Bracket] = []
        self._runners: dict[int, Runner] = {}
        self._released: list[Release] = []

    def begin(self, number: int) -> int:
        bracket = self._filling
        if bracket is None:
            bracket = self._next
            self._begun += 1
            self._open.append(bracket)
        self._runners[number] = bracket.enter(number)
        return bracket.rungs[0].resource

    def report(self, number: int, step: int, loss: float) -> Verdict:
        runner = self._runners[number]
        runner.step, runner.loss = step, graded(loss)
        rungs = runner.bracket.rungs
        if step < rungs[runner.rung].resource:
            return Verdict.CONTINUE
        finished = runner.over = step >= rungs[-1].resource
        self._released += runner.bracket.arrive(runner)
        return Verdict.FINISH if finished else Verdict.PAUSE

    def end(self, number: int, loss: float | None) -> None:
        runner = self._runners[number]
        runner.over = True
        runner.loss = None if loss is None else graded(loss)
        self._released = [release for release in self._released if release.number != number]
        if runner.arrived:
            self._released += runner.bracket.decide()
        else:
            self._released += runner.bracket.arrive(runner)

    def full(self) -> None:
        bracket = self._filling
        if bracket is not None:
            bracket.closed = True
            self._released += bracket.decide()

    def owed(self, *, anew: bool) -> int:
        self._open = [bracket for bracket in self._open if not bracket.over]
        filling = self._filling
        waiting = sum(one.owed(0, anew=anew) for one in self._open if one is not filling)
        further = filling or self._next
        return waiting + further.rungs[0].resource + further.owed(1, anew=anew)

    def released(self) -> list[Release]:
        releases, self._released = self._released, []
        return releases

    def place(self, number: int) -> Place:
        runner = self._runners[number]
        rung = runner.bracket.rungs[runner.rung]
        return Place(rung.bracket, rung.rung, resource=rung.resource)

    def plan(self) -> list[Rung]:
        return [rung for bracket in self._brackets for rung in bracket]

    @property
    def _filling(self) -> Bracket | None:
        """The bracket in which the next trial begins, if one has begun and is not full."""
        last = self._open[-1] if self._open else None
        return None if last is None or last.closed else last

    @property
    def _next(self) -> Bracket:
        """A new bracket, the next in its turn."""
        return Bracket(self._brackets[self._begun % len(self._brackets)], self._eta)
