from __future__ import annotations

import math

import numpy as np
import pytest

from unitune_benchmarks.images import load_splits
from unitune_benchmarks.network import RELU, Network
from unitune_benchmarks.rules import Momentum
from unitune_benchmarks.schedules import piecewise
from unitune_benchmarks.training import WORST, Regime, fit, loss_on, validation_losses


class Noting(Momentum):
    """Notes the learning rate of each step."""

    def __init__(self, lr):
        super().__init__(lr)
        self.rates = []

    def step(self, theta, gradient):
        self.rates.append(self.lr)
        super().step(theta, gradient)


def training(regime, epochs, lr=0.1, rule=None):
    rng = np.random.default_rng(0)
    network = Network([64, 16, 10], RELU, rng)
    return fit(network, rule or Momentum(lr), regime, epochs=epochs, rng=rng)


def test_training_lowers_the_loss():
    losses = [loss_on(network, load_splits().training) for network in training(Regime(16), 5)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.5 * losses[0]


def test_every_example_is_seen_once_an_epoch():
    rule = Noting(0.1)
    list(training(Regime(100), 2, rule=rule))
    assert len(rule.rates) == 2 * math.ceil(1078 / 100)


def test_the_schedule_sets_the_rate_of_each_step_from_start_to_end():
    rule = Noting(0.1)
    list(training(Regime(100, schedule=piecewise(0.5, 1)), 2, rule=rule))
    assert rule.rates == pytest.approx([0.1] * 11 + [0.05] * 11)


def test_without_a_schedule_the_rate_stays():
    rule = Noting(0.1)
    list(training(Regime(200), 1, rule=rule))
    assert set(rule.rates) == {0.1}


def test_a_penalty_keeps_weights_small():
    sizes = []
    for regime in (Regime(64), Regime(64, l1=0.01), Regime(64, l2=0.1)):
        *_, network = training(regime, 3)
        sizes.append(float(np.abs(network.theta).sum()))
    assert max(sizes[1:]) < sizes[0]


def test_a_network_that_diverges_scores_the_worst_to_the_end():
    losses = list(validation_losses(training(Regime(16), 6, lr=1e6), 6))
    assert losses == [WORST] * 6


def test_early_stopping_keeps_the_best_loss_and_trains_no_further():
    trained = []

    def networks():
        for network in training(Regime(16), 30, lr=2.0):
            trained.append(network)
            yield network

    full = list(validation_losses(training(Regime(16), 30, lr=2.0), 30))
    stopped = list(validation_losses(networks(), 30, patience=2))
    at = len(trained)
    assert at < 30
    assert len(stopped) == 30
    assert stopped[: at - 1] == full[: at - 1]
    assert set(stopped[at - 1 :]) == {min(full[:at])}
    assert min(full[: at - 2]) == min(full[:at])


def test_patience_that_is_never_exhausted_changes_nothing():
    plain = list(validation_losses(training(Regime(64), 4), 4))
    assert list(validation_losses(training(Regime(64), 4), 4, patience=4)) == plain
