from __future__ import annotations

import numpy as np
import pytest

from unitune_benchmarks.activations import BINARY, UNARY, make_activation
from unitune_benchmarks.network import SWISH as BUILT_IN
from unitune_benchmarks.searches import SWISH

# away from the kinks, where there is no derivative
X = np.linspace(-3.03, 3.11, 200)
H = 1e-6


@pytest.mark.parametrize("name", UNARY)
def test_the_slope_of_every_unary_function_is_its_derivative(name):
    image = UNARY[name](X)
    found = (UNARY[name](X + H).value - UNARY[name](X - H).value) / (2 * H)
    assert np.allclose(image.slope, found, atol=1e-6, rtol=1e-6)
    assert image.value.shape == image.slope.shape == X.shape


@pytest.mark.parametrize("name", BINARY)
def test_both_slopes_of_every_binary_function_are_its_derivatives(name):
    a, b = X, 0.7 * X[::-1] + 0.31
    b = np.where(np.abs(b) < 0.05, 0.5, b)
    blend = BINARY[name](a, b)
    left = (BINARY[name](a + H, b).value - BINARY[name](a - H, b).value) / (2 * H)
    right = (BINARY[name](a, b + H).value - BINARY[name](a, b - H).value) / (2 * H)
    assert np.allclose(blend.left, left, atol=1e-5, rtol=1e-5)
    assert np.allclose(blend.right, right, atol=1e-5, rtol=1e-5)


def test_swish_is_in_the_space():
    swish = make_activation(SWISH)
    assert np.allclose(swish.value(X), X / (1 + np.exp(-X)), atol=1e-12)
    assert np.allclose(swish.value(X), BUILT_IN.value(X), atol=1e-15)
    assert np.allclose(swish.slope(X), BUILT_IN.slope(X), atol=1e-15)


def test_a_second_unit_takes_the_first_as_its_left_side():
    config = {**SWISH, "units": 2, "outer": "max(a,b)", "outer_right": "sin(x)"}
    activation = make_activation(config)
    assert np.allclose(activation.value(X), np.maximum(BUILT_IN.value(X), np.sin(X)))
    found = (activation.value(X + H) - activation.value(X - H)) / (2 * H)
    assert np.allclose(activation.slope(X), found, atol=1e-6)


def test_functions_with_a_hole_at_zero_have_a_value_there():
    zero = np.zeros(1)
    for name in ("log(abs(x))", "sqrt(abs(x))", "sinc(x)"):
        assert np.isfinite(UNARY[name](zero)).all()
    assert UNARY["sinc(x)"](zero).value == 1.0
    assert np.isfinite(BINARY["a/b"](np.ones(1), zero)).all()
