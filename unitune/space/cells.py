"""Evenly spaced values on a scale: what a step, or an integer range, makes of an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Context, Decimal

from unitune.space.scales import Scale, between, fraction

# Seventeen digits of a bound and as many of an index, whatever precision the user has set.
_EXACT = Context(prec=50)


@dataclass(frozen=True, slots=True)
class Cells:
    """The values low, low + step, …, each standing for the half step on either side of it.

    A value's probability is the share its cell has of the whole on the scale. On the log scale
    with step 1 that is P(k) = log((k + ½) / (k - ½)) / log((high + ½) / (low - ½)), the law
    Optuna gives its log integers. Where half a step below `low` would reach zero (or, in
    reverse_log, half a step above `high` would reach one) the outermost cell ends half-way there.

    Attributes:
        low: the first value, an int or a float.
        step: the distance between values, an int or a float.
        count: how many values there are.
        scale: the axis on which a cell's share is measured.
    """

    low: int | float
    step: int | float
    count: int
    scale: Scale = "linear"

    @classmethod
    def over(cls, low: float, high: float, step: float, scale: Scale = "linear") -> Cells:
        """Return the cells from `low` to the last step that does not pass `high`."""
        if isinstance(low, int) and isinstance(high, int) and isinstance(step, int):
            return cls(low, step, (high - low) // step + 1, scale)
        # Counted in decimal: (0.7 - 0.1) / 0.2 is 2.9999999999999996 in binary.
        span = _EXACT.subtract(Decimal(repr(high)), Decimal(repr(low)))
        return cls(low, step, int(_EXACT.divide(span, Decimal(repr(step)))) + 1, scale)

    def value(self, index: int) -> int | float:
        """Return the value with that index, rounded once: 0.3, never 0.30000000000000004."""
        if isinstance(self.low, int) and isinstance(self.step, int):
            return self.low + index * self.step
        return float(_EXACT.fma(Decimal(repr(self.step)), index, Decimal(repr(self.low))))

    @property
    def last(self) -> int | float:
        """The greatest value."""
        return self.value(self.count - 1)

    def nearest(self, x: float) -> int:
        """Return the index of the cell that `x` lies in; outside, of the nearest one."""
        index = math.floor((x - self.low) / self.step + 0.5)
        return min(max(index, 0), self.count - 1)

    def edges(self) -> tuple[float, float]:
        """Return where the first cell begins and the last one ends."""
        below = above = self.step / 2
        if self.scale == "log":
            below = min(below, self.low / 2)
        elif self.scale == "reverse_log":
            above = min(above, (1 - self.last) / 2)
        return self.low - below, self.last + above

    def at(self, u: float) -> int:
        """Return the index of the cell at probability `u`: the inverse distribution function."""
        if self.scale == "linear":
            return min(int(u * self.count), self.count - 1)
        return self.nearest(between(self.scale, *self.edges(), u))

    def probability(self, index: int) -> float:
        """Return the share of one cell."""
        start, stop = self._span(index)
        return stop - start

    def centre(self, index: int) -> float:
        """Return a probability well inside one cell, so that `at` gives the index back."""
        start, stop = self._span(index)
        return (start + stop) / 2

    def _span(self, index: int) -> tuple[float, float]:
        if self.scale == "linear":
            return index / self.count, (index + 1) / self.count
        low, high = self.edges()
        start = low if index == 0 else self.low + (index - 0.5) * self.step
        stop = high if index == self.count - 1 else self.low + (index + 0.5) * self.step
        return fraction(self.scale, low, high, start), fraction(self.scale, low, high, stop)
