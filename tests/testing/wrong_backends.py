"""One backend that is right, and many that are wrong, each in a way of its own."""

from __future__ import annotations

import math
import random
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from unitune.backend import Answer, Proposal, Study
from unitune.capabilities import BackendSpec, Kind, Method, SchedulerSpec
from unitune.hookspecs import hookimpl
from unitune.space import Float, Space
from unitune.space.design import grid_for_budget
from unitune.trial import State

ALL = frozenset(get_args(Kind))
BOX = frozenset({"float/linear"})
START = 5


@dataclass
class Record:
    """The native object: (values, loss or None) of each trial that ended."""

    trials: list


class Right(Study):
    """Random search over everything, a climb in a box of floats, and a grid."""

    def __init__(self, problem, spread=0.1):
        self.problem, self.spread = problem, spread
        self.translation, self.space = problem.translation, problem.translation.space
        self.rng = self.generator(problem.seed)
        self.record = Record([])
        self.asked, self.learned, self.count = {}, [], 0
        self.plane = set(self.space) == {"x", "y"}
        self.grid = grid_for_budget(self.space, problem.n_trials, problem.seed, None)

    def generator(self, seed):
        return random.Random(seed)

    @property
    def native(self):
        return self.record

    def ask(self):
        ways = {"random": self.random, "climb": self.climb, "grid": self.corner}
        values = ways[self.problem.method.name]()
        return Answer.EXHAUSTED if values is None else self.enter(values)

    def random(self):
        return self.translation.lower(self.draw())

    def draw(self):
        return self.space.sample(self.rng)

    def corner(self):
        config = next(self.grid, None)
        return None if config is None else self.translation.lower(config)

    def climb(self):
        targets = self.translation.targets
        if len(self.learned) < START or self.rng.random() < 0.2:
            return {name: self.rng.uniform(t.low, t.high) for name, t in targets.items()}
        best, _ = min(self.learned, key=lambda pair: pair[1])
        return {name: self.near(best[name], t.low, t.high) for name, t in targets.items()}

    def near(self, x, low, high):
        while True:
            drawn = self.rng.gauss(x, self.spread * (high - low))
            if low <= drawn <= high:
                return drawn

    def enter(self, values):
        self.count += 1
        self.asked[self.count] = values
        return Proposal(values, self.count)

    def inject(self, values):
        return self.enter(dict(values))

    def tell(self, token, outcome):
        values = self.asked.pop(token)
        loss = None if outcome.value is None else self.problem.loss(outcome.value)
        self.record.trials.append((values, loss))
        if loss is not None:
            self.learned.append((values, loss))


FAULTS = {}


def fault(check, method="random", **record):
    """Name the check that is to find the fault of a backend, on one of its methods."""

    def note(backend):
        FAULTS[backend.__name__] = (check, method, record)
        return backend

    return note


# What is proposed


@fault("test_bounds")
class OutByAnUlp(Right):
    def random(self):
        values = super().random()
        if self.count == 7 and not self.space.constraints:
            for name, target in self.translation.targets.items():
                if isinstance(target, Float) and name in values:
                    values[name] = math.nextafter(target.high, math.inf)
        return values


@fault("test_bounds")
class BetweenSteps(Right):
    def random(self):
        values = super().random()
        if "float_step" in values:
            values["float_step"] += 0.05
        return values


@fault("test_types")
class NumpyIntegers(Right):
    def random(self):
        values = super().random()
        return {n: np.int64(v) if isinstance(v, int) else v for n, v in values.items()}


@fault("test_types")
class ForeignNames(Right):
    def random(self):
        return {**super().random(), "iteration": self.count} if not self.plane else super().random()


@fault("test_types")
class IntegersForFloats(Right):
    def random(self):
        values = super().random()
        return {**values, "float": 1} if self.count == 3 and "float" in values else values


@fault("test_laws")
class OtherLawOfLogIntegers(Right):
    def random(self):
        values = super().random()
        target = self.translation.targets.get("int_log")
        if target is not None:
            ends = math.log(target.low), math.log(target.high)
            values["int_log"] = round(math.exp(self.rng.uniform(*ends)))
        return values


@fault("test_laws")
class HalvedEnds(Right):
    def random(self):
        values = super().random()
        if "int" in values:
            values["int"] = round(self.rng.uniform(1, 5))
        return values


@fault("test_laws", "climb")
class StartsInTheMiddle(Right):
    def climb(self):
        values = super().climb()
        if len(self.learned) < START and "float" in values:
            values["float"] = 0.5 * values["float"]
        return values


@fault("test_independence")
class OneNumberForTwo(Right):
    def random(self):
        config = self.draw()
        if {"float", "float_log"} <= set(config):
            position = self.space["float"].position(config["float"])
            config["float_log"] = self.space["float_log"].quantile(position)
        return self.translation.lower(config)


@fault("test_conditions")
class DropsConditions(Right):
    def random(self):
        values = super().random()
        steps = self.translation.steps
        medians = {name: steps[name].lower(self.space[name].quantile(0.5)) for name in steps}
        return {**medians, **values}


@fault("test_conditions")
class LeavesOutTooMuch(Right):
    def random(self):
        values = super().random()
        values.pop("damping", None)
        return values


@fault("test_constraints")
class BreaksConstraints(Right):
    def draw(self):
        return Space(dict(self.space)).sample(self.rng)


@fault("test_kinds")
class CannotTakeOrderedChoices(Right):
    @classmethod
    def native_space(cls, translation):
        if "ordered" in translation.targets:
            raise NotImplementedError("ordered choices")
        return translation.targets


@fault("test_kinds")
class NeedsTwoParameters(Right):
    def random(self):
        if len(self.space) == 1:
            raise ValueError("a plane is the least")
        return super().random()


@fault("test_kinds")
class MakesNothingOfMost(Right):
    @classmethod
    def native_space(cls, translation):
        return dict(list(translation.targets.items())[:1])


@fault("test_exhaustion", "grid")
class GridWithoutEnd(Right):
    def corner(self):
        values = super().corner()
        if values is None:
            self.grid = grid_for_budget(self.space, self.problem.n_trials, 0, None)
        return values or super().corner()


@fault("test_exhaustion", "grid")
class GridThatEndsEarly(Right):
    def corner(self):
        return None if self.count == 4 and not self.plane else super().corner()


@fault("test_exhaustion")
class TiresOfFewConfigs(Right):
    def random(self):
        return None if self.count == 9 and self.space.size < 10 else super().random()


@fault("test_endless")
class DrawsAsManyAsPlanned(Right):
    def random(self):
        return None if self.count >= self.problem.n_trials else super().random()


# What follows from what


@fault("test_seed")
class IgnoresTheSeed(Right):
    def generator(self, seed):
        return random.Random(0)


@fault("test_seed")
class DrawsASeedOfItsOwn(Right):
    def generator(self, seed):
        return random.Random()


@fault("test_seed")
class TakesSmallSeedsOnly(Right):
    def generator(self, seed):
        if seed >= 2**31:
            raise OverflowError(seed)
        return super().generator(seed)


@fault("test_seed")
class TakesZeroForNoSeed(Right):
    def generator(self, seed):
        return random.Random(seed or None)


@fault("test_another_process")
class HangsOnHashes(Right):
    def generator(self, seed):
        return random.Random(seed + hash("unitune"))


@fault("test_pending")
class OneAtATime(Right):
    def ask(self):
        if self.asked:
            raise RuntimeError("tell me first")
        return super().ask()


@fault("test_pending")
class ProposesWhatIsUnderWay(Right):
    def random(self):
        return dict(self.asked[max(self.asked)]) if len(self.asked) >= 2 else super().random()


class GoesByTheOrder(Right):
    """Takes results for those of another trial that is under way."""

    whose = None

    def tell(self, token, outcome):
        other = self.whose(self.asked)
        self.asked[token], self.asked[other] = self.asked[other], self.asked[token]
        super().tell(token, outcome)


@fault("test_pending", "climb")
class TakesTheFirstForTold(GoesByTheOrder):
    whose = staticmethod(min)


@fault("test_pending", "climb")
class TakesTheLastForTold(GoesByTheOrder):
    whose = staticmethod(max)


@fault("test_pending", "climb")
class ForgetsBesideOthers(Right):
    def tell(self, token, outcome):
        known = len(self.learned)
        super().tell(token, outcome)
        if self.asked:
            del self.learned[known:]


@fault("test_order")
class HeedsTheOrder(Right):
    def tell(self, token, outcome):
        if token != min(self.asked):
            self.rng.random()
        super().tell(token, outcome)


@fault("test_repeats")
class CannotTakeBack(Right):
    def repeated(self, token, outcome):
        raise KeyError(token)


@fault("test_replay", "climb")
class DrawsOtherwiseBesideOthers(Right):
    def climb(self):
        if len(self.asked) == 2:
            self.rng = random.Random()
        return super().climb()


# What it is told


class Forgets(Right):
    state = None
    again = None

    def climb(self):
        values, self.again = self.again or super().climb(), None
        return values

    def tell(self, token, outcome):
        if outcome.state is self.state:
            self.again = dict(self.asked[token])
        super().tell(token, outcome)


@fault("test_failed", "climb")
class ForgetsFailures(Forgets):
    state = State.FAILED


@fault("test_infeasible", "climb")
class ForgetsRefusals(Forgets):
    state = State.INFEASIBLE


class TakesThemForGood(Right):
    """Learns that trials that came to nothing came to a good value."""

    states = ()
    good = -1e9

    def tell(self, token, outcome):
        values, known = self.asked[token], len(self.learned)
        super().tell(token, outcome)
        if outcome.state in self.states:
            self.learned[known:] = [(values, self.good)]


@fault("test_failed", "climb")
class TakesFailuresForTheBest(TakesThemForGood):
    states = (State.FAILED,)


@fault("test_failed", "climb")
class TakesFailuresForZero(TakesThemForGood):
    states = (State.FAILED,)
    good = 0.0


@fault("test_infeasible", "climb")
class TakesRefusalsForTheBest(TakesThemForGood):
    states = (State.INFEASIBLE,)


@fault("test_pruned", "climb")
class TakesPrunedOnesForTheBest(TakesThemForGood):
    states = (State.PRUNED,)


@fault("test_pruned")
class NeedsAValueOfWhatIsPruned(Right):
    def tell(self, token, outcome):
        if outcome.state is State.PRUNED:
            float(outcome.value)
        super().tell(token, outcome)


@fault("test_lost")
class CannotLeaveTrialsBehind(Right):
    def close(self):
        if self.asked:
            raise RuntimeError("there are trials that nobody told me of")


@fault("test_extremes")
class SquaresValues(Right):
    def tell(self, token, outcome):
        if outcome.value is not None:
            outcome.value**2
        super().tell(token, outcome)


@fault("test_native")
class TellsTwice(Right):
    def tell(self, token, outcome):
        super().tell(token, outcome)
        self.record.trials.append(self.record.trials[-1])


@fault("test_native")
class KeepsNoFailures(Right):
    def tell(self, token, outcome):
        super().tell(token, outcome)
        if outcome.state is State.FAILED:
            self.record.trials.pop()


@fault("test_reports")
class StopsUnasked(Right):
    def report(self, token, step, value):
        return step > 3


@fault("test_reports")
class AnswersReportsWithNothing(Right):
    def report(self, token, step, value):
        return None


@fault("test_inject")
class DrawsForForeignConfigs(Right):
    def inject(self, values):
        self.rng.random()
        return super().inject(values)


@fault("test_inject")
class RoundsForeignConfigs(Right):
    def inject(self, values):
        return self.enter({n: round(v, 6) if type(v) is float else v for n, v in values.items()})


@fault("test_warm_start", "climb")
class LearnsOnlyFromItsOwn(Right):
    foreign = frozenset()

    def inject(self, values):
        proposal = super().inject(values)
        self.foreign |= {proposal.token}
        return proposal

    def tell(self, token, outcome):
        super().tell(token, outcome)
        if token in self.foreign and outcome.value is not None:
            self.learned.pop()


@fault("test_warm_start", "climb")
class LearnsTheOppositeFromForeignTrials(LearnsOnlyFromItsOwn):
    def tell(self, token, outcome):
        Right.tell(self, token, outcome)
        if token in self.foreign and outcome.value is not None:
            values, loss = self.learned[-1]
            self.learned[-1] = (values, -loss)


# What it claims


@fault("test_learns", "climb")
class ClaimsToLearn(Right):
    def climb(self):
        targets = self.translation.targets
        return {name: self.rng.uniform(t.low, t.high) for name, t in targets.items()}


@fault("test_learns", "climb")
class LearnsTheWrongWay(Right):
    def tell(self, token, outcome):
        super().tell(token, outcome)
        if outcome.value is not None:
            self.learned[-1] = (self.learned[-1][0], -self.learned[-1][1])


@fault("test_learns")
class HeedsResultsInSecret(Right):
    def tell(self, token, outcome):
        if outcome.value is not None and outcome.value < 0:
            self.rng.random()
        super().tell(token, outcome)


@fault("test_mode", "climb")
class AlwaysMinimises(Right):
    def tell(self, token, outcome):
        super().tell(token, outcome)
        if outcome.value is not None:
            self.learned[-1] = (self.learned[-1][0], outcome.value)


@fault("test_cost")
class LooksAtEverythingAgain(Right):
    def random(self):
        if self.plane:
            for _ in self.record.trials:
                sum(range(300))
        return super().random()


@fault("test_target")
class IsNoStudy:
    def __init__(self, right):
        self.right = right

    @classmethod
    def native_space(cls, translation):
        return translation.targets

    @classmethod
    def open(cls, problem):
        return cls(Right.open(problem))

    def __getattr__(self, name):
        return getattr(self.right, name)


@fault("test_schedulers", schedulers=(SchedulerSpec("stopper"),))
class DeclaresAScheduler(Right):
    pass


@fault("test_listing", module="minimal")
class ImportsWhenListed(Right):
    pass


# What it leaves alone


@fault("test_global_random_state")
class SeedsTheWorld(Right):
    def generator(self, seed):
        random.seed(seed)
        return super().generator(seed)


@fault("test_global_random_state")
class DrawsFromNumpysWorld(Right):
    def random(self):
        np.random.random()  # noqa: NPY002 - the fault itself
        return super().random()


@fault("test_global_random_state")
class PutsItRightTooLate(Right):
    """Seeds the world while a trial is under way."""

    def ask(self):
        self.before = random.getstate()
        random.seed(1)
        return super().ask()

    def tell(self, token, outcome):
        super().tell(token, outcome)
        if hasattr(self, "before"):
            random.setstate(self.before)


@fault("test_global_random_state")
class DrawsForForeignConfigsFromTheWorld(Right):
    def inject(self, values):
        random.random()
        return super().inject(values)


@fault("test_global_random_state")
class DrawsForReports(Right):
    def report(self, token, step, value):
        random.random()
        return False


@fault("test_global_random_state")
class DrawsForItsNativeObject(Right):
    @property
    def native(self):
        random.random()
        return self.record


@fault("test_global_random_state")
class SeedsForItsSpace(Right):
    @classmethod
    def native_space(cls, translation):
        np.random.seed(0)  # noqa: NPY002 - the fault itself
        return translation.targets


@fault("test_global_random_state")
class DrawsWhenItEnds(Right):
    def close(self):
        random.random()


@fault("test_callers_objects")
class EmptiesTheConfig(Right):
    def inject(self, values):
        proposal = super().inject(values)
        values.clear()
        return proposal


@fault("test_callers_objects")
class HandsOutOneDict(Right):
    def random(self):
        if not self.plane:
            return super().random()
        self.one = getattr(self, "one", {})
        self.one.update(super().random())
        return self.one

    def tell(self, token, outcome):
        self.asked[token] = dict(self.asked[token])
        super().tell(token, outcome)


@fault("test_files")
class WritesALog(Right):
    def random(self):
        Path("tuning.log").write_text("asked\n")
        return super().random()


@fault("test_files")
class WritesOfFailures(Right):
    def tell(self, token, outcome):
        if outcome.value is None:
            Path("failed.log").write_text("again\n")
        super().tell(token, outcome)


@fault("test_quiet")
class ComplainsOfFailures(Right):
    def tell(self, token, outcome):
        if outcome.value is None:
            print("failed")
        super().tell(token, outcome)


@fault("test_quiet")
class SetsNumpysErrors(Right):
    def generator(self, seed):
        np.seterr(under="raise")
        return super().generator(seed)


@fault("test_quiet", target="speaks_when_imported:SpeaksWhenImported")
class SpeaksWhenImported(Right):
    pass


@fault("test_quiet")
class Chatters(Right):
    def random(self):
        print("asked")
        return super().random()


@fault("test_quiet")
class Warns(Right):
    def random(self):
        warnings.warn("this is experimental", UserWarning, stacklevel=1)
        return super().random()


@fault("test_options")
class RefusesUncleanly(Right):
    @classmethod
    def open(cls, problem):
        return cls(problem, **problem.options)


@fault("test_options")
class IgnoresOptions(Right):
    @classmethod
    def open(cls, problem):
        return cls(problem)


@fault("test_budget")
class ChokesOnTracebacks(Right):
    def tell(self, token, outcome):
        if outcome.failure is not None and outcome.failure.traceback:
            raise ValueError(outcome.failure.traceback)
        super().tell(token, outcome)


class ForgetsRefusalsAndFailures(ForgetsRefusals):
    """Two faults, of which one may be known."""

    def tell(self, token, outcome):
        super().tell(token, outcome)
        if outcome.state is State.FAILED:
            self.record.trials.pop()


METHODS = {
    "random": Method("random", ALL, learns=False),
    "climb": Method("climb", BOX),
    "grid": Method("grid", ALL, learns=False),
}


@hookimpl
def unitune_backends():
    specs = [BackendSpec("Right", "wrong_backends:Right", methods=tuple(METHODS.values()))]
    for name, (_, method, own) in FAULTS.items():
        record = {"target": f"wrong_backends:{name}", **own}
        specs.append(BackendSpec(name, methods=(METHODS[method],), **record))
    bare = Method("bare", ALL, learns=False, needs=("no_such_module",))
    specs.append(BackendSpec("Extra", "wrong_backends:Right", methods=(METHODS["random"], bare)))
    two = "wrong_backends:ForgetsRefusalsAndFailures"
    specs.append(BackendSpec("ForgetsRefusalsAndFailures", two, methods=(METHODS["climb"],)))
    lacking = {"methods": (METHODS["random"],), "distribution": "no-such-library"}
    specs.append(BackendSpec("Lacking", "wrong_backends:Right", **lacking))
    return specs
