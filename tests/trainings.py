"""Trainings of other libraries in trials: stopped, paused and gone on with, in nine epochs."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import sys
import tempfile

import pytest

import unitune
from unitune import Float, Space
from unitune.errors import MissingLibraryError
from unitune.job import Job
from unitune.objective import Evaluator
from unitune.trial import State, Verdict

SPACE = Space({"lr": Float(0.01, 0.3)})
EPOCHS = 9
MIDDLE = {"lr": 0.1}


def until(step, verdict):
    """Return what takes reports and decides at one step."""
    return lambda number, at, value: verdict if at == step else Verdict.CONTINUE


def evaluate(objective, on_report=None, **job):
    """Evaluate one trial as a worker does, by default to its end."""
    on_report = on_report or until(EPOCHS, Verdict.FINISH)
    with tempfile.TemporaryDirectory() as place:
        given = {"place": place, **job}
        return Evaluator(objective)(Job(0, MIDDLE, seed=0, **given), on_report)


def values(finished):
    return [report.value for report in finished.outcome.reports]


def stopped_after_three(objective):
    """Stop a trial, and check that it is pruned with the value of its last report."""
    finished = evaluate(objective, until(3, Verdict.STOP))
    assert finished.outcome.state is State.PRUNED, finished.outcome.failure
    assert [report.step for report in finished.outcome.reports] == [1, 2, 3]
    assert finished.outcome.value == values(finished)[-1]
    return finished


def gone_on_with(objective, place):
    """Pause a trial after three epochs and go on with it; return it and one without a pause."""
    place = str(place)
    first = evaluate(objective, until(3, Verdict.PAUSE), place=place, resource=3)
    assert first.paused, first.outcome.failure
    second = evaluate(objective, place=place, resource=EPOCHS, reports=first.outcome.reports)
    assert (second.how, second.start, second.reached) == ("restored", 3, EPOCHS)
    assert [report.step for report in second.outcome.reports] == list(range(1, EPOCHS + 1))
    assert second.outcome.state is State.COMPLETE
    return second, evaluate(objective)


def run(objective, **settings):
    given = {"backend": "builtin", "method": "random", "seed": 0, "progress": False, **settings}
    return unitune.run(SPACE, objective, **given)


def hyperband(objective, **settings):
    """Run one bracket of nine trials, and check that each leg consumes the difference only."""
    given = {"scheduler": "unitune:hyperband", "resource": (1, EPOCHS), "n_trials": 9, **settings}
    result = run(objective, **given)
    failures = [trial.failure for trial in result.trials if trial.failure]
    assert failures == []
    legs = result.resource.frame()
    assert sorted(legs["how"]) == ["first"] * 9 + ["restored"] * 4
    assert result.resource.rungs()["resource"].tolist()[:3] == [9, 3 * 2, 6]
    states = [trial.state for trial in result.trials]
    assert (states.count(State.COMPLETE), states.count(State.PRUNED)) == (1, 8)
    return result


def asha(objective, **settings):
    """Run trials under ASHA, and check that some are stopped and some are complete."""
    result = run(objective, scheduler="asha", resource=(1, EPOCHS), n_trials=8, **settings)
    assert {trial.state for trial in result.trials} == {State.COMPLETE, State.PRUNED}
    return result


class Missing:
    """Finds modules as if one library were not installed."""

    def __init__(self, library):
        self.library = library

    def find_spec(self, name, path=None, target=None):
        if name == self.library:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@contextlib.contextmanager
def without(library):
    """Make a library, and its module in unitune, ones that are still to be imported, in vain."""
    own = f"unitune.integrations.{library}"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in sys.modules if f"{name}.".startswith((f"{library}.", own))]:
            patch.delitem(sys.modules, name)
        patch.setattr(sys, "meta_path", [Missing(library), *sys.meta_path])
        yield own


def asks_to_install(library, extra):
    """Check what is said where a library is missing."""
    with without(library) as name, pytest.raises(MissingLibraryError) as caught:
        importlib.import_module(name)
    assert f"pip install 'unitune[{extra}]'" in str(caught.value)


def examples_hold(name):
    """Run the examples of an integration, which pytest leaves alone: importing it takes long."""
    done = doctest.testmod(importlib.import_module(f"unitune.integrations.{name}"))
    assert done.attempted > 0
    assert done.failed == 0
