"""The law of every kind of parameter, written down apart from the code that is tested by it."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from unitune.space import Bool, Categorical, Float, Int
from unitune.space.sameness import same


def axis(scale):
    """Return the map onto the axis where a scale's law is uniform."""
    return {"linear": float, "log": math.log, "reverse_log": lambda x: -math.log1p(-x)}[scale]


def values(parameter):
    """Return every value of a countable parameter."""
    if isinstance(parameter, Categorical | Bool):
        return list(parameter.choices)
    if isinstance(parameter, Int):
        return list(range(parameter.low, parameter.high + 1, parameter.step or 1))
    count = round((parameter.high - parameter.low) / parameter.step - 0.499999) + 1
    return [round(parameter.low + i * parameter.step, 12) for i in range(count)]


def shares(parameter):
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
    return np.diff(places) / (places[-1] - places[0])


def cdf(parameter):
    """Return the distribution function of a continuous parameter."""
    place = axis(parameter.scale)
    low, high = place(parameter.low), place(parameter.high)
    return np.vectorize(lambda x: (place(x) - low) / (high - low))


def p_value(parameter, draws):
    """Return how likely draws as odd as these are under the law of the parameter."""
    if isinstance(parameter, Float) and parameter.step is None:
        return stats.kstest(draws, cdf(parameter)).pvalue
    own = values(parameter)
    counts = np.zeros(len(own))
    if isinstance(parameter, Categorical | Bool):
        for draw in draws:
            counts[next(i for i, choice in enumerate(own) if same(choice, draw))] += 1
    else:
        place = {value: i for i, value in enumerate(own)}
        for draw in draws:
            counts[place[draw]] += 1
    expected = shares(parameter) * len(draws)
    return stats.chisquare(*_merged(counts, expected)).pvalue if len(own) > 1 else 1.0


def _merged(counts, expected):
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
    return np.array(joined).T


def raw_draws(target, rng, size):
    """Draw raw values as a library would that takes the target natively: numbers, or indices."""
    if isinstance(target, Categorical):
        return [int(i) for i in rng.integers(len(target.choices), size=size)]
    if isinstance(target, Int) or target.step is not None:
        own = values(target)
        picks = rng.choice(len(own), p=shares(target), size=size)
        if isinstance(target, Int):
            return [own[i] for i in picks]
        # with the noise of binary multiples, as in 0.1 + 2 * 0.1
        return [target.low + int(i) * target.step for i in picks]
    if target.scale == "linear":
        return [float(x) for x in rng.uniform(target.low, target.high, size)]
    if target.scale == "log":
        return [float(x) for x in np.exp(rng.uniform(*np.log([target.low, target.high]), size))]
    rest = rng.uniform(*np.log1p([-target.high, -target.low]), size)
    return [float(x) for x in -np.expm1(rest)]
