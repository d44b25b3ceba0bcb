"""Update rules built from parts (Bello, Zoph, Vasudevan and Le 2017, Neural Optimizer Search).

The weights move by -lr * b(u(p), v(q)) with two operands p and q, a unary function of each and a
binary one of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from unitune_benchmarks.network import Array

# Keeps logarithms and quotients away from zero, as in the paper.
EPSILON = 1e-8
# How much the running means of g and of its powers keep of themselves at each step.
KEPT = (0.9, 0.999, 0.999)
NOISE = 0.1  # standard deviation: N(0, 0.01)


class Sight:
    """What an update rule sees: gradient and weights, and running means of powers of the gradient.

    Args:
        rng: the source of noise.

    Attributes:
        g: the gradient.
        w: the weights.
        m, v, c: the running means of g, g^2 and g^3, freed of the bias of their start at zero.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.g = self.w = self.m = self.v = self.c = np.zeros(0)
        self._sums: list[Any] = [0.0, 0.0, 0.0]
        self._steps = 0

    def take(self, theta: Array, gradient: Array) -> None:
        """Take the next gradient in."""
        self.w, self.g = theta, gradient
        self._steps += 1
        self.m, self.v, self.c = (self._mean(power) for power in (1, 2, 3))

    def _mean(self, power: int) -> Array:
        kept = KEPT[power - 1]
        self._sums[power - 1] = kept * self._sums[power - 1] + (1 - kept) * self.g**power
        mean: Array = self._sums[power - 1] / (1 - kept**self._steps)
        return mean


OPERANDS: dict[str, Callable[[Sight], Array]] = {
    "g": lambda s: s.g,
    "g^2": lambda s: s.g**2,
    "g^3": lambda s: s.g**3,
    "m": lambda s: s.m,
    "v": lambda s: s.v,
    "c": lambda s: s.c,
    "sign(g)": lambda s: np.sign(s.g),
    "sign(m)": lambda s: np.sign(s.m),
    "1": lambda s: np.ones_like(s.g),
    "2": lambda s: np.full_like(s.g, 2.0),
    "noise": lambda s: s.rng.normal(0.0, NOISE, s.g.shape),
    "1e-4*w": lambda s: 1e-4 * s.w,
    "1e-3*w": lambda s: 1e-3 * s.w,
    "1e-2*w": lambda s: 1e-2 * s.w,
    "1e-1*w": lambda s: 1e-1 * s.w,
    "adam": lambda s: s.m / (np.sqrt(s.v) + EPSILON),
    "rmsprop": lambda s: s.g / (np.sqrt(s.v) + EPSILON),
}

UNARY: dict[str, Callable[[Array], Array]] = {
    "x": lambda x: x,
    "-x": lambda x: -x,
    "exp(x)": np.exp,
    "log(abs(x))": lambda x: np.log(np.abs(x) + EPSILON),
    "sqrt(abs(x))": lambda x: np.sqrt(np.abs(x)),
    "clip(x,1e-5)": lambda x: np.clip(x, -1e-5, 1e-5),
    "clip(x,1e-4)": lambda x: np.clip(x, -1e-4, 1e-4),
    "clip(x,1e-3)": lambda x: np.clip(x, -1e-3, 1e-3),
    "sign(x)": np.sign,
}
# Which share of the entries is set to zero, at random.
DROPS = {"drop(x,0.1)": 0.1, "drop(x,0.3)": 0.3, "drop(x,0.5)": 0.5}

BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "a+b": lambda a, b: a + b,
    "a-b": lambda a, b: a - b,
    "a*b": lambda a, b: a * b,
    "a/b": lambda a, b: a / (b + EPSILON),
    "abs(a)^b": lambda a, b: np.abs(a) ** b,
}


# The binary function that keeps the first operand and forgets the second.
LEFT = "a"


class SearchedRule:
    """The update rule that a config describes.

    Args:
        lr: the step size.
        parts: `operand1`, `unary1`, `operand2`, `unary2` and `binary`; the second operand and its
            function may be left out where the binary function is 'a'.
        rng: draws what is random in it.
    """

    def __init__(self, lr: float, parts: Mapping[str, Any], rng: np.random.Generator) -> None:
        self.lr = lr
        self._parts = parts
        self._sight = Sight(rng)

    def step(self, theta: Array, gradient: Array) -> None:
        self._sight.take(theta, gradient)
        move = self._side("1")
        if self._parts["binary"] != LEFT:
            move = BINARY[self._parts["binary"]](move, self._side("2"))
        theta -= self.lr * move

    def _side(self, which: str) -> Array:
        value = OPERANDS[self._parts[f"operand{which}"]](self._sight)
        unary = self._parts[f"unary{which}"]
        if unary in DROPS:
            return value * (self._sight.rng.random(value.shape) >= DROPS[unary])
        return UNARY[unary](value)
