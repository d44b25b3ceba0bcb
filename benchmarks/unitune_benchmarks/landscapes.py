"""Objectives made of a test function: moved, turned, noisy, with a known least value.

A library that tries the middle of the box first must not be rewarded for it, nor one that moves
along one variable at a time where the variables of the function do not interact. A `Landscape`
therefore takes the point x of the box to x* + R (x - o), with R a rotation and o the place that
the minimiser x* is moved to. The least value stays exactly what it was: the test functions are
nowhere lower than at x*, also outside their boxes, and the one that is (Michalewicz's) is
mirrored at the bounds.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cache
from math import cos, pi, sin
from typing import Any

from unitune import Float, Infeasible, Space
from unitune_benchmarks.functions import Bounds, Function, get_function
from unitune_benchmarks.seeding import Seeded

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Landscape:
    """An objective over x1, x2, …: a test function, seen from elsewhere.

    Args:
        function: its name.
        dimensions: how many variables it has, where it takes any number.
        shift: a seed that decides where the minimiser goes; None leaves it where it is.
        rotate: a seed of the rotation; None turns nothing.
        noise: the standard deviation of what is added to each value, drawn by the trial's seed.
        forbidden: points whose first variable is greater are infeasible.

    Example:
        >>> sphere_like = Landscape("rastrigin", 2, shift=1)
        >>> where = sphere_like.minimiser()
        >>> sphere_like({"x1": where[0], "x2": where[1]})
        0.0
    """

    function: str
    dimensions: int | None = None
    _: KW_ONLY
    shift: int | None = None
    rotate: int | None = None
    noise: float = 0.0
    forbidden: float | None = None

    def __call__(self, config: Mapping[str, Any], trial: Seeded | None = None) -> float:
        """Return the value at a config; only a noisy landscape needs the trial."""
        function = get_function(self.function, self.dimensions)
        point = [config[name] for name in names(function)]
        if self.forbidden is not None and point[0] > self.forbidden:
            raise Infeasible(f"x1 is {point[0]}, above {self.forbidden}")
        value = function.value(self._seen(function, point))
        if self.noise and trial is not None:
            value += random.Random(trial.seed).gauss(0.0, self.noise)
        return value

    def minimiser(self) -> tuple[float, ...]:
        """Return a point of the box with the least value."""
        function = get_function(self.function, self.dimensions)
        return function.minimiser if self.shift is None else place(function.bounds, self.shift)

    def optimum(self) -> float:
        """Return the least value, noise apart."""
        return get_function(self.function, self.dimensions).optimum

    def space(self) -> Space:
        """Return the box as a space."""
        function = get_function(self.function, self.dimensions)
        bounds = zip(names(function), function.bounds, strict=True)
        return Space({name: Float(low, high) for name, (low, high) in bounds})

    def _seen(self, function: Function, point: list[float]) -> list[float]:
        if self.shift is None and self.rotate is None:
            return point
        centre = self.minimiser()
        away = [v - c for v, c in zip(point, centre, strict=True)]
        if self.rotate is not None:
            rows = rotation(len(away), self.rotate)
            away = [sum(r * v for r, v in zip(row, away, strict=True)) for row in rows]
        seen = [m + v for m, v in zip(function.minimiser, away, strict=True)]
        return seen if function.everywhere else mirrored(seen, function.bounds)


def names(function: Function) -> list[str]:
    """Return what the variables of a function are called."""
    return [f"x{i}" for i in range(1, len(function.bounds) + 1)]


@cache
def place(bounds: Bounds, seed: int) -> tuple[float, ...]:
    """Return a point that is far from the middle of a box, and from its sides, in each variable."""
    rng = random.Random(seed)
    shares = [rng.choice((0.0, 0.5)) + rng.uniform(0.12, 0.38) for _ in bounds]
    return tuple(
        low + share * (high - low) for (low, high), share in zip(bounds, shares, strict=True)
    )


@cache
def rotation(dimensions: int, seed: int) -> Matrix:
    """Return an orthogonal matrix: one turn in the plane of every two axes, by random angles."""
    rng = random.Random(seed)
    rows = [[float(i == j) for j in range(dimensions)] for i in range(dimensions)]
    for i in range(dimensions):
        for j in range(i + 1, dimensions):
            angle = rng.uniform(0.0, 2 * pi)
            first, second = rows[i], rows[j]
            rows[i] = [cos(angle) * a - sin(angle) * b for a, b in zip(first, second, strict=True)]
            rows[j] = [sin(angle) * a + cos(angle) * b for a, b in zip(first, second, strict=True)]
    return tuple(map(tuple, rows))


def mirrored(point: list[float], bounds: Bounds) -> list[float]:
    """Return a point of a box: what lies outside is mirrored at the bounds, as often as need be."""
    folded = []
    for value, (low, high) in zip(point, bounds, strict=True):
        width = high - low
        along = (value - low) % (2 * width)
        folded.append(low + min(along, 2 * width - along))
    return folded
