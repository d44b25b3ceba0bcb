"""Parameters as Ray's domains, as Optuna's distributions, and as the values of a grid."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import optuna.distributions as od
from ray import tune
from ray.tune.search import sample

from unitune.space import Categorical, Float
from unitune.translation import Target, Translation


class Range(sample.Float):
    """What `tune.uniform` and `tune.loguniform` return, readable in a table."""

    def __repr__(self) -> str:
        log = isinstance(self.sampler, sample.LogUniform)
        return f"tune.{'loguniform' if log else 'uniform'}({self.lower!r}, {self.upper!r})"


class Index(sample.Categorical):
    """What `tune.choice(range(n))` returns, readable in a table."""

    def __repr__(self) -> str:
        return f"tune.choice(range({len(self.categories)}))"


def domain(target: Target) -> Any:
    """Return Ray's own form of a parameter: a range, a range on a log scale, or an index."""
    if isinstance(target, Categorical):
        indices: Any = Index(range(len(target.choices)))
        return indices.uniform()
    bounds: Any = Range(target.low, target.high)
    return bounds.loguniform() if target.scale == "log" else bounds.uniform()


def distribution(target: Target) -> od.BaseDistribution:
    """Return Optuna's form of a parameter, choices by their index."""
    if isinstance(target, Categorical):
        return od.CategoricalDistribution(tuple(range(len(target.choices))))
    log = target.scale == "log"
    if isinstance(target, Float):
        return od.FloatDistribution(target.low, target.high, log=log, step=target.step)
    return od.IntDistribution(target.low, target.high, log=log, step=target.step or 1)


def config_space(targets: Mapping[str, Target]) -> Any:
    """Return the space as ConfigSpace's, for BOHB; choices by their index."""
    from ConfigSpace import (
        CategoricalHyperparameter,
        ConfigurationSpace,
        UniformFloatHyperparameter,
    )

    space = ConfigurationSpace()
    for name, target in targets.items():
        if isinstance(target, Categorical):
            space.add(CategoricalHyperparameter(name, range(len(target.choices))))
        else:
            log = target.scale == "log"
            space.add(UniformFloatHyperparameter(name, target.low, target.high, log=log))
    return space


def natives_of(translation: Translation) -> dict[str, Any]:
    """Return the objects that a method's searcher is given, for each parameter."""
    if translation.method == "optuna":
        return {name: distribution(target) for name, target in translation.targets.items()}
    if translation.method == "grid":
        return {name: _axis(translation, name) for name in translation.steps}
    return {name: domain(target) for name, target in translation.targets.items()}


def grid(translation: Translation, points: int | Mapping[str, int] | None) -> dict[str, Any]:
    """Return each parameter's `tune.grid_search`, in raw values."""
    values = translation.space.grid_values(points)
    return {
        name: tune.grid_search([step.lower(value) for value in values[name]])
        for name, step in translation.steps.items()
    }


def _axis(translation: Translation, name: str) -> Any:
    # How many points a grid has room for depends on the number of trials, known at the run only.
    parameter, step = translation.space[name], translation.steps[name]
    if math.isinf(parameter.size):
        low, high = (step.lower(parameter.quantile(u)) for u in (0.0, 1.0))
        return f"tune.grid_search([{low!r}, …, {high!r}])"
    return tune.grid_search([step.lower(value) for value in parameter.grid(None)])
