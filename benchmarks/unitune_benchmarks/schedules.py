"""Learning-rate schedules: what the rate is multiplied with, by the share of training over.

Each is 1 at the start. The share runs from 0 up to 1, not included.
"""

from __future__ import annotations

from collections.abc import Callable

Schedule = Callable[[float], float]


def exponential(end: float) -> Schedule:
    """Return a schedule that falls by the same factor in equal times, down to `end`.

    Example:
        >>> round(exponential(0.01)(0.5), 6)
        0.1
    """
    return lambda over: float(end**over)


def polynomial(power: float, end: float = 0.0) -> Schedule:
    """Return a schedule that falls to `end` as (1 - share) to a power.

    Example:
        >>> polynomial(2.0)(0.5)
        0.25
    """
    return lambda over: float(end + (1.0 - end) * (1.0 - over) ** power)


def piecewise(factor: float, drops: int) -> Schedule:
    """Return a schedule that is multiplied by a factor so many times, at equal distances.

    Example:
        >>> [piecewise(0.1, 1)(over) for over in (0.0, 0.49, 0.5)]
        [1.0, 1.0, 0.1]
    """
    return lambda over: float(factor ** int(over * (drops + 1)))
