"""Numbers on a scale: Float and Int."""

from __future__ import annotations

import dataclasses
import math
import operator
from dataclasses import KW_ONLY, dataclass
from typing import Any

from unitune.errors import SpaceError
from unitune.space.cells import Cells
from unitune.space.record import Record, When, check_points, plain
from unitune.space.scales import SCALES, Scale, between, fraction

# Beyond 2**50 a float has too few digits left for the half steps on either side of an integer.
LARGEST_INT = 2**50
# A range of such bounds, half a step wider, is still a range of floats.
LARGEST_FLOAT = 1e300
# What floats tell apart on a log axis: values so many steps from zero, ranges so narrow.
MOST_STEPS_ON_LOG = 1e12
NARROWEST_LOG = 1e-9
LARGEST_GRID = 10**7


class _Numeric(Record):
    """What Float and Int share: a range on a scale, whole or cut into cells."""

    __slots__ = ()
    low: Any
    high: Any
    scale: Scale
    step: Any

    @property
    def cells(self) -> Cells | None:
        raise NotImplementedError

    @property
    def size(self) -> float:
        return self.cells.count if self.cells else math.inf

    def quantile(self, u: float) -> Any:
        cells = self.cells
        if cells is None:
            return between(self.scale, self.low, self.high, u)
        return cells.value(cells.at(u))

    def position(self, value: Any) -> float:
        """Return a probability whose quantile is `value` (to rounding, where continuous)."""
        cells = self.cells
        if cells is None:
            return fraction(self.scale, self.low, self.high, value)
        return cells.centre(cells.nearest(value))

    def grid(self, points: int | None) -> list[Any]:
        check_points(points)
        if points is None and self.cells is None:
            raise SpaceError("is continuous, so that a grid needs a number of points; give points=")
        if self.cells is not None and (points is None or self.cells.count <= points):
            if self.cells.count > LARGEST_GRID:
                raise SpaceError(
                    f"has {self.cells.count} values, too many for a grid to take them all; give "
                    f"points="
                )
            return [self.cells.value(i) for i in range(self.cells.count)]
        if points is None or points == 1:
            return [self.quantile(0.5)]
        spread = [self.quantile(i / (points - 1)) for i in range(points)]
        return list(dict.fromkeys(spread))

    def _check_range(self) -> None:
        if self.scale not in SCALES:
            raise SpaceError(f"has scale {self.scale!r}; use one of {', '.join(SCALES)}")
        if max(abs(self.low), abs(self.high)) > LARGEST_FLOAT:
            raise SpaceError(f"has bounds beyond ±{LARGEST_FLOAT:g}; rescale it")
        if not self.low < self.high:
            mend = "use Const" if self.low == self.high else "swap them"
            raise SpaceError(f"has low {self.low!r}, which is not below high {self.high!r}; {mend}")
        if self.scale == "log" and self.low <= 0:
            raise SpaceError(
                f"has scale 'log' and low {self.low!r}; a log scale needs low > 0, so raise low "
                f"or use scale='linear'"
            )
        if self.scale == "reverse_log" and not (self.low >= 0 and self.high < 1):
            raise SpaceError(
                f"has scale 'reverse_log' on {self.low!r} to {self.high!r}; it is uniform in "
                f"log(1 - x) and needs 0 <= low < high < 1, so set high to 0.999, say"
            )
        reach = {"log": self.low, "reverse_log": 1 - self.low}.get(self.scale, 0)
        if self.high - self.low < NARROWEST_LOG * reach:
            raise SpaceError(
                f"has scale {self.scale!r} on {self.low!r} to {self.high!r}, so narrow that floats "
                f"cannot follow the scale; use scale='linear', which is the same there"
            )
        if self.step is not None and self.step <= 0:
            raise SpaceError(f"has step {self.step!r}; a step must be above 0")
        if self.cells is not None:
            self._check_cells(self.cells)

    def _check_cells(self, cells: Cells) -> None:
        if cells.count < 2:
            raise SpaceError(
                f"has step {self.step!r}, larger than its range from {self.low!r} to "
                f"{self.high!r}; use a smaller step, or Const"
            )
        greatest = max(abs(self.low), abs(self.high))
        most = LARGEST_INT if self.scale == "linear" else MOST_STEPS_ON_LOG
        too_many = max(cells.count - 1, greatest / cells.step) > most
        if too_many or cells.step < 4 * math.ulp(greatest):
            raise SpaceError(
                f"has steps of {cells.step!r} on {self.low!r} to {self.high!r}, finer than floats "
                f"can follow on a {self.scale} scale; use a larger step, or a Float without one"
            )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Float(_Numeric):
    """A real number between two bounds, both included.

    Args:
        low: the least value.
        high: the greatest value.
        scale: 'linear', 'log' (uniform in log x, for 0 < low) or 'reverse_log' (uniform in
            log(1 - x), for 0 <= low and high < 1: momentum and other decay rates).
        step: if given, only low, low + step, … up to high are taken, on any scale. `high` itself
            is taken only where a whole number of steps reaches it.
        when: parent values under which the parameter is there, as in ``{"optimizer": "sgd"}``
            or ``{"optimizer": ["sgd", "rmsprop"]}``; several parents must all agree.

    Example:
        >>> Float(0.9, 0.999, scale="reverse_log").quantile(0.5)
        0.99
        >>> Float(0.0, 0.5, step=0.1).grid(None)
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    """

    low: float
    high: float
    _: KW_ONLY
    scale: Scale = "linear"
    step: float | None = None
    when: When = None

    @property
    def cells(self) -> Cells | None:
        return None if self.step is None else Cells.over(self.low, self.high, self.step, self.scale)

    def checked(self) -> Float:
        low, high = _finite("low", self.low), _finite("high", self.high)
        step = None if self.step is None else _finite("step", self.step)
        parameter = dataclasses.replace(self, low=low, high=high, step=step)
        parameter._check_range()
        return parameter

    def coerce(self, value: Any) -> float:
        number = _number(value)
        if not self.low <= number <= self.high:
            raise SpaceError(f"takes {self.low!r} to {self.high!r}, not {value!r}")
        if self.cells is None:
            return number
        on_grid = float(self.cells.value(self.cells.nearest(number)))
        if not math.isclose(number, on_grid, rel_tol=1e-9, abs_tol=1e-9 * self.cells.step):
            raise SpaceError(
                f"goes from {self.low!r} in steps of {self.step!r}, which {value!r} is not one of; "
                f"the nearest is {on_grid!r}"
            )
        return on_grid


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Int(_Numeric):
    """A whole number between two bounds, both included.

    On the linear scale every value has the same probability; on the log scale P(k) is
    proportional to log((k + ½) / (k - ½)), see `Cells`.

    Args:
        low: the least value.
        high: the greatest value.
        scale: 'linear' or 'log' (for low >= 1).
        step: if given, only low, low + step, … up to high are taken, on either scale.
        when: parent values under which the parameter is there; see `Float`.

    Example:
        >>> Int(16, 256, scale="log").quantile(0.5)
        63
        >>> Int(1, 10, step=3).grid(None)
        [1, 4, 7, 10]
    """

    low: int
    high: int
    _: KW_ONLY
    scale: Scale = "linear"
    step: int | None = None
    when: When = None

    @property
    def cells(self) -> Cells:
        return Cells.over(self.low, self.high, self.step or 1, self.scale)

    def checked(self) -> Int:
        low, high = _whole("low", self.low), _whole("high", self.high)
        step = None if self.step is None else _whole("step", self.step)
        parameter = dataclasses.replace(self, low=low, high=high, step=step)
        if max(abs(low), abs(high)) > LARGEST_INT:
            raise SpaceError("has bounds beyond ±2**50, where floats lose half steps; use Float")
        if self.scale == "reverse_log":
            raise SpaceError("has scale 'reverse_log', which ends at one; use 'linear' or 'log'")
        parameter._check_range()
        return parameter

    def coerce(self, value: Any) -> int:
        number = _index(value)
        if number is None:
            raise SpaceError(f"takes whole numbers, not {value!r} ({type(value).__name__})")
        if not self.low <= number <= self.high:
            raise SpaceError(f"takes {self.low} to {self.high}, not {number}")
        if (number - self.low) % (self.step or 1):
            raise SpaceError(f"goes from {self.low} in steps of {self.step}; {number} is not one")
        return number


def _number(value: Any) -> float:
    own = plain(value)
    if not isinstance(own, bool | str | bytes) and hasattr(own, "__float__"):
        try:
            return float(own)
        except (TypeError, ValueError, OverflowError):  # an array, a signalling NaN, 10**400
            pass
    raise SpaceError(f"takes numbers, not {value!r} ({type(value).__name__})")


def _index(value: Any) -> int | None:
    own = plain(value)
    if isinstance(own, bool) or not hasattr(own, "__index__"):
        return None
    try:
        return operator.index(own)
    except TypeError:  # an array
        return None


def _finite(field: str, value: Any) -> float:
    try:
        number = _number(value)
    except SpaceError:
        raise SpaceError(f"has {field} {value!r}; give a number") from None
    if not math.isfinite(number):
        raise SpaceError(f"has {field} {value!r}; bounds and steps must be finite numbers")
    return number


def _whole(field: str, value: Any) -> int:
    number = _index(value)
    if number is None:
        raise SpaceError(f"has {field} {value!r}; Int needs whole numbers, Float takes others")
    return number
