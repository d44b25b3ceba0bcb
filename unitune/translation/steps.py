"""The rewriting steps: each pairs a parameter for the library with the way there and back.

The raw value of a numeric parameter is its number, that of a choice its index. `lift` takes a raw
value of `target` to a value of the user's parameter, `lower` the other way; lift(lower(v)) is v
(to the last bit for everything countable).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from unitune.errors import BackendError
from unitune.space.cells import Cells
from unitune.space.parameters import Bool, Categorical, Float, Int
from unitune.space.scales import clamp

Raw = int | float
Target = Float | Int | Categorical

# A library may leave its bounds, or its steps, by the rounding of exp(log(x)) and no more: by
# these shares of the range, of the greatest bound, and of a step.
ROUNDING = 1e-9
ROUNDING_OF_BOUND = 1e-12
ROUNDING_OF_STEP = 1e-6


class Step(Protocol):
    """One exact rewriting of a parameter."""

    @property
    def target(self) -> Target:
        """The parameter that the library is given."""

    @property
    def how(self) -> str:
        """The rewriting in a few words; empty where there is none."""

    def lift(self, raw: Raw) -> Any:
        """Return the user's value for a raw value."""

    def lower(self, value: Any) -> Raw:
        """Return a raw value for the user's value."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is: only clipped, and made a plain float."""

    target: Float
    how: str = ""

    def lift(self, raw: Raw) -> float:
        return float(_within(raw, self.target.low, self.target.high))

    def lower(self, value: float) -> float:
        return value


@dataclass(frozen=True, slots=True)
class Counted:
    """A stepped number or an integer as it is: snapped to its value, which is rounded once."""

    target: Float | Int
    cells: Cells
    how: str = ""

    def lift(self, raw: Raw) -> Raw:
        low, high = self.cells.low, self.cells.last
        x = _within(raw, low, high)
        value = self.cells.value(self.cells.nearest(x))
        if abs(x - value) > ROUNDING_OF_STEP * self.cells.step + 4 * math.ulp(x):
            raise BackendError(f"proposed {x!r}, between two steps (the nearest is {value!r})")
        return value

    def lower(self, value: Raw) -> Raw:
        return value


@dataclass(frozen=True, slots=True)
class Mirrored:
    """reverse_log: x = 1 - y with y on a log scale."""

    target: Float
    low: float
    high: float
    how: str = "1 - x on a log scale"

    def lift(self, raw: Raw) -> float:
        return clamp(1.0 - _within(raw, self.target.low, self.target.high), self.low, self.high)

    def lower(self, value: float) -> float:
        return clamp(1.0 - value, self.target.low, self.target.high)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A countable parameter of equal probabilities by its index, a whole number."""

    target: Int
    cells: Cells
    how: str = "by index"

    def lift(self, raw: Raw) -> Raw:
        return self.cells.value(_index(raw, self.cells.count - 1))

    def lower(self, value: Raw) -> int:
        return self.cells.nearest(value)


@dataclass(frozen=True, slots=True)
class Rounded:
    """A countable parameter by a continuous one over its cells; each has its exact share."""

    target: Float
    cells: Cells
    mirrored: bool = False
    how: str = "rounded from a continuous range half a step wider"

    def lift(self, raw: Raw) -> Raw:
        x = _within(raw, self.target.low, self.target.high)
        return self.cells.value(self.cells.nearest(1.0 - x if self.mirrored else x))

    def lower(self, value: Raw) -> float:
        x = float(value)
        return clamp(1.0 - x if self.mirrored else x, self.target.low, self.target.high)


@dataclass(frozen=True, slots=True)
class Quantile:
    """Any numeric parameter by its probability, through the inverse distribution function."""

    target: Float
    source: Float | Int
    how: str = "by the inverse distribution function from [0, 1]"

    def lift(self, raw: Raw) -> Any:
        return self.source.quantile(_within(raw, 0.0, 1.0))

    def lower(self, value: Any) -> float:
        return self.source.position(value)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice by its index, the very object coming back."""

    target: Categorical | Int
    source: Categorical | Bool
    how: str = ""

    def lift(self, raw: Raw) -> Any:
        return self.source.choices[_index(raw, len(self.source.choices) - 1)]

    def lower(self, value: Any) -> int:
        return self.source.index(value)


@dataclass(frozen=True, slots=True)
class ChosenByFloat:
    """A choice by its index, rounded from a continuous range."""

    target: Float
    source: Categorical | Bool
    how: str = "by index, rounded from a continuous range"

    def lift(self, raw: Raw) -> Any:
        x = _within(raw, self.target.low, self.target.high)
        index = min(max(math.floor(x + 0.5), 0), len(self.source.choices) - 1)
        return self.source.choices[index]

    def lower(self, value: Any) -> float:
        return float(self.source.index(value))


def _within(raw: Any, low: Raw, high: Raw) -> Any:
    x = raw if type(raw) in (int, float) else _plain(raw)
    if low <= x <= high:
        return x
    slack = ROUNDING * (high - low) + ROUNDING_OF_BOUND * max(abs(low), abs(high))
    if low - slack <= x <= high + slack:
        return clamp(x, low, high)
    raise BackendError(f"proposed {x!r}, outside {low!r} to {high!r}")


def _index(raw: Any, last: int) -> int:
    x = _within(raw, 0, last)
    index: int = round(x)
    if abs(x - index) > ROUNDING_OF_STEP:
        raise BackendError(f"proposed {x!r}, where an index was due")
    return index


def _plain(raw: Any) -> Raw:
    number = raw.item() if hasattr(raw, "item") else raw
    if isinstance(number, int | float):
        return number + 0  # a bool becomes an int
    raise BackendError(f"proposed {raw!r} ({type(raw).__name__}), where a number was due")
