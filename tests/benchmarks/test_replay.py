from __future__ import annotations

from types import SimpleNamespace

import pytest

import unitune
from unitune.trial import State
from unitune_benchmarks.replay import Curve, RecordedFailure, Replayable, Step


class Falling(Curve):
    def curve(self, config, seed=0):
        steps = [Step(n, config["x"] / n + seed, 2.0) for n in (1, 2, 3)]
        if config["x"] > 0.9:
            raise RecordedFailure("too large", steps[:2])
        return steps


def test_the_objective_reports_its_curve():
    generator = Falling()({"x": 0.6}, SimpleNamespace(seed=5))
    assert list(generator) == [5.6, 5.3, 5.2]


def test_a_curve_is_something_that_can_be_replayed():
    assert isinstance(Falling(), Replayable)
    assert not isinstance(lambda config: 0.0, Replayable)


def test_a_recorded_failure_comes_after_the_steps_before_it():
    generator = Falling()({"x": 1.0}, SimpleNamespace(seed=0))
    assert [next(generator), next(generator)] == [1.0, 0.5]
    with pytest.raises(RecordedFailure, match="too large"):
        next(generator)


def test_a_run_of_it_has_the_curve_and_keeps_the_failure():
    result = unitune.run(
        {"x": unitune.Categorical([0.3, 0.95])},
        Falling(),
        backend="builtin",
        method="grid",
        n_trials=2,
        progress=False,
    )
    good, bad = result.trials
    assert [report.step for report in good.reports] == [1, 2, 3]
    assert good.value == good.reports[-1].value
    assert bad.state is State.FAILED
    assert bad.failure.kind == "RecordedFailure"
    assert len(bad.reports) == 2
