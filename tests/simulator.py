"""A driver of schedulers without objectives: learning curves, workers, and a clock of its own."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field

import strategies  # noqa: F401 - its profile makes the examples the same everywhere
from hypothesis import strategies as st

from unitune.schedulers import Scheduler, Verdict


@dataclass
class Simulator:
    """Drives a scheduler until nothing is left to do, and keeps what happened.

    Attributes:
        scheduler: the scheduler.
        curve: the loss of a trial at a step.
        n_trials: how many trials begin.
        workers: how many run side by side.
        speed: how long a trial takes to get to a step.
        length: the step at which a trial ends by itself; None for never.
        fails: whether a trial fails on its way to a step.
        stride: how many steps lie between two reports of a trial.
        prefers_new: whether a free worker begins a new trial rather than go on with an old one.
        calls: every begin, report and release with its answer, in order.
        places: for each rung, as (bracket, rung, resource), the trials that reached it.
        steps: the last step of each trial.
        ended: how each trial ended: 'finish', 'stop', 'complete' or 'failed'.
        waiting: the trials that pause.
    """

    scheduler: Scheduler
    curve: Callable
    _: KW_ONLY
    n_trials: int
    workers: int = 1
    speed: Callable = lambda number, step: 1.0
    length: Callable = lambda number: None
    fails: Callable = lambda number, step: False
    stride: Callable = lambda number: 1
    prefers_new: bool = False
    calls: list = field(default_factory=list)
    places: dict = field(default_factory=dict)
    steps: dict = field(default_factory=dict)
    ended: dict = field(default_factory=dict)
    waiting: set = field(default_factory=set)

    def __post_init__(self):
        self._clock, self._order = 0.0, itertools.count()
        self._running, self._ready, self._begun = [], [], 0

    def run(self):
        """Go on to the end; return oneself."""
        while self._fill() or self._running:
            self._clock, _, number, step = heapq.heappop(self._running)
            self._arrive(number, step)
        return self

    def ledger(self):
        """Return how many trials got a result for each rung."""
        return {place: len(numbers) for place, numbers in self.places.items()}

    def outcomes(self):
        """Return how many trials ended in which way."""
        return Counter(self.ended.values())

    def _fill(self):
        while len(self._running) < self.workers:
            if self._ready and not (self.prefers_new and self._begun < self.n_trials):
                self._advance(self._ready.pop(0))
            elif self._begun < self.n_trials:
                self._begin()
            else:
                break

    def _begin(self):
        number = self._begun
        self._begun += 1
        self.steps[number] = 0
        self.calls.append(("begin", number, self.scheduler.begin(number)))
        self._advance(number)
        if self._begun == self.n_trials:
            self.scheduler.full()
            self._collect()

    def _advance(self, number):
        last, end = self.steps[number], self.length(number)
        step = last + self.stride(number)
        step = step if end is None else min(step, end)
        took = sum(self.speed(number, at) for at in range(last + 1, step + 1))
        heapq.heappush(self._running, (self._clock + took, next(self._order), number, step))

    def _arrive(self, number, step):
        if self.fails(number, step):
            self.scheduler.end(number, None)
            self.ended[number] = "failed"
        else:
            self._report(number, step)
        self._collect()

    def _report(self, number, step):
        self.steps[number] = step
        place, loss = self.scheduler.place(number), self.curve(number, step)
        if place is not None and step >= place.resource:
            rung = (place.bracket, place.rung, place.resource)
            self.places.setdefault(rung, set()).add(number)
        verdict = self.scheduler.report(number, step, loss)
        self.calls.append(("report", number, step, verdict))
        if verdict is Verdict.PAUSE:
            self.waiting.add(number)
        elif verdict is not Verdict.CONTINUE:
            self.ended[number] = verdict.value
        elif step == self.length(number):
            self.scheduler.end(number, loss)
            self.ended[number] = "complete"
        else:
            self._advance(number)

    def _collect(self):
        for release in self.scheduler.released():
            self.calls.append(("released", release.number, release.resource))
            self.waiting.remove(release.number)
            if release.resource is None:
                self.ended[release.number] = "stop"
            else:
                assert release.resource > self.steps[release.number]
                self._ready.append(release.number)


SETTINGS = st.fixed_dictionaries(
    {
        "n_trials": st.integers(1, 60),
        "workers": st.sampled_from([1, 2, 4, 9]),
        "seed": st.integers(0, 10**6),
        "ties": st.booleans(),
        "stride": st.sampled_from([1, 2, 5]),
        "failing": st.sampled_from([0.0, 0.02, 0.3, 1.0]),
        "ending": st.booleans(),
        "prefers_new": st.booleans(),
    }
)


def wild(scheduler, *, n_trials, workers, seed, ties, stride, failing, ending, prefers_new):
    """Run a simulation in which everything that may happen does, at random but repeatably."""

    def chance(*what):
        return random.Random(repr((seed, what))).random()

    return Simulator(
        scheduler,
        lambda number, step: (
            float(round(chance("loss", number) * 3)) if ties else chance(number, step)
        ),
        n_trials=n_trials,
        workers=workers,
        speed=lambda number, step: chance("speed", number, step),
        length=lambda number: round(chance("end", number) * 60) + 1 if ending else None,
        fails=lambda number, step: chance("fails", number, step) < failing,
        stride=lambda number: stride,
        prefers_new=prefers_new,
    ).run()
