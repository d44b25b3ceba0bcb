from __future__ import annotations

import math

import numpy as np
import pytest

from unitune_benchmarks.rules import Adam, Momentum, RMSProp

START = np.array([1.0, -2.0])
GRADIENTS = [np.array([0.5, -4.0]), np.array([0.1, 8.0]), np.array([-0.3, 0.0])]


def walk(rule, gradients=GRADIENTS):
    """Return the weights after each of some given gradients."""
    theta, path = START.copy(), []
    for gradient in gradients:
        rule.step(theta, gradient)
        path.append(theta.copy())
    return path


def test_plain_gradient_descent_goes_down_the_gradient():
    path = walk(Momentum(0.1))
    assert path[0] == pytest.approx([0.95, -1.6])
    assert path[1] == pytest.approx([0.94, -2.4])


def test_momentum_adds_to_its_velocity():
    path = walk(Momentum(0.1, 0.5))
    # v: -0.05, 0.4; then 0.5 * -0.05 - 0.01 = -0.035, 0.5 * 0.4 - 0.8 = -0.6
    assert path[0] == pytest.approx([0.95, -1.6])
    assert path[1] == pytest.approx([0.915, -2.2])
    # then 0.5 * -0.035 + 0.03 = 0.0125, 0.5 * -0.6 - 0 = -0.3
    assert path[2] == pytest.approx([0.9275, -2.5])


def test_nesterov_is_sutskevers_step_seen_from_the_point_ahead():
    curvature, lr, mu = np.array([1.0, 10.0]), 0.05, 0.8
    ahead, rule = START.copy(), Momentum(0.05, 0.8, nesterov=True)
    theta, velocity = START.copy(), np.zeros(2)
    for _ in range(5):
        rule.step(ahead, curvature * ahead)
        velocity = mu * velocity - lr * curvature * (theta + mu * velocity)
        theta = theta + velocity
        assert ahead == pytest.approx(theta + mu * velocity)


def test_nesterov_without_momentum_is_gradient_descent():
    for one, other in zip(walk(Momentum(0.1, nesterov=True)), walk(Momentum(0.1)), strict=True):
        assert one == pytest.approx(other)


def test_rmsprop_divides_by_the_root_of_the_mean_square():
    path = walk(RMSProp(0.1, 0.75))
    # The first mean square is g^2 / 4, so that every first step is lr * 2.
    assert path[0] == pytest.approx([0.8, -1.8])
    square = 0.75 * 0.25 * 16 + 0.25 * 64
    assert path[1][1] == pytest.approx(-1.8 - 0.1 * 8 / math.sqrt(square))


def test_adam_takes_first_steps_of_the_step_size():
    path = walk(Adam(0.1))
    # With the bias taken out, both averages are those of one gradient: g / sqrt(g^2).
    assert path[0] == pytest.approx([0.9, -1.9])


def test_adam_takes_the_bias_out_of_both_averages():
    path = walk(Adam(0.1, 0.5, 0.75))
    mean = (0.25 * -4 + 0.5 * 8) / (1 - 0.25)
    square = (0.75 * 0.25 * 16 + 0.25 * 64) / (1 - 0.75**2)
    assert path[1][1] == pytest.approx(-1.9 - 0.1 * mean / math.sqrt(square))


def name_of(rule):
    return type(rule).__name__


@pytest.mark.parametrize("rule", [RMSProp(0.1), Adam(0.1), Momentum(0.1, 0.9)], ids=name_of)
def test_no_gradient_is_no_step(rule):
    assert walk(rule, [np.zeros(2)] * 3)[-1].tolist() == START.tolist()
