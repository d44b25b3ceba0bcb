"""Parameters as Optuna's distributions, and Optuna's values as raw ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from unitune.space import Categorical, Float
from unitune.translation import Raw, Target

Suggest = Callable[[optuna.Trial], Raw]


def distribution(target: Target) -> BaseDistribution:
    """Return Optuna's form of a parameter that it takes natively."""
    if isinstance(target, Categorical):
        return CategoricalDistribution(target.choices)
    log = target.scale == "log"
    if isinstance(target, Float):
        return FloatDistribution(target.low, target.high, log=log, step=target.step)
    return IntDistribution(target.low, target.high, log=log, step=target.step or 1)


def suggestion(name: str, native: BaseDistribution) -> Suggest:
    """Return a function that draws one parameter of a trial, as a raw value."""
    # `suggest_float` and its like end here too, but build the distribution anew every time.
    if isinstance(native, CategoricalDistribution):
        places = {choice: place for place, choice in enumerate(native.choices)}
        return lambda trial: places[trial._suggest(name, native)]
    return lambda trial: trial._suggest(name, native)


def external(native: BaseDistribution, raw: Raw) -> Any:
    """Return Optuna's value for a raw one: the choice itself where it keeps choices."""
    return native.choices[int(raw)] if isinstance(native, CategoricalDistribution) else raw


def readable(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config that Optuna may copy, store and print, whatever objects it holds."""
    plain = (type(None), bool, int, float, str)
    return {name: v if type(v) in plain else repr(v) for name, v in config.items()}
