"""Activation functions built from parts, with exact derivatives (Ramachandran, Zoph and Le 2017).

A core unit is b(u(x), v(x)) with two unary functions and a binary one; a second unit takes the
value of the first as its left side: c(b(u(x), v(x)), w(x)). Where the paper has a trainable beta,
beta is 1 here, and what this makes equal to another part is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.special import erf

from unitune_benchmarks.network import Activation, Array, sigmoid

# Keeps logarithms, roots and quotients away from zero; the paper's epsilon.
EPSILON = 1e-7


class Image(NamedTuple):
    """What a unary function makes of its input."""

    value: Array
    slope: Array


class Blend(NamedTuple):
    """What a binary function makes of its inputs, with both partial derivatives."""

    value: Array
    left: Array
    right: Array


def _sinc(x: Array) -> Image:
    # sin(x) / x; near zero its slope is -x / 3.
    near = np.abs(x) < 1e-3
    safe = np.where(near, 1.0, x)
    slope = np.where(near, -x / 3, (np.cos(safe) - np.sin(safe) / safe) / safe)
    return Image(np.where(near, 1 - x**2 / 6, np.sin(safe) / safe), slope)


def _root(x: Array) -> Image:
    root = np.sqrt(np.abs(x) + EPSILON)
    return Image(root, np.sign(x) / (2 * root))


def _sigmoid(x: Array) -> Image:
    s = sigmoid(x)
    return Image(s, s * (1 - s))


def _bell(x: Array) -> Image:
    bell = np.exp(-(x**2))
    return Image(bell, -2 * x * bell)


def _tanh(x: Array) -> Image:
    value = np.tanh(x)
    return Image(value, 1 - value**2)


UNARY: dict[str, Callable[[Array], Image]] = {
    "x": lambda x: Image(x, np.ones_like(x)),
    "-x": lambda x: Image(-x, -np.ones_like(x)),
    "abs(x)": lambda x: Image(np.abs(x), np.sign(x)),
    "x^2": lambda x: Image(x**2, 2 * x),
    "x^3": lambda x: Image(x**3, 3 * x**2),
    "sqrt(abs(x))": _root,
    "x+1": lambda x: Image(x + 1, np.ones_like(x)),
    "log(abs(x))": lambda x: Image(np.log(np.abs(x) + EPSILON), np.sign(x) / (np.abs(x) + EPSILON)),
    "exp(x)": lambda x: Image(np.exp(x), np.exp(x)),
    "sin(x)": lambda x: Image(np.sin(x), np.cos(x)),
    "cos(x)": lambda x: Image(np.cos(x), -np.sin(x)),
    "sinh(x)": lambda x: Image(np.sinh(x), np.cosh(x)),
    "cosh(x)": lambda x: Image(np.cosh(x), np.sinh(x)),
    "tanh(x)": _tanh,
    "asinh(x)": lambda x: Image(np.arcsinh(x), 1 / np.sqrt(1 + x**2)),
    "atan(x)": lambda x: Image(np.arctan(x), 1 / (1 + x**2)),
    "sinc(x)": _sinc,
    "max(x,0)": lambda x: Image(np.maximum(x, 0), np.where(x > 0, 1.0, 0.0)),
    "min(x,0)": lambda x: Image(np.minimum(x, 0), np.where(x < 0, 1.0, 0.0)),
    "sigmoid(x)": _sigmoid,
    "softplus(x)": lambda x: Image(np.logaddexp(0, x), sigmoid(x)),
    "exp(-x^2)": _bell,
    "erf(x)": lambda x: Image(erf(x), 2 / np.sqrt(np.pi) * np.exp(-(x**2))),
    "1": lambda x: Image(np.ones_like(x), np.zeros_like(x)),
}


def _quotient(a: Array, b: Array) -> Blend:
    below = b + EPSILON
    return Blend(a / below, 1 / below, -a / below**2)


def _greater(a: Array, b: Array) -> Blend:
    return Blend(np.maximum(a, b), np.where(a >= b, 1.0, 0.0), np.where(a < b, 1.0, 0.0))


def _smaller(a: Array, b: Array) -> Blend:
    return Blend(np.minimum(a, b), np.where(a <= b, 1.0, 0.0), np.where(a > b, 1.0, 0.0))


def _gate(a: Array, b: Array) -> Blend:
    s = sigmoid(a)
    return Blend(s * b, s * (1 - s) * b, s)


def _square_bell(a: Array, b: Array) -> Blend:
    bell = np.exp(-((a - b) ** 2))
    return Blend(bell, -2 * (a - b) * bell, 2 * (a - b) * bell)


def _sharp_bell(a: Array, b: Array) -> Blend:
    bell = np.exp(-np.abs(a - b))
    return Blend(bell, -np.sign(a - b) * bell, np.sign(a - b) * bell)


def _one(a: Array) -> Array:
    return np.ones_like(a)


BINARY: dict[str, Callable[[Array, Array], Blend]] = {
    "a+b": lambda a, b: Blend(a + b, _one(a), _one(a)),
    "a*b": lambda a, b: Blend(a * b, b, a),
    "a-b": lambda a, b: Blend(a - b, _one(a), -_one(a)),
    "a/b": _quotient,
    "max(a,b)": _greater,
    "min(a,b)": _smaller,
    "sigmoid(a)*b": _gate,
    "exp(-(a-b)^2)": _square_bell,
    "exp(-abs(a-b))": _sharp_bell,
    "(a+b)/2": lambda a, b: Blend((a + b) / 2, _one(a) / 2, _one(a) / 2),
}


def make_activation(config: Mapping[str, Any]) -> Activation:
    """Return the activation function that a config describes.

    Args:
        config: `left`, `right` and `binary`, and for a second unit `outer` and `outer_right`.
    """

    def image(x: Array) -> Image:
        built = _unit(config["binary"], UNARY[config["left"]](x), UNARY[config["right"]](x))
        if "outer" in config:
            built = _unit(config["outer"], built, UNARY[config["outer_right"]](x))
        return built

    return Activation("searched", lambda x: image(x).value, lambda x: image(x).slope)


def _unit(binary: str, left: Image, right: Image) -> Image:
    blend = BINARY[binary](left.value, right.value)
    return Image(blend.value, blend.left * left.slope + blend.right * right.slope)
