"""What studies are told of trials that were stopped early."""

from __future__ import annotations

import pytest

import unitune
from unitune import Float, Space
from unitune.backend import Answer, Study
from unitune.steering import Steering
from unitune.trial import Outcome, State

SPACE = Space({"x": Float(0, 1)})


class Hears(Study):
    """Remembers what it is told."""

    def __init__(self):
        self.told = []

    def ask(self):
        return Answer.EXHAUSTED

    def tell(self, token, outcome):
        self.told.append((token, outcome.state.value, outcome.value))

    @property
    def native(self):
        return None


def ended(number, value, state=State.COMPLETE):
    return number, Outcome(state, value)


def steering(*, partial=False):
    return Steering(Hears(), loss=lambda value: value, partial=partial)


def test_a_trial_that_was_stopped_early_is_told_once_there_is_a_complete_one_to_measure_it_by():
    by = steering()
    by.tell(*ended(0, 0.5, State.PRUNED))
    by.tell(*ended(1, 9.0, State.PRUNED))
    by.tell(*ended(2, None, State.FAILED))
    assert by.study.told == [(2, "failed", None)]
    by.tell(*ended(3, 2.0))
    assert by.study.told[1:] == [(3, "complete", 2.0), (0, "pruned", 2.0), (1, "pruned", 9.0)]
    by.tell(*ended(4, 1.0, State.PRUNED))
    assert by.study.told[-1] == (4, "pruned", 2.0)


def test_at_the_end_the_rest_is_told_too():
    by = steering()
    by.tell(*ended(0, 0.5, State.PRUNED))
    by.settle()
    by.settle()
    assert by.study.told == [(0, "pruned", 0.5)]


def test_a_study_that_tells_them_apart_is_told_at_once():
    by = steering(partial=True)
    by.tell(*ended(0, 0.5, State.PRUNED))
    assert by.study.told == [(0, "pruned", 0.5)]


@pytest.mark.parametrize(("backend", "method"), [("hyperopt", "tpe"), ("skopt", "forest")])
def test_no_library_takes_a_low_rungs_value_for_a_final_one(backend, method):
    def rising(config):
        for epoch in range(1, 10):
            yield config["x"] + epoch

    result = unitune.run(
        SPACE, rising, backend=backend, method=method, scheduler="unitune:hyperband",
        resource=(1, 9), n_trials=34, seed=0, progress=False,
    )  # fmt: skip
    least = min(t.value for t in result.trials if t.state is State.COMPLETE)
    pruned = [t.value for t in result.trials if t.state is State.PRUNED]
    assert min(pruned) < 5 < least
    native = result.native
    losses = native.func_vals if backend == "skopt" else [r["loss"] for r in native.results]
    assert len(losses) == 34
    assert min(losses) == pytest.approx(least)
