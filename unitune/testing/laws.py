"""The law of every kind of parameter, written down apart from the code that is tested by it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from unitune.space import Bool, Categorical, Const, Float, Int, Parameter, Space
from unitune.space.sameness import same

Column = NDArray[np.float64]

# A right backend falls on the wrong side of a test once in a thousand million runs.
DOUBT = 1e-9


def axis(scale: str) -> Callable[[float], float]:
    """Return the map onto the axis where a scale's law is uniform."""
    maps: dict[str, Callable[[float], float]] = {
        "linear": float,
        "log": math.log,
        "reverse_log": lambda x: -math.log1p(-x),
    }
    return maps[scale]


def values(parameter: Any) -> list[Any]:
    """Return every value of a countable parameter."""
    if isinstance(parameter, Categorical | Bool):
        return list(parameter.choices)
    if isinstance(parameter, Int):
        return list(range(parameter.low, parameter.high + 1, parameter.step or 1))
    count = round((parameter.high - parameter.low) / parameter.step - 0.499999) + 1
    return [round(parameter.low + i * parameter.step, 12) for i in range(count)]


def shares(parameter: Any) -> Column:
    """Return the probability of every value of a countable parameter.

    Uniform on the linear scale; on the others the share of half a step on either side, the
    outermost side ending half-way to zero (log) or one (reverse_log) where it would cross.
    """
    own = values(parameter)
    if isinstance(parameter, Categorical | Bool) or parameter.scale == "linear":
        return np.full(len(own), 1 / len(own))
    half = (parameter.step or 1) / 2
    edges = [own[0] - half, *(value + half for value in own)]
    if parameter.scale == "log":
        edges[0] = max(edges[0], own[0] / 2)
    else:
        edges[-1] = min(edges[-1], (own[-1] + 1) / 2)
    places = np.array([axis(parameter.scale)(edge) for edge in edges])
    return np.asarray(np.diff(places) / (places[-1] - places[0]))


def cdf(parameter: Float) -> Any:
    """Return the distribution function of a continuous parameter."""
    place = axis(parameter.scale)
    low, high = place(parameter.low), place(parameter.high)
    return np.vectorize(lambda x: (place(x) - low) / (high - low))


def p_value(parameter: Any, draws: Sequence[Any]) -> float:
    """Return how likely draws as odd as these are under the law of the parameter."""
    with np.errstate(all="ignore"):  # whatever the plugin has made of floating point errors
        return _p_value(parameter, draws)


def _p_value(parameter: Any, draws: Sequence[Any]) -> float:
    if isinstance(parameter, Float) and parameter.step is None:
        return float(stats.kstest(draws, cdf(parameter)).pvalue)
    own = values(parameter)
    counts = np.zeros(len(own))
    if isinstance(parameter, Categorical | Bool):
        for draw in draws:
            counts[next(i for i, choice in enumerate(own) if same(choice, draw))] += 1
    else:
        place = {value: i for i, value in enumerate(own)}
        for draw in draws:
            counts[place[draw]] += 1
    if len(own) < 2:
        return 1.0
    observed, expected = _merged(counts, shares(parameter) * len(draws))
    chi = float(stats.chisquare(observed, expected).pvalue) if len(observed) > 1 else 1.0
    if isinstance(parameter, Categorical | Bool):
        return chi
    # Of many values with an order, Kolmogorov and Smirnov see a shift that chi-square does not;
    # for values that are counted their test is on the safe side.
    gap = np.abs(np.cumsum(counts) / len(draws) - np.cumsum(shares(parameter))).max()
    return min(chi, float(stats.kstwo.sf(gap, len(draws))))


def plain(parameter: Parameter, value: Any) -> bool:
    """Return whether a value is of Python's own type, or the very object that was listed."""
    if isinstance(parameter, Const):
        return value is parameter.value
    if isinstance(parameter, Categorical | Bool):
        return any(value is choice for choice in parameter.choices)
    return type(value) is (int if isinstance(parameter, Int) else float)


def within(parameter: Any, value: Any) -> bool:
    """Return whether a value is one of the parameter's, to the last bit."""
    if isinstance(parameter, Const):
        return same(value, parameter.value)
    if isinstance(parameter, Categorical | Bool):
        return any(same(value, choice) for choice in parameter.choices)
    countable = isinstance(parameter, Int) or parameter.step is not None
    inside = parameter.low <= value <= parameter.high
    return inside and (not countable or value in values(parameter))


def law_faults(space: Space, configs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the p-value of every parameter whose law configs do not seem to follow."""
    faults = {}
    for name, parameter in space.items():
        column = [config[name] for config in configs if name in config]
        if parameter.size > 1 and len(column) > len(configs) / 8:
            odds = p_value(parameter, column)
            if odds < DOUBT:
                faults[name] = odds
        elif not column:
            faults[name] = 0.0
    return faults


def least_independent(space: Space, configs: Sequence[Mapping[str, Any]]) -> float:
    """Return the least p-value of all pairs of parameters, and of all parameters over trials."""
    columns = _columns(space, configs)
    with np.errstate(all="ignore"):
        among = [
            stats.spearmanr(columns[a], columns[b]).pvalue
            for a, b in itertools.combinations(columns, 2)
        ]
        along = [stats.spearmanr(column[:-1], column[1:]).pvalue for column in columns.values()]
    return float(min([*among, *along], default=1.0))


def _columns(space: Space, configs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the place of every value among its parameter's, as numbers."""
    columns = {}
    for name, parameter in space.items():
        if parameter.size > 1:
            column = [config[name] for config in configs]
            if isinstance(parameter, Categorical | Bool):
                column = [parameter.index(value) for value in column]
            columns[name] = np.array(column, dtype=float)
    return columns


def _merged(counts: Column, expected: Column) -> tuple[Column, Column]:
    # The chi-square law needs some five expected draws a cell: rarer neighbours are put together.
    joined = [[0.0, 0.0]]
    for count, share in zip(counts, expected, strict=True):
        if joined[-1][1] >= 5:
            joined.append([0.0, 0.0])
        joined[-1][0] += count
        joined[-1][1] += share
    if len(joined) > 1 and joined[-1][1] < 5:
        count, share = joined.pop()
        joined[-1][0] += count
        joined[-1][1] += share
    observed, rest = np.array(joined).T
    return observed, rest
