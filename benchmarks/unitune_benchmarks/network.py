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

# Batch normalisation: what is added to a variance, and how much a running mean keeps of itself.
SMALLEST = 1e-5
KEEP = 0.9


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


class BatchNorm:
    """Each unit's inputs brought to mean 0 and variance 1 over a batch (Ioffe and Szegedy 2015).

    Away from training the running means and variances of the batches seen are used. What follows
    it scales and shifts.

    Args:
        units: how many units it normalises.
    """

    def __init__(self, units: int) -> None:
        self.units = units
        self._mean: Array = np.zeros(units)
        self._variance: Array = np.ones(units)
        self._deviation: Array = np.ones(units)

    def apply(self, z: Array) -> Array:
        """Return the inputs normalised by the running means and variances."""
        normal: Array = (z - self._mean) / np.sqrt(self._variance + SMALLEST)
        return normal

    def train(self, z: Array) -> Array:
        """Return the inputs normalised over this batch, and take it into the running ones."""
        mean, variance = z.mean(axis=0), z.var(axis=0)
        self._mean = KEEP * self._mean + (1.0 - KEEP) * mean
        self._variance = KEEP * self._variance + (1.0 - KEEP) * variance
        self._deviation = np.sqrt(variance + SMALLEST)
        normal: Array = (z - mean) / self._deviation
        return normal

    def back(self, delta: Array, normal: Array) -> Array:
        """Return the error before the last batch that was trained on, given the one after it."""
        centred = delta - delta.mean(axis=0) - normal * (delta * normal).mean(axis=0)
        before: Array = centred / self._deviation
        return before


class Network:
    """Dense layers with one activation in between and a softmax at the end.

    Args:
        sizes: how many units each layer has, the inputs first and the classes last.
        activation: what the hidden units do.
        rng: draws the first weights.
        batch_norm: whether what the hidden units see is normalised over each batch.

    Attributes:
        theta: all weights, biases and scales in one vector; change it in place.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation,
        rng: np.random.Generator,
        *,
        batch_norm: bool = False,
    ) -> None:
        self.activation = activation
        self._shapes = [(before, after) for before, after in pairwise(sizes)]
        hidden = [after for _, after in self._shapes[:-1]] if batch_norm else []
        self._norms = [BatchNorm(units) for units in hidden]
        self._dense = sum((before + 1) * after for before, after in self._shapes)
        self.theta: Array = np.zeros(self._dense + sum(hidden))
        self._layers = self._views(self.theta)
        self._scales = self._scale_views(self.theta)
        for scale in self._scales:
            scale[:] = 1.0
        for weights, _ in self._layers:
            # He et al. 2015, eq. 10: variance 2 / fan-in keeps the signal through rectifiers.
            weights[:] = rng.normal(0.0, np.sqrt(2.0 / len(weights)), weights.shape)

    def logits(self, x: Array) -> Array:
        """Return the unnormalised log-probability of each class, one row per example."""
        for place, (weights, bias) in enumerate(self._layers[:-1]):
            z = x @ weights
            if self._norms:
                z = self._norms[place].apply(z) * self._scales[place]
            x = self.activation.value(z + bias)
        weights, bias = self._layers[-1]
        logits: Array = x @ weights + bias
        return logits

    def gradient(
        self,
        x: Array,
        labels: Labels,
        *,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        dropout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> tuple[float, Array]:
        """Return the loss on a batch and its gradient with respect to `theta`.

        The loss is the mean cross-entropy plus weight_decay / 2 times the squared weights and l1
        times their absolute values (biases and scales left out). The gradient is found by
        backpropagation (Rumelhart, Hinton and Williams 1986). With batch normalisation the means
        and variances are those of this batch, and the running ones take them in.

        Args:
            x: one example per row.
            labels: their classes.
            weight_decay: strength of the L2 penalty.
            l1: strength of the L1 penalty.
            dropout: which share of the hidden units is silenced; needs `rng`. The others are
                scaled up so that nothing changes on average (Srivastava et al. 2014, section 10).
            rng: draws the silenced units.
        """
        inputs, before, masks, normal = [x], [], [], []
        for place, (weights, bias) in enumerate(self._layers[:-1]):
            z = inputs[-1] @ weights
            if self._norms:
                normal.append(self._norms[place].train(z))
                z = normal[-1] * self._scales[place]
            z = z + bias
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
        grads, scales = self._views(slope), self._scale_views(slope)
        for place in range(len(self._layers) - 1, -1, -1):
            weights, _ = self._layers[place]
            grads[place][1][:] = delta.sum(axis=0)
            if self._norms and place < len(self._norms):
                scales[place][:] = (delta * normal[place]).sum(axis=0)
                delta = self._norms[place].back(delta * self._scales[place], normal[place])
            grads[place][0][:] = inputs[place].T @ delta + weight_decay * weights
            loss += 0.5 * weight_decay * float(np.sum(weights**2))
            if l1:
                grads[place][0][:] += l1 * np.sign(weights)
                loss += l1 * float(np.sum(np.abs(weights)))
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

    def _scale_views(self, flat: Array) -> list[Array]:
        views, start = [], self._dense
        for norm in self._norms:
            views.append(flat[start : start + norm.units])
            start += norm.units
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
