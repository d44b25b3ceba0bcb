"""The three scales of a numeric parameter: monotone maps onto an axis where its law is uniform."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

Scale = Literal["linear", "log", "reverse_log"]
SCALES: tuple[str, ...] = get_args(Scale)


def _negative_log_of_rest(x: float) -> float:
    # log1p keeps the digits of small x, where 1 - x would round them away.
    return -math.log1p(-x)


def _rest_of_exp(t: float) -> float:
    return -math.expm1(-t)


FORWARD: dict[str, Callable[[float], float]] = {
    "linear": float,
    "log": math.log,
    "reverse_log": _negative_log_of_rest,
}
INVERSE: dict[str, Callable[[float], float]] = {
    "linear": float,
    "log": math.exp,
    "reverse_log": _rest_of_exp,
}


def clamp(x: float, low: float, high: float) -> float:
    """Return `x`, or the bound it crossed: exp(log(x)) leaves the range by a rounding error."""
    return low if x < low else high if x > high else x


def between(scale: Scale, low: float, high: float, u: float) -> float:
    """Return the point at fraction `u` of the way from `low` to `high` along the scale."""
    if scale == "linear":
        return clamp(low + u * (high - low), low, high)
    if u in (0, 1):
        return high if u else low  # exactly, so that grids end at the bounds
    forward = FORWARD[scale]
    start = forward(low)
    return clamp(INVERSE[scale](start + u * (forward(high) - start)), low, high)


def fraction(scale: Scale, low: float, high: float, x: float) -> float:
    """Return how far along the scale `x` lies from `low` to `high`: the inverse of `between`."""
    forward = FORWARD[scale]
    start = forward(low)
    return clamp((forward(x) - start) / (forward(high) - start), 0.0, 1.0)
