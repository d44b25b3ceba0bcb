from __future__ import annotations

import math

import numpy as np
import pytest

from unitune_benchmarks.network import (
    ACTIVATIONS,
    RELU,
    SWISH,
    TANH,
    BatchNorm,
    Network,
    cross_entropy,
    sigmoid,
    softmax,
)


def small(activation, seed=0, **options):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(7, 5))
    labels = rng.integers(0, 3, size=7)
    return Network([5, 6, 4, 3], activation, rng, **options), x, labels


def differences(network, loss, h=1e-6):
    """Return central differences of a loss in every weight."""
    found = np.empty_like(network.theta)
    for i in range(len(found)):
        kept = network.theta[i]
        network.theta[i] = kept + h
        above = loss()
        network.theta[i] = kept - h
        below = loss()
        network.theta[i] = kept
        found[i] = (above - below) / (2 * h)
    return found


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_the_gradient_is_that_of_the_loss(activation, weight_decay):
    network, x, labels = small(activation)
    loss, gradient = network.gradient(x, labels, weight_decay=weight_decay)
    found = differences(network, lambda: network.gradient(x, labels, weight_decay=weight_decay)[0])
    assert np.max(np.abs(gradient - found)) < 1e-7
    assert np.max(np.abs(gradient)) > 0.01
    assert (loss == cross_entropy(network.logits(x), labels)) == (weight_decay == 0.0)


def test_the_gradient_with_dropout_is_that_of_the_thinned_network():
    network, x, labels = small(TANH)

    def thinned():
        return network.gradient(x, labels, dropout=0.5, rng=np.random.default_rng(3))

    assert np.max(np.abs(thinned()[1] - differences(network, lambda: thinned()[0]))) < 1e-7
    assert thinned()[0] != network.gradient(x, labels)[0]


def test_dropout_changes_nothing_on_average():
    rng = np.random.default_rng(0)
    network, x, labels = small(RELU)
    # A linear read-out of one hidden layer: its mean over masks is the network without a mask.
    network = Network([5, 6, 3], RELU, rng)
    weights, bias = network._views(network.theta)[1]
    hidden = np.maximum(x @ network._views(network.theta)[0][0], 0.0)
    masks = (rng.random((40_000, *hidden.shape)) >= 0.3) / 0.7
    mean = (masks.mean(axis=0) * hidden) @ weights + bias
    assert np.max(np.abs(mean - network.logits(x))) < 0.05
    losses = [network.gradient(x, labels, dropout=0.3, rng=rng)[0] for _ in range(50)]
    assert len(set(losses)) == 50


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_the_slope_is_the_derivative(activation):
    x = np.linspace(-4.1, 4.1, 100)
    h = 1e-6
    found = (activation.value(x + h) - activation.value(x - h)) / (2 * h)
    assert np.allclose(activation.slope(x), found, atol=1e-8)


def test_activations_have_their_known_values():
    x = np.array([-1.0, 0.0, 2.0])
    assert RELU.value(x).tolist() == [0.0, 0.0, 2.0]
    assert TANH.value(x) == pytest.approx([math.tanh(v) for v in x])
    assert SWISH.value(x) == pytest.approx([v / (1 + math.exp(-v)) for v in x])
    assert sigmoid(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]


def test_first_weights_have_the_variance_of_he_and_biases_are_zero():
    network = Network([200, 300, 10], RELU, np.random.default_rng(0))
    (first, first_bias), (second, _) = network._views(network.theta)
    assert first.var() == pytest.approx(2 / 200, rel=0.02)
    assert second.var() == pytest.approx(2 / 300, rel=0.1)
    assert not first_bias.any()


def test_layers_are_views_of_one_vector():
    network, x, labels = small(RELU)
    network.theta[:] = 0.0
    assert cross_entropy(network.logits(x), labels) == pytest.approx(math.log(3))


def test_cross_entropy_stands_large_logits():
    logits = np.array([[1e5, 0.0], [0.0, 1e5]])
    assert cross_entropy(logits, np.array([0, 1])) == 0.0
    assert cross_entropy(logits, np.array([1, 1])) == 5e4
    assert softmax(logits).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_cross_entropy_is_the_mean_of_minus_the_log_of_the_right_probability():
    logits = np.log(np.array([[0.2, 0.8], [0.5, 0.5]]))
    expected = -(math.log(0.8) + math.log(0.5)) / 2
    assert cross_entropy(logits, np.array([1, 0])) == pytest.approx(expected)


def test_the_gradient_with_an_l1_penalty_is_that_of_the_loss():
    network, x, labels = small(TANH)
    loss, gradient = network.gradient(x, labels, l1=0.2)
    found = differences(network, lambda: network.gradient(x, labels, l1=0.2)[0])
    assert np.max(np.abs(gradient - found)) < 1e-7
    weights = sum(np.abs(weights).sum() for weights, _ in network._views(network.theta))
    assert loss == pytest.approx(cross_entropy(network.logits(x), labels) + 0.2 * weights)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.3, "l1": 0.1}], ids=["plain", "l1+l2"])
def test_the_gradient_with_batch_norm_is_that_of_the_loss(activation, options):
    network, x, labels = small(activation, batch_norm=True)
    rng = np.random.default_rng(1)
    network.theta += rng.normal(0.0, 0.1, network.theta.shape)  # scales and shifts off one and zero
    gradient = network.gradient(x, labels, **options)[1]
    found = differences(network, lambda: network.gradient(x, labels, **options)[0])
    assert np.max(np.abs(gradient - found)) < 1e-6
    scales = gradient[-10:]
    assert np.max(np.abs(scales)) > 0.001


def test_batch_norm_brings_what_units_see_to_mean_zero_and_variance_one():
    norm = BatchNorm(3)
    z = np.random.default_rng(0).normal(5.0, 2.0, size=(500, 3))
    normal = norm.train(z)
    assert np.allclose(normal.mean(axis=0), 0.0, atol=1e-12)
    assert np.allclose(normal.var(axis=0), 1.0, atol=1e-4)


def test_batch_norm_goes_by_running_means_away_from_training():
    norm = BatchNorm(2)
    rng = np.random.default_rng(0)
    z = rng.normal((5.0, -1.0), (2.0, 0.5), size=(1000, 2))
    assert np.allclose(norm.apply(z), z, atol=1e-4)  # nothing seen yet: mean 0, variance 1
    for _ in range(100):
        norm.train(z)
    assert np.allclose(norm.apply(z).mean(axis=0), 0.0, atol=1e-3)
    assert np.allclose(norm.apply(z).var(axis=0), 1.0, atol=1e-3)
    # A single example has a value of its own: that of the running means, not of itself.
    assert not np.allclose(norm.apply(z[:1]), 0.0)
