"""Objectives that misbehave have one meaning on every backend."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest
from spaces import MIXED, mixed_loss

import unitune
from unitune.errors import ObjectiveError
from unitune.trial import State

CONTENDERS = [
    ("builtin", "random"),
    ("optuna", "tpe"),
    ("hyperopt", "tpe"),
    ("skopt", "forest"),
    ("skopt", "gp"),
]
TRIALS = 14


@pytest.fixture(params=CONTENDERS, ids=":".join)
def run(request):
    """Run an objective on one backend, past its random start-up phase."""
    backend, method = request.param

    def start(objective, n_trials=TRIALS):
        given = {"backend": backend, "method": method, "n_trials": n_trials, "seed": 2}
        return unitune.run(MIXED, objective, **given)

    return start


def every_third(misbehave):
    """Return an objective that misbehaves in one trial of three."""

    def objective(config, trial):
        return misbehave(config) if trial.number % 3 == 1 else mixed_loss(config)

    return objective


def raises(config):
    raise RuntimeError("no memory")


@pytest.mark.parametrize(
    "misbehave",
    [
        raises,
        lambda config: float("nan"),
        lambda config: None,
        lambda config: "0.5",
        lambda config: float("inf"),
        lambda config: float("-inf"),
    ],
    ids=["raises", "nan", "none", "string", "inf", "minus inf"],
)
def test_a_trial_without_a_finite_value_fails_alone(run, misbehave):
    result = run(every_third(misbehave))
    states = [trial.state for trial in result.trials]
    assert states == [State.FAILED if n % 3 == 1 else State.COMPLETE for n in range(TRIALS)]
    assert all(
        t.failure is not None and t.value is None for t in result.trials if t.number % 3 == 1
    )


@pytest.mark.parametrize("wrap", [np.float64, np.float32, np.array], ids=["f64", "f32", "0-d"])
def test_numpy_values_are_taken_and_kept_as_floats(run, wrap):
    result = run(lambda config: wrap(mixed_loss(config)))
    assert all(type(trial.value) is float for trial in result.trials)
    assert len(result.trials) == TRIALS


def test_the_first_trials_may_fail_without_harm(run):
    def objective(config, trial):
        if trial.number < 4:
            raise [KeyError, ValueError, TypeError, OSError][trial.number]
        return mixed_loss(config)

    result = run(objective)
    assert sum(trial.state is State.COMPLETE for trial in result.trials) == TRIALS - 4


def test_changing_its_config_changes_nothing(run):
    def spoil(config):
        value = mixed_loss(config)
        config.clear()
        config["x"] = 99
        return value

    spoilt, clean = run(spoil), run(mixed_loss)
    assert [t.config for t in spoilt.trials] == [t.config for t in clean.trials]


def test_printing_disturbs_nothing(run, capsys):
    result = run(lambda config: print("epoch 1") or mixed_loss(config))
    captured = capsys.readouterr()
    assert captured.out == "epoch 1\n" * TRIALS
    assert captured.err == ""
    assert len(result.trials) == TRIALS


def test_changing_global_seeds_and_filters_changes_no_proposal(run):
    def meddle(config):
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002 - what users do
        return mixed_loss(config)

    meddled, clean = run(meddle), run(mixed_loss)
    assert [t.config for t in meddled.trials] == [t.config for t in clean.trials]


def test_a_run_touches_no_global_state(run):
    python, legacy, filters = random.getstate(), np.random.get_state(), list(warnings.filters)  # noqa: NPY002
    run(mixed_loss)
    assert random.getstate() == python
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(legacy, after, strict=True))
    assert warnings.filters == filters


def test_an_objective_that_always_fails_is_raised(run):
    with pytest.raises(ObjectiveError, match="no memory"):
        run(raises)


def test_ctrl_c_returns_what_is_there(run):
    def objective(config, trial):
        if trial.number == 5:
            raise KeyboardInterrupt
        return mixed_loss(config)

    result = run(objective)
    assert result.reason == "interrupted"
    assert len(result.trials) == 5
    assert result.native is not None
