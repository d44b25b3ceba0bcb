"""Every backend proposes what the user defined: each parameter's own law, bounds and types."""

from __future__ import annotations

import importlib.util
import itertools

import numpy as np
import pytest
from laws import p_value, values
from scipy import stats
from spaces import CONDITIONAL, EVERY_KIND, any_loss

import unitune
from unitune.space import Bool, Categorical, Const, Float, Int
from unitune.trial import State

LIBRARIES = {
    "optuna": "optuna",
    "hyperopt": "hyperopt",
    "skopt": "skopt",
    "ray": "ray",
    "gp": "torch",
}
DRAWS = 4000
# The same run may fall on the wrong side once in ten thousand; seeds are fixed, so it never does.
DOUBT = 1e-4

RANDOM = [
    pytest.param(("builtin", DRAWS), id="builtin"),
    pytest.param(("optuna", DRAWS), id="optuna"),
    pytest.param(("hyperopt", DRAWS), id="hyperopt"),
    pytest.param(("skopt", DRAWS), id="skopt"),
    pytest.param(("ray", DRAWS // 4), id="ray", marks=pytest.mark.ray),
    pytest.param(
        ("ray", DRAWS),
        id="ray-whole",
        marks=[pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(1800)],
    ),
]
VARYING = [name for name in EVERY_KIND if name not in ("fixed", "only")]


def configs_of(space, backend, method, n_trials, **settings):
    for library in (LIBRARIES.get(backend), LIBRARIES.get(method)):
        if library is not None and importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    result = unitune.run(
        space,
        any_loss,
        backend=backend,
        method=method,
        n_trials=n_trials,
        progress=False,
        **settings,
    )
    assert len(result.trials) == n_trials
    assert all(trial.state is State.COMPLETE for trial in result.trials)
    return [trial.config for trial in result.trials]


@pytest.fixture(scope="module", params=RANDOM)
def configs(request):
    """What a backend's random method proposed on a space of every kind."""
    backend, n_trials = request.param
    workers = {"workers": 2} if backend == "ray" else {}
    return configs_of(EVERY_KIND, backend, "random", n_trials, seed=2024, **workers)


def is_plain(parameter, value):
    """Return whether a value is of Python's own type, within bounds, and one of the values."""
    if isinstance(parameter, Const):
        return value is parameter.value
    if isinstance(parameter, Categorical | Bool):
        return any(value is choice for choice in parameter.choices)
    kind = int if isinstance(parameter, Int) else float
    inside = type(value) is kind and parameter.low <= value <= parameter.high
    continuous = isinstance(parameter, Float) and parameter.step is None
    return inside and (continuous or value in values(parameter))


@pytest.mark.parametrize("name", VARYING)
def test_every_parameter_follows_the_law_that_was_written(configs, name):
    assert p_value(EVERY_KIND[name], [config[name] for config in configs]) > DOUBT


@pytest.mark.parametrize("name", EVERY_KIND)
def test_every_value_is_plain_and_within_bounds(configs, name):
    parameter = EVERY_KIND[name]
    assert [c[name] for c in configs if not is_plain(parameter, c[name])] == []


def test_configs_hold_the_parameters_in_the_order_of_the_space(configs):
    assert {tuple(config) for config in configs} == {tuple(EVERY_KIND)}


def ranks(name, configs):
    """Return the place of each value among the parameter's values, as a number."""
    parameter = EVERY_KIND[name]
    if isinstance(parameter, Categorical | Bool):
        return [parameter.index(config[name]) for config in configs]
    return [config[name] for config in configs]


def test_parameters_and_trials_are_independent_of_each_other(configs):
    columns = {name: np.array(ranks(name, configs)) for name in VARYING}
    pairs = list(itertools.combinations(VARYING, 2))
    among = [stats.spearmanr(columns[a], columns[b]).pvalue for a, b in pairs]
    along = [stats.spearmanr(column[:-1], column[1:]).pvalue for column in columns.values()]
    # so many comparisons, each with its share of the doubt
    assert min(among + along) > DOUBT / (len(among) + len(along))


@pytest.mark.parametrize(
    "backend",
    ["builtin", "optuna", "hyperopt", "skopt", pytest.param("ray", marks=pytest.mark.ray)],
)
def test_conditional_parameters_follow_their_law_where_they_are_there(backend):
    settings = {"n_trials": 300, "workers": 2} if backend == "ray" else {"n_trials": DRAWS // 2}
    configs = configs_of(CONDITIONAL, backend, "random", seed=7, **settings)
    assert all(map(CONDITIONAL.contains, configs))
    for name, parameter in CONDITIONAL.items():
        column = [config[name] for config in configs if name in config]
        assert len(column) > len(configs) / 8
        assert all(is_plain(parameter, value) for value in column)
        assert p_value(parameter, column) > DOUBT


QUICK = ["optuna:tpe", "optuna:cmaes", "optuna:qmc", "optuna:nsga2", "hyperopt:tpe"]
QUICK += ["hyperopt:anneal"]
DEAR = ["optuna:gp", "skopt:gp", "skopt:gp_fast", "skopt:forest", "skopt:rf", "skopt:gbrt"]
LEARNING = [
    *(pytest.param(name, 40, id=name) for name in QUICK),
    # these cost up to a second a proposal: a few past their ten random ones, and more when slow
    *(pytest.param(name, 13, id=name) for name in DEAR),
    *(pytest.param(name, 40, id=f"{name}-whole", marks=pytest.mark.slow) for name in DEAR),
]


@pytest.mark.parametrize(("contender", "n_trials"), LEARNING)
def test_what_a_learning_method_proposes_is_plain_and_within_bounds(contender, n_trials):
    configs = configs_of(EVERY_KIND, *contender.split(":"), n_trials, seed=3)
    wrong = [
        (name, config[name])
        for config in configs
        for name, parameter in EVERY_KIND.items()
        if not is_plain(parameter, config[name])
    ]
    assert wrong == []
    assert len({repr(config) for config in configs}) > 0.75 * n_trials
