"""A fully connected network in NumPy: forward pass, loss and gradient, nothing else.

All weights lie in one vector, of which the layers are views, so that an update rule sees a single
array and a gradient check can walk through its entries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, repr=False)
class Activation:
    """What a hidden unit makes of its input, with the derivative.

    Attributes:
        name: how it is shown.
        value: the function, entry by entry.
        slope: its derivative, entry by entry.
    """

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]

    def __repr__(self) -> str:
        return self.name


def relu(x: Array) -> Array:
    """Return max(x, 0)."""
    return np.maximum(x, 0.0)


def relu_slope(x: Array) -> Array:
    """Return 1 where x > 0, else 0."""
    return np.where(x > 0.0, 1.0, 0.0)


def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent."""
    return np.tanh(x)


def tanh_slope(x: Array) -> Array:
    """Return 1 - tanh(x)^2."""
    return 1.0 - np.tanh(x) ** 2


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), written so that nothing overflows."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def swish(x: Array) -> Array:
    """Return x * sigmoid(x) (Ramachandran, Zoph and Le 2017, beta = 1)."""
    return x * sigmoid(x)


def swish_slope(x: Array) -> Array:
    """Return s + x s (1 - s) with s = sigmoid(x)."""
    s = sigmoid(x)
    return s + x * s * (1.0 - s)


RELU = Activation("relu", relu, relu_slope)
TANH = Activation("tanh", tanh, tanh_slope)
SWISH = Activation("swish", swish, swish_slope)
ACTIVATIONS = (RELU, TANH, SWISH)


class Network:
    """Dense layers with one activation in between and a softmax at the end.

    Args:
        sizes: how many units each layer has, the inputs first and the classes last.
        activation: what the hidden units do.
        rng: draws the first weights.

    Attributes:
        theta: all weights and biases in one vector; change it in place.
    """

    def __init__(
        self, sizes: Sequence[int], activation: Activation, rng: np.random.Generator
    ) -> None:
        self.activation = activation
        self._shapes = [(before, after) for before, after in pairwise(sizes)]
        self.theta: Array = np.zeros(sum((before + 1) * after for before, after in self._shapes))
        self._layers = self._views(self.theta)
        for weights, _ in self._layers:
            # He et al. 2015, eq. 10: variance 2 / fan-in keeps the signal through rectifiers.
            weights[:] = rng.normal(0.0, np.sqrt(2.0 / len(weights)), weights.shape)

    def logits(self, x: Array) -> Array:
        """Return the unnormalised log-probability of each class, one row per example."""
        for weights, bias in self._layers[:-1]:
            x = self.activation.value(x @ weights + bias)
        weights, bias = self._layers[-1]
        logits: Array = x @ weights + bias
        return logits

    def gradient(
        self,
        x: Array,
        labels: Labels,
        *,
        weight_decay: float = 0.0,
        dropout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> tuple[float, Array]:
        """Return the loss on a batch and its gradient with respect to `theta`.

        The loss is the mean cross-entropy plus weight_decay / 2 times the squared weights
        (biases left out). The gradient is found by backpropagation (Rumelhart, Hinton and
        Williams 1986).

        Args:
            x: one example per row.
            labels: their classes.
            weight_decay: strength of the L2 penalty.
            dropout: which share of the hidden units is silenced; needs `rng`. The others are
                scaled up so that nothing changes on average (Srivastava et al. 2014, section 10).
            rng: draws the silenced units.
        """
        inputs, before, masks = [x], [], []
        for weights, bias in self._layers[:-1]:
            z = inputs[-1] @ weights + bias
            mask: Any = 1.0
            if dropout and rng is not None:
                mask = (rng.random(z.shape) >= dropout) / (1.0 - dropout)
            before.append(z)
            masks.append(mask)
            inputs.append(self.activation.value(z) * mask)
        weights, bias = self._layers[-1]
        logits = inputs[-1] @ weights + bias
        loss = cross_entropy(logits, labels)

        # With softmax and cross-entropy the error at the output is simply p - y.
        delta = softmax(logits)
        delta[np.arange(len(labels)), labels] -= 1.0
        delta /= len(labels)
        slope = np.empty_like(self.theta)
        grads = self._views(slope)
        for place in range(len(self._layers) - 1, -1, -1):
            weights, _ = self._layers[place]
            grads[place][0][:] = inputs[place].T @ delta + weight_decay * weights
            grads[place][1][:] = delta.sum(axis=0)
            loss += 0.5 * weight_decay * float(np.sum(weights**2))
            if place:
                incoming = self.activation.slope(before[place - 1]) * masks[place - 1]
                delta = (delta @ weights.T) * incoming
        return loss, slope

    def _views(self, flat: Array) -> list[tuple[Array, Array]]:
        views, start = [], 0
        for before, after in self._shapes:
            middle, end = start + before * after, start + (before + 1) * after
            views.append((flat[start:middle].reshape(before, after), flat[middle:end]))
            start = end
        return views


def softmax(logits: Array) -> Array:
    """Return the probability of each class, one row per example."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Array = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def cross_entropy(logits: Array, labels: Labels) -> float:
    """Return the mean of -log(probability of the right class), in nats."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - right))
