"""The laws of parameters, which are the conformance kit's, and draws by them."""

from __future__ import annotations

import numpy as np

from unitune.space import Categorical, Int
from unitune.testing.laws import axis, cdf, p_value, shares, values

__all__ = ["axis", "cdf", "p_value", "raw_draws", "shares", "values"]


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
