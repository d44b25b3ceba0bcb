"""Update rules: how a gradient moves the weights.

A rule changes the vector of weights in place and keeps its own averages of past gradients, which
begin at zero.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from unitune_benchmarks.network import Array

# Keeps a division from a zero average; the value of Kingma and Ba 2015.
EPSILON = 1e-8


class Rule(Protocol):
    """Moves weights by a gradient.

    Attributes:
        lr: the step size; it may be changed from step to step.
    """

    lr: float

    def step(self, theta: Array, gradient: Array) -> None:
        """Change `theta` in place."""


class Momentum:
    """Gradient descent with classical or Nesterov momentum (Sutskever et al. 2013).

    Eq. 1 and 2, classical: v <- mu v - lr g(theta), theta <- theta + v. Eq. 3 and 4, Nesterov:
    the same with the gradient taken at theta + mu v. To need that gradient only where the weights
    are, Nesterov's form keeps the weights at theta + mu v (Bengio,
    Boulanger-Lewandowski and Pascanu 2013).

    Args:
        lr: the step size.
        momentum: mu, in [0, 1); 0 is plain gradient descent.
        nesterov: whether the gradient is that of the point ahead.
    """

    def __init__(self, lr: float, momentum: float = 0.0, *, nesterov: bool = False) -> None:
        self.lr = lr
        self.momentum = momentum
        self.nesterov = nesterov
        self._velocity: Any = 0.0

    def step(self, theta: Array, gradient: Array) -> None:
        pull = self.lr * gradient
        self._velocity = self.momentum * self._velocity - pull
        theta += self.momentum * self._velocity - pull if self.nesterov else self._velocity


class RMSProp:
    """Steps divided by the root of a running mean of squares (Tieleman and Hinton 2012).

    Args:
        lr: the step size.
        decay: how much of the mean of squares is kept at each step, in [0, 1).
    """

    def __init__(self, lr: float, decay: float = 0.9) -> None:
        self.lr = lr
        self.decay = decay
        self._square: Any = 0.0

    def step(self, theta: Array, gradient: Array) -> None:
        self._square = self.decay * self._square + (1.0 - self.decay) * gradient**2
        theta -= self.lr * gradient / (np.sqrt(self._square) + EPSILON)


class Adam:
    """Adaptive moments (Kingma and Ba 2015, algorithm 1).

    Args:
        lr: the step size, alpha in the paper.
        momentum: beta_1, how much of the mean gradient is kept at each step.
        decay: beta_2, how much of the mean of squares is kept at each step.
    """

    def __init__(self, lr: float, momentum: float = 0.9, decay: float = 0.999) -> None:
        self.lr = lr
        self.momentum = momentum
        self.decay = decay
        self._mean: Any = 0.0
        self._square: Any = 0.0
        self._steps = 0

    def step(self, theta: Array, gradient: Array) -> None:
        self._steps += 1
        self._mean = self.momentum * self._mean + (1.0 - self.momentum) * gradient
        self._square = self.decay * self._square + (1.0 - self.decay) * gradient**2
        # Both averages began at zero; dividing takes that bias out.
        mean = self._mean / (1.0 - self.momentum**self._steps)
        square = self._square / (1.0 - self.decay**self._steps)
        theta -= self.lr * mean / (np.sqrt(square) + EPSILON)
