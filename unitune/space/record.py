"""What every parameter is: a frozen record with one small contract."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, cast

from unitune.errors import SpaceError
from unitune.space.sameness import same

When = Mapping[str, Any] | None


class Parameter(Protocol):
    """What every parameter can do; values are plain Python values or the user's own objects."""

    @property
    def when(self) -> When:
        """The parent values under which the parameter is there; None: always."""

    @property
    def size(self) -> float:
        """How many values there are; `math.inf` for a continuous parameter."""

    def checked(self) -> Parameter:
        """Return the parameter with plain, checked fields; raises SpaceError."""

    def quantile(self, u: float) -> Any:
        """Return the value at probability `u` in [0, 1]."""

    def coerce(self, value: Any) -> Any:
        """Return the parameter's own form of a value; raises SpaceError if it is none of its."""

    def grid(self, points: int | None) -> list[Any]:
        """Return all values, or about `points` of them spread evenly along the scale.

        Raises SpaceError if `points` is no number of points, or None where all are too many.
        """


class Record:
    """Equality of the values' meaning, and a repr without the fields at their defaults."""

    __slots__ = ()
    _POSITIONAL: ClassVar[int] = 2
    _OBJECTS: ClassVar[tuple[str, ...]] = ("choices", "value", "when")

    def __eq__(self, other: object) -> bool:
        # == alone takes the choices 1 and True for one, NaN for two, and fails on arrays.
        if type(other) is not type(self):
            return NotImplemented
        names = [field.name for field in dataclasses.fields(cast("Any", self))]
        pairs = [(name, getattr(self, name), getattr(other, name)) for name in names]
        return all(same(a, b) if name in self._OBJECTS else a == b for name, a, b in pairs)

    def __hash__(self) -> int:
        return hash((type(self).__name__, cast("Any", self).size))

    def __repr__(self) -> str:
        parts = []
        for place, field in enumerate(dataclasses.fields(cast("Any", self))):
            value = getattr(self, field.name)
            if place < self._POSITIONAL:
                parts.append(repr(value))
            elif value != field.default:
                parts.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


def plain(value: Any) -> Any:
    """Return the Python value of a numpy scalar, anything else as it is."""
    return value.item() if getattr(value, "shape", None) == () else value


def check_points(points: Any) -> None:
    """Raise SpaceError unless `points` is a number of grid points, or None for all there are."""
    whole = isinstance(points, int) and not isinstance(points, bool)
    if points is not None and not (whole and points >= 1):
        raise SpaceError(f"cannot have {points!r} grid points; give a whole number from 1 on")
