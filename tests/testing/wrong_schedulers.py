"""One scheduler that is right, and many that are wrong, each in a way of its own."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from pathlib import Path

from unitune.backend import build
from unitune.capabilities import SchedulerSpec
from unitune.errors import OptionError
from unitune.hookspecs import hookimpl
from unitune.schedulers import Place, Release, Rung, Scheduler, Verdict

SIZES, BOUNDS = (9, 3, 1), (1, 3, 9)


@dataclass
class Group:
    """Nine trials, of which three go on, of which one goes on."""

    members: list = field(default_factory=list)
    results: dict = field(default_factory=dict)
    rung: int = 0
    closed: bool = False


class Right(Scheduler):
    """Successive halving in groups of nine."""

    def __init__(self, *, resource, eta=3):
        self.groups, self.of, self.out = [], {}, []

    @classmethod
    def open(cls, scheduling):
        if scheduling.resource is None:
            raise OptionError("Give resource=.")
        return build(cls, scheduling.options, resource=scheduling.resource)

    def begin(self, number):
        if not self.groups or self.groups[-1].closed:
            self.groups.append(Group())
        group = self.of[number] = self.groups[-1]
        group.members.append(number)
        group.closed = len(group.members) == SIZES[0]
        return BOUNDS[0]

    def report(self, number, step, loss):
        group = self.of[number]
        if not self.arrived(step, BOUNDS[group.rung]):
            return Verdict.CONTINUE
        group.results[number] = self.grade(loss)
        if step >= BOUNDS[-1]:
            return Verdict.FINISH
        self.decide(group)
        return Verdict.PAUSE

    def arrived(self, step, bound):
        return step >= bound

    def grade(self, loss):
        return math.inf if math.isnan(loss) else loss

    def end(self, number, loss):
        group = self.of[number]
        group.members.remove(number)
        group.results.pop(number, None)
        self.decide(group)

    def full(self):
        for group in self.groups:
            group.closed = True
            self.decide(group)

    def decide(self, group):
        while group.closed and group.members and len(group.results) == len(group.members):
            if group.rung == 2:
                return
            group.rung += 1
            ranked = sorted(group.members, key=lambda number: (self.rank(group, number), number))
            group.members = ranked[: self.room(group.rung)]
            group.results = {}
            self.out += [Release(n, None) for n in ranked if n not in group.members]
            self.out += [self.let_go(n, BOUNDS[group.rung]) for n in group.members]

    def rank(self, group, number):
        return group.results[number]

    def room(self, rung):
        return SIZES[rung]

    def let_go(self, number, bound):
        return Release(number, bound)

    def released(self):
        out, self.out = self.out, []
        return out

    def place(self, number):
        group = self.of[number]
        return Place(0, group.rung, resource=BOUNDS[group.rung])

    def plan(self):
        return [Rung(0, i, trials=SIZES[i], resource=BOUNDS[i]) for i in range(3)]


FAULTS = {}


def fault(check, **record):
    """Name the check that is to find the fault of a scheduler."""

    def note(scheduler):
        FAULTS[scheduler.__name__] = (check, record)
        return scheduler

    return note


@fault("test_determinism")
class DrawsTheOrder(Right):
    def released(self):
        out = super().released()
        random.Random().shuffle(out)
        return out


@fault("test_verdicts")
class AnswersWithWords(Right):
    def report(self, number, step, loss):
        verdict = super().report(number, step, loss)
        return "continue" if verdict is Verdict.CONTINUE else verdict


@fault("test_verdicts")
class FinishesAtOnce(Right):
    def report(self, number, step, loss):
        verdict = super().report(number, step, loss)
        return Verdict.FINISH if verdict is Verdict.CONTINUE else verdict


@fault("test_bounds")
class GoesBeyondTheMost(Right):
    def let_go(self, number, bound):
        return Release(number, 2 * bound if bound == BOUNDS[-1] else bound)


@fault("test_releases")
class ReleasesStrangers(Right):
    def full(self):
        super().full()
        self.out.append(Release(999, 9))


@fault("test_all_end")
class WaitsForMore(Right):
    def full(self):
        pass


@fault("test_plan")
class LetsMoreGoOn(Right):
    def room(self, rung):
        return SIZES[rung] + 1


@fault("test_best_goes_on")
class PrefersTheWorst(Right):
    def rank(self, group, number):
        return -group.results[number]


@fault("test_failures")
class WaitsForWhatFailed(Right):
    def end(self, number, loss):
        pass


@fault("test_odd_losses")
class RoundsLosses(Right):
    def grade(self, loss):
        return round(loss, 6) if abs(loss) < 1e300 else int(loss)


@fault("test_strides")
class LooksAtOneStepOnly(Right):
    def arrived(self, step, bound):
        return step == bound


@fault("test_few_trials")
class NeedsTrials(Right):
    def full(self):
        self.of[0]
        super().full()


@fault("test_more_trials")
class TakesFullForTheEnd(Right):
    ended = False

    def full(self):
        self.ended = True
        super().full()

    def begin(self, number):
        if self.ended:
            raise RuntimeError("no further trial was to begin")
        return super().begin(number)


@fault("test_cost")
class ComparesAllWithAll(Right):
    def begin(self, number):
        sum(1 for _ in range(number**2))
        return super().begin(number)


@fault("test_pauses", pauses=False)
class PausesInSecret(Right):
    pass


@fault("test_options")
class IgnoresOptions(Right):
    @classmethod
    def open(cls, scheduling):
        if scheduling.resource is None:
            raise OptionError("Give resource=.")
        return cls(resource=scheduling.resource)


@fault("test_needs_resource", resource=False)
class NeedsResourceInSecret(Right):
    pass


@fault("test_global_random_state")
class DrawsFromTheWorld(Right):
    def begin(self, number):
        random.random()
        return super().begin(number)


@fault("test_traces")
class WritesALog(Right):
    def begin(self, number):
        Path("scheduler.log").write_text("one more\n")
        return super().begin(number)


@fault("test_traces")
class Chatters(Right):
    def full(self):
        print("full")
        super().full()


@hookimpl
def unitune_schedulers():
    record = {"resource": True, "pauses": True}
    specs = [SchedulerSpec("right", "wrong_schedulers:Right", **record)]
    for name, (_, own) in FAULTS.items():
        specs.append(SchedulerSpec(name, f"wrong_schedulers:{name}", **{**record, **own}))
    return specs
