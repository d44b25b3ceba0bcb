"""Asynchronous successive halving: every result is decided at once, by what there is."""

from __future__ import annotations

from typing import Any, Self

from unitune.backend import Scheduling, build
from unitune.errors import OptionError
from unitune.schedulers.contract import Place, Release, Rung, Scheduler, Verdict
from unitune.schedulers.hyperband import halvings
from unitune.schedulers.ladder import Climber, Level, in_percentile, in_rank
from unitune.schedulers.settings import graded, needed_bounds, one_of, whole

BARS = {"rank": in_rank, "percentile": in_percentile}


class Asha(Scheduler):
    """Asynchronous successive halving (ASHA; Li et al. 2020, Algorithm 2).

    Rung k of the bracket with early-stopping rate s is at r eta^(s + k), below R. A trial at R is
    finished. A trial counts in the rungs that it reached, whatever becomes of it; one that leaps
    over several rungs with one report counts in each of them.

    The variant 'stopping' decides once, when a trial reaches a rung: it goes on if it is among
    the best floor(n / eta) of the n that reached the rung so far, itself included, or the very
    best while n < eta. Equal losses fare alike. That is the rule of Optuna's
    SuccessiveHalvingPruner; with cutoff='percentile' the bar is the interpolated percentile of
    those that came before, which is the rule of Ray Tune's ASHAScheduler.

    The variant 'promotion' is the paper's: a trial pauses in each rung, and goes on as soon as it
    is among the best floor(n / eta) there, ties by number. Where a run ends before any trial got
    to R, the best of those that wait highest goes on, so that there is a result.

    Args:
        resource: the least and the most a trial consumes.
        eta: one in so many goes on.
        variant: 'stopping' or 'promotion'.
        cutoff: 'rank' or 'percentile', for the variant 'stopping'.
        rate: the early-stopping rate s of the first bracket.
        brackets: how many brackets, of rates s, s + 1, ..., take the trials in turn.
        n_trials: how many trials are planned; None for no plan.

    Example:
        >>> asha = Asha(resource=(1, 9), eta=3)
        >>> asha.begin(0), asha.begin(1)
        (9, 9)
        >>> asha.report(0, 1, 0.5), asha.report(1, 1, 0.7)
        (<Verdict.CONTINUE: 'continue'>, <Verdict.STOP: 'stop'>)
    """

    def __init__(
        self,
        *,
        resource: tuple[int, int],
        eta: Any = 3,
        variant: str = "stopping",
        cutoff: str = "rank",
        rate: Any = 0,
        brackets: Any = 1,
        n_trials: int | None = None,
    ) -> None:
        self._eta = whole("eta", eta, least=2)
        self._pauses = one_of("variant", variant, ("stopping", "promotion")) == "promotion"
        self._passes = BARS[one_of("cutoff", cutoff, tuple(BARS))]
        if self._pauses and cutoff != "rank":
            raise OptionError("The option cutoff= goes with variant='stopping'; leave it out.")
        self._most = resource[1]
        self._rate = whole("rate", rate, least=0)
        last = self._rate + whole("brackets", brackets, least=1) - 1
        top = halvings(resource, self._eta)
        if last > top:
            raise OptionError(
                f"Early-stopping rates up to {last} do not fit into resource={resource} with "
                f"eta={self._eta}: the greatest is {top}. Lower rate= or brackets=."
            )
        bounds = [resource[0] * self._eta**k for k in range(top + 1)]
        # The end itself decides nothing, so that it is no rung.
        self._ladders = [
            [Level(bound) for bound in bounds[rate:] if bound < self._most]
            for rate in range(self._rate, last + 1)
        ]
        self._n_trials = n_trials
        self._climbers: dict[int, Climber] = {}
        self._released: list[Release] = []
        self._running = 0
        self._finished = False
        self._full = False

    @classmethod
    def open(cls, scheduling: Scheduling) -> Self:
        fixed = {"resource": needed_bounds(scheduling), "n_trials": scheduling.n_trials}
        return build(cls, scheduling.options, **fixed)

    def begin(self, number: int) -> int:
        bracket = len(self._climbers) % len(self._ladders)
        climber = Climber(bracket, self._ladders[bracket], self._most)
        self._climbers[number] = climber
        self._running += 1
        return climber.bound if self._pauses else self._most

    def report(self, number: int, step: int, loss: float) -> Verdict:
        climber = self._climbers[number]
        climber.step, climber.loss = step, graded(loss)
        decide = self._pause_or_go if self._pauses else self._stop_or_go
        verdict = decide(number, climber)
        if verdict in (Verdict.STOP, Verdict.FINISH):
            self._finished |= verdict is Verdict.FINISH
            self._halt(climber)
        self._wind_up()
        return verdict

    def end(self, number: int, loss: float | None) -> None:
        climber = self._climbers[number]
        self._released = [release for release in self._released if release.number != number]
        if climber.running:
            self._halt(climber)
        elif climber.level is not None:
            climber.level.paused.pop(number, None)
        self._wind_up()

    def full(self) -> None:
        self._full = True
        self._wind_up()

    def owed(self, *, anew: bool) -> int:
        if self._finished or not self._pauses:
            return 0
        # In the end the best that wait are promoted until one of them has got through.
        steps = [*(level.resource for level in self._ladders[0]), self._most]
        return sum(steps) if anew else self._most

    def released(self) -> list[Release]:
        releases, self._released = self._released, []
        return releases

    def place(self, number: int) -> Place:
        climber = self._climbers[number]
        return Place(self._rate + climber.bracket, climber.rung, resource=climber.bound)

    def plan(self) -> list[Rung]:
        # The paper's figure 1: n_k = floor(n eta^-k). Deciding at once lets more trials through.
        if self._n_trials is None:
            return []
        rungs = []
        for bracket, ladder in enumerate(self._ladders):
            share = len(range(bracket, self._n_trials, len(self._ladders)))
            for k, resource in enumerate([*(level.resource for level in ladder), self._most]):
                trials = share // self._eta**k
                rungs.append(Rung(self._rate + bracket, k, trials=trials, resource=resource))
        return rungs

    def _halt(self, climber: Climber) -> None:
        climber.running = False
        self._running -= 1

    def _stop_or_go(self, number: int, climber: Climber) -> Verdict:
        while climber.there and climber.level is not None:
            passes = self._passes(climber.level.results, climber.loss, self._eta)
            climber.level.enter(number, climber.loss)
            if not passes and climber.step < self._most:
                return Verdict.STOP
            climber.rung += 1
        return climber.onward

    def _pause_or_go(self, number: int, climber: Climber) -> Verdict:
        if climber.there and climber.step < self._most:
            self._halt(climber)
            self._pause(number, climber)
            return Verdict.PAUSE
        while climber.there and climber.level is not None:
            self._enter(climber.level, number, climber.loss)
            climber.rung += 1
        return climber.onward

    def _pause(self, number: int, climber: Climber) -> None:
        level = climber.levels[climber.rung]
        level.paused[number] = climber.loss
        self._enter(level, number, climber.loss)

    def _enter(self, level: Level, number: int, loss: float) -> None:
        # Algorithm 2, lines 12 to 16. The paper looks for a candidate when a worker is free; as
        # each result frees one worker and makes room for one trial at most, that is now.
        candidate = level.newly_best(level.enter(number, loss), self._eta)
        if candidate is not None:
            self._promote(level, candidate)

    def _promote(self, level: Level, number: int) -> None:
        del level.paused[number]
        climber = self._climbers[number]
        climber.rung += 1
        if climber.there:  # its reports are so far apart that it need not run for this rung
            self._pause(number, climber)
            return
        climber.running = True
        self._running += 1
        self._released.append(Release(number, climber.bound))

    def _wind_up(self) -> None:
        while self._full and not self._running:
            waiting = [level for ladder in self._ladders for level in ladder if level.paused]
            if not waiting:
                return
            if self._finished:
                self._dismiss(waiting)
            else:
                level = max(waiting, key=lambda level: level.resource)
                self._promote(level, level.best_paused())

    def _dismiss(self, waiting: list[Level]) -> None:
        for level in waiting:
            self._released += [Release(number, None) for number in level.paused]
            level.paused.clear()
