"""One backend that owns its loop and is right, and several that are wrong."""

from __future__ import annotations

import random
from pathlib import Path

from unitune.backend import Service
from unitune.capabilities import BackendSpec, Method
from unitune.hookspecs import hookimpl
from unitune.job import Job
from unitune.space.design import grid_for_budget
from unitune.trial import Failure, Outcome, State, trial_seed

START = 5


class Right(Service):
    """Climbs in a box of floats, one trial after the other."""

    native = "what the library would hold"

    def __init__(self, problem):
        self.problem, self.translation = problem, problem.translation
        self.space = problem.translation.space
        self.rng = self.generator(problem.seed)
        self.learned = []

    def generator(self, seed):
        return random.Random(seed)

    def run(self, evaluate, sink):
        number = 0
        for values in self.proposals():
            if sink.done:
                return
            if not self.translation.allows(values):
                sink.rejected()
                continue
            self.one(evaluate, sink, number, values)
            number += 1

    def proposals(self):
        yield from map(dict, self.problem.initial)
        if self.problem.method.name == "grid":
            budget = self.problem.n_trials
            yield from map(self.translation.lower, grid_for_budget(self.space, budget, 0, None))
            return
        while True:
            yield self.next()

    def next(self):
        targets = self.translation.targets
        if self.problem.method.name == "random" or len(self.learned) < START:
            return {name: self.rng.uniform(t.low, t.high) for name, t in targets.items()}
        best, _ = min(self.learned, key=lambda pair: pair[1])
        return {name: self.near(best[name], t.low, t.high) for name, t in targets.items()}

    def near(self, x, low, high):
        return min(max(self.rng.gauss(x, 0.1 * (high - low)), low), high)

    def one(self, evaluate, sink, number, values):
        key = str(number)
        sink.proposed(key, values)
        sink.begun(key)
        job = Job(number, self.translation.lift(values), seed=trial_seed(self.problem.seed, number))
        finished = evaluate(job, lambda _, step, value: sink.reported(key, step, value))
        outcome = self.outcome(finished.outcome)
        sink.finished(key, outcome, finished.seconds)
        if outcome.value is not None:
            self.learned.append((values, self.problem.loss(outcome.value)))

    def outcome(self, outcome):
        return outcome


FAULTS = {}


def fault(check, method="climb"):
    """Name the check that is to find the fault of a backend, on one of its methods."""

    def note(backend):
        FAULTS[f"Service{backend.__name__}"] = (check, method, backend.__name__)
        return backend

    return note


@fault("test_laws", "random")
class HalvesFloats(Right):
    def next(self):
        values = super().next()
        if "float" in values:
            values["float"] *= 0.5
        return values


@fault("test_independence", "random")
class OneNumberForTwo(Right):
    def next(self):
        values = super().next()
        if "float_log" in values:
            values["float_log"] = (values["float"] + 2.0) / 5.0
        return values


@fault("test_constraints", "random")
class StopsAtARefusal(Right):
    def proposals(self):
        for values in super().proposals():
            if not self.translation.allows(values):
                return
            yield values


@fault("test_seed")
class DrawsASeedOfItsOwn(Right):
    def generator(self, seed):
        return random.Random()


@fault("test_exhaustion", "grid")
class GridWithoutEnd(Right):
    def proposals(self):
        while True:
            yield from super().proposals()


@fault("test_learns")
class LearnsNothing(Right):
    def outcome(self, outcome):
        self.learned.clear()
        return outcome


@fault("test_outcomes")
class MakesFailuresUp(Right):
    def outcome(self, outcome):
        if outcome.state is not State.INFEASIBLE:
            return outcome
        return Outcome(State.FAILED, failure=Failure("ValueError", "refused"))


@fault("test_foreign")
class LeavesOutInitialConfigs(Right):
    def proposals(self):
        while True:
            yield self.next()


@fault("test_global_random_state")
class DrawsFromTheWorld(Right):
    def next(self):
        random.random()
        return super().next()


@fault("test_files")
class WritesALog(Right):
    def next(self):
        Path("tuning.log").write_text("asked\n")
        return super().next()


@fault("test_quiet")
class Chatters(Right):
    def next(self):
        print("asked")
        return super().next()


@fault("test_options")
class IgnoresOptions(Right):
    @classmethod
    def open(cls, problem):
        return cls(problem)


@hookimpl
def unitune_backends():
    methods = {
        "climb": Method("climb", frozenset({"float/linear"})),
        "random": Method("random", frozenset({"float/linear"}), learns=False),
        "grid": Method("grid", frozenset({"float/linear"}), learns=False),
    }
    own = {"RightService": (None, "climb", "Right"), **FAULTS}
    return [
        BackendSpec(
            name,
            f"wrong_services:{target}",
            methods=tuple(methods.values()) if name == "RightService" else (methods[method],),
            contract="service",
        )
        for name, (_, method, target) in own.items()
    ]
